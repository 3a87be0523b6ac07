"""What an occasion is: which facts raise it, whom it concerns, and which facts end it (R29)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.contracts.notices import MatterOwner, Occasion, Recipient
from shared.contracts.vocabulary import AgreementKind
from shared.eventstore.events import Event
from shared.policy.policy import Policy
from shared.reference.reference import topics

COMPANY = (Recipient.UNIT_MANAGER, Recipient.LEGALLY_RESPONSIBLE, Recipient.SAFETY_REPRESENTATIVE)
"""R34: everybody who can stand for the company."""
WHO_DECIDES = (Recipient.UNIT_MANAGER, Recipient.LEGALLY_RESPONSIBLE)
AT_THE_UNIT = (Recipient.UNIT_MANAGER, Recipient.SAFETY_REPRESENTATIVE)
INSPECTOR = (Recipient.INSPECTOR,)
WITH_LEADER = (Recipient.INSPECTOR, Recipient.LEADER)
VISITOR = (Recipient.VISITOR,)


def owner_of(fact: type[Event]) -> MatterOwner:
    """Returns the service that records a fact, and so owns what it raises: its contract has the service's name."""
    return MatterOwner(fact.__module__.rpartition(".")[2])


@dataclass(frozen=True)
class Given:
    """What a rule may need beside the fact."""

    at: datetime
    """When the fact was recorded."""
    policy: Policy
    topic: str
    """R1: of the agreement."""
    kind: AgreementKind

    @property
    def problem_group(self) -> str | None:
        """Returns the problem group of the topic; None for a topic that this release does not know."""
        known = topics().get(self.topic)
        return None if known is None else known.group

    def at_once(self, about: str = "", code: str | None = None) -> "When":
        """Returns that somebody is told at once; some days after the fact, as the policy says, it is pointless."""
        return When(self.at, self.at + timedelta(days=self.policy.notices.kept_days), about, code=code)


@dataclass(frozen=True)
class When:
    """From when and until when somebody is told, and of what."""

    due_at: datetime
    latest_at: datetime
    """Exclusive: it is pointless from then on."""
    about: str = ""
    """What of the case it is about; a later one about the same takes the place of one that was not told."""
    person: str | None = None
    """Who goes on the visit, where that is whom it concerns."""
    code: str | None = None
    """How something ended that the occasion is about, e.g. `accepted`."""
    only: Recipient | None = None
    """R34: the one recipient of the occasion whom it concerns; None if it concerns all."""


Raise = Callable[[Any, Given], Iterable[When]]
Ends = Callable[[Any, str], bool]
"""Returns whether the fact ends a matter of the occasion, by what the matter is about."""


def at_once(_: object, given: Given) -> Iterable[When]:
    """R29: returns that somebody is told now, whatever the fact says beside its type."""
    return (given.at_once(),)


def everything(_: object, __: str) -> bool:
    """Returns that a fact ends every matter of the occasion."""
    return True


@dataclass(frozen=True)
class OccasionRule:
    """One occasion: who is told of what, when, and what makes it superfluous."""

    occasion: Occasion
    rule: str
    """Ids of the rules that ask for it."""
    recipients: tuple[Recipient, ...]
    raised_by: Mapping[type[Event], Raise]
    ended_by: Mapping[type[Event], Ends] = field(default_factory=dict)
    at_once: bool = False
    """Whether it cannot wait for a digest."""
    has_legal_effect: bool = False
    """Whether nobody can choose not to get it, and it is sent again where it is in doubt."""

    def waits_for_digest(self, recipient: Recipient) -> bool:
        """R29: returns whether somebody at the authority is told together with what else there is in the morning."""
        return recipient not in COMPANY and not self.at_once


def ends(*facts: type[Event]) -> dict[type[Event], Ends]:
    """Returns that each of these facts ends every matter of the occasion."""
    return dict.fromkeys(facts, everything)
