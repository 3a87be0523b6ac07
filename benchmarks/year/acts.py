"""What people do in one case of the year, by the public HTTP interfaces."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import httpx

from benchmarks.year.rates import Plan
from deploy.demo.people import People, Person, Unexpected
from shared.contracts.control import ControlBooked
from shared.contracts.vocabulary import ContactRole
from shared.deadlines.copenhagen import local_day
from shared.http.tokens import Role, pseudonym

_CONTROL: Mapping[str, Any] = {"judged_by": ["seen_in_use"], "spoke_with": ["manager"], "involvement": {}}
_UNDECIDED: Mapping[str, Any] = {
    "reason": "work_unfinished",
    "participants": ["manager"],
    "purposes": ["how-to-approach"],
    "summary": "Not decided.",
}
_WHY_BY_PHONE = "thorough-documentation"
"""R18: what makes a control by phone enough."""
ILLNESS = "illness"
"""R17: the reason for a late day that somebody chooses by hand."""


def person_id(inspector: str) -> str:
    """R42: returns the id that tokens and facts have of an inspector of the world."""
    return pseudonym(Role.INSPECTOR, inspector)


class Case:
    """One case, and what has become of it."""

    def __init__(self, plan: Plan, people: People) -> None:
        self.plan = plan
        self.inspector, self.cvr = plan.inspector, plan.cvr
        self.agreement_id = UUID(int=0)
        """Of the offer; after the case was carried over, of the one that continues it."""
        self.is_open = True
        self.is_carried_over = self.is_converted = self.is_documented = False
        self.meeting_id: str | None = None
        """R21: the guidance meeting that was held after the company had reported back."""
        self.changes_owner = False
        """R40: the unit has another owner, and what becomes of the agreement is not decided yet."""
        self._people = people.of_one_case()

    async def offer(self, **more: str) -> None:
        """R1: makes an offer to the present owner, which is delivered at once."""
        plan = self.plan
        offer = {
            "cvr": self.cvr,
            "p_number": plan.p_number,
            "topic": plan.topic,
            "inspection_id": f"inspection-{plan.number}",
            "period_months": plan.story.months if plan.story else 3,
            "observations": "See the report.",
            **more,
        }
        offered = await self._inspector.do("offers", "/v1/offers", offer)
        self.agreement_id = UUID(offered["id"])
        await self._name_contacts()
        delivery = f"/v1/offers/{self.agreement_id}/delivery"
        await self._people.portal().do("offers", delivery, {"delivered": True})

    async def _name_contacts(self) -> None:
        """R34: the company names who stands for it; one in seven has no e-mail address."""
        for role in ContactRole:
            email = None if self.plan.number % 7 == 0 else f"{role}@company{self.plan.number}.example"
            contact = {"role": role, "name": f"{role} of {self.plan.number}", "email": email}
            await self._company.do("offers", f"/v1/offers/{self.agreement_id}/contacts", contact)

    async def accept(self) -> None:
        """R10."""
        await self._company.do("offers", f"/v1/offers/{self.agreement_id}/acceptance", {"has_read": True})

    async def decline(self) -> None:
        """R7."""
        await self._company.do("offers", f"/v1/offers/{self.agreement_id}/refusal", {"reason": None})

    async def find_nothing(self, today: date) -> None:
        """R7: concludes the inspection after a no, if it stands on this day."""
        standing = await self._inspector.get("control", f"{self._course}/after-no")
        if standing["new_inspection"]["day"] == today.isoformat():
            found = {"outcome": "no_violation", "findings": "Nothing."}
            await self._inspector.do("control", f"{self._course}/investigation-result", found)

    async def guidance_due(self) -> date:
        """R12: returns the day by which guidance is to be offered."""
        guidance = await self._inspector.get("guidance", self._guidance)
        return local_day(datetime.fromisoformat(guidance["due"]))

    async def offer_guidance(self) -> None:
        """R12."""
        await self._inspector.do("guidance", f"{self._guidance}/offer", {"form": "phone"})

    async def answer_guidance(self) -> None:
        """R12."""
        answer = {"accepted": self.plan.guidance_accepted}
        await self._company.do("guidance", f"{self._guidance}/answer", answer)

    async def meet(self) -> None:
        """R12: holds the guidance meeting, by phone or at the company."""
        form = "visit" if self.plan.meets_at_company else "phone"
        meeting = {"form": form, "participants": ["manager"], "involvement": {}}
        held = await self._inspector.do("guidance", f"{self._guidance}/meetings", meeting)
        if self.is_documented:
            self.meeting_id = next(
                fact["data"]["meeting_id"] for fact in held["recorded"] if "meeting_id" in fact["data"]
            )

    async def control_by_phone(self) -> None:
        """R18: lets the control be by phone, if that is proposed because the inspector was at the company lately."""
        found = await self._inspector.get("control", f"{self._course}/proposals")
        if any(one["kind"] == "by-phone" for one in found["proposals"]):
            await self._inspector.do("control", f"{self._course}/proposals/by-phone", {})

    async def extend(self, until: date) -> None:
        """R13: the company asks for a longer deadline, and gets it."""
        asked = {"until": until.isoformat(), "reasons": "Deliveries are late."}
        await self._company.do("control", f"{self._course}/extension-requests", asked)
        await self._inspector.do("control", f"{self._course}/extensions", asked | {"reasons": "Granted."})

    async def document(self) -> None:
        """R16."""
        await self._company.do("control", f"{self._course}/documentation", {"complete": True, "text": "Done."})
        self.is_documented = True

    async def hand_over(self, successor: str) -> None:
        """R15."""
        told = {"inspector": person_id(successor), "reason": "Other work."}
        await self._inspector.do("control", f"{self._course}/inspector", told)
        self.inspector = successor

    async def announce(self, booked: ControlBooked) -> None:
        """R18: tells the company of the day that was drawn."""
        told = _told(booked, booked.day, is_late=booked.late_reason is not None) | {"announced": True}
        await self._inspector.do("control", f"{self._course}/bookings", told)

    async def choose_day(self, booked: ControlBooked, day: date, *, is_late: bool) -> bool:
        """R17: books another day by hand; returns whether the inspector has a place on it."""
        told = _told(booked, day, is_late=is_late)
        response = await self._inspector.attempt("control", f"{self._course}/bookings", told)
        if response.status_code not in (httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY, httpx.codes.CREATED):
            if response.is_success:
                return True
            raise Unexpected(f"a booking by hand was answered {response.status_code}: {response.text}")
        return response.is_success

    async def turn_into_guidance(self) -> None:
        """R21."""
        await self._inspector.do("control", f"{self._course}/conversion", _UNDECIDED)
        self.is_converted = True

    async def control(self, *, late_reason: str | None, from_meeting: str | None = None) -> None:
        """R20, R21: holds the control, or makes a guidance meeting the control; it decides the matter."""
        outcome: Mapping[str, Any] = {"outcome": "no_violation"}
        if not self.plan.kept:
            outcome = {"outcome": "violation", "findings": "Unchanged."}
        by_phone = from_meeting is not None and not self.plan.meets_at_company
        told = {
            "late_reason": late_reason,
            "from_meeting": from_meeting,
            "form_reason": _WHY_BY_PHONE if by_phone else None,
        }
        held = {**_CONTROL, **outcome, **told}
        await self._inspector.do("control", f"{self._course}/controls", held)
        self.is_open = False

    async def heard_until(self) -> date:
        """R22: returns the last day on which the company is heard after a breach."""
        agreement = await self._inspector.get("control", self._course)
        return date.fromisoformat(agreement["hearing_deadline"]["last_day"])

    async def request_order(self) -> None:
        """R22."""
        await self._inspector.do("control", f"{self._course}/order-request", {"reasons": "Unchanged."})

    async def end(self) -> None:
        """R14, R40: ends the agreement, because its unit has another owner."""
        grounds = {"reason": "changed-owner", "grounds": "The unit has a new owner."}
        await self._inspector.do("control", f"{self._course}/termination", grounds)
        self.is_open = False

    async def offer_to_new_owner(self) -> None:
        """R40: asks the new owner to carry the agreement on."""
        former, self.cvr = self.agreement_id, self.plan.buyer
        await self.offer(carries_over=str(former))

    async def carry_over(self) -> None:
        """R40: the new owner consents."""
        await self.accept()
        self.is_carried_over, self.changes_owner = True, False

    @property
    def _inspector(self) -> Person:
        return self._people.inspector(self.inspector)

    @property
    def _company(self) -> Person:
        return self._people.company(self.cvr)

    @property
    def _course(self) -> str:
        return f"/v1/agreements/{self.agreement_id}"

    @property
    def _guidance(self) -> str:
        return f"/v1/guidance/{self.agreement_id}"


def _told(booked: ControlBooked, day: date, *, is_late: bool) -> dict[str, Any]:
    return {
        "day": day.isoformat(),
        "form": booked.form,
        "form_reason": booked.form_reason,
        "announced": booked.announced,
        "late_reason": (booked.late_reason or ILLNESS) if is_late else None,
    }
