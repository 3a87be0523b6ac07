"""Courses while an agreement runs: guidance, changes, people, time (R11-R16, R33, R34, R36, R37)."""

from datetime import date, timedelta

from deploy.demo.rules.rule_scenario import LIFTING, NOISE, WORKLOAD, Course, RuleScenario, inspector_id, measure
from shared.deadlines.copenhagen import local_day

_DAY = timedelta(days=1)


async def r11(scenario: RuleScenario) -> Course:
    """The system advises whether a topic may be inspected at a unit."""
    yield scenario.day(0)
    await scenario.make_agreement()
    for what, topic in (("the topic of the agreement", NOISE), ("another topic", LIFTING)):
        advice = await scenario.inspector.get("control", "/v1/inspection-advice", p_number=scenario.unit(), topic=topic)
        scenario.note(
            f"ask whether to inspect {what}", f"{'yes' if advice['may_inspect'] else 'no'}: {advice['reason']['en']}"
        )


async def r12(scenario: RuleScenario) -> Course:
    """Guidance must be offered about a third into the period."""
    yield scenario.day(0)
    agreement = await scenario.make_agreement()
    due = (await scenario.inspector.get("guidance", f"/v1/guidance/{agreement}", language="en"))["why"]
    scenario.note("ask when guidance must be offered", due)
    await scenario.attempt(
        "record guidance at which nobody took part",
        scenario.inspector,
        "guidance",
        f"/v1/guidance/{agreement}/meetings",
        {"form": "phone"},
    )
    await scenario.attempt(
        "record an informal contact",
        scenario.inspector,
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
    yield scenario.day(50)
    scenario.note("nobody offers it in time", f"tasks: {await scenario.open_tasks(agreement)}")
    await scenario.attempt(
        "offer it late", scenario.inspector, "guidance", f"/v1/guidance/{agreement}/offer", {"form": "virtual"}
    )
    await scenario.attempt(
        "the company says no",
        scenario.director,
        "guidance",
        f"/v1/guidance/{agreement}/answer",
        {"accepted": False, "reason": "no-need"},
    )


async def r13(scenario: RuleScenario) -> Course:
    """A longer deadline is asked for, and granted or refused with reasons."""
    yield scenario.day(0)
    agreement = await scenario.make_agreement()
    asked, granted = f"/v1/agreements/{agreement}/extension-requests", f"/v1/agreements/{agreement}/extensions"
    last_day = date.fromisoformat((await scenario.agreement(agreement))["compliance_deadline"]["last_day"])
    later = (last_day + 30 * _DAY).isoformat()
    await scenario.attempt(
        "grant what nobody asked for", scenario.inspector, "control", granted, {"until": later, "reasons": "Rart."}
    )
    await scenario.attempt(
        "ask for an earlier day",
        scenario.director,
        "control",
        asked,
        {"until": scenario.day(30).date().isoformat(), "reasons": "Ferie."},
    )
    await scenario.attempt(
        "ask for a month more", scenario.director, "control", asked, {"until": later, "reasons": "Levering."}
    )
    await scenario.attempt(
        "grant it", scenario.inspector, "control", granted, {"until": later, "reasons": "Leverandøren er forsinket."}
    )
    course = await scenario.agreement(agreement)
    scenario.note("ask why the deadline is what it is now", course["compliance_deadline"]["why"])


async def r14(scenario: RuleScenario) -> Course:
    """Either side may end the agreement when circumstances change."""
    yield scenario.day(0)
    agreement = await scenario.make_agreement()
    path = f"/v1/agreements/{agreement}/termination"
    grounds = {"grounds": "Afdelingen er lukket.", "reason": "unit-closed"}
    await scenario.attempt("the company ends the agreement", scenario.director, "control", path, grounds)
    await scenario.attempt("the authority ends it too", scenario.inspector, "control", path, grounds)
    scenario.note("look at the view", (await scenario.case(agreement))["status"])


async def r15(scenario: RuleScenario) -> Course:
    """When another inspector takes over, what is booked or due moves along."""
    yield scenario.day(0)
    open_offer = await scenario.offer(LIFTING)
    new = {"inspector": inspector_id(1), "reason": "Orlov."}
    await scenario.attempt(
        "give an unanswered offer to another inspector",
        scenario.inspector,
        "offers",
        f"/v1/offers/{open_offer}/inspector",
        new,
    )
    agreement = await scenario.make_agreement()
    await scenario.document(agreement)
    yield scenario.day(2)
    await scenario.attempt(
        "give a running agreement with a booked control to another inspector",
        scenario.inspector,
        "control",
        f"/v1/agreements/{agreement}/inspector",
        new,
    )
    course = await scenario.agreement(agreement)
    scenario.note("look at the booked control", f"still on {course['control']['day']}, in the other calendar")


async def r16(scenario: RuleScenario) -> Course:
    """Documentation comes in parts, can be corrected, and decides nothing."""
    yield scenario.day(0)
    agreement = await scenario.make_agreement()
    path = f"/v1/agreements/{agreement}/documentation"
    await scenario.attempt(
        "send a measure with a psychosocial level on a topic that is not",
        scenario.director,
        "control",
        path,
        {"complete": False, "measures": [measure(psychosocial_level=3)]},
    )
    await scenario.attempt(
        "send a measure of a kind that nobody knows",
        scenario.director,
        "control",
        path,
        {"complete": False, "measures": [measure(kind="magic")]},
    )
    await scenario.attempt(
        "send a part", scenario.director, "control", path, {"complete": False, "measures": [measure()]}
    )
    sent = (await scenario.agreement(agreement))["measures"][0]["measure_id"]
    await scenario.attempt(
        "correct it in the part that is complete",
        scenario.director,
        "control",
        path,
        {"complete": True, "measures": [measure(measure_id=sent, ladder_level=4, kind="substitution")]},
    )
    psychosocial = f"/v1/agreements/{await scenario.make_agreement(WORKLOAD)}/documentation"
    for what, level in (("without", {}), ("with", {"psychosocial_level": 3})):
        await scenario.attempt(
            f"send a measure {what} a psychosocial level on a topic that is",
            scenario.director,
            "control",
            psychosocial,
            {"complete": False, "measures": [measure(**level)]},
        )
    measures = (await scenario.agreement(agreement))["measures"]
    scenario.note(
        "look at the measures", ", ".join(f"{one['kind']} on level {one['ladder_level']}" for one in measures)
    )


async def r33(scenario: RuleScenario) -> Course:
    """Who was involved is asked at guidance and at the control, and reported."""
    yield scenario.day(0)
    agreement = await scenario.make_agreement()
    await scenario.attempt(
        "record a meeting, and who was involved",
        scenario.inspector,
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
    rows = (await scenario.inspector.get("reporting", "/v1/statistics/involvement"))["rows"]
    scenario.note("read the statistics", f"{len(rows)} rows by sector, industry and group")


async def r34(scenario: RuleScenario) -> Course:
    """A company names its contacts, and can replace each."""
    yield scenario.day(0)
    agreement = await scenario.offer()
    path = f"/v1/offers/{agreement}/contacts"
    contact = {"role": "safety_representative", "name": "Kim Andersen", "email": "kim@example.com"}
    await scenario.attempt(
        "name a contact in a role that is none", scenario.director, "offers", path, {**contact, "role": "x"}
    )
    await scenario.attempt("name the safety representative", scenario.director, "offers", path, contact)
    await scenario.attempt("replace him", scenario.director, "offers", path, {**contact, "name": "Bo Holm"})
    contacts = (await scenario.director.get("offers", f"/v1/offers/{agreement}"))["contacts"]
    scenario.note("look at the contacts", ", ".join(f"{one['role']}: {one['name']}" for one in contacts))
    (messages,) = [[message["code"] for message in one["is_told"]] for one in contacts]
    scenario.note("ask what he is notified of", ", ".join(messages))


async def r36(scenario: RuleScenario) -> Course:
    """Coded reasons are optional and never decide anything, but they must be known."""
    yield scenario.day(0)
    path = f"/v1/offers/{await scenario.offer()}/refusal"
    await scenario.attempt(
        "decline for a reason that nobody knows", scenario.director, "offers", path, {"reason": "moon"}
    )
    await scenario.attempt("decline for a known one", scenario.director, "offers", path, {"reason": "already-solved"})
    path = f"/v1/offers/{await scenario.offer(LIFTING)}/refusal"
    await scenario.attempt("decline without a reason", scenario.director, "offers", path, {})


async def r37(scenario: RuleScenario) -> Course:
    """Inspectors record how they spend their time, and can correct it."""
    yield scenario.day(0)
    agreement = await scenario.offer()
    for phase, minutes in (("investigation", 120), ("offer", 45)):
        body = {"phase": phase, "minutes": minutes, "on_day": local_day(scenario.day(0)).isoformat()}
        await scenario.attempt(
            f"record {minutes} minutes for {phase}", scenario.inspector, "offers", f"/v1/offers/{agreement}/time", body
        )
    (_, mistaken) = (await scenario.inspector.get("offers", f"/v1/offers/{agreement}"))["time"]
    await scenario.attempt(
        "correct the second: it was 30",
        scenario.inspector,
        "offers",
        f"/v1/offers/{agreement}/time/{mistaken['entry_id']}/correction",
        {"phase": "offer", "minutes": 30, "reason": "Tastefejl."},
    )
    rows = (await scenario.inspector.get("reporting", "/v1/statistics/time"))["rows"]
    scenario.note(
        "read the statistics", ", ".join(f"{row['case_type']} {row['phase']} {row['minutes']}" for row in rows)
    )
