"""How a case of each standing goes on: the next sensible command, and what the one view then shows."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from deploy.demo.courses import DemoContext, at
from deploy.demo.rules.rule_scenario import spread
from shared.contracts.orders import OrderCompliedWith
from shared.deadlines.copenhagen import local_day
from shared.http.tokens import Role, pseudonym
from tests.integration.upgrade.view import View
from tests.upgrade.case import Case
from tests.upgrade.courses import issue
from tests.upgrade.manifest import KeptCase

_ONE_DAY = timedelta(days=1)


class Continued(Case):
    """A case of a kept release that goes on, and the view that shows it."""

    view: View
    now: datetime
    """Where the clock of the release stands."""

    @classmethod
    def kept(cls, stage: DemoContext, kept: KeptCase, view: View, now: datetime) -> "Continued":
        """As the manifest names it."""
        case = cls(stage, kept.cvr, kept.units, kept.inspector, str(kept.agreement_id))
        case.view, case.now = view, now
        return case

    async def shows(self, *, facts: Mapping[str, int] | None = None, **fields: object) -> None:
        """See View.shows."""
        await self.view.shows(self.agreement, facts=facts, **fields)


Continuation = Callable[[Continued], Awaitable[None]]
LaterContinuation = Callable[[Continued], AsyncIterator[datetime]]


async def deliver(case: Continued) -> None:
    """R3."""
    await case.deliver()
    await case.shows(status="delivered", delivered_at=...)


async def send_again(case: Continued) -> None:
    """R4: by hand; this time it arrives."""
    await case.inspector.do("offers", f"/v1/offers/{case.agreement}/resending")
    await case.deliver()
    await case.shows(status="delivered", delivered_at=...)


async def open_offer(case: Continued) -> None:
    """R5."""
    await case.portal.do("offers", f"/v1/offers/{case.agreement}/opening")
    await case.shows(facts={"OfferOpened": 1})


async def accept(case: Continued) -> None:
    """R10: control starts the course, and guidance is scheduled."""
    await case.accept()
    await case.shows(status="running", guidance_stands="not_offered", facts={"ComplianceDeadlineSet": 1})


async def decline(case: Continued) -> None:
    """R7: control books the inspection that resumes the investigation."""
    await case.director.do("offers", f"/v1/offers/{case.agreement}/refusal", {"reason": "already-solved"})
    await case.shows(status="declined", facts={"NewInspectionBooked": 1})


async def name_contact(case: Continued) -> None:
    """R34: another one."""
    contact = {"role": "safety_representative", "name": "Bo Holm", "phone": "+45 33112211"}
    await case.director.do("offers", f"/v1/offers/{case.agreement}/contacts", contact)
    await case.shows(facts={"ContactNamed": 2})


async def terminate(case: Continued) -> None:
    """R14."""
    await case.controls("termination", {"grounds": "Enheden er lukket.", "reason": "unit-closed"})
    await case.shows(status="terminated", acceptance_conflict=True)


async def offer_anew(case: Continued) -> None:
    """R8: the place is free again."""
    await case.offer()
    await case.shows(status="delivered")


async def offer_refused(case: Continued) -> None:
    """R8, R22: not while the quarantine of the unit lasts, and time is recorded all the same (R37)."""
    await _refused_by_r8(case, case.units[0])
    time = {"phase": "offer", "minutes": 15}
    await case.inspector.do("offers", f"/v1/offers/{case.agreement}/time", time)
    await case.shows(status="breached", facts={"TimeSpent": 1})


async def offer_at_another_unit(case: Continued) -> None:
    """R22: from 2024 on the breaching unit alone is in quarantine."""
    await _refused_by_r8(case, case.units[0])
    await case.offer(p_number=case.units[1])
    await case.shows(status="delivered")


async def offer_at_no_unit(case: Continued) -> None:
    """R22: before 2024 every unit of the legal entity is in quarantine."""
    for unit in case.units:
        await _refused_by_r8(case, unit)
    await case.shows(status="breached")


async def ask_again_whether_understood(case: Continued) -> None:
    """R5."""
    await case.guide("understanding", {"form": "phone", "reached": False})
    await case.shows(facts={"OfferUnderstandingAsked": 2})


async def offer_guidance(case: Continued) -> None:
    """R12."""
    await case.guide("offer", {"form": "phone"})
    await case.shows(guidance_stands="offered", guidance_offered_at=...)


async def answer_guidance(case: Continued) -> None:
    """R12."""
    await case.guide("answer", {"accepted": True})
    await case.shows(guidance_stands="accepted", guidance_accepted_at=...)


async def hold_guidance(case: Continued) -> None:
    """R12."""
    await case.meet()
    await case.shows(guidance_stands="held", guidance_held_at=...)


async def rate_guidance(case: Continued) -> None:
    """R12: how useful the meeting was that was held before the upgrade."""
    guidance = await case.director.get("guidance", f"/v1/guidance/{case.agreement}")
    path = f"/v1/guidance/{case.agreement}/meetings/{guidance['meetings'][0]['meeting_id']}/usefulness"
    await case.director.do("guidance", path, {"usefulness": 4})
    await case.shows(guidance_stands="held", facts={"UsefulnessRated": 1})


async def contact_informally(case: Continued) -> None:
    """R12: also after the end."""
    await case.guide("meetings", {"form": "phone", "informal": True})
    await case.shows(informal_contacts=1)


async def document(case: Continued) -> None:
    """R16, R17: complete, so that the control books itself."""
    await case.document()
    await case.shows(status="awaiting_control", documentation_complete_at=..., control_day=...)


async def announce_another_day(case: Continued) -> None:
    """R18: the company is told of the new day instead of the one it knew."""
    another = local_day(case.now) + 7 * _ONE_DAY
    await case.book(another, announced=True)
    await case.shows(control_day=another.isoformat())


async def grant_extension(case: Continued) -> None:
    """R13."""
    last_day = date.fromisoformat((await case.course())["compliance_deadline"]["last_day"])
    until = (last_day + 14 * _ONE_DAY).isoformat()
    await case.controls("extensions", {"until": until, "reasons": "Leverandøren er forsinket."})
    await case.shows(extensions=1, extension_requested_at=None)


async def correct_control(case: Continued) -> None:
    """R30: it had found a violation, so that the decision is another."""
    control = (await case.course())["held_controls"][0]
    correction = {**await case.finding("violation"), "form": "visit", "reason": "Forkert resultat valgt."}
    await case.controls(f"controls/{control['control_id']}/correction", correction)
    await case.shows(status="breached", hearing_opened_at=..., facts={"ControlCorrected": 1, "DecisionRevoked": 1})


async def follow_up(case: Continued) -> None:
    """R24."""
    await case.follow_up()
    await case.shows(status="fulfilled", follow_up_held_at=...)


async def change_inspector(case: Continued) -> None:
    """R15."""
    other = pseudonym(Role.INSPECTOR, "bo")
    await case.controls("inspector", {"inspector": other, "reason": "Orlov."})
    await case.shows(inspector=other)


async def answer_hearing(case: Continued) -> None:
    """R22."""
    await case.controls("hearing-answer", {"answer": "Skærmen er bestilt."}, who=case.director)
    await case.shows(status="breached", hearing_ended_at=...)


async def request_order(case: Continued) -> None:
    """R22."""
    await case.request_order()
    await case.shows(orders_requested=1, order_requested_at=...)


async def issue_order(case: Continued) -> None:
    """R25: the order system issues what was asked for before the upgrade, and the two are linked."""
    order = await issue(case, await _requested(case), case.now)
    await case.shows(orders_issued=1, followed_by=str(order))
    await case.view.shows(order, status="issued", agreement_id=case.agreement)


async def send_order_request_again(case: Continued) -> None:
    """R22."""
    await case.controls(f"order-requests/{await _requested(case)}/resending", {})
    await case.shows(facts={"OrderRequestResent": 1})


async def comply_with_order(case: Continued) -> None:
    """R25: of the order that was issued before the upgrade."""
    read = await case.inspector.get("reporting", f"/v1/cases/{case.agreement}")
    order = UUID(read["followed_by"])
    complied = OrderCompliedWith(case_id=order, complied_on=local_day(case.now))
    await case.stage.orders.publish([(order, complied, case.now)])
    await case.view.shows(order, status="complied_with")


async def conclude_investigation(case: Continued) -> None:
    """R7: in an order."""
    await case.controls("investigation-result", {"outcome": "order", "findings": "Støjen er for høj."})
    await case.shows(investigation_outcome="order", orders_requested=1)


async def offer_what_follows(case: Continued) -> None:
    """R7: the spread agreement to which the resumed investigation led."""
    earlier = case.agreement
    await case.offer(kind="spread", grounds=spread(), follows=earlier)
    await case.shows(status="delivered", kind="spread")
    assert (await case.inspector.get("offers", f"/v1/offers/{case.agreement}"))["follows"] == earlier


async def hold_control(case: Continued) -> AsyncIterator[datetime]:
    """R20: on the day for which it was booked before the upgrade."""
    yield await case.booked()
    await case.control()
    await case.shows(status="fulfilled", control_held_at=..., follow_up_on=...)


async def find_violation(case: Continued) -> AsyncIterator[datetime]:
    """R21, R22: the control that was booked after the one that became guidance."""
    yield await case.booked()
    await case.control("violation")
    await case.shows(status="breached", hearing_opened_at=...)


async def control_next_place(case: Continued) -> AsyncIterator[datetime]:
    """R19, R20: the last of the sample decides."""
    places = [place for place in (await case.course())["matrix"] if place["sampled"] and place["control"] is not None]
    (place,) = places
    yield at(date.fromisoformat(place["control"]["day"]))
    await case.control(place_id=place["place_id"])
    await case.shows(status="fulfilled", places_controlled=2)


AT_ONCE: Mapping[str, Continuation] = {
    "offer sent": deliver,
    "offer not delivered": send_again,
    "offer not delivered for good": send_again,
    "offer delivered": open_offer,
    "offer opened": accept,
    "offer unanswered halfway": decline,
    "offer accepted": name_contact,
    "offer accepted after a breach": terminate,
    "offer declined": offer_anew,
    "offer lapsed": offer_anew,
    "offer withdrawn": offer_anew,
    "offer fulfilled": offer_anew,
    "offer breached": offer_refused,
    "offer terminated": offer_anew,
    "quarantine of a unit": offer_at_another_unit,
    "quarantine of a legal entity": offer_at_no_unit,
    "quarantine ended": offer_anew,
    "guidance opened": ask_again_whether_understood,
    "guidance awaited": offer_guidance,
    "guidance due": offer_guidance,
    "guidance overdue": offer_guidance,
    "guidance offered": answer_guidance,
    "guidance accepted": hold_guidance,
    "guidance declined": offer_guidance,
    "guidance held": rate_guidance,
    "guidance closed": contact_informally,
    "course undocumented": document,
    "course documented in part": document,
    "control announced": announce_another_day,
    "extension requested": grant_extension,
    "agreement kept": correct_control,
    "follow-up due": follow_up,
    "follow-up held": change_inspector,
    "hearing open": answer_hearing,
    "hearing expired": request_order,
    "company heard": request_order,
    "order requested": issue_order,
    "order reminded of": issue_order,
    "order overdue": send_order_request_again,
    "order issued": comply_with_order,
    "agreement stopped": offer_anew,
    "new inspection booked": conclude_investigation,
    "investigation found nothing": offer_anew,
    "investigation led to a spread offer": offer_what_follows,
    "order requested after a no": issue_order,
}
"""By the name of the standing: what is done while the clock stands."""
LATER: Mapping[str, LaterContinuation] = {
    "control booked": hold_control,
    "control turned into guidance": find_violation,
    "control to be repeated": hold_control,
    "spread agreement controlled in part": control_next_place,
}
"""What is done on another day."""


async def _refused_by_r8(case: Continued, unit: str) -> None:
    refused = await case.inspector.attempt("offers", "/v1/offers", case.offering(p_number=unit))
    problem: dict[str, Any] = refused.json()
    assert (refused.status_code, problem.get("rule")) == (httpx.codes.CONFLICT, "R8"), problem


async def _requested(case: Continued) -> UUID:
    """The order that was asked for."""
    read = await case.inspector.get("reporting", f"/v1/cases/{case.agreement}")
    requests = [entry["data"]["request_id"] for entry in read["timeline"] if entry["type"] == "OrderRequested"]
    assert len(requests) == 1
    return UUID(requests[0])
