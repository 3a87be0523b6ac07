"""Courses after the control: breach, follow-up, corrections, and what others learn (R22-R24, R30, R38, R39)."""

from datetime import date, datetime

from deploy.demo.courses import at
from deploy.demo.rules.rule_scenario import LIFTING, NOISE, Course, RuleScenario, measure, sentence_with
from shared.deadlines.copenhagen import COPENHAGEN


async def r22(scenario: RuleScenario) -> Course:
    """A breach leads to a hearing, an order, and a quarantine of the breaching unit."""
    yield scenario.day(0)
    agreement = await scenario.make_agreement()
    await scenario.document(agreement)
    yield await scenario.control_day(agreement)
    await scenario.attempt(
        "the control finds a violation",
        scenario.inspector,
        "control",
        f"/v1/agreements/{agreement}/controls",
        await scenario.control_body(agreement, "violation"),
    )
    order = f"/v1/agreements/{agreement}/order-request"
    reasons = {"reasons": "Støjen er ikke nedbragt."}
    await scenario.attempt("ask for the order at once", scenario.inspector, "control", order, reasons)
    await scenario.attempt(
        "offer again at the unit", scenario.inspector, "offers", "/v1/offers", scenario.offer_body(LIFTING)
    )
    await scenario.attempt(
        "offer at another unit of the company",
        scenario.inspector,
        "offers",
        "/v1/offers",
        scenario.offer_body(LIFTING, 1),
    )
    await scenario.attempt(
        "the company answers orally, and the inspector records it",
        scenario.inspector,
        "control",
        f"/v1/agreements/{agreement}/oral-hearing-answer",
        {"answer": "Afskærmningen kommer i næste uge.", "participants": ["manager"]},
    )
    await scenario.attempt(
        "the company writes too",
        scenario.director,
        "control",
        f"/v1/agreements/{agreement}/hearing-answer",
        {"answer": "Afskærmningen kommer i næste uge."},
    )
    await scenario.attempt("ask for the order now", scenario.inspector, "control", order, reasons)
    quarantine = await scenario.inspector.get("reporting", f"/v1/companies/{scenario.cvr}")
    ends = datetime.fromisoformat(quarantine["quarantines"][0]["ends_at"]).astimezone(COPENHAGEN)
    scenario.note(
        "look at the quarantine", f"of {quarantine['quarantines'][0]['p_number'] or 'all units'}, {ends:%Y-%m-%d}"
    )
    yield scenario.day(120)
    scenario.note("no order comes for a month", f"tasks: {await scenario.open_tasks(agreement)}")


async def r23(scenario: RuleScenario) -> Course:
    """An agreement is not a decision, and does not affect a smiley."""
    yield scenario.day(0)
    agreement = await scenario.make_agreement()
    letter: str = (await scenario.director.get("offers", f"/v1/offers/{agreement}"))["letter"]
    scenario.note("read the letter", sentence_with("smiley", letter))
    scenario.note("read the agreement", f"is_a_decision: {(await scenario.agreement(agreement))['is_a_decision']}")


async def r24(scenario: RuleScenario) -> Course:
    """The inspector asks again a year after fulfilment."""
    yield scenario.day(0)
    agreement = await scenario.make_agreement()
    await scenario.document(agreement)
    yield await scenario.control_day(agreement)
    await scenario.hold_control(agreement)
    course = await scenario.agreement(agreement)
    path = f"/v1/agreements/{agreement}/follow-up"
    body = {
        "form": "phone",
        "spoke_with": ["manager"],
        "measures": [{"measure_id": one["measure_id"], "use": "limited"} for one in course["measures"]],
    }
    await scenario.attempt("follow up at once", scenario.inspector, "control", path, body)
    yield at(date.fromisoformat(course["follow_up_on"]))
    scenario.note("look a year later", f"tasks: {await scenario.open_tasks(agreement)}")
    await scenario.attempt("say nothing of the measure", scenario.inspector, "control", path, {"form": "phone"})
    await scenario.attempt("follow up", scenario.inspector, "control", path, body)


async def r30(scenario: RuleScenario) -> Course:
    """The history is never changed; a correction is a new fact with a reason."""
    yield scenario.day(0)
    agreement = await scenario.make_agreement()
    await scenario.document(agreement)
    yield await scenario.control_day(agreement)
    await scenario.hold_control(agreement, "violation")
    case = await scenario.case(agreement)
    scenario.note("the control was recorded as a violation", case["status"])
    control_id = next(one["data"]["control_id"] for one in case["timeline"] if one["type"] == "ControlCompleted")
    corrected = await scenario.control_body(agreement)
    await scenario.attempt(
        "correct it: it was another unit's",
        scenario.inspector,
        "control",
        f"/v1/agreements/{agreement}/controls/{control_id}/correction",
        {**corrected, "form": "visit", "reason": "Resultatet hørte til en anden sag."},
    )
    case = await scenario.case(agreement)
    scenario.note("look at the view", f"{case['status']}; the history keeps {len(case['timeline'])} facts")
    await scenario.attempt(
        "offer at the unit", scenario.inspector, "offers", "/v1/offers", scenario.offer_body(LIFTING)
    )


async def r38(scenario: RuleScenario) -> Course:
    """What other companies did is shown only if at least three companies did it."""
    yield scenario.day(400)
    rows = (await scenario.director.get("reporting", "/v1/measure-catalogue", topic=NOISE))["rows"]
    measures = ", ".join(f"{row['kind']} by {row['companies']} companies" for row in rows) or "nothing"
    scenario.note("ask what others did about the same topic", measures)
    rows = (await scenario.director.get("reporting", "/v1/measure-catalogue", topic="056"))["rows"]
    scenario.note("ask about a topic that hardly anybody had", f"{len(rows)} rows")


async def r39(scenario: RuleScenario) -> Course:
    """The inspector records what the company spread further voluntarily."""
    yield scenario.day(0)
    agreement = await scenario.make_agreement()
    await scenario.document(agreement)
    yield await scenario.control_day(agreement)
    finding = await scenario.control_body(agreement)
    carried = [one["measure_id"] for one in finding["measures"]]
    await scenario.attempt(
        "record that the measure was carried on, and one was added",
        scenario.inspector,
        "control",
        f"/v1/agreements/{agreement}/controls",
        {**finding, "spread_further": True, "carried_on": carried, "added_measures": [measure(kind="training")]},
    )
