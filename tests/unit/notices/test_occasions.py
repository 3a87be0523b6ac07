"""Who is told of what, and when: each occasion with what raises and ends it (R3-R9, R12-R18, R20-R24, R29, R40)."""

from datetime import date, datetime
from uuid import UUID

import pytest

from services.notices.rules.occasions import OCCASIONS
from services.notices.rules.text_needs import NEEDS
from shared.contracts.control import (
    AgreementUnitChanged,
    ControlCompleted,
    ExtensionGranted,
    Fulfilled,
    HearingAnswered,
    InspectorChanged,
    WindowAtRisk,
    WindowSafeAgain,
)
from shared.contracts.guidance import (
    GuidanceBecameOverdue,
    GuidanceMeetingBooked,
    GuidanceMeetingCancelled,
    GuidanceOffered,
    GuidanceScheduled,
)
from shared.contracts.notices import (
    Channel,
    MatterEnded,
    MatterRaised,
    NoticeSent,
    Occasion,
    Recipient,
    ResponsibleNoted,
    Untold,
)
from shared.contracts.offers import Accepted, ContactNamed, DeliveryCorrected, OfferOpened, OfferUnitChanged
from shared.contracts.vocabulary import (
    AgreementKind,
    ContactForm,
    ContactRole,
    ControlOutcome,
    JudgedBy,
    MeetingCancelCause,
    MeetingTime,
    SpokeWith,
    WindowRisk,
)
from shared.deadlines import deadlines
from shared.deadlines.copenhagen import end_of, start_of
from shared.eventstore.events import Event
from tests.unit.notices.notices_facts import (
    ACCEPTED_AT,
    AGREEMENT,
    CONTROL,
    CVR,
    DELIVERED_AT,
    INSPECTOR,
    PLACE,
    POLICY,
    PSYCHOSOCIAL,
    TOPIC,
    UNIT,
    at,
    booked,
    deadline_set,
    delivered,
    documented,
    followed,
    given,
    hearing_opened,
    matter,
    note,
    raised,
)

COMPANY = {Recipient.UNIT_MANAGER, Recipient.LEGALLY_RESPONSIBLE, Recipient.SAFETY_REPRESENTATIVE}
DECIDING = {Recipient.UNIT_MANAGER, Recipient.LEGALLY_RESPONSIBLE}


def accepted() -> Accepted:
    return Accepted(
        agreement_id=AGREEMENT,
        kind=AgreementKind.SUSPICION,
        cvr=CVR,
        p_number=UNIT,
        topic=TOPIC,
        inspector=INSPECTOR,
        period_months=3,
        accepted_at=ACCEPTED_AT,
        accepted_by="company-1",
    )


MEETING = UUID(int=9)


def meeting(day: date, meeting_id: UUID = MEETING) -> GuidanceMeetingBooked:
    begins = datetime.fromisoformat("2026-01-01T09:00").time()
    return GuidanceMeetingBooked(
        agreement_id=AGREEMENT,
        meeting_id=meeting_id,
        inspector=INSPECTOR,
        form=ContactForm.VISIT,
        time=MeetingTime(number=1, day=day, begins=begins, duration_minutes=120),
        booked_at=at("2026-04-01"),
    )


def held() -> ControlCompleted:
    return ControlCompleted(
        agreement_id=AGREEMENT,
        control_id=CONTROL,
        place_id=PLACE,
        held_at=at("2026-07-08"),
        inspector=INSPECTOR,
        outcome=ControlOutcome.NO_VIOLATION,
        form=ContactForm.VISIT,
        judged_by=(JudgedBy.SEEN_IN_USE,),
        spoke_with=(SpokeWith.MANAGER,),
        within_window=True,
    )


def test_every_occasion_has_a_rule_and_a_text_for_the_same_recipients() -> None:
    assert set(OCCASIONS) == set(Occasion)
    assert {name: frozenset(rule.recipients) for name, rule in OCCASIONS.items()} == {
        name: need.recipients for name, need in NEEDS.items()
    }


def test_r29_an_offer_that_can_be_read_is_told_to_everybody_at_once_and_three_times_more_to_who_decides() -> None:
    outcome = given(followed()).when(note(delivered(), DELIVERED_AT))
    waiting = raised(outcome, Occasion.OFFER_WAITING)
    assert set(waiting) == COMPANY
    assert {one.due_at for one in waiting.values()} == {DELIVERED_AT}
    # available on 5 March: the last day is 7 April, so three days before it is Saturday 4 April, in Easter
    days = {
        Occasion.OFFER_NOT_OPENED: at("2026-03-12", "08:00"),
        Occasion.OFFER_HALFWAY: at("2026-03-23", "08:00"),
        Occasion.OFFER_ENDS_SOON: at("2026-04-01", "08:00"),
    }
    for occasion, due in days.items():
        told = raised(outcome, occasion)
        assert set(told) == DECIDING
        assert {one.due_at for one in told.values()} == {due}, occasion
        assert {one.latest_at for one in told.values()} == {end_of(date(2026, 4, 7))}


def test_r5_an_offer_that_was_opened_is_not_said_to_be_unopened() -> None:
    due = at("2026-03-12", "08:00")
    standing = matter(Occasion.OFFER_NOT_OPENED, Recipient.UNIT_MANAGER, due)
    half = matter(Occasion.OFFER_HALFWAY, Recipient.UNIT_MANAGER, due)
    opened = OfferOpened(agreement_id=AGREEMENT, opened_at=at("2026-03-06"))
    given(followed(), standing, half).when(note(opened, at("2026-03-06"))).then(
        MatterEnded(agreement_id=AGREEMENT, matter_id=standing.matter_id, why=Untold.SETTLED, ended_at=at("2026-03-06"))
    )


def test_r29_the_answer_ends_every_reminder_of_it() -> None:
    told = given(followed()).when(note(delivered(), DELIVERED_AT))
    ended = given(followed(), *told.events).when(note(accepted(), ACCEPTED_AT))
    open_before = {event.matter_id for event in told.events if isinstance(event, MatterRaised)}
    assert {event.matter_id for event in ended.events if isinstance(event, MatterEnded)} == open_before
    assert set(raised(ended, Occasion.OFFER_ANSWERED)) == {Recipient.INSPECTOR}
    assert raised(ended, Occasion.OFFER_ANSWERED)[Recipient.INSPECTOR].code == "accepted"


def test_r30_a_corrected_delivery_takes_the_place_of_reminders_that_are_not_told_yet() -> None:
    told = given(followed()).when(note(delivered(), DELIVERED_AT))
    deadline = deadlines.response_deadline(at("2026-03-10"), POLICY)
    corrected = DeliveryCorrected(
        agreement_id=AGREEMENT,
        available_at=at("2026-03-10"),
        response_deadline=deadline,
        halfway_at=at("2026-03-24"),
        lapses_at=deadline.ends_at,
        corrected_at=at("2026-03-11"),
        corrected_by=INSPECTOR,
    )
    outcome = given(followed(), *told.events).when(note(corrected, at("2026-03-11")))
    ended = [event for event in outcome.events if isinstance(event, MatterEnded)]
    assert {one.why for one in ended} == {Untold.OVERTAKEN}
    assert raised(outcome, Occasion.OFFER_NOT_OPENED)[Recipient.UNIT_MANAGER].due_at == at("2026-03-17", "08:00")


def test_r12_guidance_that_is_offered_is_not_said_to_be_due() -> None:
    due = deadlines.guidance_due(ACCEPTED_AT, deadline_set().compliance_deadline, POLICY)
    scheduled = GuidanceScheduled(
        agreement_id=AGREEMENT,
        cvr=CVR,
        p_number=UNIT,
        inspector=INSPECTOR,
        due=due,
        coming_due_at=deadlines.guidance_coming_due_at(due, POLICY),
        overdue_at=deadlines.guidance_overdue_at(due, POLICY),
    )
    outcome = given(followed()).when(note(scheduled, ACCEPTED_AT))
    coming = raised(outcome, Occasion.GUIDANCE_COMING_DUE)
    assert coming[Recipient.INSPECTOR].due_at == start_of(date(2026, 4, 6))
    offered = GuidanceOffered(
        agreement_id=AGREEMENT, offered_at=at("2026-04-02"), offered_by=INSPECTOR, form=ContactForm.PHONE
    )
    after = given(followed(), *outcome.events).when(note(offered, at("2026-04-02")))
    assert [event.why for event in after.events if isinstance(event, MatterEnded)] == [Untold.SETTLED]
    assert set(raised(after, Occasion.GUIDANCE_OFFERED)) == {Recipient.UNIT_MANAGER, Recipient.SAFETY_REPRESENTATIVE}


def test_r12_the_leader_is_told_of_guidance_that_is_overdue() -> None:
    overdue = GuidanceBecameOverdue(agreement_id=AGREEMENT, at=at("2026-05-05"))
    told = raised(given(followed()).when(note(overdue, at("2026-05-05"))), Occasion.GUIDANCE_OVERDUE)
    assert set(told) == {Recipient.INSPECTOR, Recipient.LEADER}


@pytest.mark.parametrize(("topic", "told"), [(TOPIC, True), (PSYCHOSOCIAL, False)])
def test_r21_a_week_before_a_meeting_the_company_may_report_back_but_not_on_psychosocial_topics(
    topic: str, told: bool
) -> None:
    outcome = given(followed(topic)).when(note(meeting(date(2026, 4, 22)), at("2026-04-01")))
    found = raised(outcome, Occasion.MEETING_IN_A_WEEK)
    assert {one.due_at for one in found.values()} == ({at("2026-04-15", "08:00")} if told else set())


def test_r12_a_cancelled_meeting_ends_what_was_to_be_told_of_it_and_of_no_other() -> None:
    first, second = meeting(date(2026, 4, 22)), meeting(date(2026, 4, 23), UUID(int=10))
    told = given(followed()).when(note(first, at("2026-04-01")))
    both = given(followed(), *told.events).when(note(second, at("2026-04-01")))
    cancelled = GuidanceMeetingCancelled(
        agreement_id=AGREEMENT,
        meeting_id=first.meeting_id,
        cause=MeetingCancelCause.WITHDRAWN,
        was_booked=True,
        cancelled_at=at("2026-04-02"),
    )
    outcome = given(followed(), *told.events, *both.events).when(note(cancelled, at("2026-04-02")))
    of_first = {event.matter_id for event in told.events if isinstance(event, MatterRaised)}
    assert {event.matter_id for event in outcome.events if isinstance(event, MatterEnded)} == of_first
    assert raised(outcome, Occasion.MEETING_CANCELLED)[Recipient.UNIT_MANAGER].code == "meeting"


def test_r16_documentation_is_asked_for_twice_on_working_days_until_it_is_complete() -> None:
    outcome = given(followed()).when(note(deadline_set(), ACCEPTED_AT))
    found = [event for event in outcome.events if isinstance(event, MatterRaised)]
    due = {one.due_at for one in found if one.recipient is Recipient.UNIT_MANAGER}
    # the deadline is Monday 22 June; three days before it is Friday 19 June, fourteen Monday 8 June
    assert due == {at("2026-06-08", "08:00"), at("2026-06-19", "08:00")}
    part = given(followed(), *outcome.events).when(note(documented(complete=False), at("2026-06-01")))
    assert [type(event) for event in part.events] == [MatterRaised]
    whole = given(followed(), *outcome.events).when(note(documented(complete=True), at("2026-06-01")))
    assert sum(isinstance(event, MatterEnded) for event in whole.events) == len(found)


def test_r13_a_longer_deadline_moves_what_is_not_told_yet_and_is_told_anew_where_it_was() -> None:
    outcome = given(followed()).when(note(deadline_set(), ACCEPTED_AT))
    first = next(
        event
        for event in outcome.events
        if isinstance(event, MatterRaised) and (event.about, event.recipient) == ("14", Recipient.UNIT_MANAGER)
    )
    told = NoticeSent(
        agreement_id=AGREEMENT,
        matter_id=first.matter_id,
        channel=Channel.EMAIL,
        message_id="1@x",
        text_version="1",
        sent_at=first.due_at,
    )
    granted = ExtensionGranted(
        agreement_id=AGREEMENT,
        extension_id=UUID(int=7),
        inspector=INSPECTOR,
        granted_at=at("2026-06-10"),
        accepted_at=ACCEPTED_AT,
        compliance_deadline=deadlines.extended(
            deadline_set().compliance_deadline, date(2026, 8, 24), at("2026-06-10"), POLICY
        ),
        control_window=deadline_set().control_window,
        books_control_at=at("2026-08-25"),
    )
    after = given(followed(), *outcome.events, told).when(note(granted, at("2026-06-10")))
    due = {
        event.due_at
        for event in after.events
        if isinstance(event, MatterRaised)
        and event.occasion is Occasion.DOCUMENTATION_DUE_SOON
        and event.recipient is Recipient.UNIT_MANAGER
    }
    assert due == {at("2026-08-10", "08:00"), at("2026-08-21", "08:00")}
    assert {event.why for event in after.events if isinstance(event, MatterEnded)} == {Untold.OVERTAKEN}
    assert set(raised(after, Occasion.EXTENSION_DECIDED)) == DECIDING


def test_r18_no_company_is_told_of_a_control_that_is_not_announced() -> None:
    outcome = given(followed()).when(note(booked(date(2026, 7, 8), announced=False), at("2026-06-22")))
    assert {one.recipient for one in outcome.events if isinstance(one, MatterRaised)} == {Recipient.VISITOR}


def test_r18_an_announced_control_is_told_to_the_unit() -> None:
    outcome = given(followed()).when(note(booked(date(2026, 7, 8), announced=True), at("2026-06-22")))
    told = raised(outcome, Occasion.CONTROL_ANNOUNCED)
    assert set(told) == {Recipient.UNIT_MANAGER, Recipient.SAFETY_REPRESENTATIVE}


def test_r29_whoever_goes_is_told_two_days_before_and_another_booking_takes_its_place() -> None:
    first = given(followed()).when(note(booked(date(2026, 7, 8), announced=False), at("2026-06-22")))
    soon = raised(first, Occasion.CONTROL_SOON)[Recipient.VISITOR]
    assert (soon.due_at, soon.person) == (at("2026-07-06", "08:00"), INSPECTOR)
    moved = booked(date(2026, 7, 20), announced=False, inspector="inspector-2", control=UUID(int=4))
    outcome = given(followed(), *first.events).when(note(moved, at("2026-06-30")))
    assert [event.why for event in outcome.events if isinstance(event, MatterEnded)] == [Untold.OVERTAKEN]
    # 18 July is a Saturday
    later = raised(outcome, Occasion.CONTROL_SOON)[Recipient.VISITOR]
    assert (later.due_at, later.person) == (at("2026-07-17", "08:00"), "inspector-2")


@pytest.mark.parametrize(("announced", "code"), [(True, "announced"), (False, "unannounced")])
def test_r18_whoever_goes_is_told_whether_the_company_may_know_the_day(announced: bool, code: str) -> None:
    outcome = given(followed()).when(note(booked(date(2026, 7, 8), announced=announced), at("2026-06-22")))
    assert raised(outcome, Occasion.CONTROL_SOON)[Recipient.VISITOR].code == code


@pytest.mark.parametrize(("fact", "what"), [(OfferUnitChanged, "offer"), (AgreementUnitChanged, "agreement")])
@pytest.mark.parametrize("ceased", [True, False])
def test_r40_the_inspector_is_told_whether_an_offer_or_an_agreement_has_a_changed_unit(
    fact: type[OfferUnitChanged | AgreementUnitChanged], what: str, ceased: bool
) -> None:
    changed = fact(
        agreement_id=AGREEMENT, p_number=UNIT, holds_from=date(2026, 4, 1), noted_at=at("2026-04-01"), ceased=ceased
    )
    outcome = given(followed()).when(note(changed, at("2026-04-01")))
    code = f"{what}_ceased" if ceased else f"{what}_changed"
    assert raised(outcome, Occasion.UNIT_CHANGED)[Recipient.INSPECTOR].code == code
    assert code in NEEDS[Occasion.UNIT_CHANGED].codes


def test_r29_a_control_that_was_held_is_not_said_to_be_near() -> None:
    first = given(followed()).when(note(booked(date(2026, 7, 8), announced=False), at("2026-06-22")))
    outcome = given(followed(), *first.events).when(note(held(), at("2026-07-03")))
    assert [event.why for event in outcome.events if isinstance(event, MatterEnded)] == [Untold.SETTLED]


def test_r17_a_window_at_risk_is_told_until_it_is_safe_again() -> None:
    risk = WindowAtRisk(
        agreement_id=AGREEMENT,
        place_id=PLACE,
        inspector=INSPECTOR,
        last_day=date(2026, 8, 20),
        risk=WindowRisk.FEW_PLACES,
        places_left=1,
        missed_percent=30,
        noted_at=at("2026-06-22"),
    )
    outcome = given(followed()).when(note(risk, at("2026-06-22")))
    assert set(raised(outcome, Occasion.WINDOW_AT_RISK)) == {Recipient.INSPECTOR, Recipient.LEADER}
    safe = WindowSafeAgain(agreement_id=AGREEMENT, place_id=PLACE, noted_at=at("2026-06-23"))
    given(followed(), *outcome.events).when(note(safe, at("2026-06-23"))).records(MatterEnded, MatterEnded)


def test_r22_a_hearing_is_told_and_reminded_of_until_it_is_answered() -> None:
    outcome = given(followed()).when(note(hearing_opened(), at("2026-08-03")))
    assert set(raised(outcome, Occasion.HEARING_OPENED)) == DECIDING
    # two weeks: the last day is Monday 17 August, three days before it Friday
    assert raised(outcome, Occasion.HEARING_ENDS_SOON)[Recipient.UNIT_MANAGER].due_at == at("2026-08-14", "08:00")
    answered = HearingAnswered(agreement_id=AGREEMENT, answered_at=at("2026-08-05"), answered_by="company-1")
    after = given(followed(), *outcome.events).when(note(answered, at("2026-08-05")))
    assert sum(isinstance(event, MatterEnded) for event in after.events) == 4
    assert set(raised(after, Occasion.HEARING_ANSWERED)) == {Recipient.INSPECTOR}


def test_r20_everybody_at_the_company_is_told_the_result() -> None:
    fulfilled = Fulfilled(agreement_id=AGREEMENT, fulfilled_at=at("2026-07-08"))
    told = raised(given(followed()).when(note(fulfilled, at("2026-07-08"))), Occasion.RESULT)
    assert set(told) == COMPANY
    assert {one.code for one in told.values()} == {"fulfilled"}


def test_r15_whoever_takes_over_is_told_once_and_gets_what_was_not_told_yet() -> None:
    changed = InspectorChanged(
        agreement_id=AGREEMENT,
        inspector="inspector-2",
        previous=INSPECTOR,
        changed_at=at("2026-04-01"),
        changed_by="leader-1",
    )
    outcome = given(followed()).when(note(changed, at("2026-04-01")))
    outcome.records(ResponsibleNoted, MatterRaised)
    assert outcome.state.inspector == "inspector-2"
    assert raised(outcome, Occasion.CASE_TAKEN_OVER)[Recipient.INSPECTOR].about == "inspector-2"


def named(role: ContactRole) -> ContactNamed:
    return ContactNamed(
        agreement_id=AGREEMENT, contact_id=UUID(int=8), role=role, named_at=at("2026-03-06"), named_by="company-1"
    )


def test_r34_a_new_contact_is_told_what_stands_but_not_before_the_offer_can_be_read() -> None:
    contact = named(ContactRole.SAFETY_REPRESENTATIVE)
    given(followed()).when(note(contact, at("2026-03-06"))).then()
    history: list[Event] = [followed(), *given(followed()).when(note(delivered(), DELIVERED_AT)).events]
    told = raised(given(*history).when(note(contact, at("2026-03-06"))), Occasion.CONTACT_NAMED)
    assert set(told) == {Recipient.SAFETY_REPRESENTATIVE}
