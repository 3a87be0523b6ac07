"""After the control: breach, follow-up, corrections, and what others learn (R22-R24, R30, R38, R39)."""

from datetime import date, datetime

from deploy.demo.courses import at
from deploy.demo.rules.scene import LIFTING, NOISE, Course, Scene, measure, sentence_with
from shared.deadlines.copenhagen import COPENHAGEN


async def r22(scene: Scene) -> Course:
    """A breach: hearing, order, quarantine of the breaching unit."""
    yield scene.day(0)
    agreement = await scene.agreed()
    await scene.document(agreement)
    yield await scene.booked(agreement)
    await scene.tries(
        "the control finds a violation",
        scene.inspector,
        "control",
        f"/v1/agreements/{agreement}/controls",
        await scene.finding(agreement, "violation"),
    )
    order = f"/v1/agreements/{agreement}/order-request"
    reasons = {"reasons": "Støjen er ikke nedbragt."}
    await scene.tries("ask for the order at once", scene.inspector, "control", order, reasons)
    await scene.tries("offer anew at the unit", scene.inspector, "offers", "/v1/offers", scene.offering(LIFTING))
    await scene.tries(
        "offer at another unit of the company", scene.inspector, "offers", "/v1/offers", scene.offering(LIFTING, 1)
    )
    await scene.tries(
        "the company says something to it, and the inspector writes it down",
        scene.inspector,
        "control",
        f"/v1/agreements/{agreement}/oral-hearing-answer",
        {"answer": "Afskærmningen kommer i næste uge.", "participants": ["manager"]},
    )
    await scene.tries(
        "the company writes too",
        scene.director,
        "control",
        f"/v1/agreements/{agreement}/hearing-answer",
        {"answer": "Afskærmningen kommer i næste uge."},
    )
    await scene.tries("ask for the order now", scene.inspector, "control", order, reasons)
    quarantine = await scene.inspector.get("reporting", f"/v1/companies/{scene.cvr}")
    ends = datetime.fromisoformat(quarantine["quarantines"][0]["ends_at"]).astimezone(COPENHAGEN)
    scene.notes(
        "look at the quarantine", f"of {quarantine['quarantines'][0]['p_number'] or 'all units'}, {ends:%Y-%m-%d}"
    )
    yield scene.day(120)
    scene.notes("no order comes for a month", f"tasks: {await scene.tasks(agreement)}")


async def r23(scene: Scene) -> Course:
    """An agreement is not a decision, and affects no smiley."""
    yield scene.day(0)
    agreement = await scene.agreed()
    letter: str = (await scene.director.get("offers", f"/v1/offers/{agreement}"))["letter"]
    scene.notes("read the letter", sentence_with("smiley", letter))
    scene.notes("read the agreement", f"is_a_decision: {(await scene.course(agreement))['is_a_decision']}")


async def r24(scene: Scene) -> Course:
    """Asked again a year after fulfilment."""
    yield scene.day(0)
    agreement = await scene.agreed()
    await scene.document(agreement)
    yield await scene.booked(agreement)
    await scene.controlled(agreement)
    course = await scene.course(agreement)
    path = f"/v1/agreements/{agreement}/follow-up"
    body = {
        "form": "phone",
        "spoke_with": ["manager"],
        "measures": [{"measure_id": one["measure_id"], "use": "limited"} for one in course["measures"]],
    }
    await scene.tries("follow up at once", scene.inspector, "control", path, body)
    yield at(date.fromisoformat(course["follow_up_on"]))
    scene.notes("look a year later", f"tasks: {await scene.tasks(agreement)}")
    await scene.tries("say nothing of the measure", scene.inspector, "control", path, {"form": "phone"})
    await scene.tries("follow up", scene.inspector, "control", path, body)


async def r30(scene: Scene) -> Course:
    """Nothing is changed in the history; a correction is a new fact with a reason."""
    yield scene.day(0)
    agreement = await scene.agreed()
    await scene.document(agreement)
    yield await scene.booked(agreement)
    await scene.controlled(agreement, "violation")
    case = await scene.case(agreement)
    scene.notes("the control was recorded as a violation", case["status"])
    control_id = next(one["data"]["control_id"] for one in case["timeline"] if one["type"] == "ControlCompleted")
    told = await scene.finding(agreement)
    await scene.tries(
        "correct it: it was another unit's",
        scene.inspector,
        "control",
        f"/v1/agreements/{agreement}/controls/{control_id}/correction",
        {**told, "form": "visit", "reason": "Resultatet hørte til en anden sag."},
    )
    case = await scene.case(agreement)
    scene.notes("look at the view", f"{case['status']}; the history keeps {len(case['timeline'])} facts")
    await scene.tries("offer at the unit", scene.inspector, "offers", "/v1/offers", scene.offering(LIFTING))


async def r38(scene: Scene) -> Course:
    """What did others do? Shown only where at least three companies did it."""
    yield scene.day(400)
    rows = (await scene.director.get("reporting", "/v1/measure-catalogue", topic=NOISE))["rows"]
    told = ", ".join(f"{row['kind']} by {row['companies']} companies" for row in rows) or "nothing"
    scene.notes("ask what others did about the same topic", told)
    rows = (await scene.director.get("reporting", "/v1/measure-catalogue", topic="056"))["rows"]
    scene.notes("ask about a topic that hardly anybody had", f"{len(rows)} rows")


async def r39(scene: Scene) -> Course:
    """What spread further, voluntarily."""
    yield scene.day(0)
    agreement = await scene.agreed()
    await scene.document(agreement)
    yield await scene.booked(agreement)
    finding = await scene.finding(agreement)
    carried = [one["measure_id"] for one in finding["measures"]]
    await scene.tries(
        "record that the measure was carried on, and one was added",
        scene.inspector,
        "control",
        f"/v1/agreements/{agreement}/controls",
        {**finding, "spread_further": True, "carried_on": carried, "added_measures": [measure(kind="training")]},
    )
