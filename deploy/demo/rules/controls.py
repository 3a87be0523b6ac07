"""Courses of controls: when, how and where they are held, and what they decide (R17-R21, R35)."""

from datetime import date, timedelta

from deploy.demo.rules.rule_scenario import WORKLOAD, Course, RuleScenario, spread

_DAY = timedelta(days=1)


async def r17(scenario: RuleScenario) -> Course:
    """A control is booked automatically, whether or not documentation was sent."""
    yield scenario.day(0)
    agreement = await scenario.make_agreement()
    deadline = date.fromisoformat((await scenario.agreement(agreement))["compliance_deadline"]["last_day"])
    path = f"/v1/agreements/{agreement}/controls"
    await scenario.attempt(
        "control before the period is over", scenario.inspector, "control", path, await scenario.control_body(agreement)
    )
    yield scenario.day((deadline - scenario.first_day).days)
    course = await scenario.agreement(agreement)
    scenario.note(
        "look at the calendar on the last day", f"a control is booked by itself for {course['control']['day']}"
    )
    late = date.fromisoformat(course["control_window"]["last_day"]) + 3 * _DAY
    late += (7 - late.weekday()) % 7 * _DAY
    booking = {"day": late.isoformat()}
    booked = f"/v1/agreements/{agreement}/bookings"
    await scenario.attempt("book a day after the 60 days", scenario.inspector, "control", booked, booking)
    await scenario.attempt(
        "the same with a reason", scenario.inspector, "control", booked, {**booking, "late_reason": "season"}
    )


async def r18(scenario: RuleScenario) -> Course:
    """A visit may be announced or not; the company never sees an unannounced date."""
    yield scenario.day(0)
    agreement = await scenario.make_agreement()
    await scenario.document(agreement)
    yield scenario.day(1)
    day = (await scenario.agreement(agreement))["control"]["day"]
    seen = (await scenario.director.get("control", f"/v1/agreements/{agreement}"))["control"]
    scenario.note("ask for the booked control", f"the inspector sees {day}, the company sees {seen}")
    path = f"/v1/agreements/{agreement}/bookings"
    await scenario.attempt("book it by phone", scenario.inspector, "control", path, {"day": day, "form": "phone"})
    await scenario.attempt("announce it", scenario.inspector, "control", path, {"day": day, "announced": True})
    await scenario.attempt("come unannounced after all", scenario.inspector, "control", path, {"day": day})
    case = await scenario.director.get("reporting", f"/v1/cases/{agreement}")
    scenario.note("read the company's timeline", ", ".join(entry["type"] for entry in case["timeline"][-2:]))


async def r19(scenario: RuleScenario) -> Course:
    """A sample of the places is controlled, always with the place where the violation was found."""
    yield scenario.day(0)
    agreement = await scenario.offer(kind="spread", grounds=spread())
    includes = [{"p_number": scenario.unit(number)} for number in range(1, 12)]
    await scenario.accept(agreement, includes=includes)
    course = await scenario.agreement(agreement)
    sampled = [one for one in course["matrix"] if one["sampled"]]
    scenario.note("accept for 12 units", f"{len(sampled)} of {len(course['matrix'])} are to be controlled")
    path = f"/v1/agreements/{agreement}/sample"
    places = [one["place_id"] for one in course["matrix"]]
    drawn = [one["place_id"] for one in sampled]
    await scenario.attempt("leave the first one out", scenario.inspector, "control", path, {"places": places[1:5]})
    others = [place for place in places if place not in drawn]
    replaced = {"places": [*drawn[:-1], others[0]]}
    await scenario.attempt("replace one that was drawn", scenario.inspector, "control", path, replaced)
    await scenario.attempt("add two", scenario.inspector, "control", path, {"places": [*drawn, *others[:2]]})


async def r20(scenario: RuleScenario) -> Course:
    """A control judges every measure, and decides the agreement."""
    yield scenario.day(0)
    agreement = await scenario.make_agreement()
    await scenario.document(agreement, measures=2)
    yield await scenario.control_day(agreement)
    path = f"/v1/agreements/{agreement}/controls"
    finding = await scenario.control_body(agreement)
    await scenario.attempt(
        "leave a measure out",
        scenario.inspector,
        "control",
        path,
        {**finding, "measures": finding["measures"][:1]},
    )
    await scenario.attempt(
        "find nothing on the topic, and something else",
        scenario.inspector,
        "control",
        path,
        {**finding, "other_findings": [{"topic": "092", "text": "Rod på gulvet."}]},
    )
    scenario.note("look at the view", (await scenario.case(agreement))["status"])


async def r21(scenario: RuleScenario) -> Course:
    """A control that cannot decide becomes guidance, and guidance can become the control."""
    yield scenario.day(0)
    agreement = await scenario.make_agreement(WORKLOAD)
    await scenario.document(agreement, measures=0)
    yield await scenario.control_day(agreement)
    await scenario.attempt(
        "turn the control into guidance: the work is unfinished",
        scenario.inspector,
        "control",
        f"/v1/agreements/{agreement}/conversion",
        {
            "reason": "work_unfinished",
            "participants": ["manager", "employees"],
            "purposes": ["how-to-approach"],
        },
    )
    held = await scenario.inspector.get("guidance", f"/v1/guidance/{agreement}")
    await scenario.attempt(
        "turn that guidance into the control, on a psychosocial topic",
        scenario.inspector,
        "control",
        f"/v1/agreements/{agreement}/controls",
        await scenario.control_body(agreement, from_meeting=held["meetings"][0]["meeting_id"]),
    )
    yield await scenario.control_day(agreement)
    await scenario.attempt(
        "it must be investigated afresh, on a later visit",
        scenario.inspector,
        "control",
        f"/v1/agreements/{agreement}/fresh-investigation",
        {"later_visit": True, "spoke_with": ["manager"], "reason": "Der skal interviewes flere ansatte."},
    )
    course = await scenario.agreement(agreement)
    scenario.note("look at the course", f"{course['status']}, a new control on {course['control']['day']}")


async def r35(scenario: RuleScenario) -> Course:
    """That a measure was approved never means that it is used."""
    yield scenario.day(0)
    agreement = await scenario.make_agreement()
    await scenario.document(agreement)
    yield await scenario.control_day(agreement)
    path = f"/v1/agreements/{agreement}/controls"
    finding = await scenario.control_body(agreement)
    unused = {**finding["measures"][0], "use": "not_in_use", "verified": True}
    await scenario.attempt(
        "a measure is there, and not in use", scenario.inspector, "control", path, {**finding, "measures": [unused]}
    )
    await scenario.attempt(
        "the same, and why",
        scenario.inspector,
        "control",
        path,
        {**finding, "measures": [{**unused, "non_use_reason": "in-the-way"}]},
    )
    seen = (await scenario.case(agreement))["measures"][0]
    scenario.note(
        "look at the measure",
        f"verified {seen['verified']}, {seen['control_use']}: {seen['control_non_use_reason']}",
    )
