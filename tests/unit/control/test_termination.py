"""Either side ends the agreement: neither fulfilled nor breached (R8, R14, R36)."""

import pytest

from services.control.rules.termination import NoteAnnulment, Terminate
from shared.contracts.control import (
    AnnouncedControlCancelled,
    ControlBooked,
    ControlCorrected,
    Terminated,
    TerminationGrounds,
)
from shared.contracts.vocabulary import Side
from shared.eventstore.events import Event
from tests.unit.control.control_facts import (
    at,
    book,
    booked,
    breached_course,
    complete,
    document,
    fulfilled_course,
    given,
    started,
)
from tests.unit.control.spread_facts import (
    NONE_FOUND,
    VIOLATION,
    after,
    control,
    control_of,
    correct,
    ready,
    unit,
)

ON = at("2026-05-04")


def terminate(by: Side = Side.COMPANY, reason: str | None = "unit-closed") -> Terminate:
    return Terminate(ON, by, "person-1", TerminationGrounds(reason=reason, grounds="The department is closed."))


def terminated() -> Terminated:
    return given(started()).when(terminate()).one(Terminated)


@pytest.mark.rule("R14", "R36")
@pytest.mark.parametrize("by", list(Side))
@pytest.mark.parametrize("reason", ["unit-closed", None])
def test_either_side_may_end_it_with_or_without_a_code(by: Side, reason: str | None) -> None:
    ended = given(started()).when(terminate(by, reason))
    fact = ended.one(Terminated)
    assert (fact.by, fact.reason) == (by, reason)
    assert "closed." not in fact.public_json(), "the grounds are private"
    assert ended.timers() == {}
    assert ended.reservations() == frozenset()


@pytest.mark.rule("R14", "R18")
def test_a_control_that_was_announced_is_called_off_and_a_hidden_one_is_not_told() -> None:
    announced = given(started()).when(book("2026-07-01", announced=True)).one(ControlBooked)
    given(started(), announced).when(terminate()).records(AnnouncedControlCancelled, Terminated)
    given(started(), booked()).when(terminate()).records(Terminated)


@pytest.mark.rule("R14")
@pytest.mark.parametrize("history", [(), fulfilled_course(), breached_course()], ids=["none", "fulfilled", "breached"])
def test_only_what_runs_can_be_ended(history: tuple[Event, ...]) -> None:
    given(*history).when(terminate()).refused("R14", "the agreement is")


@pytest.mark.rule("R14", "R20")
def test_it_is_no_way_out_of_a_breach_that_is_not_decided_yet() -> None:
    found = after(ready(0, 1), control(1, VIOLATION))
    given(*found).when(terminate()).refused("R14", f"found a violation at {unit(1)}")
    given(*found).when(terminate(Side.AUTHORITY)).one(Terminated)
    given(*after(found, control(0))).when(terminate()).refused("R14", "breached")


@pytest.mark.rule("R14", "R20", "R30")
def test_the_company_may_terminate_where_no_violation_was_found_or_it_was_taken_back() -> None:
    held = after(ready(0, 1), control(1))
    given(*held).when(terminate()).one(Terminated)
    mistaken = after(ready(0, 1), control(1, VIOLATION))
    corrected = given(*mistaken).when(correct(control_of(1), NONE_FOUND)).one(ControlCorrected)
    given(*mistaken, corrected).when(terminate()).one(Terminated)


@pytest.mark.rule("R14")
def test_what_is_ended_is_ended() -> None:
    for command, rule in ((terminate(), "R14"), (document(), "R16"), (book("2026-07-01"), "R17"), (complete(), "R20")):
        given(started(), terminated()).when(command).refused(rule, "terminated")


@pytest.mark.rule("R8", "R14")
def test_an_acceptance_that_is_annulled_ends_the_agreement_in_the_name_of_the_authority() -> None:
    fact = given(started()).when(NoteAnnulment(ON)).one(Terminated)
    assert (fact.by, fact.terminated_by, fact.reason) == (Side.AUTHORITY, "offers", None)
    given(*fulfilled_course()).when(NoteAnnulment(ON)).then()
    given().when(NoteAnnulment(ON)).then()
