"""The process as its rules tell it, for one thread and without servers: what the services are compared with.

Written from the rules R1-R30, R40 and R41, and importing nothing of the product. A command names every rule that may
refuse it, so that the order in which the services look does not matter; what books itself is told by the world and only
checked.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tests.model.danish_days import after, day_of, is_open, midnight, months_later, open_from

Rules = set[str]
GRACE = timedelta(minutes=10)
REACH_CHANGED = date(2024, 1, 1)
PSYCHOSOCIAL = {"064"}


@dataclass
class Course:
    """What control knows of an agreement, once its acceptance has come."""

    inspector: str
    deadline: date
    places: dict[str, str]
    """The unit of each place."""
    sample: list[str]
    drawn: list[str]
    """R19: what was drawn of it, which stays."""
    accepted_at: datetime
    status: str = "running"
    complete_at: datetime | None = None
    documented: bool = False
    measures: list[str] = field(default_factory=list)
    bookings: dict[str, dict[str, object]] = field(default_factory=dict)
    results: dict[str, tuple[str, bool, datetime, str | None, bool]] = field(default_factory=dict)
    """By place: control, whether a violation was found, when, the meeting that it was, and whether it was late."""
    reopened: dict[str, datetime] = field(default_factory=dict)
    used_up: set[str] = field(default_factory=set)
    """R21: where a control decided nothing when no working day of the window was left."""
    meetings: dict[str, datetime] = field(default_factory=dict)
    asked: bool = False
    extended_at: datetime | None = None
    hearing: date | None = None
    heard: bool = False
    ordered: bool = False
    issued: set[str] = field(default_factory=set)
    """The units whose order the order system has issued."""
    follow_up_on: date | None = None
    followed_up: bool = False
    stood: set[str] = field(default_factory=set)
    """R40: the places that were booked while their units were the company's."""
    booked_by_hand: set[str] = field(default_factory=set)

    @property
    def awaited(self) -> list[str]:
        return [place for place in self.sample if place not in self.results]

    @property
    def violating(self) -> list[str]:
        return [place for place in self.places if place in self.results and self.results[place][1]]

    @property
    def decided_at(self) -> datetime:
        """R20: when the last control was held of those that decide together."""
        return max(result[2] for result in self.results.values())

    def window(self, place: str) -> date:
        """R17, R21: the last day for a control."""
        begun = self.deadline if self.complete_at is None else day_of(self.complete_at)
        return begun + timedelta(days=60)

    def decided_nothing(self, place: str, now: datetime) -> None:
        """R21: a later control is late because of it, where no working day of the window is left."""
        today = day_of(now) if self.complete_at is not None else max(day_of(now), self.deadline)
        if open_from(today + timedelta(days=1)) > self.window(place):
            self.used_up.add(place)

    def must_be_booked(self, place: str, now: datetime) -> bool:
        """R17: at the latest two weeks before the deadline, and at once where the company is done or none decided."""
        early = self.complete_at is not None or place in self.reopened
        return early or now >= midnight(self.deadline - timedelta(days=14))


@dataclass
class AfterNo:
    """What control knows of an offer that was not accepted."""

    spread: bool
    inspector: str
    noted_at: datetime
    status: str = "not_accepted"
    concluded: bool = False
    outcome: str | None = None
    issued: bool = False


@dataclass
class Agreement:
    """One offer and all that became of it, as each service knows it."""

    id: str
    spread: bool
    cvr: str
    unit: str
    topic: str
    months: int
    inspector: str
    sent_at: datetime
    offer: str = "sent"
    available_at: datetime | None = None
    answer_by: date | None = None
    failed: bool = False
    undelivered: bool = False
    """R4: somebody must look into it, until it has arrived."""
    attempts: int = 1
    resend_at: datetime | None = None
    units: list[str] = field(default_factory=list)
    """Of the places that were accepted, first the one where it arose."""
    undecided: dict[str, str] = field(default_factory=dict)
    """R14: the places where a control has found a violation while nothing is decided, and their units."""
    withdrawn_by: str = ""
    accepted_at: datetime | None = None
    conflicts: set[str] = field(default_factory=set)
    """R8: the breaches that it was accepted after, and that stand."""
    followed: bool = False
    """R7: after a no, by an offer of a spread agreement."""
    carries: "Agreement | None" = None
    """R40: the agreement of the unit's former owner that goes on with this one."""
    guidance: str = "unknown"
    guidance_due: date | None = None
    guidance_offered_at: datetime | None = None
    guidance_before: str = "awaited"
    """How guidance stood before the first meeting that fulfilled it."""
    fulfilling: set[str] = field(default_factory=set)
    """The meetings that were the guidance."""
    meetings: dict[str, datetime] = field(default_factory=dict)
    control: Course | AfterNo | None = None

    @property
    def holds(self) -> list[str]:
        """R8: the units at which it stands in the way of another on the topic."""
        if self.offer in ("sent", "delivered"):
            return [self.unit]
        return self.units if self.offer == "accepted" else []


@dataclass(frozen=True)
class Quarantine:
    """R22."""

    cvr: str
    unit: str | None
    ends_at: datetime
    because_of: str


class Reference:
    """The whole process. A command returns the rules that may refuse it; none means that it has its effect."""

    def __init__(self, now: datetime, units: dict[str, str]) -> None:
        self.now = now
        self.units = units
        """The legal entity of each unit."""
        self.agreements: dict[str, Agreement] = {}
        self.quarantines: list[Quarantine] = []
        self.sales: dict[str, list[tuple[date, str | None]]] = {}
        """R40: the later legal entities of units, by the days from which they hold; None where one ceases."""
        self.orders: set[tuple[str, str]] = set()
        """R41: the unit and topic of each that was issued; none is revoked or complied with here."""
        self._waiting: dict[str, list[Callable[[], None]]] = {"offers": [], "guidance": [], "control": []}

    # What the register tells, R40.

    def tell_owner(self, unit: str, since: date, cvr: str | None) -> None:
        """R40: judged by its day."""
        self.sales.setdefault(unit, []).append((since, cvr))

    def owner(self, unit: str) -> str | None:
        """R40: the legal entity that has the unit today; None where it has ceased, or never was."""
        held = [cvr for since, cvr in self.sales.get(unit, []) if since <= day_of(self.now)]
        return held[-1] if held else self.units.get(unit)

    def changed(self, one: Agreement) -> set[str]:
        """R40: its units that are another's now, or that ceased. Here none ever comes back."""
        return {unit for unit in one.units or [one.unit] if self.owner(unit) != one.cvr}

    def may_carry_over(self, one: Agreement, buyer: str) -> Rules:
        """R40, R14: what runs, as a whole, to who has all its units, and while no violation is undecided."""
        rules = {"R40"} if one.offer != "accepted" or self.changed(one) != set(one.units) else set()
        if any(self.owner(unit) != buyer for unit in one.units or [one.unit]):
            rules.add("R40")
        if one.undecided:
            rules.add("R14")
        return rules | self.may_send(
            spread=one.spread,
            cvr=buyer,
            unit=one.unit,
            topic=one.topic,
            months=one.months,
            reason=True,
            found=one.spread,
            follows=None,
            beside=one,
        )

    # What offers decides, R1 to R10.

    def may_send(
        self,
        *,
        spread: bool,
        cvr: str,
        unit: str,
        topic: str,
        months: int,
        reason: bool,
        found: bool | None,
        follows: Agreement | None,
        beside: Agreement | None = None,
    ) -> Rules:
        """R1, R2, R7, R8, R10, R40; beside one that ends when the new one is accepted."""
        rules: Rules = set()
        if follows and not (spread and self.leads_to_an_offer(follows, cvr, unit, topic)):
            rules.add("R7")
        if spread != bool(found):
            rules.add("R2")
        if self.owner(unit) != cvr:
            rules.add("R1" if self.owner(unit) else "R40")
        if months not in (3, 6) and not reason:
            rules.add("R10")
        if self.in_quarantine(cvr, unit) or self.taken(unit, topic, but=beside):
            rules.add("R8")
        if any(unit in one.undecided.values() for one in self.agreements.values()):
            rules.add("R14")
        return rules

    def leads_to_an_offer(self, no: Agreement, cvr: str, unit: str, topic: str) -> bool:
        """R7: of a spread agreement on the same, after a suspicion that was not accepted."""
        return (
            not no.spread and no.offer in ("declined", "lapsed") and (no.cvr, no.unit, no.topic) == (cvr, unit, topic)
        )

    def send(
        self,
        agreement_id: str,
        *,
        spread: bool,
        cvr: str,
        unit: str,
        topic: str,
        months: int,
        inspector: str,
        follows: Agreement | None,
        carries: Agreement | None = None,
    ) -> None:
        """Takes the id that the service gave."""
        made = Agreement(agreement_id, spread, cvr, unit, topic, months, inspector, self.now, carries=carries)
        if follows is not None:
            follows.followed = True
        self.agreements[agreement_id] = made
        self._tell("guidance", lambda: self._open_guidance(made))

    def in_quarantine(self, cvr: str, unit: str) -> bool:
        """R8, R22."""
        return any(
            one.ends_at > self.now and (one.unit == unit if one.unit is not None else one.cvr == cvr)
            for one in self.quarantines
        )

    def taken(self, unit: str, topic: str, *, but: Agreement | None = None) -> bool:
        """R8, R40: one that goes on with another does not stand in its way."""
        aside = () if but is None else (but, but.carries)
        return any(unit in one.holds and one.topic == topic for one in self.agreements.values() if one not in aside)

    def deliver(self, one: Agreement, available_at: datetime) -> Rules:
        """R3."""
        if one.offer == "sent":
            if available_at < one.sent_at or available_at > self.now:
                return {"R3"}
            one.offer, one.failed, one.resend_at = "delivered", False, None
            self._dates(one, available_at)
        return set()

    def correct_delivery(self, one: Agreement, available_at: datetime) -> Rules:
        """R3, R30."""
        if one.offer == "sent":
            return {"R3"}
        if one.offer != "delivered":
            return {"R30"}
        if available_at < one.sent_at or available_at > self.now:
            return {"R3"}
        if available_at == one.available_at:
            return {"R30"}
        self._dates(one, available_at)
        return set()

    def fail(self, one: Agreement) -> Rules:
        """R4: no clock starts."""
        if one.offer == "sent" and not one.failed:
            one.failed = one.undelivered = True
            one.resend_at = self.now + timedelta(hours=24) if one.attempts <= 3 else None
        return set()

    def resend(self, one: Agreement) -> Rules:
        """R4."""
        if one.offer != "sent":
            return {"R4"}
        one.attempts, one.failed, one.resend_at = one.attempts + 1, False, None
        return set()

    def reassign_offer(self, one: Agreement, inspector: str) -> Rules:
        """R15."""
        if one.offer not in ("sent", "delivered") or inspector == one.inspector:
            return {"R15"}
        one.inspector = inspector
        return set()

    def accept(self, one: Agreement, *, has_read: bool, includes: list[str]) -> Rules:
        """R6, R8, R10."""
        if one.offer not in ("sent", "delivered"):
            return self._not_open(one)
        if self.changed(one):
            return {"R40"}
        rules = self._may_consent(one, {one.unit, *includes})
        if self._too_late(one):
            rules.add("R6")
        if not has_read or one.spread != bool(includes) or len({one.unit, *includes}) <= len(includes):
            rules.add("R10")
        if self.in_quarantine(one.cvr, one.unit):
            rules.add("R8")
        for unit in includes:
            if self.owner(unit) != one.cvr:
                rules.add("R10" if self.owner(unit) else "R40")
            if self.in_quarantine(one.cvr, unit) or self.taken(unit, one.topic, but=one):
                rules.add("R8")
        if rules:
            return rules
        one.offer, one.accepted_at, one.units = "accepted", self.now, [one.unit, *includes]
        accepted_at, inspector = self.now, one.inspector
        self._tell("control", lambda: self._start(one, accepted_at, inspector))
        return rules

    def _may_consent(self, one: Agreement, units: set[str]) -> Rules:
        """R40: to all that goes over, as long as it runs and no violation is undecided."""
        former = one.carries
        if former is None:
            return set()
        goes_over = former.offer == "accepted" and not former.undecided
        return set() if goes_over and set(former.units) <= units else {"R40"}

    def decline(self, one: Agreement) -> Rules:
        """R6, R7, R40."""
        if one.offer not in ("sent", "delivered"):
            return self._not_open(one)
        if self.changed(one):
            return {"R40"}
        if self._too_late(one):
            return {"R6"}
        self._not_accepted(one, "declined")
        return set()

    def withdraw(self, one: Agreement) -> Rules:
        """R9."""
        if one.offer not in ("sent", "delivered"):
            return {"R9"}
        self._withdrawn(one, "R9")
        return set()

    def _not_open(self, one: Agreement) -> Rules:
        """R6, R8, R9: answered or lapsed, or withdrawn by that rule."""
        return {one.withdrawn_by} if one.offer == "withdrawn" else {"R6"}

    def _dates(self, one: Agreement, available_at: datetime) -> None:
        one.available_at = available_at
        one.answer_by = open_from(day_of(available_at) + timedelta(weeks=4))

    def _too_late(self, one: Agreement) -> bool:
        return one.answer_by is not None and self.now >= after(one.answer_by)

    def _withdrawn(self, one: Agreement, rule: str) -> None:
        one.offer, one.withdrawn_by = "withdrawn", rule
        self._tell("guidance", lambda: self._close_guidance(one))

    def _not_accepted(self, one: Agreement, how: str) -> None:
        one.offer = how
        inspector = one.inspector

        def follow() -> None:
            one.control = one.control or AfterNo(one.spread, inspector, self.now)

        self._tell("control", follow)
        self._tell("guidance", lambda: self._close_guidance(one))

    # What guidance decides, R5 and R12.

    def ask_understanding(self, one: Agreement) -> Rules:
        """R5."""
        return set() if one.guidance == "opened" else {"R5"}

    def offer_guidance(self, one: Agreement) -> Rules:
        """R12."""
        if one.guidance not in ("awaited", "declined", "held"):
            return {"R12"}
        one.guidance, one.guidance_offered_at = "offered", self.now
        return set()

    def answer_guidance(self, one: Agreement, yes: bool) -> Rules:
        """R12."""
        if one.guidance != "offered":
            return {"R12"}
        one.guidance = "accepted" if yes else "declined"
        return set()

    def may_meet(self, one: Agreement, *, informal: bool, named: bool) -> Rules:
        """R12."""
        return {"R12"} if not informal and (one.guidance == "opened" or not named) else set()

    def meet(self, one: Agreement, meeting: str, *, informal: bool) -> None:
        """R12, R21: an offered one fulfils the offer; control remembers each while the agreement runs."""
        one.meetings[meeting] = self.now
        if not informal and one.guidance in ("offered", "accepted", "declined", "held"):
            self._fulfil_guidance(one, meeting)
        self._tell_of_meeting(one, meeting)

    def may_correct_meeting(self, one: Agreement, meeting: str, held_at: datetime, *, informal: bool) -> Rules:
        """R12, R30."""
        if meeting not in one.meetings or held_at > self.now or (one.guidance == "opened" and not informal):
            return {"R12"}
        return set()

    def correct_meeting(self, one: Agreement, meeting: str, held_at: datetime, *, informal: bool) -> None:
        """R12, R30: what was no guidance leaves it as it stood; what was, on an offer made before, fulfils it."""
        one.meetings[meeting] = held_at
        if one.guidance == "held" and meeting in one.fulfilling:
            if informal:
                one.fulfilling.discard(meeting)
                one.guidance = "held" if one.fulfilling else one.guidance_before
        elif not informal and one.guidance == "held":
            one.fulfilling.add(meeting)
        elif not informal and one.guidance in ("offered", "accepted", "declined"):
            assert one.guidance_offered_at is not None
            if held_at >= one.guidance_offered_at:
                self._fulfil_guidance(one, meeting)
        self._tell_of_meeting(one, meeting)

    def _fulfil_guidance(self, one: Agreement, meeting: str) -> None:
        if one.guidance != "held":
            one.guidance_before, one.fulfilling, one.guidance = one.guidance, set(), "held"
        one.fulfilling.add(meeting)

    def _tell_of_meeting(self, one: Agreement, meeting: str) -> None:
        held_at = one.meetings[meeting]

        def note() -> None:
            if isinstance(one.control, Course) and one.control.status == "running":
                one.control.meetings[meeting] = held_at

        self._tell("control", note)

    def _open_guidance(self, one: Agreement) -> None:
        if one.guidance == "unknown":
            one.guidance = "opened"

    def _close_guidance(self, one: Agreement) -> None:
        if one.guidance != "unknown":
            one.guidance = "closed"

    def _schedule(self, one: Agreement, accepted_at: datetime, deadline: date) -> None:
        if one.guidance == "closed":
            return
        days = (deadline - day_of(accepted_at)).days
        one.guidance_due = open_from(day_of(accepted_at) + timedelta(days=round(days / 3)))
        if one.guidance in ("unknown", "opened"):
            one.guidance = "awaited"

    # What control decides, R7, R10 and R13 to R24.

    def document(self, one: Agreement, *, complete: bool, levelled: bool | None) -> Rules:
        """R16, R17; whether a measure is told with a level on the psychosocial ladder, or none is told."""
        course = self._running(one)
        if course is None:
            return {"R16"}
        if levelled is not None and levelled is not (one.topic in PSYCHOSOCIAL):
            return {"R16"}
        course.documented = True
        if complete and course.complete_at is None:
            course.complete_at, course.used_up = self.now, set()
        return set()

    def book(self, one: Agreement, place: str, day: date, *, reason: bool) -> Rules:
        """R17, R19; that the calendar is full is the world's to know."""
        course = self._running(one)
        if course is None:
            return {"R17"}
        rules = self._place(course, place)
        if day < day_of(self.now) or not is_open(day):
            rules.add("R17")
        if course.complete_at is None and day <= course.deadline:
            rules.add("R17")
        if place in course.places and day > course.window(place) and not (reason or place in course.used_up):
            rules.add("R17")
        if not rules:
            course.booked_by_hand.add(place)
        return rules

    def complete(
        self,
        one: Agreement,
        place: str,
        *,
        violation: bool,
        concludes: bool,
        reason: bool,
        meeting: str | None,
        observed: bool,
    ) -> Rules:
        """R17, R19, R20, R21."""
        course = self._running(one)
        if course is None:
            return {"R20"}
        rules = self._place(course, place)
        held_at, late_reason = self.now, reason
        if meeting is None:
            booking = course.bookings.get(place)
            if booking is None or not (course.complete_at is not None or self.now >= after(course.deadline)):
                rules.add("R17")
            late_reason = reason or bool(booking and booking["late_reason"])
        else:
            held_at = course.meetings.get(meeting, self.now)
            if (
                one.topic in PSYCHOSOCIAL
                or meeting not in course.meetings
                or course.complete_at is None
                or course.complete_at > held_at
                or (place in course.reopened and held_at <= course.reopened[place])
                or any(result[3] == meeting for result in course.results.values())
            ):
                rules.add("R21")
        if (concludes and not violation) or (course.measures and not observed):
            rules.add("R20")
        if (
            place in course.places
            and day_of(held_at) > course.window(place)
            and not (late_reason or place in course.used_up)
        ):
            rules.add("R17")
        if rules:
            return rules
        course.bookings.pop(place, None)
        course.results[place] = ("", violation, held_at, meeting, day_of(held_at) > course.window(place))
        self._found(one, course, place, violation)
        self._decide(one, course, concludes=concludes)
        return rules

    def convert(self, one: Agreement, place: str) -> Rules:
        """R21: nothing is decided, and a new control is booked."""
        course = self._running(one)
        if course is None:
            return {"R21"}
        rules = self._place(course, place)
        if place not in course.bookings:
            rules.add("R17")
        if place in course.places and day_of(self.now) > max(course.window(place), course.deadline):
            rules.add("R21")
        if rules:
            return rules
        course.decided_nothing(place, self.now)
        self._reopen(course, place)
        self._tell("guidance", lambda: self._converted(one))
        return rules

    def investigate_afresh(self, one: Agreement, place: str, *, later: bool) -> Rules:
        """R21."""
        course = self._running(one)
        if course is None:
            return {"R21"}
        rules = self._place(course, place)
        if place not in course.bookings:
            rules.add("R17")
        if not rules:
            course.decided_nothing(place, self.now)
        if not rules and later:
            self._reopen(course, place)
        return rules

    def choose_sample(self, one: Agreement, places: list[str]) -> Rules:
        """R19."""
        course = self._running(one)
        if course is None:
            return {"R19"}
        known = [place for place in course.places if place in places]
        at_least = min(2, len(course.places))
        if (
            set(places) - set(course.places)
            or one.id not in places
            or set(course.results) - set(places)
            or set(course.drawn) - set(places)
            or len(set(places)) < at_least
        ):
            return {"R19"}
        course.sample = known
        course.bookings = {place: booking for place, booking in course.bookings.items() if place in known}
        self._decide(one, course, concludes=False)
        return set()

    def ask_longer(self, one: Agreement, until: date) -> Rules:
        """R13."""
        course = self._running(one)
        if course is None or course.asked or not self._longer(course, until):
            return {"R13"}
        course.asked = True
        return set()

    def grant(self, one: Agreement, until: date, *, by_inspector: bool) -> Rules:
        """R13."""
        course = self._running(one)
        if course is None or not self._longer(course, until):
            return {"R13"}
        passed = self.now >= after(course.deadline)
        if (passed and not by_inspector) or (not passed and not course.asked):
            return {"R13"}
        course.deadline, course.asked, course.extended_at = open_from(until), False, self.now
        course.used_up = course.used_up if course.complete_at is not None else set()
        deadline, accepted_at = course.deadline, course.accepted_at
        self._tell("guidance", lambda: self._schedule(one, accepted_at, deadline))
        return set()

    def refuse_longer(self, one: Agreement) -> Rules:
        """R13."""
        course = self._running(one)
        if course is None or not course.asked:
            return {"R13"}
        course.asked = False
        return set()

    def terminate(self, one: Agreement, *, by_company: bool) -> Rules:
        """R14."""
        course = self._running(one)
        if course is None or (by_company and course.violating):
            return {"R14"}
        self._ended(one, course, "terminated")
        return set()

    def change_inspector(self, one: Agreement, inspector: str) -> Rules:
        """R15."""
        matter = one.control
        if matter is None or matter.status == "terminated" or matter.inspector == inspector:
            return {"R15"}
        matter.inspector = inspector
        return set()

    def correct(
        self, one: Agreement, control: str, *, violation: bool, held_at: datetime | None, reason: bool
    ) -> Rules:
        """R17, R21, R30: what rested on it is decided anew."""
        course = one.control
        if not isinstance(course, Course) or course.status == "terminated":
            return {"R30"}
        place = next((place for place, result in course.results.items() if result[0] == control), None)
        if place is None or course.followed_up or course.issued:
            return {"R30"}
        _, _, told_at, meeting, late = course.results[place]
        if held_at is not None and held_at != told_at:
            rules = self._wrong_time(course, place, held_at, meeting)
            explained, late = late or reason or place in course.used_up, day_of(held_at) > course.window(place)
            if late and not explained:
                rules.add("R17")
            if rules:
                return rules
            told_at = held_at
        before = (course.violating, course.decided_at)
        course.results[place] = (control, violation, told_at, meeting, late)
        self._found(one, course, place, violation)
        if course.status == "running" or (course.violating, course.decided_at) == before:
            return set()
        breached = course.status == "breached"
        course.status, course.hearing, course.heard, course.ordered = "running", None, False, False
        course.follow_up_on = None
        self._tell("offers", lambda: self._revoked(one, breached=breached))
        self._decide(one, course, concludes=bool(course.violating))
        return set()

    def _wrong_time(self, course: Course, place: str, held_at: datetime, meeting: str | None) -> Rules:
        """R17, R21: to come, before what it follows on, or before its time."""
        rules: Rules = set()
        if held_at > self.now or held_at < course.reopened.get(place, course.accepted_at):
            rules.add("R17")
        done = course.complete_at is not None and course.complete_at <= held_at
        if meeting is not None and not done:
            rules.add("R21")
        if meeting is None and not done and held_at < after(course.deadline):
            rules.add("R17")
        return rules

    def answer_hearing(self, one: Agreement, *, oral: bool) -> Rules:
        """R22."""
        course = one.control
        if not isinstance(course, Course) or course.status != "breached" or course.heard or course.hearing is None:
            return {"R22"}
        if self.now >= after(course.hearing) or (oral and one.topic in PSYCHOSOCIAL):
            return {"R22"}
        course.heard = True
        return set()

    def request_order(self, one: Agreement) -> Rules:
        """R22."""
        course = one.control
        if not isinstance(course, Course) or course.status != "breached" or not course.heard or course.ordered:
            return {"R22"}
        course.ordered = True
        return set()

    def follow_up(self, one: Agreement, *, observed: bool) -> Rules:
        """R24."""
        course = one.control
        if not isinstance(course, Course) or course.status != "fulfilled" or course.followed_up:
            return {"R24"}
        assert course.follow_up_on is not None
        if self.now < midnight(course.follow_up_on) or (course.measures and not observed):
            return {"R24"}
        course.followed_up = True
        return set()

    def conclude(self, one: Agreement, outcome: str) -> Rules:
        """R7: of an inspection, which books itself at once."""
        matter = one.control
        if not isinstance(matter, AfterNo) or matter.spread or matter.concluded:
            return {"R7"}
        matter.concluded, matter.outcome = True, outcome
        return set()

    def awaited_orders(self, one: Agreement) -> list[str]:
        """R7, R22: the units for which an order was asked for and is not issued."""
        matter = one.control
        if isinstance(matter, AfterNo):
            asked = matter.spread or matter.outcome == "order"
            return [one.unit] if asked and not matter.issued else []
        if not isinstance(matter, Course) or matter.status != "breached" or not matter.ordered:
            return []
        units = dict.fromkeys(matter.places[place] for place in matter.violating)
        return [unit for unit in units if unit not in matter.issued]

    def issue_order(self, one: Agreement, unit: str) -> None:
        """R25: by the order system."""
        self.orders.add((unit, one.topic))
        if isinstance(one.control, AfterNo):
            one.control.issued = True
        elif isinstance(one.control, Course):
            one.control.issued.add(unit)

    def in_conflict(self, one: Agreement) -> bool:
        """R8, R41: with a breach, with an order on the topic at one of its units, or with another agreement there."""
        course = self._running(one)
        if course is None:
            return False
        units = set(course.places.values())
        same = [other for other in self.agreements.values() if other is not one and other.topic == one.topic]
        beside = any(units & set(other.places.values()) for other in map(self._running, same) if other is not None)
        return bool(one.conflicts) or beside or any((unit, one.topic) in self.orders for unit in units)

    def _running(self, one: Agreement) -> Course | None:
        return one.control if isinstance(one.control, Course) and one.control.status == "running" else None

    def _place(self, course: Course, place: str) -> Rules:
        return set() if place in course.awaited else {"R19"}

    def _longer(self, course: Course, until: date) -> bool:
        return until > course.deadline and until >= day_of(self.now)

    def _reopen(self, course: Course, place: str) -> None:
        course.bookings.pop(place, None)
        course.reopened[place] = self.now
        course.stood.discard(place)
        course.booked_by_hand.discard(place)

    def _converted(self, one: Agreement) -> None:
        if one.guidance != "closed":
            self._fulfil_guidance(one, f"control at {self.now}")

    def _start(self, one: Agreement, accepted_at: datetime, inspector: str) -> None:
        """R10, R19, R40; which places are drawn, and their ids, the world tells."""
        deadline = open_from(months_later(day_of(accepted_at), one.months))
        former = None if one.carries is None else self._running(one.carries)
        if one.carries is not None and former is not None:
            if accepted_at < after(former.deadline):
                deadline = former.deadline
            self._ended(one.carries, former, "terminated")
        one.control = Course(inspector, deadline, {one.id: one.unit}, [one.id], [one.id], accepted_at)
        self._tell("guidance", lambda: self._schedule(one, accepted_at, deadline))

    def _decide(self, one: Agreement, course: Course, *, concludes: bool) -> None:
        """R20, R22, R24."""
        if course.awaited and not concludes:
            return
        decided_at = course.decided_at
        course.bookings = {}
        if not course.violating:
            course.follow_up_on = open_from(months_later(day_of(decided_at), 12))
            self._ended(one, course, "fulfilled")
            return
        course.hearing, course.heard = open_from(day_of(self.now) + timedelta(weeks=2)), False
        units = list(dict.fromkeys(course.places[place] for place in course.violating))
        course.status = "breached"
        self._tell("offers", lambda: self._breached(one, units, decided_at))
        self._tell("guidance", lambda: self._close_guidance(one))

    def _found(self, one: Agreement, course: Course, place: str, violation: bool) -> None:
        """R14: of one place alone, and once it is decided, nothing is open."""

        def note() -> None:
            one.undecided.pop(place, None)
            if violation and one.offer == "accepted" and len(course.places) > 1:
                one.undecided[place] = course.places[place]

        self._tell("offers", note)

    def _ended(self, one: Agreement, course: Course, how: str) -> None:
        course.status, course.bookings = how, {}

        def note() -> None:
            one.undecided.clear()
            if one.units and one.offer != "annulled":
                one.offer = how

        self._tell("offers", note)
        self._tell("guidance", lambda: self._close_guidance(one))

    def _breached(self, one: Agreement, units: list[str], breached_at: datetime) -> None:
        """R8, R22: quarantines, and what is open within their reach."""
        one.undecided.clear()
        ends_at = after(months_later(day_of(breached_at), 12))
        reach: list[str | None] = [None, *units] if day_of(breached_at) < REACH_CHANGED else list(units)
        for unit in reach:
            if not any(old.because_of == one.id and old.unit == unit for old in self._standing()):
                self.quarantines.append(Quarantine(one.cvr, unit, ends_at, one.id))
        if one.units and one.offer != "annulled":
            one.offer = "breached"
        for other in self.agreements.values():
            of_entity = None in reach and other.cvr == one.cvr and bool(other.holds)
            if other is one or not (of_entity or set(reach) & set(other.holds)):
                continue
            if other.offer in ("sent", "delivered"):
                if self.now < ends_at:  # of a breach that is known a year late, the quarantine is over
                    self._withdrawn(other, "R8")
            elif other.accepted_at is not None and breached_at <= other.accepted_at < ends_at:
                other.conflicts.add(one.id)

    def _standing(self) -> list[Quarantine]:
        return [one for one in self.quarantines if one.ends_at > self.now]

    def _revoked(self, one: Agreement, *, breached: bool) -> None:
        """R30: the agreement runs again where its place is still free."""
        if breached:
            self.quarantines = [old for old in self.quarantines if old.because_of != one.id]
            for other in self.agreements.values():
                other.conflicts.discard(one.id)
        if one.units and one.offer != "accepted" and not any(self.taken(unit, one.topic) for unit in one.units):
            one.offer = "accepted"

    # What happens by itself.

    def settle(self) -> None:
        """Every service hears what the others have recorded, in that order."""
        while any(self._waiting.values()):
            for waiting in self._waiting.values():
                while waiting:
                    waiting.pop(0)()

    def next_due(self) -> datetime | None:
        """When something happens by itself that is seen from outside."""
        dues = [due for one in self.agreements.values() if (due := self._due(one)) is not None]
        return min(dues, default=None)

    def advance_to(self, instant: datetime) -> None:
        """R4, R6, R22: what happens by itself on the way, each before the next."""
        while True:
            self.settle()
            due = self.next_due()
            if due is None or due > instant:
                break
            self.now = max(self.now, due)
            for one in self.agreements.values():
                if self._due(one) == due:
                    self._fall_due(one)
                    break
        self.now = max(self.now, instant)
        self.settle()

    def _due(self, one: Agreement) -> datetime | None:
        if one.offer in ("sent", "delivered") and self.changed(one):
            return None  # R40: nothing lapses because of it, nor is sent again
        if one.offer == "delivered" and one.answer_by is not None:
            return after(one.answer_by) + GRACE
        if one.offer == "sent" and one.resend_at is not None:
            return one.resend_at
        course = one.control
        if isinstance(course, Course) and course.status == "breached" and not course.heard and course.hearing:
            return after(course.hearing) + GRACE
        return None

    def _fall_due(self, one: Agreement) -> None:
        if one.offer in ("sent", "delivered") and self.changed(one):
            return  # R40: since the day that has come meanwhile
        if one.offer == "delivered":
            self._not_accepted(one, "lapsed")
        elif one.offer == "sent":
            self.resend(one)
        elif isinstance(one.control, Course):
            one.control.heard = True

    def _tell(self, service: str, note: Callable[[], None]) -> None:
        self._waiting[service].append(note)

    # What books itself: checked, then believed

    def faults_of_bookings(self, one: Agreement) -> list[str]:
        """R17, R18: what is wrong with the bookings that the world shows for a running agreement."""
        course = self._running(one)
        if course is None:
            return []
        faults = []
        for place in course.places:
            booking = course.bookings.get(place)
            if course.places[place] in self.changed(one):
                faults += self._faults_at_changed_unit(course, place)
                continue
            if place not in course.awaited:
                faults += [f"{place} is booked and not awaited"] if booking else []
                continue
            if booking is None:
                if course.must_be_booked(place, self.now):
                    faults.append(f"{place} must be booked by now")
                continue
            day = booking["day"]
            assert isinstance(day, date)
            if not is_open(day):
                faults.append(f"{place} is booked on {day}, which is closed")
            if course.complete_at is None and day <= course.deadline:
                faults.append(f"{place} is booked on {day}, inside the company's period")
            if day > course.window(place) and not booking["late_reason"]:
                faults.append(f"{place} is booked on {day}, after its window, and nobody says why")
            if booking["late_reason"] == "no-day-left" and self._day_is_left(course, place):
                faults.append(f"{place} is booked on {day}, as if no day of its window were left")
            if booking["late_reason"] == "no-day-left" and place in course.used_up:
                faults.append(f"{place} is booked on {day}, late because none decided, and does not say so")
        return faults

    def _faults_at_changed_unit(self, course: Course, place: str) -> list[str]:
        """R40: nothing books itself there; what stands, stands, and the inspector may book."""
        by_itself = place in course.bookings and place not in course.stood | course.booked_by_hand
        return [f"{place} booked itself at a unit that is another's"] if by_itself else []

    def note_bookings(self, one: Agreement) -> None:
        """R40: what stands while the units are still the company's."""
        course = self._running(one)
        if course is not None:
            course.stood |= {place for place in course.bookings if course.places[place] not in self.changed(one)}

    def faults_of_inspection(self, one: AfterNo, day: date, late_reason: str | None) -> list[str]:
        """R7, R18: what is wrong with the day that the world shows for the inspection after a no: one was drawn."""
        last_day = day_of(one.noted_at) + timedelta(days=28)
        faults = [] if is_open(day) else [f"{day} is closed"]
        if day <= day_of(one.noted_at):
            faults.append(f"{day} is not after the no")
        if (day > last_day) != (late_reason is not None):
            faults.append(f"{day} is late or not, and {late_reason} is said of it")
        return faults

    def _day_is_left(self, course: Course, place: str) -> bool:
        """R17: now, and so when it was booked, too, unless the company was done or got longer only after that."""
        changed = [at for at in (course.complete_at, course.extended_at) if at is not None]
        if changed and course.reopened.get(place, course.accepted_at) < max(changed):
            return False
        today = day_of(self.now) if course.complete_at is not None else max(day_of(self.now), course.deadline)
        return open_from(today + timedelta(days=1)) <= course.window(place)
