"""Who acts for a person, from one day to another (R42)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.control.people.rules.phases import Listed, State, only, refuse_backwards, require_listed
from shared.contracts.people import StandInNamed, StandInWithdrawn
from shared.contracts.vocabulary import StandIn
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event


@dataclass(frozen=True)
class NameStandIn:
    """A colleague acts for the person."""

    at: datetime
    by: str
    stand_in_id: UUID
    told: StandIn
    stand_in_is_listed: bool
    """Whether the directory lists the colleague."""


@dataclass(frozen=True)
class WithdrawStandIn:
    """The colleague does not act for the person any more."""

    at: datetime
    by: str
    stand_in_id: UUID


def name_stand_in(state: State, command: NameStandIn) -> Sequence[Event]:
    """R42: records a stand-in: another person of the directory. Several may stand in at the same time."""
    with every_fault() as check:
        check(require_listed, state)
        check(refuse_backwards, command.told)
        check(_refuse_nobody, state, command)
    listed = require_listed(state)
    if command.told in [only(StandIn, named) for named in listed.stand_ins.values()]:
        return ()
    return (
        StandInNamed(
            person_id=listed.person_id,
            stand_in_id=command.stand_in_id,
            named_at=command.at,
            named_by=command.by,
            **dict(command.told),
        ),
    )


def withdraw_stand_in(state: State, command: WithdrawStandIn) -> Sequence[Event]:
    """R42: withdraws a stand-in who was named, for the time from now on; refuses any other."""
    listed = require_listed(state)
    if command.stand_in_id not in listed.stand_ins:
        raise Refused("R42", "no stand-in {stand_in} is known", stand_in=command.stand_in_id)
    return (
        StandInWithdrawn(
            person_id=listed.person_id,
            stand_in_id=command.stand_in_id,
            withdrawn_at=command.at,
            withdrawn_by=command.by,
        ),
    )


def _refuse_nobody(state: State, command: NameStandIn) -> None:
    stand_in = command.told.stand_in
    if isinstance(state, Listed) and stand_in == state.person_id:
        raise Refused("R42", "nobody stands in for himself or herself")
    if not command.stand_in_is_listed:
        raise Refused("R42", "the directory lists nobody {stand_in} who could stand in", stand_in=stand_in)
