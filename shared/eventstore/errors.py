"""Why a command is not recorded: a rule refuses it, it lost to another, or the store cannot."""

from collections.abc import Mapping
from typing import Any

from shared.errors import AftaleError


class AppendFault(AftaleError):
    """A command failed within its group; nothing of it was stored."""


class StaleVersion(AppendFault):
    """Another command wrote to one of the streams first."""


class AlreadyHandled(AppendFault):
    """The idempotency key was used before."""


class InboxMoved(AppendFault):
    """The inbox has changed since the reader of the fact read it."""


class NameReserved(AppendFault):
    """Another stream holds a name that must be unique."""


class StoreUnavailable(AftaleError):
    """The database cannot be reached; whether the command was kept is unknown. Safe to retry with the same key."""


class EventTooLarge(AftaleError, ValueError):
    """An event is larger than MAX_EVENT_BYTES."""


class VersionMismatch(AftaleError):
    """The caller decided on a version that is no longer the newest."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"version {expected} was expected, {actual} is the newest")
        self.expected = expected
        self.actual = actual


class Refused(AftaleError):
    """A rule refuses a command. Carries the rule's id and the values that a reader needs to understand it.

    What people are told is the sentence that shared/refusals has for `reason`, in their language.
    """

    also: "tuple[Refused, ...]" = ()
    """What else refuses the same command."""

    def __init__(self, rule: str, reason: str, **values: Any) -> None:
        super().__init__(f"{rule}: {reason.format_map(values)}")
        self.rule = rule
        self.reason = reason
        self.values: Mapping[str, Any] = values

    @property
    def detail(self) -> str:
        """Returns the reason with its values filled in."""
        return self.reason.format_map(self.values)

    @property
    def every_fault(self) -> "tuple[Refused, ...]":
        """Returns this refusal and all others of the same command, in the order in which they were found."""
        return (self, *self.also)


class UnknownEventType(AftaleError, LookupError):
    """An event type that this reader has no class for."""


class WrongLogin(AftaleError):
    """A service must not work under the login that it was given; its text is one sentence for operators."""


class KeyDestroyed(AftaleError):
    """A private part cannot be written, or a file cannot be read, because its key was destroyed."""


class HoldBack(AftaleError):
    """A timer must wait a moment, because its look-up does not know yet what the effect depends on."""
