"""The calendar was corrected before guidance was offered: its last day moves to where it would have been (R12, R27)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.guidance.rules.recounted_due import differing
from services.guidance.rules.schedule import DUE as DUE_TIMER
from services.guidance.rules.schedule import OVERDUE
from shared.contracts.guidance import GuidanceBecameOverdue, GuidanceDueRecounted, GuidanceScheduled
from shared.deadlines.copenhagen import end_of, start_of
from shared.deadlines.recounting import DateName, RecountDeadlines, WhyItStays, other_dates
from shared.eventstore.decider import TimerDue
from shared.eventstore.events import Event
from tests.corrected_calendar import corrected_calendar
from tests.unit.guidance.guidance_facts import (
    DUE,
    OVERDUE_AT,
    POLICIES,
    at,
    fell_due,
    given,
    offered,
    opened,
    schedule,
    scheduled,
)

pytestmark = pytest.mark.rule("R12", "R27")
A_DAY = timedelta(days=1)
BEFORE = at("2026-04-01")


def recount(on: datetime = BEFORE) -> RecountDeadlines:
    return RecountDeadlines(at=on, by="operator-1", reason="A holiday was missing.", policies=POLICIES)


def recounted(*since: Event, on: datetime = BEFORE) -> GuidanceDueRecounted:
    history = given(opened(), scheduled(), *since)
    with corrected_calendar(closes=DUE.isoformat()):
        return history.when(recount(on)).one(GuidanceDueRecounted)


def test_the_last_day_moves_with_when_it_is_coming_due_and_overdue() -> None:
    fact = recounted()
    assert (fact.previous.last_day, fact.due.last_day) == (DUE, DUE + A_DAY)
    assert fact.coming_due_at == scheduled().coming_due_at + A_DAY
    assert fact.overdue_at == OVERDUE_AT + A_DAY
    timers = given(opened(), scheduled(), fact).timers()
    assert timers == {DUE_TIMER: start_of(DUE + A_DAY), OVERDUE: OVERDUE_AT + A_DAY}


def test_it_binds_the_authority_so_that_it_may_move_to_an_earlier_day() -> None:
    with corrected_calendar(closes=DUE.isoformat()):
        later = scheduled()
    assert later.due.last_day == DUE + A_DAY
    fact = given(opened(), later).when(recount()).one(GuidanceDueRecounted)
    assert fact.due.last_day == DUE
    on_the_day = at((DUE + A_DAY).isoformat())
    assert differing(given(opened(), later).state, on_the_day, POLICIES)[0].stays is WhyItStays.OVER
    given(opened(), later).when(recount(on_the_day)).then()


def test_guidance_that_fell_due_on_the_closed_day_falls_due_on_the_next() -> None:
    fact = recounted(fell_due(), on=at(DUE.isoformat()))
    assert DUE_TIMER in given(opened(), scheduled(), fell_due(), fact).timers()


def test_the_overdue_timer_of_the_former_day_does_nothing() -> None:
    history = given(opened(), scheduled(), recounted())
    history.when(TimerDue(OVERDUE, OVERDUE_AT, OVERDUE_AT)).then()
    late = OVERDUE_AT + A_DAY
    history.when(TimerDue(OVERDUE, late, late)).records(GuidanceBecameOverdue)


def test_what_is_offered_unknown_or_over_stays() -> None:
    with corrected_calendar(closes=DUE.isoformat()):
        given().when(recount()).then()
        given(opened()).when(recount()).then()
    history = (opened(), scheduled(), offered())
    over = given(opened(), scheduled())
    with corrected_calendar(closes=DUE.isoformat()):
        given(*history).when(recount()).then()
        over.when(recount(end_of(DUE))).then()
    given(opened(), scheduled()).when(recount()).then()


def test_a_recounted_compliance_deadline_schedules_anew_and_says_so() -> None:
    command = schedule()
    first = given(opened()).when(command).one(GuidanceScheduled)
    standing = command.compliance_deadline
    with corrected_calendar(closes=standing.last_day.isoformat()):
        (other,) = other_dates({DateName.COMPLIANCE: standing}, BEFORE, POLICIES)
        later = replace(command, compliance_deadline=other.moved(BEFORE))
        again = given(opened(), first).when(later).one(GuidanceScheduled)
    assert again.due.last_day > first.due.last_day
    assert [one.previous_last_day for one in again.due.recounts] == [first.due.last_day]


def test_no_company_learns_of_it() -> None:
    assert not recounted().seen_by_company()
