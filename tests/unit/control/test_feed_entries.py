"""What a calendar feed says of a course: an entry stays the same while its visit moves, and says that it fell away."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from ical.calendar_stream import IcsCalendarStream
from ical.event import Event as ReadEvent
from ical.event import EventStatus

from services.control.planning.http.calendar_text import as_icalendar
from services.control.planning.rules.calendar import FreePlace
from services.control.planning.rules.holds import HOLD
from services.control.planning.rules.visit import VisitKind
from services.control.rules.feed_entries import FeedEntry, entries_of
from services.control.rules.termination import Terminate
from shared.contracts.control import (
    HeldPlacesReleased,
    HeldPlaceTaken,
    InspectorChanged,
    PlacesHeld,
    TerminationGrounds,
)
from shared.contracts.vocabulary import Centre, ContactForm, HeldPlace, HoldEnd, Side, VisitHours
from shared.deadlines.in_words import Language
from shared.eventstore.events import Event, Recorded
from shared.policy.policy import CalendarFeeds
from tests.unit.control.control_facts import (
    AGREEMENT,
    CVR,
    INSPECTOR,
    OTHER_CONTROL,
    POLICIES,
    UNIT,
    after_a_no,
    at,
    book,
    booked,
    complete,
    documented,
    given,
    started,
    turn,
)

pytestmark = pytest.mark.rule("R17")
COLLEAGUE = "inspector-2"
POLICY = POLICIES.at(at("2026-06-01"))
DONE = (started(), documented(started()))
"""The documentation is complete, so that a control may be held in June."""


def recorded(events: Sequence[Event], first: str = "2026-06-02") -> list[Recorded]:
    """The facts of a course as they are stored, an hour apart."""
    begun = at(first).astimezone(UTC)
    return [
        Recorded(number, AGREEMENT, number + 1, event, "{}", begun + timedelta(hours=number), begun, uuid4())
        for number, event in enumerate(events)
    ]


def entries(*events: Event, people: tuple[str, ...] = (INSPECTOR,)) -> list[FeedEntry]:
    return entries_of(recorded(events), people, POLICY)


def read(found: Sequence[FeedEntry], tells: CalendarFeeds | None = None, **more: Any) -> list[ReadEvent]:
    """The feed as a calendar program of other authors reads it."""
    text = as_icalendar(found, more.get("centre"), tells or CalendarFeeds(), more.get("language", "da"))
    return list(IcsCalendarStream.calendar_from_ics(text.decode()).events)


def moved(*history: Event, day: str = "2026-07-03", **changes: Any) -> tuple[Event, ...]:
    return (*history, *given(*history).when(book(day, control_id=OTHER_CONTROL, **changes)).events)


BOOKED = (*DONE, booked(*DONE))


def test_a_visit_that_moved_between_two_readings_is_the_same_entry_with_a_higher_sequence() -> None:
    (before,), (after,) = read(entries(*BOOKED)), read(entries(*moved(*BOOKED)))
    assert (before.sequence, after.sequence) == (0, 1)
    assert before.uid == after.uid
    assert (before.dtstart, after.dtstart) == (
        datetime(2026, 7, 1, 6, tzinfo=UTC),
        datetime(2026, 7, 3, 6, tzinfo=UTC),
    )
    assert after.dtend == datetime(2026, 7, 3, 9, tzinfo=UTC)
    assert after.last_modified == after.dtstamp == at("2026-06-02", "13:00").astimezone(UTC)
    assert (before.status, after.status) == (EventStatus.CONFIRMED, EventStatus.CONFIRMED)


def test_another_hour_is_a_move_and_what_an_entry_does_not_show_changes_nothing_of_it() -> None:
    (announced,) = entries(*moved(*BOOKED, day="2026-07-01", announced=True))
    assert (announced.moves, announced.changed_at) == (0, at("2026-06-02", "12:00"))
    (later,) = entries(*moved(*BOOKED, day="2026-07-01", place=_afternoon()))
    assert later.moves == 1


def _afternoon() -> FreePlace:
    return FreePlace(slot=2, hours=VisitHours(begins=time(12), duration_minutes=180))


def test_a_visit_that_falls_away_is_cancelled_for_thirty_days_and_then_gone() -> None:
    ended = given(*BOOKED).when(Terminate(at("2026-06-05"), Side.AUTHORITY, INSPECTOR, TerminationGrounds()))
    (entry,) = entries(*BOOKED, *ended.events)
    (cancelled,) = read([entry])
    assert (cancelled.status, cancelled.sequence, cancelled.uid) == (
        EventStatus.CANCELLED,
        1,
        read(entries(*BOOKED))[0].uid,
    )
    fell_away = entry.changed_at.date()
    assert entry.is_shown_on(fell_away + timedelta(days=30))
    assert not entry.is_shown_on(fell_away + timedelta(days=31))


def test_a_visit_that_was_held_stays_as_it_was_and_the_next_one_is_another_entry() -> None:
    (held,) = entries(*BOOKED, *given(*BOOKED).when(complete()).events)
    assert (held.fell_away, held.moves, held.visit.day) == (False, 0, date(2026, 7, 1))
    assert held.is_shown_on(date(2026, 7, 31))
    assert not held.is_shown_on(date(2026, 8, 1))
    undecided = (*BOOKED, *given(*BOOKED).when(turn()).events)
    first, second = entries(*moved(*undecided, day="2026-07-10", on="2026-07-02"))
    assert (first.fell_away, second.fell_away) == (False, False)
    assert (first.visit.day.day, second.visit.day.day, second.moves) == (1, 10, 0)
    assert first.uid != second.uid


def test_a_visit_that_was_held_before_its_day_leaves_that_day() -> None:
    early = given(*BOOKED).when(complete(on=at("2026-06-24"), held_at=at("2026-06-24", "09:00"))).events
    (entry,) = entries(*BOOKED, *early)
    assert entry.fell_away


def test_a_visit_that_a_colleague_takes_over_falls_away_for_one_and_comes_to_the_other() -> None:
    changed = InspectorChanged(
        agreement_id=AGREEMENT,
        inspector=COLLEAGUE,
        previous=INSPECTOR,
        changed_at=at("2026-06-03"),
        changed_by="leader-1",
    )
    history = moved(*BOOKED, changed, day="2026-07-01")
    (given_up,), (taken) = entries(*history), entries(*history, people=(COLLEAGUE,))
    assert (given_up.fell_away, given_up.moves) == (True, 1)
    assert [(one.fell_away, one.moves, one.uid) for one in taken] == [(False, 1, given_up.uid)]
    (of_centre,) = entries(*history, people=(INSPECTOR, COLLEAGUE))
    assert (of_centre.fell_away, of_centre.moves) == (False, 1)
    (back,) = entries(*moved(*history, changed.model_copy(update={"inspector": INSPECTOR}), day="2026-07-01"))
    assert (back.fell_away, back.moves, back.uid) == (False, 2, given_up.uid)


@pytest.mark.rule("R7")
def test_the_inspection_after_a_no_has_an_entry_of_its_own_kind() -> None:
    (entry,) = entries(*after_a_no()[:2])
    assert "inspection" in entry.uid
    assert read([entry])[0].summary == f"Nyt tilsyn, sag {str(AGREEMENT)[-8:]}"


MEETING = UUID(int=80)
TIMES = tuple(
    HeldPlace(number=number, day=date(2026, 5, day), slot=1, begins=time(8), duration_minutes=180)
    for number, day in ((1, 11), (2, 12), (3, 13))
)
OFFERED = PlacesHeld(
    agreement_id=AGREEMENT,
    meeting_id=MEETING,
    cvr=CVR,
    p_number=UNIT,
    topic="011",
    inspector=INSPECTOR,
    form=ContactForm.VISIT,
    first=date(2026, 5, 4),
    last=date(2026, 5, 29),
    possible=18,
    places=TIMES,
    held_at=at("2026-04-20"),
    offered_by=INSPECTOR,
    expires_at=at("2026-05-04"),
)


def taken(place: HeldPlace = TIMES[1], inspector: str = INSPECTOR) -> HeldPlaceTaken:
    return HeldPlaceTaken(
        agreement_id=AGREEMENT, meeting_id=MEETING, inspector=inspector, place=place, taken_at=at("2026-04-22")
    )


def released(why: HoldEnd, on: str = "2026-05-12") -> HeldPlacesReleased:
    return HeldPlacesReleased(agreement_id=AGREEMENT, meeting_id=MEETING, released_at=at(on), why=why)


@pytest.mark.rule("R12")
def test_times_that_a_company_may_choose_are_tentative_and_the_chosen_one_is_the_meeting() -> None:
    offered = read(entries(OFFERED))
    assert [(f"{event.dtstart:%d}", event.status) for event in offered] == [
        ("11", EventStatus.TENTATIVE),
        ("12", EventStatus.TENTATIVE),
        ("13", EventStatus.TENTATIVE),
    ]
    chosen = {event.uid: event for event in read(entries(OFFERED, taken()))}
    assert [chosen.pop(event.uid or "").status for event in offered] == [EventStatus.CANCELLED] * 3
    (meeting,) = chosen.values()
    assert (f"{meeting.dtstart:%d}", meeting.status, str(meeting.summary)[:11]) == (
        "12",
        EventStatus.CONFIRMED,
        "Vejledning,",
    )
    later = taken(TIMES[1].model_copy(update={"day": date(2026, 5, 20)}))
    (moved_meeting,) = [event for event in read(entries(OFFERED, taken(), later)) if event.uid == meeting.uid]
    assert (f"{moved_meeting.dtstart:%d}", moved_meeting.sequence) == ("20", 1)


@pytest.mark.rule("R12")
def test_a_meeting_that_was_held_stays_and_one_that_was_called_off_falls_away() -> None:
    def fell_away(*facts: Event) -> bool:
        (meeting,) = [entry for entry in entries(OFFERED, taken(), *facts) if "meeting" in entry.what]
        return meeting.fell_away

    assert not fell_away(released(HoldEnd.MEETING_HELD))
    assert fell_away(released(HoldEnd.MEETING_HELD, "2026-05-11")), "on another day than it was booked for"
    assert fell_away(released(HoldEnd.CANCELLED))
    assert [entry.fell_away for entry in entries(OFFERED, released(HoldEnd.EXPIRED))] == [True] * 3


@pytest.mark.rule("R12")
def test_places_that_are_free_again_are_found_by_a_name() -> None:
    def names(*events: Event) -> list[str]:
        found = HOLD.reservations(HOLD.fold(events))
        return sorted(name[: -len(f"/{AGREEMENT}/{MEETING}")] for name in found if name.startswith("former-visit/"))

    assert names(OFFERED) == []
    others = [f"former-visit/{INSPECTOR}/2026-05-11", f"former-visit/{INSPECTOR}/2026-05-13"]
    assert names(OFFERED, taken()) == others
    everywhere = [others[0], f"former-visit/{INSPECTOR}/2026-05-12", others[1]]
    assert names(OFFERED, taken(), released(HoldEnd.MEETING_HELD)) == everywhere
    assert names(OFFERED, taken(inspector=COLLEAGUE)) == everywhere


@pytest.mark.parametrize("language", ["da", "en"])
def test_every_kind_of_visit_has_words(language: Language) -> None:
    (entry,) = entries(*BOOKED)
    told = [
        str(read([replace(entry, visit=replace(entry.visit, kind=kind))], language=language)[0].summary)
        for kind in VisitKind
    ]
    assert len(set(told)) == len(VisitKind)


@pytest.mark.rule("R18")
def test_company_and_place_are_told_only_where_the_policy_says_so() -> None:
    found = entries(*BOOKED)
    text = as_icalendar(found, None, CalendarFeeds(), "da").decode()
    assert (CVR in text, UNIT in text, INSPECTOR in text) == (False, False, False)
    (shown,) = read(found, CalendarFeeds(company=True, place=True), language="en")
    assert (shown.summary, shown.location) == (f"Control, case {str(AGREEMENT)[-8:]}, CVR {CVR}", f"P {UNIT}")
    (hidden,) = read(found, centre=Centre.EAST)
    assert (hidden.summary, hidden.location) == (f"Kontrol, sag {str(AGREEMENT)[-8:]}", None)


def test_the_text_is_folded_ends_its_lines_as_the_format_asks_and_is_the_same_each_time() -> None:
    text = as_icalendar(entries(*BOOKED), Centre.EAST, CalendarFeeds(company=True), "da")
    assert text == as_icalendar(entries(*BOOKED), Centre.EAST, CalendarFeeds(company=True), "da")
    lines = text.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert any(line.startswith(b" ") for line in lines), "the identifier is longer than a line"
    assert b"\n" not in b"".join(lines)
    assert {b"X-WR-CALNAME:Bes\xc3\xb8g \xc3\x98st", b"REFRESH-INTERVAL;VALUE=DURATION:PT1H"} <= set(lines)


@pytest.mark.rule("R15")
def test_a_visit_that_left_a_calendar_is_found_by_a_name_until_it_is_back() -> None:
    def names(*events: Event) -> list[str]:
        return sorted(name for name in given(*events).reservations() if name.startswith("former-visit/"))

    assert names(*BOOKED) == names(*moved(*BOOKED)) == []
    held = (*BOOKED, *given(*BOOKED).when(complete()).events)
    assert names(*held) == [f"former-visit/{INSPECTOR}/2026-07-01/{AGREEMENT}/{AGREEMENT}"]
    undecided = (*BOOKED, *given(*BOOKED).when(turn()).events)
    assert names(*undecided) == names(*held)
    assert names(*moved(*undecided, day="2026-07-10", on="2026-07-02")) == []
    assert names(*after_a_no()[:2]) == []
    assert names(*after_a_no()) == [f"former-visit/{INSPECTOR}/2026-04-20/{AGREEMENT}/{AGREEMENT}"]
