"""Courses from offer to answer (R1-R10)."""

from datetime import datetime

from deploy.demo.rules.rule_scenario import LIFTING, NOISE, WORKLOAD, Course, RuleScenario, sentence_with, spread


async def r1(scenario: RuleScenario) -> Course:
    """An offer names unit, topic and observations, and its letter says what it means."""
    yield scenario.day(0)
    await scenario.attempt(
        "offer to a number that is no CVR, without observations",
        scenario.inspector,
        "offers",
        "/v1/offers",
        scenario.offer_body(cvr="12345678", observations=""),
    )
    await scenario.attempt(
        "offer to a unit that the register does not know",
        scenario.inspector,
        "offers",
        "/v1/offers",
        scenario.offer_body(p_number="1234567890"),
    )
    sent = await scenario.attempt(
        "offer with all that it names", scenario.inspector, "offers", "/v1/offers", scenario.offer_body()
    )
    letter: str = (await scenario.director.get("offers", f"/v1/offers/{sent['id']}"))["letter"]
    scenario.note("read the letter", sentence_with("frivillig", letter))


async def r2(scenario: RuleScenario) -> Course:
    """The kind of agreement that may be offered depends on what the inspection found."""
    yield scenario.day(0)
    for tried, changes in (
        ("offer on suspicion although the violation is found already", {"grounds": spread()}),
        (
            "offer a spread agreement although an immediate order is due",
            {"kind": "spread", "grounds": spread(reaction_due="immediate_order")},
        ),
        (
            "offer a spread agreement although the work exists nowhere else",
            {"kind": "spread", "grounds": spread(exists_elsewhere=False)},
        ),
        ("offer a spread agreement on a found violation", {"kind": "spread", "grounds": spread()}),
    ):
        await scenario.attempt(tried, scenario.inspector, "offers", "/v1/offers", scenario.offer_body(**changes))


async def r3(scenario: RuleScenario) -> Course:
    """The answer is due four weeks after the offer became available, by the Danish calendar."""
    yield scenario.day(0)
    agreement = await scenario.offer()
    seen = await scenario.director.get("offers", f"/v1/offers/{agreement}", language="en")
    scenario.note("ask why the answer is due when it is", seen["why"])
    yield scenario.day(3)
    await scenario.attempt(
        "correct the day on which it became available (R30)",
        scenario.portal,
        "offers",
        f"/v1/offers/{agreement}/delivery-correction",
        {"available_at": scenario.day(2).isoformat(), "reason": "Uret i portalen gik forkert."},
    )


async def r4(scenario: RuleScenario) -> Course:
    """A failed delivery starts no deadline and closes nothing."""
    yield scenario.day(0)
    agreement = await scenario.offer(delivered=False)
    await scenario.attempt(
        "the portal cannot deliver",
        scenario.portal,
        "offers",
        f"/v1/offers/{agreement}/delivery",
        {"delivered": False, "failure": "portal-down"},
    )
    seen = await scenario.inspector.get("offers", f"/v1/offers/{agreement}")
    scenario.note(
        "ask for the deadline and the open tasks",
        f"{seen['response_deadline']}; {await scenario.open_tasks(agreement)}",
    )
    yield scenario.day(3)
    case = await scenario.case(agreement)
    resent = sum(entry["type"] == "OfferResent" for entry in case["timeline"])
    scenario.note("look three days later", f"sent again by itself {resent} time(s)")
    await scenario.attempt(
        "send it again by hand", scenario.inspector, "offers", f"/v1/offers/{agreement}/resending", {}
    )
    await scenario.attempt(
        "now it is delivered", scenario.portal, "offers", f"/v1/offers/{agreement}/delivery", {"delivered": True}
    )


async def r5(scenario: RuleScenario) -> Course:
    """Half-way without an answer the inspector asks whether the offer was understood."""
    yield scenario.day(0)
    agreement = await scenario.offer()
    yield scenario.day(16)
    scenario.note("look half-way", f"tasks: {await scenario.open_tasks(agreement)}")
    await scenario.attempt(
        "ask the company whether it has understood the offer",
        scenario.inspector,
        "guidance",
        f"/v1/guidance/{agreement}/understanding",
        {
            "form": "phone",
            "initiated_by": "authority",
            "reached": True,
            "received": True,
            "understood": False,
            "knows_dates": True,
            "participants": ["legally_responsible"],
            "minutes_spent": 15,
        },
    )
    scenario.note("look again", f"tasks: {await scenario.open_tasks(agreement)}")


async def r6(scenario: RuleScenario) -> Course:
    """No answer is never a yes, and a late answer is refused with the date."""
    yield scenario.day(0)
    agreement = await scenario.offer()
    seen = await scenario.director.get("offers", f"/v1/offers/{agreement}")
    yield datetime.fromisoformat(seen["response_deadline"])
    await scenario.attempt(
        "accept at 00:00 after the last day",
        scenario.director,
        "offers",
        f"/v1/offers/{agreement}/acceptance",
        {"has_read": True},
    )
    yield scenario.day(40)
    scenario.note("look at the view a while later", (await scenario.case(agreement))["status"])


async def r7(scenario: RuleScenario) -> Course:
    """What follows a no depends on the kind of offer."""
    yield scenario.day(0)
    suspicion = await scenario.offer()
    found = await scenario.offer(LIFTING, kind="spread", grounds=spread())
    resumed = await scenario.offer(WORKLOAD)
    yield scenario.day(2)
    await scenario.director.do("offers", f"/v1/offers/{resumed}/refusal", {})
    await scenario.attempt("say no to a suspicion", scenario.director, "offers", f"/v1/offers/{suspicion}/refusal", {})
    await scenario.attempt(
        "say no to a spread agreement", scenario.director, "offers", f"/v1/offers/{found}/refusal", {}
    )
    for agreement, what in ((suspicion, "suspicion"), (found, "spread")):
        following = (await scenario.case(agreement))["next"]
        scenario.note(f"what comes after the no ({what})", f"{following['step']} by {following['by']}")
    yield scenario.day(30)
    await scenario.attempt(
        "the new inspection finds a violation",
        scenario.inspector,
        "control",
        f"/v1/agreements/{suspicion}/investigation-result",
        {"outcome": "order", "findings": "Overtrædelsen er konstateret."},
    )
    await scenario.attempt(
        "another one finds one that exists elsewhere too",
        scenario.inspector,
        "control",
        f"/v1/agreements/{resumed}/investigation-result",
        {"outcome": "spread_offer", "findings": "Det samme arbejde udføres på den anden enhed."},
    )
    for tried, follows in (
        ("offer the spread agreement as if it followed from the other topic", suspicion),
        ("offer it as the consequence of the no", resumed),
    ):
        following_offer = scenario.offer_body(WORKLOAD, kind="spread", grounds=spread(), follows=follows)
        await scenario.attempt(tried, scenario.inspector, "offers", "/v1/offers", following_offer)


async def r8(scenario: RuleScenario) -> Course:
    """A unit has at most one open agreement per topic."""
    yield scenario.day(0)
    await scenario.offer()
    await scenario.attempt(
        "another inspector offers on the same topic",
        scenario.other_inspector,
        "offers",
        "/v1/offers",
        scenario.offer_body(),
    )
    await scenario.attempt(
        "the same at another unit of the company",
        scenario.other_inspector,
        "offers",
        "/v1/offers",
        scenario.offer_body(unit=1),
    )
    await scenario.attempt(
        "offer to a unit in construction", scenario.inspector, "offers", "/v1/offers", scenario.offer_body(unit=2)
    )


async def r9(scenario: RuleScenario) -> Course:
    """The authority may withdraw an unanswered offer."""
    yield scenario.day(0)
    agreement = await scenario.offer()
    reason = {"reason": "Sagen er overdraget."}
    await scenario.attempt("withdraw", scenario.inspector, "offers", f"/v1/offers/{agreement}/withdrawal", reason)
    answered = await scenario.make_agreement(LIFTING)
    await scenario.attempt(
        "withdraw an offer that was accepted", scenario.inspector, "offers", f"/v1/offers/{answered}/withdrawal", reason
    )


async def r10(scenario: RuleScenario) -> Course:
    """A company accepts an offer that it has read, and names the places of a spread agreement."""
    yield scenario.day(0)
    await scenario.attempt(
        "offer four months without a reason",
        scenario.inspector,
        "offers",
        "/v1/offers",
        scenario.offer_body(period_months=4),
    )
    agreement = await scenario.offer(NOISE, kind="spread", grounds=spread())
    path = f"/v1/offers/{agreement}/acceptance"
    stranger = scenario.context.people.company("13748136")
    for tried, who, body in (
        ("accept for another company", stranger, {"has_read": True}),
        ("accept without having read it", scenario.director, {"has_read": False}),
        ("accept a spread agreement and name nothing", scenario.director, {"has_read": True}),
        (
            "accept and name a unit of somebody else",
            scenario.director,
            {"has_read": True, "includes": [{"p_number": "1234567890"}]},
        ),
        (
            "accept and name another unit",
            scenario.director,
            {"has_read": True, "includes": [{"p_number": scenario.unit(1)}]},
        ),
    ):
        await scenario.attempt(tried, who, "offers", path, body)
    scenario.note(
        "ask why the deadline is what it is", (await scenario.agreement(agreement))["compliance_deadline"]["why"]
    )
