"""A guidance meeting that becomes the control (R18, R21)."""

from uuid import UUID

import pytest

from services.control.rules.turned_into_control import NoteMeeting
from shared.contracts.control import ControlCompleted, ControlTurnedIntoGuidance, Fulfilled, GuidanceMeetingNoted
from shared.contracts.vocabulary import ContactForm
from shared.eventstore.events import Event
from tests.unit.control.control_facts import (
    AGREEMENT,
    CONTROL,
    PSYCHOSOCIAL,
    UNBOOKED,
    at,
    booked,
    complete,
    documented,
    fulfilled_course,
    given,
    in_calendar,
    running,
    started,
    turned,
)
from tests.unit.control.spread_facts import after, control, place_id, ready, sampled

pytestmark = pytest.mark.rule("R21")
MEETING = UUID(int=50)
TERMS = started()
PART = documented(TERMS)


def met(day: str = "2026-06-03", form: ContactForm = ContactForm.VISIT) -> GuidanceMeetingNoted:
    return GuidanceMeetingNoted(agreement_id=AGREEMENT, meeting_id=MEETING, form=form, held_at=at(day))


def test_a_meeting_is_remembered_once() -> None:
    told = NoteMeeting(meeting_id=MEETING, form=ContactForm.VISIT, held_at=at("2026-06-03"))
    given(TERMS).when(told).then(met())
    given(TERMS, met()).when(told).then()


@pytest.mark.rule("R21", "R30")
def test_a_meeting_that_is_told_anew_is_remembered_as_it_was() -> None:
    corrected = NoteMeeting(meeting_id=MEETING, form=ContactForm.PHONE, held_at=at("2026-06-04"))
    fact = given(TERMS, met()).when(corrected).one(GuidanceMeetingNoted)
    assert running(TERMS, met(), fact).meetings == {MEETING: fact}


@pytest.mark.parametrize("history", [(), fulfilled_course()], ids=["none", "kept"])
def test_a_meeting_beside_a_running_agreement_changes_nothing(history: tuple[Event, ...]) -> None:
    given(*history).when(NoteMeeting(meeting_id=MEETING, form=ContactForm.VISIT, held_at=at("2026-06-03"))).then()


def test_the_company_does_not_see_that_it_is_remembered() -> None:
    assert not met().seen_by_company()


def test_a_meeting_becomes_the_control_without_a_booking() -> None:
    result = given(TERMS, PART, met()).when(complete(on=at("2026-06-04"), from_meeting=MEETING))
    result.records(ControlCompleted, Fulfilled)
    held = result.one(ControlCompleted)
    assert (held.control_id, held.from_meeting, held.held_at) == (UNBOOKED, MEETING, at("2026-06-03"))
    assert held.within_window


def test_it_takes_the_place_of_the_booking_that_stands() -> None:
    history = (TERMS, PART, booked(TERMS, PART), met())
    result = given(*history).when(complete(on=at("2026-06-04"), from_meeting=MEETING))
    assert result.one(ControlCompleted).control_id == CONTROL
    assert in_calendar(result) == frozenset()


@pytest.mark.rule("R21", "R18")
def test_the_control_has_the_form_of_the_meeting_and_the_reason_for_it() -> None:
    by_phone = (TERMS, PART, met(form=ContactForm.PHONE))
    bare = complete(on=at("2026-06-04"), from_meeting=MEETING)
    given(*by_phone).when(bare).refused("R18", "needs a reason", form=ContactForm.PHONE)
    explained = complete(on=at("2026-06-04"), from_meeting=MEETING, form_reason="thorough-documentation")
    assert given(*by_phone).when(explained).one(ControlCompleted).form is ContactForm.PHONE


def test_not_on_psychosocial_topics() -> None:
    terms = started(PSYCHOSOCIAL)
    history = (terms, documented(terms, measures=()), met())
    given(*history).when(complete(from_meeting=MEETING)).refused("R21", "psychosocial", group="psychosocial")


def test_not_before_the_company_has_reported_back() -> None:
    unfinished = documented(TERMS, complete=False)
    given(TERMS, unfinished, met()).when(complete(from_meeting=MEETING)).refused("R21", "not reported back")
    given(TERMS, PART, met("2026-05-31")).when(complete(from_meeting=MEETING)).refused("R21", "not reported back")


def test_a_meeting_that_nobody_held_becomes_nothing() -> None:
    given(TERMS, PART).when(complete(from_meeting=MEETING)).refused("R21", "not known", meeting_id=MEETING)


def test_the_guidance_that_a_control_became_does_not_become_the_control_again() -> None:
    history = (TERMS, PART, booked(TERMS, PART))
    gone = (*history, turned(*history), met("2026-07-01"))
    assert isinstance(gone[-2], ControlTurnedIntoGuidance)
    given(*gone).when(complete(on=at("2026-07-02"), from_meeting=MEETING)).refused("R21", "decided nothing")


@pytest.mark.rule("R21", "R17")
def test_a_meeting_after_the_window_says_why_it_is_late() -> None:
    late = (TERMS, PART, met("2026-08-03"))
    given(*late).when(complete(on=at("2026-08-04"), from_meeting=MEETING)).refused("R17", "why?")
    explained = complete(on=at("2026-08-04"), from_meeting=MEETING, late_reason="season")
    assert given(*late).when(explained).one(ControlCompleted).late_reason == "season"


@pytest.mark.rule("R21", "R19")
def test_a_meeting_becomes_the_control_of_one_place() -> None:
    held = after((*ready(0, 1), met()), control(1, on=at("2026-06-04"), from_meeting=MEETING))
    assert running(*held).results[place_id(1)].from_meeting == MEETING
    given(*held).when(control(0, on=at("2026-06-04"), from_meeting=MEETING)).refused("R21", "already")


@pytest.mark.rule("R21", "R19")
def test_of_a_place_of_the_sample() -> None:
    begun = sampled(0, 1, count=4)
    history = (*begun, documented(*begun), met())
    given(*history).when(control(2, from_meeting=MEETING)).refused("R19", place_id=place_id(2))
