"""Contacts before the answer, informal ones, corrections, usefulness, another inspector (R5, R12, R15, R30)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from services.guidance.http.views import view
from services.guidance.rules.guidance_decider import GUIDANCE
from services.guidance.rules.meetings import CorrectMeeting, RateUsefulness
from services.guidance.rules.phases import how_it_stands
from services.guidance.rules.schedule import NoteInspector, OpenGuidance
from services.guidance.rules.understanding import AskWhetherUnderstood, CorrectUnderstanding
from shared.contracts.guidance import (
    FirstUnderstandingReport,
    GuidanceHeld,
    GuidanceOpened,
    GuidanceReassigned,
    GuidanceScheduled,
    MeetingCorrected,
    MeetingReport,
    OfferUnderstandingAsked,
    OfferUnderstandingCorrected,
    UnderstandingReport,
    UsefulnessRated,
)
from shared.contracts.offers import OfferSent
from shared.contracts.vocabulary import AgreementKind, ContactForm, Side
from shared.eventstore.events import Event, Recorded
from tests.public_form import public
from tests.unit.guidance.guidance_facts import (
    AGREEMENT,
    CVR,
    INSPECTOR,
    MEETING,
    MEETING_TIME,
    UNIT,
    accepted,
    at,
    closed,
    fell_due,
    given,
    held,
    offer,
    offered,
    opened,
    record_meeting,
    scheduled,
    told,
)

OTHER_MEETING = UUID(int=9)
CONTACT = UUID(int=7)
CALLED_AT = at("2026-03-19", "10:00+01:00")


def sent() -> OfferSent:
    return OfferSent(
        agreement_id=AGREEMENT,
        kind=AgreementKind.SUSPICION,
        cvr=CVR,
        p_number=UNIT,
        topic="056",
        inspection_id="I-1",
        inspector=INSPECTOR,
        period_months=3,
        response_rule="R3",
        letter_version="2026-11",
        sent_at=at("2026-03-05", "10:00+01:00"),
    )


def ask(**changes: Any) -> AskWhetherUnderstood:
    initiated_by, held_at = changes.pop("initiated_by", Side.AUTHORITY), changes.pop("held_at", CALLED_AT)
    return AskWhetherUnderstood(
        at=at("2026-03-19", "11:00+01:00"),
        contact_id=CONTACT,
        inspector=INSPECTOR,
        held_at=held_at,
        told=FirstUnderstandingReport(initiated_by=initiated_by, **said(**changes)),
    )


def said(**changes: Any) -> dict[str, Any]:
    """What is told of the contact."""
    values: dict[str, Any] = {
        "form": ContactForm.PHONE,
        "reached": True,
        "received": True,
        "understood": False,
        "knows_dates": True,
        "participants": ("legally_responsible",),
        "minutes_spent": 15,
        "summary": "By phone.",
    }
    return {**values, **changes}


def recorded(event: Event) -> Recorded:
    return Recorded(1, AGREEMENT, 1, event, "{}", at("2026-03-20"), at("2026-03-20"), UUID(int=1000))


SILENT: dict[str, Any] = {"reached": False, "received": None, "understood": None, "knows_dates": None}


def correct_asked(contact_id: UUID = CONTACT, held_at: datetime = CALLED_AT, **changes: Any) -> CorrectUnderstanding:
    report = UnderstandingReport(**said(**changes))
    return CorrectUnderstanding(at("2026-03-20"), contact_id, "inspector-2", held_at, report, "It was somebody else.")


def test_r5_an_offer_opens_what_is_recorded_about_it_once() -> None:
    first = given().when(OpenGuidance(at("2026-03-05"), public(sent())))
    first.then(opened())
    assert first.timers() == {}
    given(opened()).when(OpenGuidance(at("2026-03-05"), public(sent()))).then()
    given(scheduled()).when(OpenGuidance(at("2026-03-05"), public(sent()))).then()


def test_r5_the_inspector_asks_whether_the_offer_was_understood() -> None:
    asked = given(opened()).when(ask()).one(OfferUnderstandingAsked)
    assert (asked.received, asked.understood, asked.knows_dates, asked.minutes_spent) == (True, False, True, 15)


def test_r5_either_side_may_make_the_contact() -> None:
    assert given(opened()).when(ask(initiated_by=Side.COMPANY)).one(OfferUnderstandingAsked).initiated_by == "company"


def test_r5_who_was_not_reached_has_said_nothing() -> None:
    given(opened()).when(ask(reached=False)).refused("R5", "nobody was reached")
    assert not given(opened()).when(ask(**SILENT)).one(OfferUnderstandingAsked).reached


def test_r5_who_was_not_reached_is_asked_again() -> None:
    silent = given(opened()).when(ask(**SILENT)).one(OfferUnderstandingAsked)
    assert how_it_stands(given(opened(), silent).state) == how_it_stands(given(opened()).state)
    again = given(opened(), silent).when(ask()).one(OfferUnderstandingAsked)
    assert (again.reached, again.understood) == (True, False)


@pytest.mark.rule("R5", "R30")
@pytest.mark.parametrize("since", [(), (scheduled(),), (closed(),)], ids=["unanswered", "accepted", "not accepted"])
def test_what_was_said_of_the_offer_is_corrected_by_a_new_fact_with_a_reason(since: tuple[Event, ...]) -> None:
    asked = given(opened()).when(ask()).one(OfferUnderstandingAsked)
    corrected = given(opened(), asked, *since).when(correct_asked(**SILENT, summary=None))
    fact = corrected.one(OfferUnderstandingCorrected)
    assert (fact.reached, fact.understood, fact.corrected_by) == (False, None, "inspector-2")
    assert fact.private_parts() == {"": {"reason": "It was somebody else."}}
    (shown,) = view(AGREEMENT, corrected.state, [recorded(asked), recorded(fact)], "da").asked_about_offer
    assert (shown.reached, shown.understood, shown.corrected, shown.summary) == (False, None, True, "By phone.")
    assert corrected.timers() == given(opened(), asked, *since).timers()


@pytest.mark.rule("R5", "R12", "R30")
def test_a_correction_says_nothing_that_could_not_have_been_said_at_first() -> None:
    asked = given(opened()).when(ask()).one(OfferUnderstandingAsked)
    given(opened(), asked).when(correct_asked(reached=False)).refused("R5", "nobody was reached")
    given(opened(), asked).when(correct_asked(understood=None)).refused("R5", "was the offer understood")
    given(opened(), asked).when(correct_asked(held_at=at("2026-03-21"))).refused("R12", "has not come yet")


@pytest.mark.rule("R30")
def test_only_a_contact_that_was_recorded_is_corrected() -> None:
    asked = given(opened()).when(ask()).one(OfferUnderstandingAsked)
    given(opened(), asked).when(correct_asked(OTHER_MEETING)).refused("R30", "no contact about the offer is known")
    stray = given(opened(), asked).when(correct_asked()).one(OfferUnderstandingCorrected)
    assert given(opened(), stray).state == given(opened()).state, "a fact that does not fit changes nothing"


def test_r5_who_was_reached_is_asked() -> None:
    given(opened()).when(ask(understood=None)).refused("R5", "was the offer understood")


@pytest.mark.parametrize("since", [(scheduled(),), (closed(),)], ids=["accepted", "not accepted"])
def test_r5_after_the_answer_nobody_asks_any_more(since: tuple[Event, ...]) -> None:
    given(opened(), *since).when(ask()).refused("R5", "does not await")


def test_r5_r12_no_contact_is_about_an_offer_that_was_never_sent_or_lies_ahead() -> None:
    given().when(ask()).refused("R12", "no agreement was offered")
    given(opened()).when(ask(held_at=at("2026-03-20"))).refused("R12", "has not come yet")


def test_r12_before_the_acceptance_contacts_are_informal() -> None:
    given(opened()).when(record_meeting()).refused("R12", "informal")
    contact = given(opened()).when(record_meeting(informal=True))
    contact.then(held(informal=True, stands="not_offered"))
    assert how_it_stands(contact.state) == "not offered"


def test_r12_no_guidance_is_offered_before_the_acceptance() -> None:
    given(opened()).when(offer()).refused("R12", "no agreement runs")


@pytest.mark.parametrize("since", [(offered(),), (offered(), accepted())], ids=["offered", "accepted"])
def test_r12_an_informal_contact_is_not_the_meeting_that_was_offered(since: tuple[Event, ...]) -> None:
    before = how_it_stands(given(scheduled(), *since).state)
    contact = given(scheduled(), *since).when(record_meeting(informal=True))
    contact.records(GuidanceHeld)
    assert how_it_stands(contact.state) == before


def correct(meeting_id: UUID = MEETING, held_at: datetime = MEETING_TIME, **changes: Any) -> CorrectMeeting:
    report = MeetingReport(**told(**changes))
    return CorrectMeeting(at("2026-05-02"), meeting_id, "inspector-1", held_at, report, "Wrong form.")


def test_r30_a_meeting_is_corrected_by_a_new_fact_with_a_reason() -> None:
    corrected = given(scheduled(), held()).when(correct(form=ContactForm.VISIT, minutes_spent=80))
    fact = corrected.one(MeetingCorrected)
    assert (fact.form, fact.minutes_spent, fact.reason) == (ContactForm.VISIT, 80, "Wrong form.")
    meeting = corrected.state.about.meetings[MEETING]
    assert (meeting.form, meeting.minutes_spent) == (ContactForm.VISIT, 80)


def test_r12_r30_a_meeting_is_corrected_to_one_at_which_somebody_was() -> None:
    given(scheduled(), held()).when(correct(participants=())).refused("R12", "who took part")
    given(scheduled(), held()).when(correct(participants=(), informal=True)).records(MeetingCorrected)


ON_OFFER = (scheduled(), offered(), accepted())


def test_r12_r30_what_was_no_guidance_leaves_the_offer_of_it_open_as_it_was() -> None:
    wrong = given(*ON_OFFER, held()).when(correct(informal=True))
    assert how_it_stands(wrong.state) == "accepted"
    again = given(*ON_OFFER, held(), held(meeting_id=OTHER_MEETING)).when(correct(informal=True))
    assert how_it_stands(again.state) == "held", "the other one was guidance"
    assert how_it_stands(given(*ON_OFFER, held(), closed()).when(correct(informal=True)).state) == "closed"


def test_r12_r30_a_contact_turns_out_to_have_been_the_guidance_that_was_offered() -> None:
    contact = given(*ON_OFFER, held(informal=True))
    assert how_it_stands(contact.state) == "accepted"
    assert how_it_stands(contact.when(correct(held_at=at("2026-05-01"))).state) == "held"
    before_the_offer = contact.when(correct(held_at=at("2026-03-21")))
    assert how_it_stands(before_the_offer.state) == "accepted", "what was held before the offer is not what was offered"


def test_r12_r30_only_a_meeting_that_was_recorded_is_corrected_or_rated() -> None:
    given(scheduled(), held()).when(correct(OTHER_MEETING)).refused("R12", "is not known")
    given(scheduled(), held()).when(correct(held_at=at("2026-05-03"))).refused("R12", "has not come yet")
    rating = RateUsefulness(at("2026-05-02"), OTHER_MEETING, "company-1", 3)
    given(scheduled(), held()).when(rating).refused("R12", "is not known")


def test_r12_the_company_says_how_useful_it_was_also_after_the_end() -> None:
    rating = RateUsefulness(at("2026-07-02"), MEETING, "company-1", 5)
    for since in ((), (closed(),)):
        assert given(scheduled(), held(), *since).when(rating).one(UsefulnessRated).usefulness == 5


def test_r15_another_inspector_takes_over_what_is_due_and_nothing_falls_due_again() -> None:
    moved = given(opened(), scheduled(), fell_due()).when(NoteInspector(at("2026-04-22"), "inspector-2"))
    assert moved.one(GuidanceScheduled).inspector == "inspector-2"
    assert GUIDANCE.responsible(moved.state) == "inspector-2"
    assert set(moved.timers()) == {"overdue"}
    given(opened(), scheduled()).when(NoteInspector(at("2026-04-22"), INSPECTOR)).then()


def test_r15_an_unanswered_offer_that_moves_takes_its_contacts_along() -> None:
    moved = given(opened()).when(NoteInspector(at("2026-03-09"), "inspector-2"))
    assert moved.one(GuidanceOpened).inspector == "inspector-2"
    assert GUIDANCE.responsible(moved.state) == "inspector-2"


@pytest.mark.rule("R15", "R30")
def test_who_acts_after_the_end_stands_in_for_the_inspector_whom_control_named_last() -> None:
    ended = (opened(), scheduled(), closed())
    assert GUIDANCE.responsible(given(*ended).state) == INSPECTOR
    moved = given(*ended).when(NoteInspector(at("2026-06-24"), "inspector-2"))
    assert not moved.one(GuidanceReassigned).seen_by_company()
    assert GUIDANCE.responsible(moved.state) == "inspector-2"
    assert (how_it_stands(moved.state), moved.timers()) == ("closed", {})
    given(*ended, *moved.events).when(NoteInspector(at("2026-06-25"), "inspector-2")).then()


def test_r15_what_is_unknown_moves_nowhere() -> None:
    given().when(NoteInspector(at("2026-04-22"), "inspector-2")).then()
