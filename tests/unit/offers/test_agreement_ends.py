"""An agreement that ends elsewhere, by whatever way, and one whose decision is taken back (R8, R14, R22, R30)."""

from datetime import timedelta

import pytest

from services.offers.rules.agreement_ends import NoteEnd, NoteRevokedDecision
from services.offers.rules.quarantine import QUARANTINE, Impose, Reach, Revoke
from shared.contracts.offers import (
    AcceptanceAnnulled,
    AgreementEndNoted,
    PlaceTakenNoted,
    QuarantineEnded,
    QuarantineImposed,
)
from tests.unit.offers.offer_facts import (
    AGREEMENT,
    CVR,
    IN_TIME,
    OTHER,
    POLICIES,
    TOO_LATE,
    UNIT,
    accepted,
    breach,
    delivered,
    given,
    sent,
)
from tests.unit.scenario import scenarios_of

RUNNING = (sent(), delivered(), accepted())
in_register = scenarios_of(QUARANTINE)
AFTER = f"after-at/{UNIT}/{AGREEMENT}"
"""R40: found by its unit, where an order or a follow-up may follow."""


def ended(outcome: str) -> AgreementEndNoted:
    return given(*RUNNING).when(NoteEnd(TOO_LATE, outcome)).one(AgreementEndNoted)


@pytest.mark.parametrize("outcome", ["fulfilled", "breached", "terminated"])
def test_r8_r14_however_it_ends_unit_and_topic_are_free(outcome: str) -> None:
    held = given(*RUNNING, ended(outcome)).reservations()
    assert held == (frozenset() if outcome == "terminated" else {AFTER})
    given(*RUNNING, ended(outcome)).when(NoteEnd(TOO_LATE, outcome)).then()


def test_r30_a_decision_that_is_taken_back_leaves_the_agreement_running() -> None:
    again = given(*RUNNING, ended("breached")).when(NoteRevokedDecision(TOO_LATE, free=True))
    assert again.one(AgreementEndNoted).outcome == "running"
    assert again.reservations() == given(*RUNNING).reservations()


def test_r8_r30_r41_it_stays_ended_where_another_offer_has_come_and_its_place_is_noted_as_taken() -> None:
    taken = PlaceTakenNoted(agreement_id=AGREEMENT, noted_at=TOO_LATE)
    elsewhere = given(*RUNNING, ended("breached")).when(NoteRevokedDecision(TOO_LATE, free=False))
    elsewhere.then(taken)
    assert elsewhere.reservations() == {AFTER}
    given(*RUNNING, ended("breached"), taken).when(NoteRevokedDecision(TOO_LATE, free=False)).then()
    given(*RUNNING, ended("breached"), taken).when(NoteEnd(TOO_LATE, "breached")).records(AgreementEndNoted)
    corrected = given(*RUNNING, ended("breached")).when(NoteEnd(TOO_LATE, "fulfilled")).one(AgreementEndNoted)
    assert corrected.outcome == "fulfilled"


def test_r30_only_what_was_decided_can_be_taken_back() -> None:
    given(*RUNNING).when(NoteRevokedDecision(TOO_LATE, free=True)).then()


def test_r8_a_policy_may_annul_an_acceptance_that_a_breach_overtook() -> None:
    policy = POLICIES.at(IN_TIME)
    changed = {"acceptance_before_breach_was_known": "is_annulled"}
    strict = policy.model_copy(update={"offer": policy.offer.model_copy(update=changed)})
    annulled = given(*RUNNING).when(breach(TOO_LATE, IN_TIME - timedelta(hours=1), policy=strict))
    annulled.then(AcceptanceAnnulled(agreement_id=AGREEMENT, because_of=OTHER, annulled_at=TOO_LATE))
    assert annulled.reservations() == frozenset()
    given(*RUNNING, annulled.one(AcceptanceAnnulled)).when(NoteEnd(TOO_LATE, "terminated")).then()


def test_r22_r30_a_quarantine_that_rested_on_a_mistake_ends() -> None:
    reach = Reach(CVR, UNIT, TOO_LATE + timedelta(days=365), "2024-01-01")
    imposed = in_register().when(Impose(IN_TIME, AGREEMENT, reach)).one(QuarantineImposed)
    over = in_register(imposed).when(Revoke(TOO_LATE, AGREEMENT))
    assert over.one(QuarantineEnded).revoked
    assert over.timers() == {}
    in_register(imposed).when(Revoke(TOO_LATE, OTHER)).then()
