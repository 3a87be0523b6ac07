"""A refusal says its rule and its values; a decider folds facts, whatever they are, into a state."""

from typing import Annotated

import pytest

from shared.eventstore.decider import Decider, every_fault
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event, PrivatePart


class Added(Event):
    """Something was added."""

    by: int


class Unrelated(Event):
    """A fact that the subject takes no notice of."""


class Confided(Event):
    """Something was said in private."""

    note: Annotated[str | None, PrivatePart()] = None


SUM: Decider[int, int] = Decider(
    name="sum",
    initial=0,
    decide=lambda state, command: (Added(by=command),),
    evolve=lambda state, event: state + event.by if isinstance(event, Added) else state,
)


def test_a_refusal_carries_its_rule_its_words_and_its_values() -> None:
    refused = Refused("R6", "answered after {deadline}", deadline="2026-04-07")
    assert (refused.rule, refused.reason) == ("R6", "answered after {deadline}")
    assert refused.values == {"deadline": "2026-04-07"}
    assert refused.detail == "answered after 2026-04-07"
    assert str(refused) == "R6: answered after 2026-04-07"


def test_a_refusal_whose_words_need_a_value_that_is_not_given_is_a_mistake_that_shows() -> None:
    with pytest.raises(KeyError):
        Refused("R6", "answered after {deadline}")


def _refuse(rule: str) -> None:
    raise Refused(rule, "no")


def test_every_check_is_made_and_all_that_refuse_are_told_in_order() -> None:
    def decide() -> None:
        with every_fault() as check:
            check(_refuse, "R1")
            check(len, "a check that passes")
            with check:
                _refuse("R2")
            _refuse("R3")

    with pytest.raises(Refused) as refused:
        decide()
    assert [one.rule for one in refused.value.every_fault] == ["R1", "R2", "R3"]
    assert refused.value.rule == "R1", "who looks at one only sees the first"


def test_checks_within_checks_are_told_once() -> None:
    def inner() -> None:
        with every_fault() as check:
            check(_refuse, "R1")
            check(_refuse, "R2")

    def outer() -> None:
        with every_fault() as check:
            check(inner)
            check(_refuse, "R2")

    with pytest.raises(Refused) as refused:
        outer()
    assert [one.rule for one in refused.value.every_fault] == ["R1", "R2"]


def test_only_refusals_are_gathered() -> None:
    with pytest.raises(ZeroDivisionError), every_fault() as check, check:
        raise ZeroDivisionError


def test_what_passes_is_not_refused() -> None:
    with every_fault() as check:
        check(len, "")


def test_facts_are_folded_from_the_beginning_or_from_a_state() -> None:
    facts = [Added(by=1), Unrelated(), Added(by=2)]
    assert SUM.fold(facts) == 3
    assert SUM.fold(facts, 10) == 13
    assert SUM.fold([], 0) == 0


def test_a_subject_wants_no_timers_reservations_or_concerns_and_has_nobody_responsible_unless_it_says_so() -> None:
    assert (SUM.timers(1), SUM.reservations(1), SUM.concerns(1)) == ({}, frozenset(), {})
    assert SUM.responsible(1) is None


@pytest.mark.parametrize("confided", [Confided(note="in private"), Confided()], ids=["readable", "unreadable"])
def test_r31_a_fold_that_reads_a_private_field_fails_whether_or_not_it_could_be_read(confided: Confided) -> None:
    reads: Decider[str | None, None] = Decider(
        name="reads",
        initial=None,
        decide=lambda state, command: (),
        evolve=lambda state, event: event.note if isinstance(event, Confided) else state,
    )
    with pytest.raises(AttributeError):
        reads.fold([confided])


def test_r31_a_state_holds_a_fact_in_its_public_form_and_the_fact_stays_whole() -> None:
    keeps: Decider[tuple[Event, ...], None] = Decider(
        name="keeps", initial=(), decide=lambda state, command: (), evolve=lambda state, event: (*state, event)
    )
    confided, added = Confided(note="in private"), Added(by=1)
    held = keeps.fold([confided, added])
    assert held == (confided.public_form(), added) == keeps.fold([Confided(), added])
    assert "in private" not in repr(held)
    assert confided.note == "in private"
