"""Which command has its place in which phase of an offer, and what then stands (R3-R9, R28)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.offers.rules.agreement_ends import NoteEnd
from services.offers.rules.delivery import RecordOpening
from services.offers.rules.withdrawal import NoteMistakenBreach
from shared.contracts.offers import (
    AcceptanceConflictEnded,
    AcceptanceConflictFlagged,
    Declined,
    Lapsed,
    OfferOpened,
    OfferUnansweredHalfway,
    Withdrawn,
)
from shared.eventstore.decider import TimerDue
from shared.eventstore.events import Event
from tests.unit.offers.offer_facts import (
    AGREEMENT,
    AVAILABLE_AT,
    CVR,
    ENDINGS,
    IN_TIME,
    OTHER,
    TOO_LATE,
    UNIT,
    accept,
    accepted,
    breach,
    decline,
    deliver,
    delivered,
    due,
    fail,
    given,
    lapsed,
    sent,
    withdraw,
)

RULE_OF = {"yes": "R6", "no": "R6", "taken back": "R9"}
ANSWERS: dict[str, Any] = {"yes": accept(), "no": decline(), "taken back": withdraw(IN_TIME)}


@pytest.mark.parametrize("answer", ANSWERS)
def test_r6_r9_what_was_never_sent_has_no_answer(answer: str) -> None:
    given().when(ANSWERS[answer]).refused(RULE_OF[answer], how="never sent")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_r6_r9_what_has_ended_has_no_answer(answer: str, ending: str) -> None:
    history = (sent(), *([] if ending == "withdrawn" else [delivered()]), *ENDINGS[ending])
    given(*history).when(ANSWERS[answer]).refused("R9" if ending == "withdrawn" else RULE_OF[answer])


def test_r9_an_offer_that_lapsed_is_not_taken_back() -> None:
    given(sent(), delivered(), lapsed()).when(withdraw(TOO_LATE)).refused("R9", how="lapsed")


def test_r3_an_offer_that_was_not_delivered_can_be_answered_whenever_the_company_has_it() -> None:
    assert given(sent()).timers() == {}
    given(sent()).when(decline(TOO_LATE)).records(Declined)


def test_r4_a_failure_that_is_told_after_the_delivery_stops_no_clock() -> None:
    late = given(sent(), delivered()).when(fail())
    late.then()
    assert set(late.timers()) == {"halfway", "lapse"}


@pytest.mark.parametrize("since", [(accepted(),), (lapsed(),)], ids=["accepted", "lapsed"])
def test_r4_r5_what_the_portal_tells_after_the_answer_changes_nothing(since: tuple[Event, ...]) -> None:
    for told in (deliver(), fail(TOO_LATE), RecordOpening(at=TOO_LATE)):
        given(sent(), delivered(), *since).when(told).then()


def test_r5_half_way_lies_in_the_middle_of_the_response_time() -> None:
    assert due("halfway").due == AVAILABLE_AT + (TOO_LATE - AVAILABLE_AT) / 2


@pytest.mark.parametrize("opened", [False, True], ids=["unopened", "opened"])
def test_r5_half_way_says_whether_the_offer_was_opened(opened: bool) -> None:
    since = (OfferOpened(agreement_id=AGREEMENT, opened_at=AVAILABLE_AT),) if opened else ()
    told = given(sent(), delivered(), *since).when(due("halfway")).one(OfferUnansweredHalfway)
    assert told.opened == opened


def test_r28_what_was_missed_during_downtime_happens_in_order() -> None:
    back = TOO_LATE + timedelta(days=1)
    halfway, lapse = (TimerDue(name, due(name).due, back) for name in ("halfway", "lapse"))
    told = given(sent(), delivered()).when(halfway).one(OfferUnansweredHalfway)
    ended = given(sent(), delivered(), told).when(lapse)
    assert ended.one(Lapsed).lapsed_at == back
    assert ended.timers() == {}


@pytest.mark.parametrize("name", ["halfway", "lapse"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_r28_a_timer_that_fires_beside_the_answer_does_nothing(name: str, ending: str) -> None:
    given(sent(), delivered(), *ENDINGS[ending]).when(due(name)).then()


def test_r28_half_way_does_not_come_twice() -> None:
    told = given(sent(), delivered()).when(due("halfway")).one(OfferUnansweredHalfway)
    given(sent(), delivered(), told).when(due("halfway")).then()


def test_r8_the_breach_of_an_agreement_is_no_conflict_with_itself() -> None:
    overtaken_by = breach(TOO_LATE, IN_TIME - timedelta(hours=1), AGREEMENT)
    given(sent(), delivered(), accepted()).when(overtaken_by).then()


def test_r8_an_acceptance_at_the_moment_of_the_breach_is_a_conflict() -> None:
    overtaken_by = breach(TOO_LATE, IN_TIME)
    flagged = given(sent(), delivered(), accepted()).when(overtaken_by).one(AcceptanceConflictFlagged)
    assert not flagged.seen_by_company()


def test_r8_a_conflict_leaves_the_agreement_running() -> None:
    history = (sent(), delivered(), accepted())
    overtaken_by = breach(TOO_LATE, IN_TIME)
    flagged = given(*history).when(overtaken_by)
    found_by = f"overtaken/{OTHER}/{AGREEMENT}"
    assert flagged.reservations() == given(*history).reservations() | {found_by} != {found_by}
    mistaken = given(*history, *flagged.events).when(NoteMistakenBreach(TOO_LATE, OTHER))
    mistaken.records(AcceptanceConflictEnded)
    assert mistaken.reservations() == given(*history).reservations()


@pytest.mark.rule("R41")
def test_an_acceptance_is_flagged_once_for_each_breach() -> None:
    first = given(sent(), delivered(), accepted()).when(breach(TOO_LATE, IN_TIME))
    history = (sent(), delivered(), accepted(), *first.events)
    second = given(*history).when(breach(TOO_LATE, IN_TIME, because_of=UUID(int=99)))
    second.records(AcceptanceConflictFlagged)
    given(*history, *second.events).when(breach(TOO_LATE, IN_TIME)).then()
    given(*history, *second.events).when(breach(TOO_LATE, IN_TIME, because_of=UUID(int=99))).then()


@pytest.mark.rule("R8", "R22", "R41")
def test_a_quarantine_that_was_over_when_its_breach_became_known_touches_nothing() -> None:
    """The breach was two years ago: neither an open offer nor an acceptance of today is in its quarantine."""
    long_ago = IN_TIME - timedelta(days=730)
    given(sent(), delivered()).when(breach(IN_TIME, long_ago)).then()
    given(sent(), delivered(), accepted()).when(breach(TOO_LATE, long_ago)).then()


def test_r8_an_undelivered_offer_is_withdrawn_too() -> None:
    overtaken = given(sent()).when(breach(IN_TIME, IN_TIME))
    assert overtaken.one(Withdrawn).because_of == OTHER
    assert overtaken.reservations() == frozenset()


@pytest.mark.parametrize("ending", ENDINGS)
def test_r8_what_has_ended_is_overtaken_by_no_breach(ending: str) -> None:
    given(sent(), delivered(), *ENDINGS[ending]).when(breach(TOO_LATE, IN_TIME)).then()


def test_r8_only_an_agreement_that_runs_can_end() -> None:
    for history in ((sent(),), (sent(), delivered()), (sent(), delivered(), lapsed())):
        given(*history).when(NoteEnd(TOO_LATE, "fulfilled")).then()


def test_every_fact_concerns_the_company_and_its_unit() -> None:
    ids = {"cvr": CVR, "pnumber": UNIT}
    for since in ((), (delivered(),), (delivered(), accepted()), *((delivered(), *end) for end in ENDINGS.values())):
        assert given(sent(), *since).concerns() == ids
    assert given().concerns() == {}
