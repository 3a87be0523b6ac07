"""What happens in the year, and when: each case from its offer to its end, and the absences of the inspectors."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from benchmarks.planning.one_process import Written
from benchmarks.planning.play import working_pattern
from benchmarks.planning.world import Absence, Rates, World
from benchmarks.year.acts import ILLNESS, Case, person_id
from benchmarks.year.by_days import Agenda
from benchmarks.year.facts import ControlFacts
from benchmarks.year.rates import Plan
from deploy.demo.courses import at
from deploy.demo.people import People, Person, Unexpected
from shared.contracts.control import ComplianceDeadlineSet, ControlBooked, NewInspectionBooked
from shared.contracts.register import UnitRegistered
from shared.contracts.vocabulary import Span
from shared.deadlines.copenhagen import local_day
from shared.deadlines.deadlines import next_working_day
from shared.eventstore.clock import Clock
from shared.policy.policies import Policies

_DAY, _MONTH = timedelta(days=1), timedelta(days=30)
_MORNING, _FORENOON = 7, 10
"""The hours at which absences become known, and at which everything else is done."""
_BY_HAND_WITHIN = 120
"""Most days after a visit that could not be held among which somebody chooses another."""
ActOfCase = Callable[[Case], Awaitable[None]]


@dataclass(frozen=True)
class Surroundings:
    """Where the cases are played."""

    people: People
    facts: ControlFacts
    clock: Clock
    policies: Policies
    publish: Callable[[UnitRegistered], Awaitable[None]]
    """Lets the business register publish a unit."""


class Cases:
    """All cases of a world. What happens next is on the agenda."""

    def __init__(self, world: World, rates: Rates, plans: Sequence[Plan], agenda: Agenda, around: Surroundings) -> None:
        self._world, self._changes, self._guidance = world, rates["changes"], rates["guidance"]
        self._agenda, self._around = agenda, around
        self.year = world.year
        """Windows that end in it are counted."""
        self._cases = [Case(plan, around.people) for plan in plans]
        self._by_agreement: dict[UUID, Case] = {}
        self._announced = set[UUID]()
        self._away: defaultdict[str, list[Span]] = defaultdict(list)
        self.offers = 0
        """Offers that were made, those to new owners included (R40)."""
        self.acts = 0
        """Acts of people in their cases."""
        self.refused: list[str] = []
        """Of these, what a service refused though it should not."""
        self.rescued = 0
        """Visits for which an inspector chose a later day by hand, because the booked one could not be held."""

    async def begin(self, first: date) -> None:
        """R42: puts everybody into the directory, and the days, the offers and the absences on the agenda."""
        operator: Person = self._around.people.operator()
        for one in self._world.people:
            pattern = [hours.model_dump(mode="json") for hours in working_pattern(one)]
            told = {"roles": ["inspector"], "centre": one.centre, "name": one.person_id, "visits_per_day": 2}
            told["email"] = f"{one.person_id}@tilsyn.example"
            path = f"/v1/people/{person_id(one.person_id)}"
            await operator.put("control", path, {**told, "working_pattern": pattern})
        self._agenda.add(at(first, _FORENOON), None, self._play_day)
        for case in self._cases:
            self._add(case, case.plan.offered_on, self._offer)
        for absence in self._world.absences:
            morning = at(absence.known_on, _MORNING)
            self._agenda.add(morning, absence.person_id, partial(self._note_absence, absence))

    async def arrive(self, instant: datetime) -> None:
        """Follows the facts, and puts the visits of the day on the agenda."""
        for written in await self._around.facts.follow():
            self._see(written)
        if instant >= at(local_day(instant), _FORENOON):
            for booked in self._around.facts.visits.take_booked_until(local_day(instant)):
                self._add(self._by_agreement[booked.agreement_id], booked.day, self._visit)

    def end_year(self) -> None:
        """Ends the counted year on the day that is played: visits whose windows have ended are still awaited."""
        self.year = Span(first=self.year.first, last=max(self.year.first, min(self.year.last, self._today)))

    async def _play_day(self) -> None:
        """Stops at each working day, until no visit of the year is awaited any more; then nothing else happens."""
        last, today = self.year.last, self._today
        if today <= last or self._around.facts.visits.awaited_until(last):
            tomorrow = next_working_day(today + _DAY, self._around.policies.at(self._around.clock.now()))
            self._agenda.add(at(tomorrow, _FORENOON), None, self._play_day)
        else:
            self._agenda.clear()

    def _see(self, written: Written) -> None:
        for _, facts in written:
            for fact in facts:
                match fact:
                    case ComplianceDeadlineSet():
                        self._plan_changes(self._by_agreement[fact.agreement_id], fact.compliance_deadline.last_day)
                    case ControlBooked():
                        self._plan_announcement(self._by_agreement[fact.agreement_id])
                    case NewInspectionBooked():
                        self._add(self._by_agreement[fact.agreement_id], fact.day, self._inspect)
                    case _:
                        pass

    def _plan_changes(self, case: Case, deadline: date) -> None:
        story, changes = case.plan.story, self._changes
        if story is None or case.is_carried_over:
            return
        begun, asked = story.accepted_on, deadline - changes["extended_before_days"] * _DAY
        extended = deadline + changes["extension_days"] * _DAY if story.is_extended else deadline
        if case.plan.guidance_offered:
            self._add(case, self._today + _DAY, self._plan_guidance)
        if story.is_extended:
            self._add(case, asked, partial(Case.extend, until=extended))
        if story.documented_days is not None:
            # Who is done needs no longer deadline: who gets one is done after it was granted.
            earliest = asked + _DAY if story.is_extended else begun + _MONTH
            self._add(case, max(extended + story.documented_days * _DAY, earliest), self._document)
        if story.successor is not None:
            day = begun + int((deadline - begun).days * story.handed_over_at) * _DAY
            self._add(case, day, partial(Case.hand_over, successor=story.successor))
        if story.changes_owner_at is not None:
            day = begun + int((deadline - begun).days * story.changes_owner_at) * _DAY
            self._add(case, day, self._change_owner)

    def _plan_announcement(self, case: Case) -> None:
        story = case.plan.story
        if story is not None and story.is_announced and case.agreement_id not in self._announced:
            self._announced.add(case.agreement_id)
            self._add(case, self._today + _DAY, self._announce)

    def _add(self, case: Case, day: date, act: ActOfCase) -> None:
        self._agenda.add(at(day, _FORENOON), case.plan.number, partial(self._act, case, act))

    async def _act(self, case: Case, act: ActOfCase) -> None:
        """Acts if the case is open; a day later while it is not decided what becomes of it with the new owner (R40)."""
        if case.changes_owner and act not in (self._settle_change, Case.carry_over):
            self._add(case, self._today + _DAY, act)
        elif case.is_open or act in (self._inspect, self._request_order):
            self.acts += 1
            try:
                await act(case)
            except Unexpected as refusal:
                self.refused.append(f"{case.plan.number} on {self._today}: {refusal}")

    async def _note_absence(self, absence: Absence) -> None:
        self._away[person_id(absence.person_id)].append(absence.span)
        span = {"first": absence.span.first.isoformat(), "last": absence.span.last.isoformat()}
        path = f"/v1/people/{person_id(absence.person_id)}/absences"
        await self._around.people.operator().do("control", path, span)

    async def _offer(self, case: Case) -> None:
        await case.offer()
        self.offers += 1
        self._by_agreement[case.agreement_id] = case
        if case.plan.answer == "none":
            case.is_open = False
        else:
            self._add(case, case.plan.answered_on, self._answer)

    async def _answer(self, case: Case) -> None:
        if case.plan.answer == "accepted":
            await case.accept()
        else:
            await case.decline()
            case.is_open = False

    async def _inspect(self, case: Case) -> None:
        await case.find_nothing(self._today)

    async def _plan_guidance(self, case: Case) -> None:
        due = await case.guidance_due()
        self._add(case, due - self._guidance["days_before_due"] * _DAY, self._guide(Case.offer_guidance))
        self._add(case, due - _DAY, self._guide(Case.answer_guidance))
        if case.plan.guidance_accepted:
            self._add(case, due + 4 * _DAY, self._guide(self._meet))

    async def _meet(self, case: Case) -> None:
        await case.meet()
        if case.meeting_id is not None and case.plan.takes_meeting:
            self._add(case, self._today + _DAY, self._make_meeting_the_control)

    async def _make_meeting_the_control(self, case: Case) -> None:
        """R21."""
        await case.control(late_reason=None, from_meeting=case.meeting_id)
        if not case.plan.kept:
            self._add(case, self._today + _DAY, self._request_order)

    async def _document(self, case: Case) -> None:
        await case.document()
        if case.plan.takes_phone:
            self._add(case, self._today + _DAY, Case.control_by_phone)

    def _guide(self, act: ActOfCase) -> ActOfCase:
        """R40: guidance ends with the former owner's agreement; it is not offered again for the rest."""

        async def guide(case: Case) -> None:
            if not case.is_carried_over:
                await act(case)

        return guide

    async def _announce(self, case: Case) -> None:
        booked = self._around.facts.visits.booked.get(case.agreement_id)
        if booked is not None and booked.day > self._today and not booked.announced:
            await case.announce(booked)

    async def _visit(self, case: Case) -> None:
        visits, today = self._around.facts.visits, self._today
        booked, story = visits.booked.get(case.agreement_id), case.plan.story
        if booked is None or booked.day != today or story is None:
            return
        is_late = today > visits.window(case.agreement_id).last_day
        if any(away.first <= today <= away.last for away in self._away[booked.inspector]):
            await self._choose_another_day(case, booked)
        elif story.is_converted and not case.is_converted and not is_late:
            await case.turn_into_guidance()
        else:
            await case.control(late_reason=ILLNESS if is_late and booked.late_reason is None else None)
            if not case.plan.kept:
                self._add(case, today + _DAY, self._request_order)

    async def _choose_another_day(self, case: Case, booked: ControlBooked) -> None:
        """R17: the inspector is away and no day in time is free; so somebody chooses the next day that is."""
        policy = self._around.policies.at(self._around.clock.now())
        day, last = self._today, self._around.facts.visits.window(case.agreement_id).last_day
        for _ in range(_BY_HAND_WITHIN):
            day = next_working_day(day + _DAY, policy)
            if await case.choose_day(booked, day, is_late=day > last):
                self.rescued += 1
                return
        raise AssertionError(f"no day is free for a visit after {self._today}")

    async def _request_order(self, case: Case) -> None:
        until = await case.heard_until()
        if self._today > until:
            await case.request_order()
        else:
            self._add(case, until + _DAY, self._request_order)

    async def _change_owner(self, case: Case) -> None:
        case.changes_owner = True
        await self._around.publish(unit(case.plan, case.plan.buyer, self._today))
        settled = self._today + self._changes["settled_after_days"] * _DAY
        self._add(case, settled, self._settle_change)

    async def _settle_change(self, case: Case) -> None:
        """R40: the new owner is asked to carry the agreement on, or the agreement ends."""
        if case.plan.story is None or case.plan.story.carried_over_as is None:
            case.changes_owner = False
            await case.end()
            return
        await case.offer_to_new_owner()
        self.offers += 1
        self._by_agreement[case.agreement_id] = case
        self._add(case, self._today + _DAY, Case.carry_over)

    @property
    def _today(self) -> date:
        return local_day(self._around.clock.now())


def unit(plan: Plan, owner: str, since: date) -> UnitRegistered:
    """Returns what the business register says of the unit of a case."""
    return UnitRegistered(
        p_number=plan.p_number,
        cvr=owner,
        name=f"Company {plan.number}",
        industry=plan.industry,
        sector=plan.sector,
        size_class="10-34",
        effective_from=since,
    )
