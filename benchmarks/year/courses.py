"""One agreement of the year, from offer to end, by the public HTTP interfaces; yields when it goes on."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from benchmarks.year.rates import Plan
from deploy.demo.courses import Course, at
from deploy.demo.people import People, Person
from shared.deadlines.copenhagen import local_day
from shared.eventstore.clock import Clock
from shared.http.tokens import Role, pseudonym

_DAY = timedelta(days=1)
_CONTROL: Mapping[str, Any] = {"judged_by": ["seen_in_use"], "spoke_with": ["manager"], "involvement": {}}


async def course(people: People, plan: Plan, rates: Mapping[str, Any], clock: Clock) -> Course:
    """Plays one plan; a day that has passed by then is played at once.

    What a timer or another service makes of an act is there on the next day: a day ends when everything is processed.
    """
    inspector, company = people.inspector(plan.inspector), people.company(plan.cvr)
    yield at(plan.offered_on)
    offered = await inspector.do("offers", "/v1/offers", _offer(plan))
    agreement_id = offered["id"]
    await people.portal().do("offers", f"/v1/offers/{agreement_id}/delivery", {"delivered": True})
    if plan.answer == "none":
        return
    yield at(plan.offered_on + plan.answer_after_days * _DAY)
    if plan.answer == "declined":
        await company.do("offers", f"/v1/offers/{agreement_id}/refusal", {"reason": None})
        return
    await company.do("offers", f"/v1/offers/{agreement_id}/acceptance", {"has_read": True})
    yield _tomorrow(clock)

    if plan.successor:
        inspector = await _hand_over(people, inspector, agreement_id, plan.successor)
    if plan.guidance_offered:
        async for instant in _guidance(inspector, company, agreement_id, plan, rates["guidance"]["days_before_due"]):
            yield instant

    deadline = await _compliance_deadline(company, agreement_id)
    if plan.extension != "none":
        yield at(deadline - 30 * _DAY)
        await _extend(
            inspector, company, agreement_id, plan.extension, deadline + rates["changes"]["extension_days"] * _DAY
        )
        deadline = await _compliance_deadline(company, agreement_id)
    if plan.documented_days is not None:
        yield at(deadline + plan.documented_days * _DAY)
        await company.do("control", f"/v1/agreements/{agreement_id}/documentation", {"complete": True, "text": "Done."})
        yield _tomorrow(clock)
    else:
        yield at(deadline)
    if plan.converted:
        async for instant in _booked_day(inspector, agreement_id):
            yield instant
        turned = {"reason": "work_unfinished", "participants": ["manager"], "purposes": ["how-to-approach"]}
        await inspector.do("control", f"/v1/agreements/{agreement_id}/conversion", turned | {"summary": "Not decided."})
        yield _tomorrow(clock)
    async for instant in _booked_day(inspector, agreement_id):
        yield instant
    outcome = {"outcome": "no_violation"} if plan.kept else {"outcome": "violation", "findings": "Unchanged."}
    await inspector.do("control", f"/v1/agreements/{agreement_id}/controls", {**_CONTROL, **outcome})
    if not plan.kept:
        agreement = await inspector.get("control", f"/v1/agreements/{agreement_id}")
        yield at(date.fromisoformat(agreement["hearing_deadline"]["last_day"]) + _DAY)
        await inspector.do("control", f"/v1/agreements/{agreement_id}/order-request", {"reasons": "Unchanged."})


def _tomorrow(clock: Clock) -> datetime:
    return at(local_day(clock.now()) + _DAY)


def _offer(plan: Plan) -> Mapping[str, Any]:
    return {
        "cvr": plan.cvr,
        "p_number": plan.p_number,
        "topic": plan.topic,
        "inspection_id": f"inspection-{plan.number}",
        "period_months": plan.months,
        "observations": "See the report.",
    }


async def _hand_over(people: People, inspector: Person, agreement_id: str, successor: str) -> Person:
    """R15."""
    told = {"inspector": pseudonym(Role.INSPECTOR, successor)}
    await inspector.do("control", f"/v1/agreements/{agreement_id}/inspector", told)
    return people.inspector(successor)


async def _guidance(inspector: Person, company: Person, agreement_id: str, plan: Plan, days_before: int) -> Course:
    """R12."""
    guidance = await inspector.get("guidance", f"/v1/guidance/{agreement_id}")
    due = local_day(datetime.fromisoformat(guidance["due"]))
    yield at(due - days_before * _DAY)
    await inspector.do("guidance", f"/v1/guidance/{agreement_id}/offer", {"form": "phone"})
    yield at(due - _DAY)
    await company.do("guidance", f"/v1/guidance/{agreement_id}/answer", {"accepted": plan.guidance_accepted})
    if plan.guidance_accepted:
        yield at(due + 4 * _DAY)
        meeting = {"form": "phone", "participants": ["manager"], "involvement": {}}
        await inspector.do("guidance", f"/v1/guidance/{agreement_id}/meetings", meeting)


async def _extend(inspector: Person, company: Person, agreement_id: str, answer: str, until: date) -> None:
    """R13."""
    asked = {"until": until.isoformat(), "reasons": "Deliveries are late."}
    await company.do("control", f"/v1/agreements/{agreement_id}/extension-requests", asked)
    if answer == "granted":
        granted = {"until": until.isoformat(), "reasons": "Granted."}
        await inspector.do("control", f"/v1/agreements/{agreement_id}/extensions", granted)
    else:
        await inspector.do("control", f"/v1/agreements/{agreement_id}/extension-refusals", {"reasons": "Not needed."})


async def _compliance_deadline(company: Person, agreement_id: str) -> date:
    agreement = await company.get("control", f"/v1/agreements/{agreement_id}")
    return date.fromisoformat(agreement["compliance_deadline"]["last_day"])


async def _booked_day(inspector: Person, agreement_id: str) -> Course:
    """R17: waits for the day that the system booked by itself, and for one more day each time it has moved."""
    while True:
        agreement = await inspector.get("control", f"/v1/agreements/{agreement_id}")
        day = date.fromisoformat(agreement["control"]["day"])
        yield at(day)
        agreement = await inspector.get("control", f"/v1/agreements/{agreement_id}")
        if date.fromisoformat(agreement["control"]["day"]) == day:
            return
