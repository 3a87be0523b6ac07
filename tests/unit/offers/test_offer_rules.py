"""An offer from sending to answer (R1-R10, R23)."""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from services.offers.lookups.letter_details import named_in
from services.offers.rules.agreement_ends import NoteEnd
from services.offers.rules.agreement_number import number_of, reserved_number
from services.offers.rules.answers import Accept, Decline
from services.offers.rules.delivery import RecordDelivery, RecordOpening
from services.offers.rules.eligibility import Quarantine, Unit
from services.offers.rules.letter import Named, letter
from shared.contracts.offers import (
    AcceptanceConflictFlagged,
    Accepted,
    AgreementEndNoted,
    Declined,
    Lapsed,
    OfferOpened,
    OfferSent,
    OfferUnansweredHalfway,
    Withdrawn,
)
from shared.contracts.vocabulary import AgreementKind
from shared.deadlines.in_words import Language
from shared.eventstore.decider import TimerDue
from shared.eventstore.events import Event
from shared.policy.policies import POLICY_FILES, load_policies
from shared.policy.policy import Authority
from tests.public_form import public
from tests.unit.offers.offer_facts import (
    AGREEMENT,
    AVAILABLE_AT,
    CVR,
    ENDINGS,
    IN_TIME,
    OTHER,
    POLICIES,
    SENT_AT,
    TOO_LATE,
    UNIT,
    accept,
    accepted,
    breach,
    decline,
    deliver,
    delivered,
    due,
    given,
    lapsed,
    send,
    sent,
    spread,
    withdraw,
)


def test_r1_an_offer_names_what_it_is_about() -> None:
    offer = sent()
    assert (offer.cvr, offer.p_number, offer.topic, offer.inspection_id) == (CVR, UNIT, "056", "I-1")
    assert (offer.response_rule, offer.observations) == ("R3", "Heavy lifts.")


def test_r1_a_unit_that_the_register_does_not_know_is_refused() -> None:
    given().when(send(unit=None)).refused("R1", "does not know")


def test_r1_a_unit_of_another_legal_entity_is_refused() -> None:
    given().when(send(unit=Unit(UNIT, "24256790", "day-care"))).refused("R1", "does not belong to")


def test_r1_an_offer_is_sent_once() -> None:
    given(sent()).when(send()).refused("R1", "sent already")


def test_r8_no_offers_in_construction() -> None:
    for industry in ("construction-building", "construction-civil", "construction-finishing"):
        given().when(send(unit=Unit(UNIT, CVR, industry))).refused("R8", "no agreements are offered")


def test_r8_no_offer_in_quarantine() -> None:
    standing = Quarantine(OTHER, SENT_AT + timedelta(seconds=1))
    given().when(send(quarantines=(standing,))).refused("R8", "in quarantine")


def test_r8_an_offer_once_the_quarantine_has_ended() -> None:
    given().when(send(quarantines=(Quarantine(OTHER, SENT_AT),))).records(OfferSent)


def test_r10_another_period_needs_a_reason() -> None:
    given().when(send(period_months=4)).refused("R10", "need a reason")
    given().when(send(period_months=4, period_reason="Season")).records(OfferSent)
    given().when(send(period_months=6)).records(OfferSent)


def test_r3_the_clock_starts_when_the_offer_is_available() -> None:
    deadline = delivered().response_deadline
    assert deadline.last_day == date(2026, 4, 7)
    assert deadline.ends_at == TOO_LATE


def test_r3_a_second_delivery_starts_no_other_clock() -> None:
    given(sent(), delivered()).when(deliver()).then()


def test_r3_nothing_is_available_before_it_was_sent() -> None:
    early = SENT_AT - timedelta(seconds=1)
    command = RecordDelivery(at=SENT_AT, available_at=early, policy=POLICIES.at(early))
    given(sent()).when(command).refused("R3", "before it was sent")


def test_r5_half_way_without_an_answer_the_inspector_is_told_once() -> None:
    told = given(sent(), delivered()).when(due("halfway"))
    told.records(OfferUnansweredHalfway)
    assert not told.one(OfferUnansweredHalfway).seen_by_company()
    assert set(given(sent(), delivered(), told.one(OfferUnansweredHalfway)).timers()) == {"lapse"}


def test_r5_that_an_offer_was_opened_is_known_once() -> None:
    opened = given(sent(), delivered()).when(RecordOpening(at=AVAILABLE_AT))
    opened.records(OfferOpened)
    given(sent(), delivered(), opened.one(OfferOpened)).when(RecordOpening(at=AVAILABLE_AT)).then()


def test_r6_no_answer_is_never_an_acceptance() -> None:
    given(sent(), delivered()).when(due("lapse")).records(Lapsed)
    assert lapsed().last_day == date(2026, 4, 7)


def test_r6_lapse_fires_a_while_after_the_deadline() -> None:
    assert due("lapse").due == TOO_LATE + timedelta(minutes=10)


def test_r6_an_answer_in_the_last_minute_is_in_time() -> None:
    given(sent(), delivered()).when(accept(IN_TIME)).records(Accepted)
    given(sent(), delivered()).when(decline(IN_TIME)).records(Declined)


@pytest.mark.parametrize("answer", [accept(TOO_LATE), decline(TOO_LATE)], ids=["yes", "no"])
@pytest.mark.parametrize("lapses", [(), (lapsed(),)], ids=["open", "lapsed"])
def test_r6_a_late_answer_is_refused_with_the_date_and_why(answer: Accept | Decline, lapses: tuple[Event, ...]) -> None:
    """R6, R27: in Danish and English, also after the lapse."""
    deadline = delivered().response_deadline
    refused = given(sent(), delivered(), *lapses).when(answer)
    refused.refused("R6", "answered after 2026-04-07. The last day is Tuesday 7 April 2026", deadline=deadline.last_day)
    refused.refused("R6", deadline.explain("en"), why_da=deadline.explain("da"), why_en=deadline.explain("en"))


@pytest.mark.parametrize("answer", [accept(TOO_LATE), decline(TOO_LATE)], ids=["yes", "no"])
@pytest.mark.parametrize(
    ("first", "how"),
    [((accepted(),), "accepted"), (ENDINGS["fulfilled"], "accepted"), (ENDINGS["declined"], "declined")],
    ids=["accepted", "fulfilled", "declined"],
)
def test_r6_an_offer_is_answered_once_and_it_is_said_when(
    first: tuple[Event, ...], how: str, answer: Accept | Decline
) -> None:
    said = f"answered already: {how} at {IN_TIME.isoformat()}"
    given(sent(), delivered(), *first).when(answer).refused("R6", said, at=IN_TIME.isoformat())


def test_r10_only_who_may_act_for_the_company_answers() -> None:
    given(sent(), delivered()).when(accept(acting_for="24256790")).refused("R10", "not entitled")
    given(sent(), delivered()).when(decline(acting_for="24256790")).refused("R10", "not entitled")


def test_r10_who_accepts_has_read_what_it_is() -> None:
    given(sent(), delivered()).when(accept(has_read=False)).refused("R10", "having read")


def test_r8_an_open_offer_cannot_be_accepted_in_quarantine() -> None:
    standing = Quarantine(OTHER, IN_TIME + timedelta(days=1))
    given(sent(), delivered()).when(accept(quarantines=(standing,))).refused("R8", "in quarantine")


def test_r8_an_open_offer_is_withdrawn_with_that_reason() -> None:
    overtaken = given(sent(), delivered()).when(breach(IN_TIME, IN_TIME))
    overtaken.then(
        Withdrawn(agreement_id=AGREEMENT, rule="R8", withdrawn_at=IN_TIME, because_of=OTHER, breach_is_own=True)
    )


@pytest.mark.parametrize("answer", [accept(), decline()], ids=["yes", "no"])
def test_r8_who_answers_a_withdrawn_offer_hears_which_breach_overtook_it(answer: Accept | Decline) -> None:
    overtaken = given(sent(), delivered()).when(breach(AVAILABLE_AT, AVAILABLE_AT)).one(Withdrawn)
    said = f"the unit is in quarantine, because of the breach of agreement {OTHER}"
    given(sent(), delivered(), overtaken).when(answer).refused(
        "R8", f"withdrawn at {AVAILABLE_AT.isoformat()}: {said}", agreement=OTHER
    )


@pytest.mark.parametrize("answer", [accept(), decline()], ids=["yes", "no"])
def test_r8_the_breach_of_a_former_legal_entity_is_not_named(answer: Accept | Decline) -> None:
    overtaken = given(sent(), delivered()).when(breach(AVAILABLE_AT, AVAILABLE_AT, cvr="24256790")).one(Withdrawn)
    refused = given(sent(), delivered(), overtaken).when(answer)
    refused.refused("R8", "the unit is in quarantine", agreement=None)
    assert str(OTHER) not in str(refused.refusal)


@pytest.mark.parametrize("answer", [accept(), decline()], ids=["yes", "no"])
def test_r9_who_answers_an_offer_that_was_taken_back_hears_that_it_was(answer: Accept | Decline) -> None:
    said = f"took the offer back at {AVAILABLE_AT.isoformat()}"
    given(sent(), *ENDINGS["withdrawn"]).when(answer).refused("R9", said)


def test_r8_an_acceptance_recorded_before_the_breach_was_known_stands_flagged() -> None:
    history = (sent(), delivered(), accepted())
    overtaken_by = breach(TOO_LATE, IN_TIME - timedelta(hours=1))
    flagged = given(*history).when(overtaken_by)
    flagged.records(AcceptanceConflictFlagged)
    given(*history, flagged.one(AcceptanceConflictFlagged)).when(overtaken_by).then()


def test_r8_an_acceptance_before_the_breach_itself_is_no_conflict() -> None:
    overtaken_by = breach(TOO_LATE, TOO_LATE)
    given(sent(), delivered(), accepted()).when(overtaken_by).then()


def test_r9_an_unanswered_offer_is_withdrawn_with_a_reason() -> None:
    given(sent()).when(withdraw()).records(Withdrawn)
    given(sent(), delivered(), accepted()).when(withdraw(IN_TIME)).refused("R9", "accepted")


def test_r9_a_policy_may_rule_it_out() -> None:
    policy = POLICIES.at(IN_TIME)
    strict = policy.model_copy(update={"offer": policy.offer.model_copy(update={"may_be_withdrawn": False})})
    given(sent()).when(withdraw(policy=strict)).refused("R9", "not taken back", policy=strict.version)


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_r8_unit_and_topic_are_taken_until_the_end(ending: tuple[Event, ...]) -> None:
    taken = {f"open/{UNIT}/056/1", f"open-of/{CVR}/{AGREEMENT}", f"open-at/{UNIT}/{AGREEMENT}"}
    assert given(sent(), delivered()).reservations() == taken
    assert given(sent(), delivered(), accepted()).reservations() == taken
    assert given(sent(), delivered(), *ending).reservations() <= {f"after-at/{UNIT}/{AGREEMENT}"}
    assert given(sent(), delivered(), *ending).timers() == {}


@pytest.mark.rule("R26")
@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_r26_a_case_holds_its_number_for_ever(ending: tuple[Event, ...]) -> None:
    numbered = sent(number="2026-000123")
    for facts in ((), (delivered(),), (delivered(), accepted()), (delivered(), *ending)):
        assert "number/2026/000000123" in given(numbered, *facts).reservations()


@pytest.mark.rule("R26")
def test_r26_an_imported_case_keeps_a_number_of_another_form() -> None:
    for number in ("AT-2019/7", "2019-7", "", None):
        imported = sent(number=number)
        assert imported.number == number
        assert not [name for name in given(imported).reservations() if name.startswith("number/")]


@pytest.mark.rule("R26")
def test_r26_numbers_beyond_a_million_sort_behind_the_others() -> None:
    names = [*reserved_number(number_of(2027, 999_999)), *reserved_number(number_of(2027, 1_000_000))]
    assert names == sorted(names)
    assert number_of(2027, 123) == "2027-000123"


def test_r8_the_end_of_an_agreement_is_noted_once() -> None:
    given(sent(), delivered(), accepted()).when(NoteEnd(TOO_LATE, "breached")).records(AgreementEndNoted)
    given(sent(), delivered(), *ENDINGS["fulfilled"]).when(NoteEnd(TOO_LATE, "fulfilled")).then()


def test_r28_reactions_and_timers_never_refuse() -> None:
    for history in ((), (sent(),), (sent(), delivered(), accepted())):
        given(*history).when(TimerDue("lapse", TOO_LATE, TOO_LATE)).then()
    given().when(breach(TOO_LATE, TOO_LATE)).then()
    given().when(NoteEnd(TOO_LATE, "breached")).then()


def test_r1_r23_the_letter_says_what_it_is_and_is_not() -> None:
    text = letter(public(sent()), delivered().response_deadline)
    text = " ".join(text.split())
    for said in ("frivillig", "ikke et påbud", "ikke en afgørelse", "smiley", "siger ja", "siger nej"):
        assert said in text
    assert "tirsdag den 7. april 2026" in text
    assert "rådgiver ikke" in text
    assert "misligholdt" in text
    assert "inden fristen" in letter(public(sent()), None)


@pytest.mark.rule("R26")
def test_r26_the_letter_names_the_number_of_an_agreement_that_has_one() -> None:
    numbered, deadline = public(sent(number="2026-000123")), delivered().response_deadline
    assert "\nAftalens nummer: 2026-000123\n" in letter(numbered, deadline)
    assert "\nNumber of the agreement: 2026-000123\n" in letter(numbered, deadline, NAMED, "en")
    assert "nummer: " not in letter(public(sent()), deadline)


NAMED = Named(
    unit="Solsikken", inspector="Anna Vestergaard", department="Lager", observations="Tunge løft.", quarantine_months=12
)


@pytest.mark.rule("R1", "R10", "R22", "R23")
@pytest.mark.parametrize("kind", list(AgreementKind))
def test_the_letter_names_whom_it_is_to_what_it_is_about_and_whom_to_ask(kind: AgreementKind) -> None:
    offer = public(sent() if kind is AgreementKind.SUSPICION else spread())
    deadline = delivered().response_deadline
    as_written = letter(offer, deadline, NAMED), letter(offer, deadline, NAMED, "en")
    danish, english = (" ".join(text.split()) for text in as_written)
    for text in (danish, english):
        for said in ("Solsikken", CVR, UNIT, "Anna Vestergaard", "Lager", "Tunge løft.", "70 12 12 88", "at@at.dk"):
            assert said in text
    assert "Emne: Løft" in danish
    assert "ret til at handle for virksomheden" in danish
    assert "karantæne i 12 måneder" in danish
    assert "senest tirsdag den 7. april 2026" in danish
    assert "Topic: Lifting" in english
    assert "by Tuesday 7 April 2026 at the latest" in english
    assert "quarantine of 12 months" in english
    assert "The Danish letter is the one that counts" in english


@pytest.mark.rule("R1", "R23")
@pytest.mark.parametrize("language", ["da", "en"])
def test_the_letter_tells_how_to_reach_the_authority_as_the_policy_has_it(language: Language) -> None:
    moved = Authority(name="Tilsynet", address="Nyvej 1, 8000 Aarhus C", telephone="+45 11 22 33 44", email="ny@x.dk")
    text = letter(public(sent()), None, replace(NAMED, authority=moved), language)
    for told in ("Tilsynet, Nyvej 1, 8000 Aarhus C", "+45 11 22 33 44", "ny@x.dk"):
        assert told in text
    for before in ("Landskronagade", "70 12 12 88", "at@at.dk"):
        assert before not in text


@pytest.mark.rule("R1", "R23")
async def test_the_authority_is_reached_as_the_policy_of_the_day_of_the_offer_says(tmp_path: Path) -> None:
    """A deployer who moves writes another dated file; letters of before stay as they were sent."""
    for file in POLICY_FILES.glob("*.toml"):
        shutil.copy(file, tmp_path)
    text = (POLICY_FILES / "2024-01-01.toml").read_text(encoding="utf-8")
    moved = text.replace("effective_from = 2024-01-01", "effective_from = 2027-01-01").replace("at@at.dk", "ny@x.dk")
    (tmp_path / "2027-01-01.toml").write_text(moved, encoding="utf-8")

    async def nobody_knows(*_: object) -> None:
        return None

    directory = SimpleNamespace(name_of=lambda _: None)
    database = SimpleNamespace(ask=nobody_knows)
    runtime: Any = SimpleNamespace(database=database, people=directory, policies=load_policies(tmp_path))
    before = public(sent())
    later = before.model_copy(update={"sent_at": datetime(2027, 3, 1, tzinfo=UTC)})
    for offer, email in ((before, "at@at.dk"), (later, "ny@x.dk")):
        assert email in letter(offer, None, await named_in(runtime, offer))


@pytest.mark.rule("R1")
def test_a_letter_that_was_sent_before_reads_as_it_was_sent() -> None:
    before = public(sent().model_copy(update={"letter_version": "2026-11"}))
    assert "emne 056" in letter(before, delivered().response_deadline, NAMED)
    assert "Topic: Lifting" in letter(before, None, NAMED, "en"), "which had no English"


@pytest.mark.rule("R1", "R31")
def test_what_nobody_knows_any_more_is_left_out_and_not_made_up() -> None:
    text = letter(public(sent()), None)
    assert "Til virksomheden, CVR-nummer" in text
    assert "Den tilsynsførende er jeres kontakt" in text
    assert "Det har vi set" not in text
    assert "None" not in text


def test_r7_a_no_says_what_was_offered_so_that_the_authority_can_go_on() -> None:
    for fact in (given(sent(), delivered()).when(decline(IN_TIME)).one(Declined), lapsed()):
        assert fact.offer is not None
        assert (fact.offer.kind, fact.offer.topic, fact.offer.inspector) == ("suspicion", "056", "inspector-1")
