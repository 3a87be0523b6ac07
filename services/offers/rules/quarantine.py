"""The register of quarantines: who is not offered a new agreement, because of which breach, and until when (R22)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import NAMESPACE_OID, UUID, uuid5

from dateutil.relativedelta import relativedelta

from shared.contracts.offers import QuarantineEnded, QuarantineImposed
from shared.deadlines.copenhagen import end_of, local_day, start_of
from shared.eventstore.decider import Decider, TimerDue
from shared.eventstore.events import Event
from shared.policy.policies import Policies
from shared.policy.policy import Policy

_END = "end:"


@dataclass(frozen=True)
class Reach:
    """One quarantine that a breach leads to; `p_number` is None where it reaches the whole legal entity."""

    cvr: str
    p_number: str | None
    ends_at: datetime
    policy: str


@dataclass(frozen=True)
class Impose:
    """Reaction to a breach."""

    at: datetime
    agreement_id: UUID
    reach: Reach


@dataclass(frozen=True)
class Revoke:
    """Reaction: the breach had been recorded by mistake (R30)."""

    at: datetime
    agreement_id: UUID


Command = Impose | Revoke | TimerDue


@dataclass(frozen=True)
class Register:
    """The quarantines of one unit or one legal entity that have not ended."""

    cvr: str | None = None
    p_number: str | None = None
    standing: tuple[QuarantineImposed, ...] = ()


def unit_stream(p_number: str) -> UUID:
    """Returns the id of the stream in which the quarantines of a unit are recorded."""
    return uuid5(NAMESPACE_OID, f"quarantine/unit/{p_number}")


def legal_entity_stream(cvr: str) -> UUID:
    """Returns the id of the stream in which the quarantines of a whole legal entity are recorded."""
    return uuid5(NAMESPACE_OID, f"quarantine/legal-entity/{cvr}")


def stream_of(reach: Reach) -> UUID:
    """Returns the id of the stream in which a quarantine is recorded: that of its unit or of its legal entity."""
    return legal_entity_stream(reach.cvr) if reach.p_number is None else unit_stream(reach.p_number)


def reaches(cvr: str, breached_units: Sequence[str], breached_at: datetime, policies: Policies) -> list[Reach]:
    """R22: returns the quarantines that a breach leads to, always one for each breaching unit.

    Before 1 January 2024 a breach reaches every other unit of the legal entity as well. A breaching unit has an entry
    of its own beside the legal entity's, so that it stays in quarantine when it moves to another owner. `by_breach`
    lets the day of the breach decide. `by_day` lets the day on which one asks decide: a breach under the old reach then
    holds the legal entity only until the reach changes.
    """
    policy = policies.at(breached_at)
    ends_at = quarantine_ends_at(breached_at, policy)
    units = [Reach(cvr, p_number, ends_at, policy.version) for p_number in breached_units]
    if policy.breach.quarantine_reach == "unit":
        return units
    changes = policies.reach_changes_after(policy)
    entity_ends_at = ends_at
    if policy.breach.quarantine_reading == "by_day" and changes is not None:
        entity_ends_at = min(ends_at, start_of(changes))
    return [Reach(cvr, None, entity_ends_at, policy.version), *units]


def stands(ends_at: datetime, at: datetime) -> bool:
    """R22: returns whether a quarantine with this end holds at an instant; at its end it holds no more."""
    return at < ends_at


def quarantine_ends_at(breached_at: datetime, policy: Policy) -> datetime:
    """R22: returns the exclusive end of the last day of a quarantine, in UTC.

    Months are counted as R3 counts them, without the day of the breach, and a closed last day does not move. This holds
    under every policy file, whatever its calendar says of the company's deadlines.
    """
    return end_of(local_day(breached_at) + relativedelta(months=policy.breach.quarantine_months))


def decide(state: Register, command: Command) -> Sequence[Event]:
    """R22: imposes a quarantine once per breach, and ends it when it has run out. R30: revokes a mistaken one."""
    match command:
        case Impose():
            if any(quarantine.agreement_id == command.agreement_id for quarantine in state.standing):
                return ()
            reach = command.reach
            return (
                QuarantineImposed(
                    agreement_id=command.agreement_id,
                    cvr=reach.cvr,
                    p_number=reach.p_number,
                    imposed_at=command.at,
                    ends_at=reach.ends_at,
                    policy=reach.policy,
                ),
            )
        case TimerDue():
            due = (one for one in state.standing if command.name == f"{_END}{one.agreement_id}")
            return tuple(_ended(one, command.at) for one in due)
        case Revoke():
            mistaken = (one for one in state.standing if one.agreement_id == command.agreement_id)
            return tuple(_ended(one, command.at, revoked=True) for one in mistaken)
        case _:
            assert_never(command)


def _ended(quarantine: QuarantineImposed, at: datetime, *, revoked: bool = False) -> QuarantineEnded:
    return QuarantineEnded(
        agreement_id=quarantine.agreement_id,
        cvr=quarantine.cvr,
        p_number=quarantine.p_number,
        ended_at=at,
        revoked=revoked,
    )


def evolve(state: Register, event: Event) -> Register:
    """Returns the register with the quarantine that was imposed, or without the one that ended."""
    match event:
        case QuarantineImposed():
            return Register(event.cvr, event.p_number, (*state.standing, event))
        case QuarantineEnded():
            standing = tuple(one for one in state.standing if one.agreement_id != event.agreement_id)
            return Register(event.cvr, event.p_number, standing)
        case _:
            return state


def timers(state: Register) -> dict[str, datetime]:
    """Returns when each quarantine ends automatically."""
    return {f"{_END}{quarantine.agreement_id}": quarantine.ends_at for quarantine in state.standing}


def concerns(state: Register) -> dict[str, str]:
    """Returns the ids of the legal entity and, where the quarantine reaches one unit only, of that unit."""
    ids = {"cvr": state.cvr, "pnumber": state.p_number}
    return {name: value for name, value in ids.items() if value is not None}


QUARANTINE: Decider[Register, Command] = Decider(
    name="quarantine", initial=Register(), decide=decide, evolve=evolve, timers=timers, concerns=concerns
)
