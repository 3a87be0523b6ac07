"""Booking a control: on which day, in whose calendar, and what an earlier booking becomes (R17, R18, R21)."""

from datetime import date
from itertools import islice

import pytest

from services.control.planning.rules.calendar import WhyNotFree
from services.control.planning.rules.place_names import former_slot_name
from services.control.rules.booking import days_after, days_inside
from services.control.rules.course_decider import BookWhenDue
from shared.contracts.control import (
    AnnouncedControlCancelled,
    ComplianceDeadlineSet,
    ControlBooked,
    ControlCompleted,
    ExtensionGranted,
)
from shared.contracts.vocabulary import ContactForm
from shared.deadlines.copenhagen import end_of
from shared.deadlines.deadline import Extension
from shared.deadlines.deadlines import booking_due_at, control_window, is_working_day
from shared.eventstore.events import Event
from tests.unit.control.control_facts import (
    AGREEMENT,
    COMPLIANCE_DAY,
    CONTROL,
    INSPECTOR,
    OTHER_CONTROL,
    POLICIES,
    at,
    book,
    booked,
    breached_course,
    complete,
    documented,
    free_place,
    fulfilled_course,
    given,
    in_calendar,
    running,
    started,
    turned,
)

POLICY = POLICIES.at(at("2026-06-02"))
WINDOW_ENDS = date(2026, 7, 31)
"""60 days from 1 June are 31 July, a Friday."""


def extended(terms: ComplianceDeadlineSet) -> ExtensionGranted:
    """Two days before the deadline, until 10 August."""
    old, until = terms.compliance_deadline, date(2026, 8, 10)
    extensions = (Extension(granted_at=at("2026-06-20"), previous_last_day=old.last_day),)
    deadline = old.model_copy(update={"last_day": until, "ends_at": end_of(until), "extensions": extensions})
    return ExtensionGranted(
        agreement_id=AGREEMENT,
        extension_id=OTHER_CONTROL,
        inspector=INSPECTOR,
        granted_at=at("2026-06-20"),
        accepted_at=terms.accepted_at,
        compliance_deadline=deadline,
        control_window=control_window(deadline, POLICY),
        books_control_at=booking_due_at(deadline, POLICY),
    )


def inside(*history: Event, on: str = "2026-06-02") -> list[date]:
    """The days among which one is drawn, before those that need a reason."""
    return days_inside(running(*history), AGREEMENT, at(on), POLICY)


def outside(*history: Event, on: str = "2026-06-02") -> list[date]:
    """The first two of those that need a reason."""
    return list(islice(days_after(running(*history), AGREEMENT, at(on), POLICY), 2))


@pytest.mark.rule("R17")
def test_r17_a_control_is_booked_in_the_window_of_the_documentation() -> None:
    terms, part = started(), documented()
    given(terms, part).when(book("2026-07-01")).then(
        ControlBooked(
            agreement_id=AGREEMENT,
            control_id=CONTROL,
            place_id=AGREEMENT,
            inspector=INSPECTOR,
            day=date(2026, 7, 1),
            slot=1,
            hours=free_place().hours,
            form=ContactForm.VISIT,
            announced=False,
            window=running(terms, part).window(AGREEMENT),
            booked_at=at("2026-06-02"),
        )
    )


@pytest.mark.rule("R17")
def test_r17_two_bookings_never_take_one_place() -> None:
    booking = given(started()).when(book("2026-07-01", place=free_place(2)))
    assert in_calendar(booking) == {f"place/{INSPECTOR}/2026-07-01/slot/2"}
    assert booking.timers() == {}


@pytest.mark.rule("R17")
def test_r17_a_booking_holds_its_half_hours_and_the_name_that_the_release_before_knows() -> None:
    held = given(started()).when(book("2026-07-01", place=free_place(2))).reservations()
    day = f"place/{INSPECTOR}/2026-07-01"
    assert held >= {f"{day}/half-hour/{number}" for number in range(22, 28)}, "from 11:00 to 14:00"
    assert sum(name.startswith(day) for name in held) == 7
    assert {name for name in held if name.startswith("calendar/")} == {former_slot_name(INSPECTOR, date(2026, 7, 1), 2)}


@pytest.mark.rule("R17")
@pytest.mark.parametrize(
    ("why", "refusal"),
    [
        (WhyNotFree.FULL, "calendar is full"),
        (WhyNotFree.AWAY, "is away"),
        (WhyNotFree.CLOSED, "centre is closed"),
        (WhyNotFree.NOT_WORKED, "does not work long enough"),
    ],
)
def test_r17_an_inspector_books_no_day_without_a_place_and_hears_why(why: WhyNotFree, refusal: str) -> None:
    given(started()).when(book("2026-07-01", place=why)).refused("R17", refusal, day=date(2026, 7, 1))


@pytest.mark.rule("R17")
def test_r17_a_new_booking_takes_the_place_of_the_earlier_one_and_gives_its_place_up() -> None:
    terms = started()
    earlier = booked(terms, day="2026-07-01")
    later = given(terms, earlier).when(book("2026-07-02", control_id=OTHER_CONTROL))
    assert later.one(ControlBooked).replaces == CONTROL
    assert in_calendar(later) == {f"place/{INSPECTOR}/2026-07-02/slot/1"}


@pytest.mark.rule("R17")
def test_r17_the_last_day_of_the_window_needs_no_reason() -> None:
    given(started(), documented()).when(book("2026-07-31")).records(ControlBooked)


@pytest.mark.rule("R17")
def test_r17_a_day_after_the_window_needs_a_reason() -> None:
    given(started(), documented()).when(book("2026-08-03")).refused("R17", day=date(2026, 8, 3), last_day=WINDOW_ENDS)


@pytest.mark.rule("R17")
def test_r17_a_day_after_the_window_with_a_reason_is_booked_and_counted() -> None:
    late = given(started(), documented()).when(book("2026-08-03", late_reason="season"))
    assert late.one(ControlBooked).late_reason == "season"
    assert late.timers() == {}


@pytest.mark.rule("R17")
def test_r17_a_day_inside_the_window_is_not_counted_as_late() -> None:
    in_time = given(started(), documented()).when(book("2026-07-31", late_reason="season"))
    assert in_time.one(ControlBooked).late_reason is None


@pytest.mark.rule("R17")
@pytest.mark.parametrize("day", ["2026-06-13", "2026-06-14", "2026-06-05"], ids=["Saturday", "Sunday", "5 June"])
def test_r17_a_control_is_held_on_a_working_day(day: str) -> None:
    given(started(), documented()).when(book(day)).refused("R17", "working day", day=date.fromisoformat(day))


@pytest.mark.rule("R17")
def test_r17_no_control_is_booked_before_the_deadline_unless_the_company_is_done() -> None:
    given(started()).when(book("2026-06-22")).refused("R17", "unless the company is done", last_day=COMPLIANCE_DAY)
    given(started()).when(book("2026-06-23")).records(ControlBooked)
    given(started(), documented()).when(book("2026-06-22")).records(ControlBooked)


@pytest.mark.rule("R17")
def test_r17_no_control_is_booked_on_a_day_that_is_over() -> None:
    given(started(), documented()).when(book("2026-06-01", on="2026-06-02")).refused("R17", day=date(2026, 6, 1))


@pytest.mark.rule("R17")
def test_r17_a_control_can_be_booked_for_the_same_day() -> None:
    given(started(), documented()).when(book("2026-06-02", on="2026-06-02")).records(ControlBooked)


@pytest.mark.rule("R17")
@pytest.mark.parametrize(
    ("history", "how"),
    [((), "not_running"), (fulfilled_course(), "fulfilled"), (breached_course(), "breached")],
    ids=["none", "kept", "broken"],
)
def test_r17_there_must_be_something_to_control(history: tuple[Event, ...], how: str) -> None:
    given(*history).when(book("2026-07-01")).refused("R17", how=how)


@pytest.mark.rule("R17")
def test_r17_a_booking_that_comes_by_itself_after_the_decision_does_nothing() -> None:
    given(*fulfilled_course()).when(BookWhenDue(POLICY, (book("2026-07-01"),))).then()


@pytest.mark.rule("R17")
def test_r17_a_booking_that_comes_by_itself_is_a_booking() -> None:
    given(started()).when(BookWhenDue(POLICY, (book("2026-07-01"),))).records(ControlBooked)


@pytest.mark.rule("R17")
def test_r17_a_booking_beyond_the_window_that_documentation_has_started_is_made_anew() -> None:
    terms = started()
    booking = booked(terms, day="2026-08-20")
    part = documented(terms, booking, day="2026-06-03")
    assert given(terms, booking, part).timers() == {"book-control": at("2026-06-03")}


@pytest.mark.rule("R17")
def test_r17_a_booking_inside_the_window_that_documentation_has_started_stands() -> None:
    terms = started()
    booking = booked(terms, day="2026-07-22")
    assert given(terms, booking, documented(terms, booking, day="2026-06-03")).timers() == {}


@pytest.mark.rule("R21")
def test_r21_after_a_control_that_decided_nothing_another_is_booked_at_once() -> None:
    terms, part = started(), documented()
    booking = booked(terms, part)
    history = (terms, part, booking, turned(terms, part, booking, on=at("2026-07-01", "14:00")))
    assert given(*history).timers() == {"book-control": at("2026-07-01", "14:00")}
    assert in_calendar(given(*history)) == frozenset()


@pytest.mark.rule("R17", "R18")
def test_r17_a_day_is_drawn_among_all_working_days_that_are_left_of_the_window() -> None:
    days = inside(started(), documented())
    assert (days[0], days[-1]) == (date(2026, 6, 3), WINDOW_ENDS)
    assert days == sorted(days)
    assert len(set(days)) == len(days) == 42


@pytest.mark.rule("R17")
def test_r17_only_working_days_are_drawn() -> None:
    course = running(started(), documented())
    late = islice(days_after(course, AGREEMENT, at("2026-06-02"), POLICY), 100)
    days = [*inside(started(), documented()), *late]
    assert all(is_working_day(day, POLICY) for day in days)
    assert date(2026, 6, 5) not in days


@pytest.mark.rule("R17")
def test_r17_without_documentation_no_day_before_the_deadline_is_drawn() -> None:
    assert min(inside(started())) == date(2026, 6, 23)
    assert date(2026, 6, 22) == COMPLIANCE_DAY


@pytest.mark.rule("R17")
def test_r17_after_a_full_window_come_the_next_working_days() -> None:
    assert outside(started(), documented()) == [date(2026, 8, 3), date(2026, 8, 4)]


@pytest.mark.rule("R17")
def test_r17_once_the_window_is_over_no_day_of_it_is_left() -> None:
    assert inside(started(), documented(), on="2026-08-14") == []
    assert outside(started(), documented(), on="2026-08-14") == [date(2026, 8, 17), date(2026, 8, 18)]


@pytest.mark.rule("R18")
def test_r18_a_control_that_is_not_to_be_a_visit_is_booked_with_its_reason() -> None:
    by_phone = book("2026-07-01", form=ContactForm.PHONE)
    given(started(), documented()).when(by_phone).refused("R18", "needs a reason")
    explained = book("2026-07-01", form=ContactForm.PHONE, form_reason="recent-visit")
    given(started(), documented()).when(explained).records(ControlBooked)


@pytest.mark.rule("R18")
@pytest.mark.parametrize("form", [ContactForm.VISIT, ContactForm.PHONE])
def test_r18_a_reason_for_the_form_is_one_that_is_known_and_is_no_visits(form: ContactForm) -> None:
    given(started(), documented()).when(book("2026-07-01", form=form, form_reason="forgot")).refused("R18", "reason")
    explained_visit = book("2026-07-01", form_reason="recent-visit")
    given(started(), documented()).when(explained_visit).refused("R18", "a visit has no reason", given="recent-visit")


@pytest.mark.rule("R18")
def test_r18_an_announced_control_that_comes_unannounced_after_all_is_called_off() -> None:
    earlier = booked(started(), announced=True)
    secret = given(started(), earlier).when(book("2026-07-02", control_id=OTHER_CONTROL))
    secret.records(AnnouncedControlCancelled, ControlBooked)
    assert secret.one(AnnouncedControlCancelled).control_id == CONTROL
    seen = [event for event in (started(), earlier, *secret.events) if event.seen_by_company()]
    assert running(*seen).bookings == {}
    assert running(started(), earlier, *secret.events).bookings == {AGREEMENT: secret.one(ControlBooked)}


@pytest.mark.rule("R18")
def test_r18_an_announced_control_that_moves_is_announced_anew_and_no_more_is_said() -> None:
    earlier = booked(started(), announced=True)
    given(started(), earlier).when(book("2026-07-02", announced=True)).records(ControlBooked)


@pytest.mark.rule("R18")
@pytest.mark.parametrize("announced", [True, False])
def test_r18_of_a_control_that_nobody_knew_of_nothing_is_called_off(announced: bool) -> None:
    earlier = booked(started())
    given(started(), earlier).when(book("2026-07-02", announced=announced)).records(ControlBooked)


@pytest.mark.rule("R13")
def test_r13_a_longer_deadline_that_overtakes_a_booking_has_it_made_anew_at_once() -> None:
    terms = started()
    history = (terms, booked(terms), extended(terms))
    assert given(*history).timers() == {"book-control": at("2026-06-20")}
    again = given(*history).when(BookWhenDue(POLICY, (book("2026-08-20", on="2026-06-20", control_id=OTHER_CONTROL),)))
    again.records(ControlBooked)
    assert again.one(ControlBooked).replaces == CONTROL
    assert again.timers() == {}


@pytest.mark.rule("R13")
def test_r13_a_booking_after_the_longer_deadline_stands() -> None:
    terms = started()
    history = (terms, booked(terms, day="2026-08-12"), extended(terms))
    assert given(*history).timers() == {}


@pytest.mark.rule("R13")
def test_r13_without_a_booking_the_longer_deadline_moves_when_one_is_made() -> None:
    terms = started()
    assert given(terms, extended(terms)).timers() == {"book-control": extended(terms).books_control_at}


@pytest.mark.rule("R13")
def test_r13_what_complete_documentation_started_stands() -> None:
    terms, part = started(), documented()
    history = (terms, part, booked(terms, part), extended(terms))
    assert given(*history).timers() == {}
    assert running(*history).window(AGREEMENT) == part.control_window


@pytest.mark.rule("R13", "R18")
def test_r13_r18_an_announced_control_that_a_longer_deadline_overtook_is_called_off_and_announced_anew() -> None:
    terms = started()
    history = (terms, booked(terms, announced=True), extended(terms))
    again = given(*history).when(BookWhenDue(POLICY, (book("2026-08-20", on="2026-06-20", announced=True),)))
    again.records(AnnouncedControlCancelled, ControlBooked)
    assert running(*history, *again.events).bookings[AGREEMENT].day == date(2026, 8, 20)


@pytest.mark.rule("R17")
def test_r17_after_the_window_not_for_any_reason() -> None:
    late = book("2026-08-03", late_reason="forgot")
    given(started(), documented()).when(late).refused("R17", "needs a reason")


@pytest.mark.rule("R17", "R21")
@pytest.mark.parametrize(("day", "late_reason"), [("2026-08-17", None), ("2026-08-24", "calendar-full")])
def test_r21_a_booking_that_stands_since_the_window_was_lengthened_keeps_its_day_and_is_held_late(
    day: str, late_reason: str | None
) -> None:
    """Facts of earlier releases counted the days of the deadline, here until 21 August, from then on."""
    terms, part = started(), documented()
    first = booked(terms, part, day="2026-07-31")
    history = (terms, part, first, turned(terms, part, first, on=at("2026-07-31")))
    again = booked(*history, day=day, on="2026-08-03", control_id=OTHER_CONTROL)
    standing = again.model_copy(update={"window": terms.control_window, "late_reason": late_reason})
    assert given(*history, standing).timers() == {}
    assert in_calendar(given(*history, standing)) == {f"place/{INSPECTOR}/{day}/slot/1"}
    held = given(*history, standing).when(complete(on=at(day))).one(ControlCompleted)
    assert (held.within_window, held.late_reason) == (False, late_reason or "turned-into-guidance")


@pytest.mark.rule("R17", "R21")
def test_r21_new_days_for_the_control_are_not_late_because_of_what_came_before() -> None:
    """R13, R17: a longer deadline, or documentation that is complete only now, brings days of its own."""
    terms = started()
    late = booked(terms, day="2026-08-21")
    turned_late = turned(terms, late, on=at("2026-08-21"))
    assert running(terms, late, turned_late).limit(AGREEMENT).explained(None) == "turned-into-guidance"
    for new_days in (extended(terms), documented(terms, late, turned_late, day="2026-08-21")):
        assert running(terms, late, turned_late, new_days).limit(AGREEMENT).explained(None) is None


@pytest.mark.rule("R17", "R21")
@pytest.mark.parametrize("code", ["turned-into-guidance", "investigated-afresh"])
def test_r21_no_control_is_late_because_of_an_indecision_that_was_none(code: str) -> None:
    given(started(), documented()).when(book("2026-08-03", late_reason=code)).refused("R17", "needs a reason")
