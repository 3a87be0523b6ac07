"""How a case is brought into each standing, up to the day on which the clock of the dump stands."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import NAMESPACE_OID, UUID, uuid5

from deploy.demo.courses import DemoContext
from deploy.demo.rules.rule_scenario import LIFTING, spread
from shared.contracts.orders import OrderIssued, OrderKind
from tests.upgrade.case import Case, day

Course = AsyncIterator[datetime]
Play = Callable[[Case], Course]
_PERIOD = timedelta(days=30)
"""Between acceptance and control where nothing else is said: less than 60 days, so that the control is in time."""


async def offer_sent(case: Case) -> Course:
    """The portal has not reported on it yet."""
    yield day(-2)
    await case.offer(delivered=False)


async def offer_not_delivered(case: Case) -> Course:
    """It failed today, and is sent again by itself tomorrow (R4)."""
    yield day(0)
    await case.offer(delivered=False)
    await case.deliver(failure="bounced")


async def offer_not_delivered_for_good(case: Case) -> Course:
    """It failed as often as it is sent again by itself, and once more (R4)."""
    yield day(-10)
    await case.offer(delivered=False)
    for resent in (-10, -8, -6, -4):
        yield day(resent, 12)
        await case.deliver(failure="unknown-recipient")


async def offer_delivered(case: Case) -> Course:
    """Not opened; with a photo whose bytes are kept."""
    yield day(-3)
    photo, _ = case.photo()
    await case.offer(photos=[photo])


async def offer_opened(case: Case) -> Course:
    """Opened, and half of the time to answer is not over."""
    yield day(-5)
    await case.offer()
    await case.portal.do("offers", f"/v1/offers/{case.agreement}/opening")


async def offer_unanswered_halfway(case: Case) -> Course:
    """More than half of the time to answer is over (R5)."""
    yield day(-20)
    await case.offer()


async def offer_accepted(case: Case) -> Course:
    """The agreement runs; with contacts and time."""
    yield day(-8)
    await case.agree()
    contact = {"role": "safety_representative", "name": "Kim Andersen", "email": "kim@example.com"}
    await case.director.do("offers", f"/v1/offers/{case.agreement}/contacts", contact)
    case.told("offers", f"/v1/offers/{case.agreement}", contact["name"])
    await case.inspector.do("offers", f"/v1/offers/{case.agreement}/time", {"phase": "offer", "minutes": 45})


async def offer_accepted_after_a_breach(case: Case) -> Course:
    """The unit's other agreement had been breached by then, and that became known later (R8)."""
    breached = replace(case)
    async for instant in _until_control(breached, day(-7)):
        yield instant
    yield day(-12)
    await case.offer(LIFTING)
    yield day(-6)
    await case.accept()
    yield day(-5)
    await breached.control("violation", held_at=day(-7).isoformat())


async def offer_declined(case: Case) -> Course:
    """The company said no (R7)."""
    yield day(-9)
    await case.offer()
    yield day(-4)
    await case.director.do("offers", f"/v1/offers/{case.agreement}/refusal", {"reason": "already-solved"})


async def offer_lapsed(case: Case) -> Course:
    """Nobody answered (R6)."""
    yield day(-35)
    await case.offer()


async def offer_withdrawn(case: Case) -> Course:
    """The authority took it back (R9)."""
    yield day(-6)
    await case.offer()
    yield day(-5)
    reason = {"reason": "Sagen er overdraget."}
    await case.inspector.do("offers", f"/v1/offers/{case.agreement}/withdrawal", reason)


async def agreement_breached_long_ago(case: Case) -> Course:
    """So long ago that the quarantine of its legal entity is over (R22)."""
    async for instant in _breached(case, day(-378)):
        yield instant


async def agreement_breached_last_year(case: Case) -> Course:
    """By the policy of that time the whole legal entity is in quarantine, still (R22)."""
    async for instant in _breached(case, day(-98)):
        yield instant


async def guidance_opened(case: Case) -> Course:
    """An offer that was asked about, and is not answered (R5)."""
    yield day(-4)
    await case.offer()
    text = "Beskeden er læst."
    asked = {"form": "phone", "reached": True, "received": True, "understood": True, "summary": text}
    await case.guide("understanding", asked)
    case.told("guidance", f"/v1/guidance/{case.agreement}", text)


async def guidance_awaited(case: Case) -> Course:
    """Accepted, and guidance is not due yet (R12)."""
    yield day(-5)
    await case.agree()


async def guidance_due(case: Case) -> Course:
    """A third of the period is over (R12)."""
    yield day(-35)
    await case.agree()


async def guidance_overdue(case: Case) -> Course:
    """It was due, and two weeks more are over (R12)."""
    yield day(-52)
    await case.agree()


async def guidance_offered(case: Case) -> Course:
    """The company has not answered."""
    yield day(-10)
    await case.agree()
    yield day(-3)
    await case.guide("offer", {"form": "phone"})


async def guidance_accepted(case: Case) -> Course:
    """The company said yes."""
    async for instant in guidance_offered(case):
        yield instant
    yield day(-2)
    await case.guide("answer", {"accepted": True})


async def guidance_declined(case: Case) -> Course:
    """The company said no."""
    async for instant in guidance_offered(case):
        yield instant
    yield day(-2)
    await case.guide("answer", {"accepted": False, "reason": "no-need"})


async def guidance_held(case: Case) -> Course:
    """It took place."""
    async for instant in guidance_accepted(case):
        yield instant
    yield day(-1)
    await case.meet()


async def course_documented_in_part(case: Case) -> Course:
    """Something was sent, with a photo whose bytes are kept, and not all (R16)."""
    yield day(-10)
    await case.agree()
    yield day(-2)
    photo, _ = case.photo()
    await case.document(complete=False, files=[photo])


async def control_booked(case: Case) -> Course:
    """For tomorrow, which the company does not know (R18)."""
    yield day(1) - _PERIOD
    await case.agree()
    await case.document()
    await case.book(day(1).date())


async def control_announced(case: Case) -> Course:
    """For tomorrow, which the company was told (R18)."""
    yield day(1) - _PERIOD
    await case.agree()
    await case.document()
    await case.book(day(1).date(), announced=True)


async def extension_requested(case: Case) -> Course:
    """The company asked for a longer deadline, and nobody has answered (R13)."""
    yield day(-10)
    await case.agree()
    last_day = date.fromisoformat((await case.course())["compliance_deadline"]["last_day"])
    yield day(-1)
    asked = {"until": (last_day + _PERIOD).isoformat(), "reasons": "Leverandøren er forsinket."}
    await case.controls("extension-requests", asked, who=case.director)


async def control_turned_into_guidance(case: Case) -> Course:
    """The control could not decide, and another one is booked (R21)."""
    async for instant in _until_control(case, day(-7)):
        yield instant
    text = "Der var ingen produktion den dag."
    turned = {"reason": "processes_not_running", "participants": ["manager"], "summary": text}
    await case.controls("conversion", turned)


async def control_to_be_repeated(case: Case) -> Course:
    """The matter must be investigated afresh on a later visit, and another control is booked (R21)."""
    async for instant in _until_control(case, day(-7)):
        yield instant
    afresh = {"later_visit": True, "spoke_with": ["manager"], "reason": "Der skal interviewes flere ansatte."}
    await case.controls("fresh-investigation", afresh)


async def spread_agreement_controlled_in_part(case: Case) -> Course:
    """One of the two places of the sample is controlled (R19)."""
    yield day(-7) - _PERIOD
    await case.agree_on_spread()
    await case.document()
    await case.book(day(-7).date())
    yield day(-7)
    await case.control()


async def agreement_kept(case: Case) -> Course:
    """Fulfilled, and the follow-up is most of a year ahead (R24)."""
    async for instant in _kept(case, day(-7)):
        yield instant


async def follow_up_due(case: Case) -> Course:
    """Fulfilled a year ago (R24)."""
    async for instant in _kept(case, day(-371)):
        yield instant


async def follow_up_held(case: Case) -> Course:
    """And asked about again."""
    async for instant in _kept(case, day(-371)):
        yield instant
    yield day(-3)
    await case.follow_up()


async def hearing_open(case: Case) -> Course:
    """The company may comment on the intended order (R22)."""
    async for instant in _breached(case, day(-7)):
        yield instant


async def hearing_expired(case: Case) -> Course:
    """The company did not use its time (R22)."""
    async for instant in _breached(case, day(-28)):
        yield instant


async def company_heard(case: Case) -> Course:
    """It has answered, and no order is asked for yet (R22)."""
    async for instant in _heard(case, day(-7)):
        yield instant


async def order_requested(case: Case) -> Course:
    """Asked for last week (R22)."""
    async for instant in _order_requested(case, day(-14), requested_on=day(-7)):
        yield instant


async def order_reminded_of(case: Case) -> Course:
    """Asked for so long ago that the order system was reminded (R22)."""
    async for instant in _order_requested(case, day(-49), requested_on=day(-20)):
        yield instant


async def order_overdue(case: Case) -> Course:
    """Asked for so long ago that somebody must look into it (R22)."""
    async for instant in _order_requested(case, day(-49), requested_on=day(-40)):
        yield instant


async def order_issued(case: Case) -> Course:
    """The order system has issued it (R25)."""
    async for instant in _heard(case, day(-21)):
        yield instant
    yield day(-17)
    request_id = await case.request_order()
    yield day(-14)
    await issue(case, request_id, day(-14))


async def agreement_stopped(case: Case) -> Course:
    """The company ended it (R14)."""
    yield day(-10)
    await case.agree()
    yield day(-3)
    grounds = {"grounds": "Afdelingen er lukket.", "reason": "unit-closed"}
    await case.controls("termination", grounds, who=case.director)


async def investigation_found_nothing(case: Case) -> Course:
    """After a no (R7)."""
    async for instant in _investigated(case, "no_violation"):
        yield instant


async def investigation_led_to_a_spread_offer(case: Case) -> Course:
    """After a no; the offer that follows is not made yet (R7)."""
    async for instant in _investigated(case, "spread_offer"):
        yield instant


async def order_requested_after_a_no(case: Case) -> Course:
    """The violation was found before, so the no to the spread agreement asks for an order at once (R7)."""
    yield day(-9)
    await case.offer(kind="spread", grounds=spread())
    yield day(-4)
    await case.director.do("offers", f"/v1/offers/{case.agreement}/refusal", {})


async def issue(case: Case, request_id: UUID, on: datetime) -> UUID:
    """The order system issues what was asked for; returns the order's id."""
    order_id = uuid5(NAMESPACE_OID, f"order after {case.agreement}")
    order = OrderIssued(
        case_id=order_id,
        order_kind=OrderKind.WITH_DEADLINE,
        cvr=case.cvr,
        p_number=case.units[0],
        issued_on=on.date(),
        deadline=on.date() + _PERIOD,
        agreement_id=case.id,
        request_id=request_id,
    )
    await case.stage.orders.publish([(order_id, order, on)])
    await case.stage.orders.until_taken("control")
    await case.stage.settle()
    return order_id


def until(course: Course, end: datetime) -> Course:
    """The course as far as it goes by an instant: what would come later is not played."""

    async def cut() -> Course:
        async for instant in course:
            if instant > end:
                return
            yield instant

    return cut()


async def _until_control(case: Case, control: datetime) -> Course:
    """Accepted, documented, and the day of the control has come."""
    yield control - _PERIOD
    await case.agree()
    await case.document()
    await case.book(control.date())
    yield control


async def _kept(case: Case, control: datetime) -> Course:
    async for instant in _until_control(case, control):
        yield instant
    await case.control()


async def _breached(case: Case, control: datetime) -> Course:
    async for instant in _until_control(case, control):
        yield instant
    await case.control("violation")


async def _heard(case: Case, control: datetime) -> Course:
    async for instant in _breached(case, control):
        yield instant
    yield control + timedelta(days=2)
    text = f"{case.cvr} har bestilt en afskærmning."
    await case.controls("hearing-answer", {"answer": text}, who=case.director)
    case.told("control", f"/v1/agreements/{case.agreement}", text)


async def _order_requested(case: Case, control: datetime, *, requested_on: datetime) -> Course:
    async for instant in _heard(case, control):
        yield instant
    yield requested_on
    await case.request_order()


async def _investigated(case: Case, outcome: str) -> Course:
    yield day(-20)
    await case.offer()
    yield day(-18)
    await case.director.do("offers", f"/v1/offers/{case.agreement}/refusal", {})
    yield day(-10)
    await case.controls("investigation-result", {"outcome": outcome, "findings": "Maskinen er afskærmet."})


COURSES: Mapping[str, Play] = {
    "offer sent": offer_sent,
    "offer not delivered": offer_not_delivered,
    "offer not delivered for good": offer_not_delivered_for_good,
    "offer delivered": offer_delivered,
    "offer opened": offer_opened,
    "offer unanswered halfway": offer_unanswered_halfway,
    "offer accepted": offer_accepted,
    "offer accepted after a breach": offer_accepted_after_a_breach,
    "offer declined": offer_declined,
    "offer lapsed": offer_lapsed,
    "offer withdrawn": offer_withdrawn,
    "offer fulfilled": agreement_kept,
    "offer breached": hearing_open,
    "offer terminated": agreement_stopped,
    "quarantine of a unit": hearing_open,
    "quarantine of a legal entity": agreement_breached_last_year,
    "quarantine ended": agreement_breached_long_ago,
    "guidance opened": guidance_opened,
    "guidance awaited": guidance_awaited,
    "guidance due": guidance_due,
    "guidance overdue": guidance_overdue,
    "guidance offered": guidance_offered,
    "guidance accepted": guidance_accepted,
    "guidance declined": guidance_declined,
    "guidance held": guidance_held,
    "guidance closed": offer_declined,
    "course undocumented": guidance_awaited,
    "course documented in part": course_documented_in_part,
    "control booked": control_booked,
    "control announced": control_announced,
    "extension requested": extension_requested,
    "control turned into guidance": control_turned_into_guidance,
    "control to be repeated": control_to_be_repeated,
    "spread agreement controlled in part": spread_agreement_controlled_in_part,
    "agreement kept": agreement_kept,
    "follow-up due": follow_up_due,
    "follow-up held": follow_up_held,
    "hearing open": hearing_open,
    "hearing expired": hearing_expired,
    "company heard": company_heard,
    "order requested": order_requested,
    "order reminded of": order_reminded_of,
    "order overdue": order_overdue,
    "order issued": order_issued,
    "agreement stopped": agreement_stopped,
    "new inspection booked": offer_declined,
    "investigation found nothing": investigation_found_nothing,
    "investigation led to a spread offer": investigation_led_to_a_spread_offer,
    "order requested after a no": order_requested_after_a_no,
}
"""By the name of the standing."""


def cases_of(stage: DemoContext) -> Mapping[str, Case]:
    """A case for every standing, each with a company of its own."""
    return {name: Case.numbered(stage, number) for number, name in enumerate(COURSES)}
