"""The digests of a person: what waits, when it goes out, and what came back (R4, R29)."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.notices.lookups.text_files import load_texts
from services.notices.lookups.wording import Wording
from services.notices.rules.reader import (
    READER,
    AddEntries,
    ChooseDigest,
    NoteReturnedDigest,
    RecordDigest,
    RecordFailure,
    digest_id,
)
from services.notices.rules.text_examples import preview
from shared.contracts.notices import (
    DigestBegun,
    DigestChosen,
    DigestEntryAdded,
    DigestFailed,
    DigestReturned,
    DigestRhythm,
    DigestSent,
    Occasion,
    Recipient,
    TryFailure,
)
from shared.eventstore.decider import TimerDue
from tests.unit.notices.notices_facts import AGREEMENT, INSPECTOR, POLICY, at
from tests.unit.scenario import scenarios_of

pytestmark = pytest.mark.rule("R29")
given = scenarios_of(READER)
THURSDAY, NEXT_MORNING = at("2026-03-12", "10:00"), at("2026-03-13", "07:00")
LATEST = at("2026-03-26")
ONE, OTHER = UUID(int=11), UUID(int=12)


def add(*matters: UUID, moment: datetime = THURSDAY, latest_at: datetime = LATEST) -> AddEntries:
    return AddEntries(moment, POLICY, INSPECTOR, AGREEMENT, matters, latest_at)


def added(matter: UUID = ONE) -> DigestEntryAdded:
    return DigestEntryAdded(
        person_id=INSPECTOR, agreement_id=AGREEMENT, matter_id=matter, added_at=THURSDAY, digest_at=NEXT_MORNING
    )


def sent(message: str | None = "digest-1", *matters: UUID) -> DigestSent:
    return DigestSent(person_id=INSPECTOR, message_id=message, matters=matters or (ONE,), sent_at=NEXT_MORNING)


def begun(*matters: UUID) -> DigestBegun:
    told = matters or (ONE,)
    return DigestBegun(person_id=INSPECTOR, digest_id=digest_id(INSPECTOR, told), matters=told, begun_at=NEXT_MORNING)


def due() -> TimerDue:
    return TimerDue("reader:digest", NEXT_MORNING, NEXT_MORNING)


def returned(message: str = "digest-1") -> NoteReturnedDigest:
    return NoteReturnedDigest(at("2026-03-14"), message, "5.1.1")


def test_the_first_entry_says_when_and_the_later_ones_go_with_it() -> None:
    outcome = given().when(add(ONE, OTHER))
    outcome.records(DigestEntryAdded, DigestEntryAdded)
    assert outcome.timers() == {"digest": NEXT_MORNING}
    later = given(*outcome.events).when(add(UUID(int=13), moment=NEXT_MORNING - timedelta(minutes=1)))
    assert later.timers() == {"digest": NEXT_MORNING}


def test_what_falls_due_at_the_weekend_waits_for_monday() -> None:
    assert given().when(add(ONE, moment=at("2026-03-14"))).timers() == {"digest": at("2026-03-16", "07:00")}


def choose(rhythm: DigestRhythm = DigestRhythm.WEEKLY, *unwanted: Occasion) -> ChooseDigest:
    return ChooseDigest(THURSDAY, INSPECTOR, rhythm, unwanted)


def test_a_weekly_digest_comes_on_the_first_working_day_of_a_week() -> None:
    chosen = given().when(choose())
    chosen.records(DigestChosen)
    assert given(*chosen.events).when(add(ONE)).timers() == {"digest": at("2026-03-16", "07:00")}
    easter = at("2026-04-02")
    assert given(*chosen.events).when(add(ONE, moment=easter, latest_at=at("2026-05-01"))).timers() == {
        "digest": at("2026-04-07", "07:00")
    }


def test_what_would_be_pointless_by_then_brings_the_weekly_digest_forward() -> None:
    chosen = given().when(choose())
    waits = given(*chosen.events).when(add(ONE))
    urgent = given(*chosen.events, *waits.events).when(add(OTHER, latest_at=at("2026-03-16", "07:00")))
    assert urgent.timers() == {"digest": NEXT_MORNING}


def test_a_choice_is_recorded_once_and_replaces_the_one_before() -> None:
    chosen = given().when(choose(DigestRhythm.WEEKLY, Occasion.DOCUMENTATION_RECEIVED))
    given(*chosen.events).when(choose(DigestRhythm.WEEKLY, Occasion.DOCUMENTATION_RECEIVED)).then()
    again = given(*chosen.events).when(choose(DigestRhythm.DAILY))
    assert again.one(DigestChosen).unwanted == ()
    given().when(choose(DigestRhythm.DAILY)).then()


def test_nobody_at_the_authority_can_leave_out_what_only_a_company_is_told() -> None:
    given().when(choose(DigestRhythm.DAILY, Occasion.OFFER_WAITING)).refused("R29")


def test_the_same_matter_waits_once() -> None:
    given(added()).when(add(ONE)).then()


def test_a_digest_is_begun_with_all_that_waits_and_sent_then() -> None:
    outcome = given(added(), added(OTHER)).when(due())
    assert outcome.one(DigestBegun).matters == (ONE, OTHER)
    assert outcome.timers() == {"send": NEXT_MORNING}
    sent = given(added(), added(OTHER), *outcome.events).when(RecordDigest(NEXT_MORNING, "digest-1"))
    assert sent.one(DigestSent).matters == (ONE, OTHER)
    assert sent.timers() == {}


def test_what_comes_while_a_digest_is_sent_is_told_by_the_next_and_nothing_twice() -> None:
    just_before = NEXT_MORNING - timedelta(milliseconds=1)
    meanwhile = given(added(), begun()).when(add(ONE, OTHER, moment=just_before))
    assert meanwhile.one(DigestEntryAdded).matter_id == OTHER
    monday = at("2026-03-16", "07:00")
    assert meanwhile.timers() == {"send": NEXT_MORNING}
    sent = given(added(), begun(), *meanwhile.events).when(RecordDigest(NEXT_MORNING, "digest-1"))
    assert (sent.one(DigestSent).matters, sent.timers()) == ((ONE,), {"digest": monday})


def test_what_failed_to_be_told_waits_with_what_came_meanwhile() -> None:
    meanwhile = given(added(), begun()).when(add(OTHER, moment=NEXT_MORNING))
    failed = given(added(), begun(), *meanwhile.events).when(
        RecordFailure(NEXT_MORNING, POLICY, TryFailure.UNREACHABLE)
    )
    history = (added(), begun(), *meanwhile.events, *failed.events)
    assert given(*history).when(due()).one(DigestBegun).matters == (ONE, OTHER)


def test_what_came_while_an_earlier_release_sent_a_digest_is_told_at_once() -> None:
    assert given(added(), added(OTHER), sent()).when(add(ONE)).timers() == {"digest": NEXT_MORNING}


def test_a_digest_that_failed_is_tried_again_with_growing_pauses_and_counted_anew_after_it_went_out() -> None:
    first = given(added(), begun()).when(RecordFailure(NEXT_MORNING, POLICY, TryFailure.UNREACHABLE))
    assert first.one(DigestFailed).again_at == NEXT_MORNING + timedelta(minutes=5)
    second = given(added(), begun(), *first.events, begun()).when(
        RecordFailure(NEXT_MORNING, POLICY, TryFailure.UNREACHABLE)
    )
    assert (second.one(DigestFailed).tries, second.timers()) == (2, {"digest": NEXT_MORNING + timedelta(minutes=10)})
    again = given(added(), begun(), *second.events, begun(), sent(), added(OTHER), begun(OTHER))
    assert again.when(RecordFailure(NEXT_MORNING, POLICY, TryFailure.UNREACHABLE)).one(DigestFailed).tries == 1


@pytest.mark.rule("R4")
def test_r4_a_digest_that_came_back_is_noted_once() -> None:
    outcome = given(added(), sent()).when(returned())
    outcome.records(DigestReturned)
    given(added(), sent(), *outcome.events).when(returned()).then()


@pytest.mark.rule("R4")
@pytest.mark.parametrize("history", [(), (added(),), (added(), sent(None)), (added(), sent("another"))])
def test_r4_a_report_about_no_digest_of_the_person_changes_nothing(history: tuple[DigestEntryAdded, ...]) -> None:
    given(*history).when(returned()).then()


def test_a_digest_with_one_matter_more_is_another_message() -> None:
    """One that came after a try would else count as told by it."""
    wording = Wording(load_texts(), "da", b"k" * 32)
    text = preview(load_texts(), Occasion.OFFER_ANSWERED, Recipient.INSPECTOR, "da", "accepted", POLICY)

    def name(*matters: UUID) -> str:
        return wording.digest([text], begun(*matters), "anna@tilsyn.example", NEXT_MORNING).message.message_id

    assert name(ONE, OTHER) == name(OTHER, ONE)
    assert len({name(ONE), name(OTHER), name(ONE, OTHER)}) == 3
