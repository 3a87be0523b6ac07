"""Controls: when, how, where, and what they decide (R17-R21, R35)."""

from datetime import date, timedelta

from deploy.demo.rules.scene import WORKLOAD, Course, Scene, spread

_DAY = timedelta(days=1)


async def r17(scene: Scene) -> Course:
    """A control books itself, whether or not documentation came."""
    yield scene.day(0)
    agreement = await scene.agreed()
    deadline = date.fromisoformat((await scene.course(agreement))["compliance_deadline"]["last_day"])
    path = f"/v1/agreements/{agreement}/controls"
    await scene.tries(
        "control before the period is over", scene.inspector, "control", path, await scene.finding(agreement)
    )
    yield scene.day((deadline - scene.first_day).days)
    course = await scene.course(agreement)
    scene.notes("look at the calendar on the last day", f"a control is booked by itself for {course['control']['day']}")
    late = date.fromisoformat(course["control_window"]["last_day"]) + 3 * _DAY
    late += (7 - late.weekday()) % 7 * _DAY
    booking = {"day": late.isoformat()}
    booked = f"/v1/agreements/{agreement}/bookings"
    await scene.tries("book a day after the 60 days", scene.inspector, "control", booked, booking)
    await scene.tries(
        "the same with a reason", scene.inspector, "control", booked, {**booking, "late_reason": "season"}
    )


async def r18(scene: Scene) -> Course:
    """A visit, announced or not; an unannounced date is never visible to the company."""
    yield scene.day(0)
    agreement = await scene.agreed()
    await scene.document(agreement)
    yield scene.day(1)
    day = (await scene.course(agreement))["control"]["day"]
    seen = (await scene.director.get("control", f"/v1/agreements/{agreement}"))["control"]
    scene.notes("ask for the booked control", f"the inspector sees {day}, the company sees {seen}")
    path = f"/v1/agreements/{agreement}/bookings"
    await scene.tries("book it by phone", scene.inspector, "control", path, {"day": day, "form": "phone"})
    await scene.tries("announce it", scene.inspector, "control", path, {"day": day, "announced": True})
    await scene.tries("come unannounced after all", scene.inspector, "control", path, {"day": day})
    case = await scene.director.get("reporting", f"/v1/cases/{agreement}")
    scene.notes("read the company's timeline", ", ".join(entry["type"] for entry in case["timeline"][-2:]))


async def r19(scene: Scene) -> Course:
    """A sample of the places, always with the one where it was found."""
    yield scene.day(0)
    agreement = await scene.offer(kind="spread", grounds=spread())
    includes = [{"p_number": scene.unit(number)} for number in range(1, 12)]
    await scene.accept(agreement, includes=includes)
    course = await scene.course(agreement)
    sampled = [one for one in course["matrix"] if one["sampled"]]
    scene.notes("accept for 12 units", f"{len(sampled)} of {len(course['matrix'])} are to be controlled")
    path = f"/v1/agreements/{agreement}/sample"
    places = [one["place_id"] for one in course["matrix"]]
    drawn = [one["place_id"] for one in sampled]
    await scene.tries("leave the first one out", scene.inspector, "control", path, {"places": places[1:5]})
    others = [place for place in places if place not in drawn]
    replaced = {"places": [*drawn[:-1], others[0]]}
    await scene.tries("replace one that was drawn", scene.inspector, "control", path, replaced)
    await scene.tries("add two", scene.inspector, "control", path, {"places": [*drawn, *others[:2]]})


async def r20(scene: Scene) -> Course:
    """How a control judges, and what it decides."""
    yield scene.day(0)
    agreement = await scene.agreed()
    await scene.document(agreement, measures=2)
    yield await scene.booked(agreement)
    path = f"/v1/agreements/{agreement}/controls"
    finding = await scene.finding(agreement)
    await scene.tries(
        "leave a measure out",
        scene.inspector,
        "control",
        path,
        {**finding, "measures": finding["measures"][:1]},
    )
    await scene.tries(
        "find nothing on the topic, and something else",
        scene.inspector,
        "control",
        path,
        {**finding, "other_findings": [{"topic": "092", "text": "Rod på gulvet."}]},
    )
    scene.notes("look at the view", (await scene.case(agreement))["status"])


async def r21(scene: Scene) -> Course:
    """A control that cannot decide, and guidance that becomes the control."""
    yield scene.day(0)
    agreement = await scene.agreed(WORKLOAD)
    await scene.document(agreement, measures=0)
    yield await scene.booked(agreement)
    await scene.tries(
        "turn the control into guidance: the work is unfinished",
        scene.inspector,
        "control",
        f"/v1/agreements/{agreement}/conversion",
        {
            "reason": "work_unfinished",
            "participants": ["manager", "employees"],
            "purposes": ["how-to-approach"],
        },
    )
    held = await scene.inspector.get("guidance", f"/v1/guidance/{agreement}")
    await scene.tries(
        "turn that guidance into the control, on a psychosocial topic",
        scene.inspector,
        "control",
        f"/v1/agreements/{agreement}/controls",
        await scene.finding(agreement, from_meeting=held["meetings"][0]["meeting_id"]),
    )
    yield await scene.booked(agreement)
    await scene.tries(
        "it must be investigated afresh, on a later visit",
        scene.inspector,
        "control",
        f"/v1/agreements/{agreement}/fresh-investigation",
        {"later_visit": True, "spoke_with": ["manager"], "reason": "Der skal interviewes flere ansatte."},
    )
    course = await scene.course(agreement)
    scene.notes("look at the course", f"{course['status']}, a new control on {course['control']['day']}")


async def r35(scene: Scene) -> Course:
    """Approved is never taken for used."""
    yield scene.day(0)
    agreement = await scene.agreed()
    await scene.document(agreement)
    yield await scene.booked(agreement)
    path = f"/v1/agreements/{agreement}/controls"
    finding = await scene.finding(agreement)
    unused = {**finding["measures"][0], "use": "not_in_use", "verified": True}
    await scene.tries(
        "a measure is there, and not in use", scene.inspector, "control", path, {**finding, "measures": [unused]}
    )
    await scene.tries(
        "the same, and why",
        scene.inspector,
        "control",
        path,
        {**finding, "measures": [{**unused, "non_use_reason": "in-the-way"}]},
    )
    seen = (await scene.case(agreement))["measures"][0]
    scene.notes(
        "look at the measure",
        f"verified {seen['verified']}, {seen['control_use']}: {seen['control_non_use_reason']}",
    )
