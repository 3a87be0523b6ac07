"""While an agreement runs: guidance, changes, people, time (R11-R16, R33, R34, R36, R37)."""

from datetime import date, timedelta

from deploy.demo.rules.scene import LIFTING, NOISE, WORKLOAD, Course, Scene, inspector_id, measure
from shared.deadlines.copenhagen import local_day

_DAY = timedelta(days=1)


async def r11(scene: Scene) -> Course:
    """May we inspect this topic here?"""
    yield scene.day(0)
    await scene.agreed()
    for what, topic in (("the topic of the agreement", NOISE), ("another topic", LIFTING)):
        advice = await scene.inspector.get("control", "/v1/inspection-advice", p_number=scene.unit(), topic=topic)
        scene.notes(
            f"ask whether to inspect {what}", f"{'yes' if advice['may_inspect'] else 'no'}: {advice['reason']['en']}"
        )


async def r12(scene: Scene) -> Course:
    """Guidance must be offered about a third into the period."""
    yield scene.day(0)
    agreement = await scene.agreed()
    due = (await scene.inspector.get("guidance", f"/v1/guidance/{agreement}", language="en"))["why"]
    scene.notes("ask when guidance must be offered", due)
    await scene.tries(
        "record guidance at which nobody took part",
        scene.inspector,
        "guidance",
        f"/v1/guidance/{agreement}/meetings",
        {"form": "phone"},
    )
    await scene.tries(
        "record an informal contact",
        scene.inspector,
        "guidance",
        f"/v1/guidance/{agreement}/meetings",
        {
            "form": "phone",
            "informal": True,
            "initiated_by": "company",
            "purposes": ["dates"],
            "participants": ["safety_representative"],
            "minutes_spent": 10,
        },
    )
    yield scene.day(50)
    scene.notes("nobody offers it in time", f"tasks: {await scene.tasks(agreement)}")
    await scene.tries(
        "offer it late", scene.inspector, "guidance", f"/v1/guidance/{agreement}/offer", {"form": "virtual"}
    )
    await scene.tries(
        "the company says no",
        scene.director,
        "guidance",
        f"/v1/guidance/{agreement}/answer",
        {"accepted": False, "reason": "no-need"},
    )


async def r13(scene: Scene) -> Course:
    """A longer deadline: asked, granted or refused, with reasons."""
    yield scene.day(0)
    agreement = await scene.agreed()
    asked, granted = f"/v1/agreements/{agreement}/extension-requests", f"/v1/agreements/{agreement}/extensions"
    last_day = date.fromisoformat((await scene.course(agreement))["compliance_deadline"]["last_day"])
    later = (last_day + 30 * _DAY).isoformat()
    await scene.tries(
        "grant what nobody asked for", scene.inspector, "control", granted, {"until": later, "reasons": "Rart."}
    )
    await scene.tries(
        "ask for an earlier day",
        scene.director,
        "control",
        asked,
        {"until": scene.day(30).date().isoformat(), "reasons": "Ferie."},
    )
    await scene.tries(
        "ask for a month more", scene.director, "control", asked, {"until": later, "reasons": "Levering."}
    )
    await scene.tries(
        "grant it", scene.inspector, "control", granted, {"until": later, "reasons": "Leverandøren er forsinket."}
    )
    course = await scene.course(agreement)
    scene.notes("ask why the deadline is what it is now", course["compliance_deadline"]["why"])


async def r14(scene: Scene) -> Course:
    """Either side may end it when circumstances change."""
    yield scene.day(0)
    agreement = await scene.agreed()
    path = f"/v1/agreements/{agreement}/termination"
    grounds = {"grounds": "Afdelingen er lukket.", "reason": "unit-closed"}
    await scene.tries("the company ends the agreement", scene.director, "control", path, grounds)
    await scene.tries("the authority ends it too", scene.inspector, "control", path, grounds)
    scene.notes("look at the view", (await scene.case(agreement))["status"])


async def r15(scene: Scene) -> Course:
    """Another inspector: what is booked or due moves along."""
    yield scene.day(0)
    open_offer = await scene.offer(LIFTING)
    new = {"inspector": inspector_id(1), "reason": "Orlov."}
    await scene.tries(
        "give an unanswered offer to another inspector",
        scene.inspector,
        "offers",
        f"/v1/offers/{open_offer}/inspector",
        new,
    )
    agreement = await scene.agreed()
    await scene.document(agreement)
    yield scene.day(2)
    await scene.tries(
        "give a running agreement with a booked control to another inspector",
        scene.inspector,
        "control",
        f"/v1/agreements/{agreement}/inspector",
        new,
    )
    course = await scene.course(agreement)
    scene.notes("look at the booked control", f"still on {course['control']['day']}, in the other calendar")


async def r16(scene: Scene) -> Course:
    """Documentation in parts, correctable, deciding nothing."""
    yield scene.day(0)
    agreement = await scene.agreed()
    path = f"/v1/agreements/{agreement}/documentation"
    await scene.tries(
        "send a measure with a psychosocial level on a topic that is not",
        scene.director,
        "control",
        path,
        {"complete": False, "measures": [measure(psychosocial_level=3)]},
    )
    await scene.tries(
        "send a measure of a kind that nobody knows",
        scene.director,
        "control",
        path,
        {"complete": False, "measures": [measure(kind="magic")]},
    )
    await scene.tries("send a part", scene.director, "control", path, {"complete": False, "measures": [measure()]})
    sent = (await scene.course(agreement))["measures"][0]["measure_id"]
    await scene.tries(
        "correct it in the part that is complete",
        scene.director,
        "control",
        path,
        {"complete": True, "measures": [measure(measure_id=sent, ladder_level=4, kind="substitution")]},
    )
    psychosocial = f"/v1/agreements/{await scene.agreed(WORKLOAD)}/documentation"
    for what, level in (("without", {}), ("with", {"psychosocial_level": 3})):
        await scene.tries(
            f"send a measure {what} a psychosocial level on a topic that is",
            scene.director,
            "control",
            psychosocial,
            {"complete": False, "measures": [measure(**level)]},
        )
    measures = (await scene.course(agreement))["measures"]
    scene.notes("look at the measures", ", ".join(f"{one['kind']} on level {one['ladder_level']}" for one in measures))


async def r33(scene: Scene) -> Course:
    """Who was involved, asked at guidance and at control, and reported."""
    yield scene.day(0)
    agreement = await scene.agreed()
    await scene.tries(
        "record a meeting, and who was involved",
        scene.inspector,
        "guidance",
        f"/v1/guidance/{agreement}/meetings",
        {
            "form": "visit",
            "participants": ["manager", "safety_representative", "employees"],
            "involvement": {
                "safety_representative": "took_part",
                "safety_organisation": "informed",
                "employees": "consulted",
            },
        },
    )
    rows = (await scene.inspector.get("reporting", "/v1/statistics/involvement"))["rows"]
    scene.notes("read the statistics", f"{len(rows)} rows by sector, industry and group")


async def r34(scene: Scene) -> Course:
    """Contacts of the company, each replaceable."""
    yield scene.day(0)
    agreement = await scene.offer()
    path = f"/v1/offers/{agreement}/contacts"
    contact = {"role": "safety_representative", "name": "Kim Andersen", "email": "kim@example.com"}
    await scene.tries("name a contact in a role that is none", scene.director, "offers", path, {**contact, "role": "x"})
    await scene.tries("name the safety representative", scene.director, "offers", path, contact)
    await scene.tries("replace him", scene.director, "offers", path, {**contact, "name": "Bo Holm"})
    contacts = (await scene.director.get("offers", f"/v1/offers/{agreement}"))["contacts"]
    scene.notes("look at the contacts", ", ".join(f"{one['role']}: {one['name']}" for one in contacts))
    (told,) = [[message["code"] for message in one["is_told"]] for one in contacts]
    scene.notes("ask what he is told of", ", ".join(told))


async def r36(scene: Scene) -> Course:
    """Coded reasons: optional, never decisive, and known."""
    yield scene.day(0)
    path = f"/v1/offers/{await scene.offer()}/refusal"
    await scene.tries("decline for a reason that nobody knows", scene.director, "offers", path, {"reason": "moon"})
    await scene.tries("decline for a known one", scene.director, "offers", path, {"reason": "already-solved"})
    path = f"/v1/offers/{await scene.offer(LIFTING)}/refusal"
    await scene.tries("decline without a reason", scene.director, "offers", path, {})


async def r37(scene: Scene) -> Course:
    """Where an inspector's time goes."""
    yield scene.day(0)
    agreement = await scene.offer()
    for phase, minutes in (("investigation", 120), ("offer", 45)):
        body = {"phase": phase, "minutes": minutes, "on_day": local_day(scene.day(0)).isoformat()}
        await scene.tries(
            f"record {minutes} minutes for {phase}", scene.inspector, "offers", f"/v1/offers/{agreement}/time", body
        )
    (_, mistaken) = (await scene.inspector.get("offers", f"/v1/offers/{agreement}"))["time"]
    await scene.tries(
        "correct the second: it was 30",
        scene.inspector,
        "offers",
        f"/v1/offers/{agreement}/time/{mistaken['entry_id']}/correction",
        {"phase": "offer", "minutes": 30, "reason": "Tastefejl."},
    )
    rows = (await scene.inspector.get("reporting", "/v1/statistics/time"))["rows"]
    scene.notes("read the statistics", ", ".join(f"{row['case_type']} {row['phase']} {row['minutes']}" for row in rows))
