"""From offer to answer (R1-R10)."""

from datetime import datetime

from deploy.demo.rules.scene import LIFTING, NOISE, WORKLOAD, Course, Scene, sentence_with, spread


async def r1(scene: Scene) -> Course:
    """What an offer names, and what its letter says."""
    yield scene.day(0)
    await scene.tries(
        "offer to a number that is no CVR, without observations",
        scene.inspector,
        "offers",
        "/v1/offers",
        scene.offering(cvr="12345678", observations=""),
    )
    await scene.tries(
        "offer to a unit that the register does not know",
        scene.inspector,
        "offers",
        "/v1/offers",
        scene.offering(p_number="1234567890"),
    )
    sent = await scene.tries("offer with all that it names", scene.inspector, "offers", "/v1/offers", scene.offering())
    letter: str = (await scene.director.get("offers", f"/v1/offers/{sent['id']}"))["letter"]
    scene.notes("read the letter", sentence_with("frivillig", letter))


async def r2(scene: Scene) -> Course:
    """When which kind may be offered."""
    yield scene.day(0)
    for tried, changes in (
        ("offer on suspicion where the violation is found already", {"grounds": spread()}),
        (
            "offer a spread agreement where an immediate order is due",
            {"kind": "spread", "grounds": spread(reaction_due="immediate_order")},
        ),
        (
            "offer a spread agreement where the work exists nowhere else",
            {"kind": "spread", "grounds": spread(exists_elsewhere=False)},
        ),
        ("offer a spread agreement on a found violation", {"kind": "spread", "grounds": spread()}),
    ):
        await scene.tries(tried, scene.inspector, "offers", "/v1/offers", scene.offering(**changes))


async def r3(scene: Scene) -> Course:
    """Four weeks from when it is available, counted by the calendar."""
    yield scene.day(0)
    agreement = await scene.offer()
    seen = await scene.director.get("offers", f"/v1/offers/{agreement}", language="en")
    scene.notes("ask why the answer is due when it is", seen["why"])
    yield scene.day(3)
    await scene.tries(
        "correct the day on which it became available (R30)",
        scene.portal,
        "offers",
        f"/v1/offers/{agreement}/delivery-correction",
        {"available_at": scene.day(2).isoformat(), "reason": "Uret i portalen gik forkert."},
    )


async def r4(scene: Scene) -> Course:
    """A delivery that fails starts no clock and closes nothing."""
    yield scene.day(0)
    agreement = await scene.offer(delivered=False)
    await scene.tries(
        "the portal cannot deliver",
        scene.portal,
        "offers",
        f"/v1/offers/{agreement}/delivery",
        {"delivered": False, "failure": "portal-down"},
    )
    seen = await scene.inspector.get("offers", f"/v1/offers/{agreement}")
    scene.notes("ask for the deadline, and who is told", f"{seen['response_deadline']}; {await scene.tasks(agreement)}")
    yield scene.day(3)
    case = await scene.case(agreement)
    resent = sum(entry["type"] == "OfferResent" for entry in case["timeline"])
    scene.notes("look three days later", f"sent again by itself {resent} time(s)")
    await scene.tries("send it again by hand", scene.inspector, "offers", f"/v1/offers/{agreement}/resending", {})
    await scene.tries(
        "now it is delivered", scene.portal, "offers", f"/v1/offers/{agreement}/delivery", {"delivered": True}
    )


async def r5(scene: Scene) -> Course:
    """Half-way without an answer the inspector asks whether the offer was understood."""
    yield scene.day(0)
    agreement = await scene.offer()
    yield scene.day(16)
    scene.notes("look half-way", f"tasks: {await scene.tasks(agreement)}")
    await scene.tries(
        "ask the company whether it has understood the offer",
        scene.inspector,
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
    scene.notes("look again", f"tasks: {await scene.tasks(agreement)}")


async def r6(scene: Scene) -> Course:
    """No answer is never a yes, and a late one is refused with the date."""
    yield scene.day(0)
    agreement = await scene.offer()
    seen = await scene.director.get("offers", f"/v1/offers/{agreement}")
    yield datetime.fromisoformat(seen["response_deadline"])
    await scene.tries(
        "accept at 00:00 after the last day",
        scene.director,
        "offers",
        f"/v1/offers/{agreement}/acceptance",
        {"has_read": True},
    )
    yield scene.day(40)
    scene.notes("look at the view a while later", (await scene.case(agreement))["status"])


async def r7(scene: Scene) -> Course:
    """What follows a no."""
    yield scene.day(0)
    suspicion = await scene.offer()
    found = await scene.offer(LIFTING, kind="spread", grounds=spread())
    resumed = await scene.offer(WORKLOAD)
    yield scene.day(2)
    await scene.director.do("offers", f"/v1/offers/{resumed}/refusal", {})
    await scene.tries("say no to a suspicion", scene.director, "offers", f"/v1/offers/{suspicion}/refusal", {})
    await scene.tries("say no to a spread agreement", scene.director, "offers", f"/v1/offers/{found}/refusal", {})
    for agreement, what in ((suspicion, "suspicion"), (found, "spread")):
        following = (await scene.case(agreement))["next"]
        scene.notes(f"what comes after the no ({what})", f"{following['step']} by {following['by']}")
    yield scene.day(30)
    await scene.tries(
        "the new inspection finds a violation",
        scene.inspector,
        "control",
        f"/v1/agreements/{suspicion}/investigation-result",
        {"outcome": "order", "findings": "Overtrædelsen er konstateret."},
    )
    await scene.tries(
        "another one finds one that exists elsewhere too",
        scene.inspector,
        "control",
        f"/v1/agreements/{resumed}/investigation-result",
        {"outcome": "spread_offer", "findings": "Det samme arbejde udføres på den anden enhed."},
    )
    for tried, follows in (
        ("offer the spread agreement as if it followed from the other topic", suspicion),
        ("offer it as what followed from the no", resumed),
    ):
        following_offer = scene.offering(WORKLOAD, kind="spread", grounds=spread(), follows=follows)
        await scene.tries(tried, scene.inspector, "offers", "/v1/offers", following_offer)


async def r8(scene: Scene) -> Course:
    """One open agreement per topic and unit."""
    yield scene.day(0)
    await scene.offer()
    await scene.tries(
        "another inspector offers on the same topic",
        scene.other_inspector,
        "offers",
        "/v1/offers",
        scene.offering(),
    )
    await scene.tries(
        "the same at another unit of the company", scene.other_inspector, "offers", "/v1/offers", scene.offering(unit=1)
    )
    await scene.tries(
        "offer to a unit in construction", scene.inspector, "offers", "/v1/offers", scene.offering(unit=2)
    )


async def r9(scene: Scene) -> Course:
    """The authority may take an unanswered offer back."""
    yield scene.day(0)
    agreement = await scene.offer()
    reason = {"reason": "Sagen er overdraget."}
    await scene.tries("withdraw", scene.inspector, "offers", f"/v1/offers/{agreement}/withdrawal", reason)
    answered = await scene.agreed(LIFTING)
    await scene.tries(
        "withdraw an offer that was accepted", scene.inspector, "offers", f"/v1/offers/{answered}/withdrawal", reason
    )


async def r10(scene: Scene) -> Course:
    """Who accepts, what, and for how long."""
    yield scene.day(0)
    await scene.tries(
        "offer four months without a reason",
        scene.inspector,
        "offers",
        "/v1/offers",
        scene.offering(period_months=4),
    )
    agreement = await scene.offer(NOISE, kind="spread", grounds=spread())
    path = f"/v1/offers/{agreement}/acceptance"
    stranger = scene.stage.people.company("13748136")
    for tried, who, body in (
        ("accept for another company", stranger, {"has_read": True}),
        ("accept without having read it", scene.director, {"has_read": False}),
        ("accept a spread agreement and name nothing", scene.director, {"has_read": True}),
        (
            "accept and name a unit of somebody else",
            scene.director,
            {"has_read": True, "includes": [{"p_number": "1234567890"}]},
        ),
        (
            "accept and name another unit",
            scene.director,
            {"has_read": True, "includes": [{"p_number": scene.unit(1)}]},
        ),
    ):
        await scene.tries(tried, who, "offers", path, body)
    scene.notes("ask why the deadline is what it is", (await scene.course(agreement))["compliance_deadline"]["why"])
