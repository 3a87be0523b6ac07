"""Times for a guidance meeting: offered, chosen in time, cancelled, and what becomes of them otherwise (R12, R15)."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

import pytest

from services.guidance.rules.appointments import CancelMeeting, ChooseTime, NoteLostPlace, OfferTimes
from services.guidance.rules.guidance_decider import GUIDANCE, Command
from services.guidance.rules.matters import standing
from services.guidance.rules.meetings import RecordMeeting
from services.guidance.rules.schedule import CHOICE, CloseGuidance, NoteInspector
from shared.contracts.guidance import (
    FirstMeetingReport,
    GuidanceAccepted,
    GuidanceHeld,
    GuidanceMeetingBooked,
    GuidanceMeetingCancelled,
    MeetingTimesExpired,
    MeetingTimesOffered,
)
from shared.contracts.notices import Occasion
from shared.contracts.vocabulary import ContactForm, MeetingCancelCause, MeetingTime
from shared.deadlines.copenhagen import end_of
from shared.eventstore.decider import TimerDue
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event
from tests.unit.guidance.guidance_facts import (
    AGREEMENT,
    INSPECTOR,
    MEETING,
    POLICIES,
    at,
    declined,
    offered,
    opened,
    scheduled,
)

NOW = at("2026-04-13")
CHOOSE_BEFORE = end_of(date(2026, 4, 20))
FALLS_AWAY = CHOOSE_BEFORE + timedelta(minutes=10)
KEPT_FREE_UNTIL = end_of(date(2026, 4, 22))
OTHER = "inspector-2"


def times(*days: str) -> tuple[MeetingTime, ...]:
    return tuple(
        MeetingTime(number=number, day=date.fromisoformat(day), begins=time(9), duration_minutes=60)
        for number, day in enumerate(days, 1)
    )


def offer_times(*days: str, when: datetime = NOW, kept_free_until: datetime = KEPT_FREE_UNTIL) -> OfferTimes:
    return OfferTimes(when, POLICIES.at(when), MEETING, INSPECTOR, ContactForm.PHONE, times(*days), kept_free_until)


def times_offered(*days: str, choose_before: datetime = CHOOSE_BEFORE) -> MeetingTimesOffered:
    return MeetingTimesOffered(
        agreement_id=AGREEMENT,
        meeting_id=MEETING,
        inspector=INSPECTOR,
        form=ContactForm.PHONE,
        times=times(*days),
        choose_before=choose_before,
        offered_at=NOW,
        offered_by=INSPECTOR,
    )


def booked(inspector: str = INSPECTOR) -> GuidanceMeetingBooked:
    return GuidanceMeetingBooked(
        agreement_id=AGREEMENT,
        meeting_id=MEETING,
        inspector=inspector,
        form=ContactForm.PHONE,
        time=times("2026-04-27", "2026-04-29")[1],
        booked_at=NOW,
    )


def cancelled(cause: MeetingCancelCause, *, was_booked: bool = False) -> GuidanceMeetingCancelled:
    return GuidanceMeetingCancelled(
        agreement_id=AGREEMENT, meeting_id=MEETING, cause=cause, was_booked=was_booked, cancelled_at=NOW
    )


def accepted_at(when: datetime) -> GuidanceAccepted:
    return GuidanceAccepted(agreement_id=AGREEMENT, answered_at=when)


def decided(history: list[Event], command: Command) -> list[Event]:
    return list(GUIDANCE.decide(GUIDANCE.fold(history), command))


RUNNING: list[Event] = [opened(), scheduled(), offered()]
OPEN = [*RUNNING, times_offered("2026-04-27", "2026-04-29")]


@pytest.mark.rule("R12")
def test_the_company_has_some_days_to_choose_one_of_the_times() -> None:
    assert decided(RUNNING, offer_times("2026-04-27", "2026-04-29")) == [times_offered("2026-04-27", "2026-04-29")]
    state = GUIDANCE.fold(OPEN)
    assert GUIDANCE.timers(state)[CHOICE] == FALLS_AWAY
    assert decided(OPEN, ChooseTime(NOW, MEETING, 2)) == [accepted_at(NOW), booked()]
    assert decided([*OPEN, accepted_at(NOW)], ChooseTime(NOW, MEETING, 2)) == [booked()]
    assert CHOICE not in GUIDANCE.timers(GUIDANCE.fold([*OPEN, booked()]))


@pytest.mark.rule("R12")
def test_no_time_can_be_chosen_once_the_last_of_them_has_begun() -> None:
    (soon,) = decided(RUNNING, offer_times("2026-04-14", "2026-04-15"))
    assert isinstance(soon, MeetingTimesOffered)
    assert soon.choose_before == at("2026-04-15", "09:00+02:00")
    begun = ChooseTime(at("2026-04-14", "09:00+02:00"), MEETING, 1)
    with pytest.raises(Refused, match="R12"):
        decided([*RUNNING, soon], begun)
    assert decided([*RUNNING, soon], ChooseTime(begun.at, MEETING, 2)) != []


@pytest.mark.rule("R12")
@pytest.mark.parametrize(
    ("history", "command", "why"),
    [
        ([opened()], offer_times("2026-04-27"), "no agreement runs"),
        (OPEN, offer_times("2026-04-27"), "still await the company's choice"),
        ([*OPEN, booked()], offer_times("2026-04-27"), "neither held nor cancelled"),
        (OPEN, ChooseTime(NOW, MEETING, 3), "was not offered: 1, 2"),
        (OPEN, ChooseTime(CHOOSE_BEFORE, MEETING, 1), "could be chosen before"),
        (OPEN, ChooseTime(NOW, UUID(int=9), 1), "no times are offered"),
        ([*OPEN, booked()], ChooseTime(NOW, MEETING, 1), "booked already"),
        (RUNNING, CancelMeeting(NOW, MEETING, MeetingCancelCause.WITHDRAWN), "no times are offered"),
    ],
)
def test_what_does_not_fit_is_refused(history: list[Event], command: Command, why: str) -> None:
    with pytest.raises(Refused, match=why):
        decided(history, command)


@pytest.mark.rule("R12")
def test_times_that_nobody_chose_fall_away_and_others_can_be_offered() -> None:
    due = TimerDue(CHOICE, FALLS_AWAY, FALLS_AWAY)
    expired = MeetingTimesExpired(agreement_id=AGREEMENT, meeting_id=MEETING, at=FALLS_AWAY)
    assert decided(OPEN, due) == [expired]
    assert decided([*OPEN, booked()], due) == []
    assert decided([*OPEN, expired], offer_times("2026-04-27")) != []


@pytest.mark.rule("R12", "R15")
def test_a_booked_meeting_moves_along_to_the_next_inspector_and_open_times_do_not() -> None:
    moved = decided([*OPEN, booked()], NoteInspector(NOW, OTHER))
    assert moved[1:] == [booked(OTHER)]
    assert decided(OPEN, NoteInspector(NOW, OTHER))[1:] == [cancelled(MeetingCancelCause.INSPECTOR_CHANGED)]
    assert len(decided(RUNNING, NoteInspector(NOW, OTHER))) == 1


@pytest.mark.rule("R12")
@pytest.mark.parametrize(("history", "was_booked"), [(OPEN, False), ([*OPEN, booked()], True)])
def test_what_is_arranged_falls_away_with_the_agreement_and_where_the_calendar_has_no_room(
    history: list[Event], was_booked: bool
) -> None:
    closing = decided(history, CloseGuidance(NOW, AGREEMENT))
    assert closing[0] == cancelled(MeetingCancelCause.AGREEMENT_ENDED, was_booked=was_booked)
    assert decided([*history, *closing], NoteLostPlace(NOW, MEETING)) == []
    lost = decided(history, NoteLostPlace(NOW, MEETING))
    assert lost == [cancelled(MeetingCancelCause.NO_PLACE, was_booked=was_booked)]
    assert decided([*history, *lost], NoteLostPlace(NOW, MEETING)) == []


@pytest.mark.rule("R12")
def test_the_report_of_a_booked_meeting_has_its_id_and_settles_it() -> None:
    told = FirstMeetingReport(form=ContactForm.PHONE, participants=("manager",))
    later = at("2026-04-29", "11:00+02:00")
    report = RecordMeeting(later, UUID(int=7), INSPECTOR, later, told, booked_as=MEETING)
    (held,) = decided([*OPEN, booked()], report)
    assert isinstance(held, GuidanceHeld)
    assert held.meeting_id == MEETING
    assert decided([*OPEN, booked(), held], offer_times("2026-05-04")) != []
    with pytest.raises(Refused, match="is not booked"):
        decided(OPEN, report)


@pytest.mark.rule("R12")
def test_whoever_is_offered_times_is_offered_guidance() -> None:
    first = decided([opened(), scheduled()], offer_times("2026-04-27"))
    assert [type(fact).__name__ for fact in first] == ["GuidanceOffered", "MeetingTimesOffered"]
    assert GUIDANCE.timers(GUIDANCE.fold([opened(), scheduled(), *first])).keys() == {CHOICE}
    again = decided([opened(), scheduled(), offered(), declined()], offer_times("2026-04-27"))
    assert len(again) == 2
    assert len(decided([opened(), scheduled(), offered(), accepted_at(NOW)], offer_times("2026-04-27"))) == 1


@pytest.mark.rule("R12")
@pytest.mark.parametrize(
    "command",
    [
        CloseGuidance(at("2026-04-29", "09:00+02:00"), AGREEMENT),
        NoteLostPlace(at("2026-04-29", "12:00+02:00"), MEETING),
    ],
)
def test_a_meeting_that_has_begun_neither_falls_away_nor_moves(command: Command) -> None:
    assert not [fact for fact in decided([*OPEN, booked()], command) if isinstance(fact, GuidanceMeetingCancelled)]
    begun = at("2026-04-30")
    assert len(decided([*OPEN, booked()], NoteInspector(begun, OTHER))) == 1
    with pytest.raises(Refused, match="has begun"):
        decided([*OPEN, booked()], CancelMeeting(begun, MEETING, MeetingCancelCause.NONE_SUITS))
    not_held = decided([*OPEN, booked()], CancelMeeting(begun, MEETING, MeetingCancelCause.WITHDRAWN))
    assert (
        decided(
            [*OPEN, booked(), *not_held],
            offer_times("2026-05-11", when=at("2026-05-04"), kept_free_until=at("2026-05-13")),
        )
        != []
    )


@pytest.mark.rule("R12")
def test_a_report_on_the_day_of_a_booked_meeting_says_whether_it_was_that_one() -> None:
    told = FirstMeetingReport(form=ContactForm.PHONE, participants=("manager",))
    later = at("2026-04-29", "11:00+02:00")
    with pytest.raises(Refused, match="a meeting is booked on that day"):
        decided([*OPEN, booked()], RecordMeeting(later, UUID(int=7), INSPECTOR, later, told))
    informal = told.model_copy(update={"informal": True})
    assert decided([*OPEN, booked()], RecordMeeting(later, UUID(int=7), INSPECTOR, later, informal)) != []


@pytest.mark.rule("R12")
def test_times_that_are_not_kept_free_any_more_are_not_offered() -> None:
    with pytest.raises(Refused, match="not kept free any more"):
        decided(RUNNING, offer_times("2026-04-27", when=KEPT_FREE_UNTIL))
    (late,) = decided(RUNNING, offer_times("2026-04-27", when=at("2026-04-20")))
    assert isinstance(late, MeetingTimesOffered)
    assert late.choose_before == KEPT_FREE_UNTIL


@pytest.mark.rule("R29")
@pytest.mark.parametrize(
    ("choose_before", "day"),
    [(CHOOSE_BEFORE, date(2026, 4, 20)), (CHOOSE_BEFORE - timedelta(hours=15), date(2026, 4, 20))],
    ids=["midnight", "when the last time begins"],
)
def test_the_company_is_told_the_last_day_on_which_it_can_choose(choose_before: datetime, day: date) -> None:
    offer = times_offered("2026-04-27", choose_before=choose_before)
    told = standing(GUIDANCE.fold([opened(), scheduled(), offer]), Occasion.GUIDANCE_TIMES_OFFERED, str(MEETING))
    assert told is not None
    assert told.day == day
