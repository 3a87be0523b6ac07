"""The notices of a case: told once, retried, given up, and never about a case that nobody offered (R4, R28, R29)."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.notices.rules.case_decider import ChooseNotices, NoteReturn, ReopenMatters, due_matters
from services.notices.rules.choices import can_be_unwanted
from services.notices.rules.moments import not_at_night
from services.notices.rules.occasions import OCCASIONS
from services.notices.rules.phases import Followed
from services.notices.rules.tries import Ended, Failed, Postponed, Queued, Sent, pause_after
from shared.contracts.notices import (
    AgreementFollowed,
    Channel,
    MatterEnded,
    MatterRaised,
    MatterReopened,
    NoticeFailed,
    NoticePostponed,
    NoticeQueued,
    NoticeReturned,
    NoticesChosen,
    NoticeSent,
    Occasion,
    Recipient,
    TryFailure,
    Untold,
)
from shared.contracts.vocabulary import ContactRole
from tests.unit.notices.notices_facts import (
    AGREEMENT,
    DELIVERED_AT,
    POLICY,
    at,
    became,
    delivered,
    documented,
    follow,
    followed,
    given,
    matter,
    note,
    raised,
)

DUE = at("2026-03-12", "08:00")
ONE = matter(Occasion.OFFER_NOT_OPENED, Recipient.UNIT_MANAGER, DUE)
MINE = matter(Occasion.OFFER_ANSWERED, Recipient.INSPECTOR, DUE)
MESSAGE = "message-1"


def sent(of: MatterRaised = ONE) -> Sent:
    return Sent(of.matter_id, Channel.EMAIL, MESSAGE, "1-abc", contact_id=UUID(int=8))


def failed(failure: TryFailure = TryFailure.UNREACHABLE) -> Failed:
    return Failed(ONE.matter_id, Channel.EMAIL, failure, "451 come again")


def test_r29_a_case_is_followed_once_from_its_offer_on() -> None:
    given().when(follow()).records(AgreementFollowed)
    given(followed()).when(follow()).then()


def test_facts_of_a_case_that_nobody_offered_raise_nothing() -> None:
    given().when(note(delivered(), DELIVERED_AT)).then()


def test_r28_the_timer_stands_at_the_next_matter_and_nowhere_when_all_are_told() -> None:
    later = matter(Occasion.OFFER_HALFWAY, Recipient.UNIT_MANAGER, DUE + timedelta(days=1))
    assert given(followed(), later, ONE).timers() == {"tell": DUE}
    told = given(followed(), later, ONE).when(became(DUE, sent()))
    assert told.timers() == {"tell": later.due_at}
    assert given(followed(), ONE).when(became(DUE, sent())).timers() == {}


def test_r29_the_same_fact_again_tells_nobody_twice() -> None:
    first = given(followed()).when(note(delivered(), DELIVERED_AT))
    given(followed(), *first.events).when(note(delivered(), DELIVERED_AT)).then()
    all_told = [
        NoticeSent(
            agreement_id=AGREEMENT,
            matter_id=event.matter_id,
            channel=Channel.EMAIL,
            message_id=str(event.matter_id),
            text_version="1",
            sent_at=DUE,
        )
        for event in first.events
        if isinstance(event, MatterRaised)
    ]
    given(followed(), *first.events, *all_told).when(note(delivered(), DELIVERED_AT)).then()


def test_r28_what_is_due_comes_in_the_order_in_which_it_fell_due() -> None:
    earlier = matter(Occasion.OFFER_WAITING, Recipient.UNIT_MANAGER, DUE - timedelta(days=7))
    later = matter(Occasion.OFFER_HALFWAY, Recipient.UNIT_MANAGER, DUE + timedelta(days=1))
    state = given(followed(), later, ONE, earlier).state
    assert [one.raised for one in due_matters(state, DUE)] == [earlier, ONE]


def test_r28_after_downtime_what_has_become_pointless_is_said_to_be() -> None:
    late = at("2026-05-01")
    outcome = given(followed()).when(note(delivered(), late))
    ended = [event for event in outcome.events if isinstance(event, MatterEnded)]
    assert {one.why for one in ended} == {Untold.POINTLESS}
    assert len(ended) == len(raised(outcome, Occasion.OFFER_WAITING)) + 3 * 2
    assert outcome.timers() == {}


def test_r28_of_what_happened_long_ago_nobody_is_told_when_it_is_heard_of_at_last() -> None:
    """As at the first start of the service beside cases that run."""
    happened = at("2026-06-01")
    for days, why in ((13, None), (14, Untold.POINTLESS)):
        heard = happened + timedelta(days=days)
        outcome = given(followed()).when(note(documented(complete=True), heard, happened))
        (received,) = [one for one in outcome.events if isinstance(one, MatterRaised)]
        assert (received.raised_at, received.due_at) == (heard, heard)
        assert [one.why for one in outcome.events if isinstance(one, MatterEnded)] == ([why] if why else [])


def test_r29_a_failing_channel_is_tried_again_with_growing_pauses() -> None:
    outcome = given(followed(), ONE).when(became(DUE, failed()))
    assert outcome.one(NoticeFailed).again_at == DUE + timedelta(minutes=5)
    again = given(followed(), ONE, *outcome.events).when(became(DUE + timedelta(minutes=5), failed()))
    assert again.one(NoticeFailed).tries == 2
    assert again.one(NoticeFailed).again_at == DUE + timedelta(minutes=15)
    assert [pause_after(tries, POLICY) for tries in (9, 500)] == [timedelta(hours=12)] * 2


def test_r29_after_three_days_it_is_given_up_and_the_inspector_is_told() -> None:
    tried = NoticeFailed(
        agreement_id=AGREEMENT,
        matter_id=ONE.matter_id,
        channel=Channel.EMAIL,
        failure=TryFailure.UNREACHABLE,
        tries=12,
        again_at=DUE + timedelta(days=3),
        failed_at=DUE + timedelta(days=2),
    )
    outcome = given(followed(), ONE, tried).when(became(DUE + timedelta(days=3), failed()))
    outcome.records(NoticeFailed, MatterEnded, MatterRaised)
    assert outcome.one(MatterEnded).why is Untold.UNDELIVERABLE
    assert raised(outcome, Occasion.CONTACT_LACKS_ADDRESS)[Recipient.INSPECTOR].code == "unit_manager"


def gave_up(why: Untold, one: MatterRaised) -> MatterEnded:
    return MatterEnded(agreement_id=AGREEMENT, matter_id=one.matter_id, why=why, ended_at=DUE)


def test_r29_what_was_given_up_is_told_again_when_an_operator_says_so_and_for_as_long_as_the_first_time() -> None:
    refused = given(followed(), ONE).when(became(DUE, failed(TryFailure.REFUSED)))
    later = DUE + timedelta(days=4)
    assert later < ONE.latest_at
    again = given(followed(), ONE, *refused.events).when(ReopenMatters(later, POLICY, "operator-1"))
    assert again.one(MatterReopened).matter_id == ONE.matter_id
    assert again.timers()["tell"] == min(refused.timers()["tell"], again.one(MatterReopened).due_at)
    history = (followed(), ONE, *refused.events, *again.events)
    given(*history).when(ReopenMatters(later, POLICY, "operator-1")).then()
    tried = given(*history).when(became(later, failed()))
    assert tried.one(NoticeFailed).tries == 2, "the journal knows the first try"
    assert [one for one in tried.events if isinstance(one, MatterEnded)] == []


def test_r29_what_is_told_again_is_not_told_at_night() -> None:
    night = at("2026-03-19", "03:00")
    again = given(followed(), ONE, gave_up(Untold.NO_ADDRESS, ONE)).when(ReopenMatters(night, POLICY, "operator-1"))
    assert again.one(MatterReopened).due_at == at("2026-03-19", "08:00")


@pytest.mark.parametrize("why", sorted(set(Untold) - {Untold.NO_ADDRESS, Untold.UNDELIVERABLE}))
def test_r29_what_ended_otherwise_is_not_told_again(why: Untold) -> None:
    given(followed(), ONE, gave_up(why, ONE)).when(ReopenMatters(DUE, POLICY, "operator-1")).then()


def test_r28_what_has_become_pointless_is_not_told_again() -> None:
    history = (followed(), ONE, gave_up(Untold.UNDELIVERABLE, ONE))
    given(*history).when(ReopenMatters(ONE.latest_at, POLICY, "operator-1")).then()
    given().when(ReopenMatters(DUE, POLICY, "operator-1")).then()


def test_r29_what_is_refused_for_good_is_not_tried_again() -> None:
    outcome = given(followed(), ONE).when(became(DUE, failed(TryFailure.REFUSED)))
    outcome.records(NoticeFailed, MatterEnded, MatterRaised)
    assert set(outcome.timers()) == {"tell"}  # the inspector is told that the address fails


def test_r34_a_role_without_an_address_is_a_matter_of_its_own_once() -> None:
    first = given(followed(), ONE).when(became(DUE, Ended(ONE.matter_id, Untold.NO_ADDRESS)))
    assert raised(first, Occasion.CONTACT_LACKS_ADDRESS)[Recipient.INSPECTOR].about == "unit_manager"
    another = matter(Occasion.OFFER_HALFWAY, Recipient.UNIT_MANAGER, DUE + timedelta(days=1))
    again = given(followed(), ONE, another, *first.events).when(
        became(another.due_at, Ended(another.matter_id, Untold.NO_ADDRESS))
    )
    again.records(MatterEnded)


def test_r34_an_inspector_without_an_address_is_no_contact_of_the_company() -> None:
    given(followed(), MINE).when(became(DUE, Ended(MINE.matter_id, Untold.NO_ADDRESS))).records(MatterEnded)


@pytest.mark.parametrize("why", [Untold.SETTLED, Untold.UNWANTED, Untold.POINTLESS, Untold.IN_DOUBT])
def test_r34_what_ended_otherwise_says_nothing_of_the_address(why: Untold) -> None:
    given(followed(), ONE).when(became(DUE, Ended(ONE.matter_id, why))).records(MatterEnded)


def test_r42_what_waits_for_somebody_who_is_away_is_told_later() -> None:
    back = DUE + timedelta(days=5)
    outcome = given(followed(), MINE).when(became(DUE, Postponed(MINE.matter_id, back)))
    outcome.records(NoticePostponed)
    assert outcome.timers() == {"tell": back}


def test_r29_what_waits_for_a_digest_is_told_by_it() -> None:
    queued = given(followed(), MINE).when(became(DUE, Queued(MINE.matter_id, "inspector-1")))
    queued.records(NoticeQueued)
    assert queued.timers() == {}
    by_digest = Sent(MINE.matter_id, Channel.DIGEST, "digest-1", "1", person="inspector-1")
    given(followed(), MINE, *queued.events).when(became(DUE, by_digest)).records(NoticeSent)


def test_r29_an_outcome_of_what_was_settled_meanwhile_changes_nothing() -> None:
    ended = MatterEnded(agreement_id=AGREEMENT, matter_id=ONE.matter_id, why=Untold.SETTLED, ended_at=DUE)
    given(followed(), ONE, ended).when(became(DUE, sent())).then()


def returned(message: str = MESSAGE) -> NoteReturn:
    return NoteReturn(at("2026-03-13"), POLICY, message, "5.1.1")


def test_r4_a_message_that_came_back_is_noted_once_and_moves_no_date() -> None:
    told = given(followed(), ONE).when(became(DUE, sent()))
    outcome = given(followed(), ONE, *told.events).when(returned())
    outcome.records(NoticeReturned, MatterRaised)
    assert raised(outcome, Occasion.CONTACT_LACKS_ADDRESS)[Recipient.INSPECTOR].code == "unit_manager"
    given(followed(), ONE, *told.events, *outcome.events).when(returned()).then()


def test_r4_a_report_about_a_message_that_was_never_sent_changes_nothing() -> None:
    given(followed(), ONE).when(returned()).then()
    told = given(followed(), ONE).when(became(DUE, sent()))
    given(followed(), ONE, *told.events).when(returned("another")).then()


@pytest.mark.parametrize(
    ("moment", "due"),
    [("00:00", "08:00"), ("07:59", "08:00"), ("08:00", "08:00"), ("10:00", "10:00"), ("23:30", "23:30")],
)
def test_r29_nobody_is_written_to_at_night(moment: str, due: str) -> None:
    outcome = given(followed()).when(note(delivered(), at("2026-03-05", moment)))
    waiting = raised(outcome, Occasion.OFFER_WAITING)
    assert {one.due_at for one in waiting.values()} == {at("2026-03-05", due)}


def test_r29_at_night_it_is_told_where_it_would_be_pointless_in_the_morning() -> None:
    begun = at("2026-03-05", "01:00")
    assert not_at_night(begun, begun + timedelta(hours=2), POLICY) == begun


def test_r29_what_waits_for_a_digest_is_in_that_of_the_same_morning() -> None:
    midnight = at("2026-06-01", "00:00")
    received = raised(
        given(followed()).when(note(documented(complete=True), midnight)), Occasion.DOCUMENTATION_RECEIVED
    )
    assert received[Recipient.INSPECTOR].due_at == midnight


def choose(role: ContactRole, *unwanted: Occasion) -> ChooseNotices:
    return ChooseNotices(DELIVERED_AT, "company-1", role, unwanted)


def test_r29_what_a_contact_does_not_want_is_chosen_by_role_and_replaced_by_the_next_choice() -> None:
    chosen = given(followed()).when(choose(ContactRole.UNIT_MANAGER, Occasion.GUIDANCE_OFFERED))
    chosen.records(NoticesChosen)
    state = given(followed(), *chosen.events).state
    assert isinstance(state, Followed)
    assert state.unwanted == {Recipient.UNIT_MANAGER: {Occasion.GUIDANCE_OFFERED}}
    given(followed(), *chosen.events).when(choose(ContactRole.UNIT_MANAGER, Occasion.GUIDANCE_OFFERED)).then()
    given(followed(), *chosen.events).when(choose(ContactRole.UNIT_MANAGER)).records(NoticesChosen)


@pytest.mark.parametrize("occasion", [one for one, rule in OCCASIONS.items() if rule.has_legal_effect])
def test_r29_what_has_legal_effect_cannot_be_left_out(occasion: Occasion) -> None:
    given(followed()).when(choose(ContactRole.UNIT_MANAGER, occasion)).refused("R29")


def test_r29_a_role_chooses_among_what_it_is_told_of() -> None:
    given(followed()).when(choose(ContactRole.SAFETY_REPRESENTATIVE, Occasion.OFFER_HALFWAY)).refused("R29")
    for role in ContactRole:
        offered = can_be_unwanted({Recipient(role.value)})
        assert offered
        given(followed()).when(choose(role, *offered)).records(NoticesChosen)
