"""Why the event store did not do what it was asked for."""


class AppendFault(Exception):
    """A command lost in its group; nothing of it was kept."""


class StaleVersion(AppendFault):
    """Another command wrote to one of the streams first."""


class AlreadyHandled(AppendFault):
    """The idempotency key is used."""


class InboxMoved(AppendFault):
    """The inbox no longer stands where the reader of the fact found it."""


class NameReserved(AppendFault):
    """Another stream holds a name that must be unique."""


class StoreUnavailable(Exception):
    """The database cannot be reached; whether the command was kept is unknown. Safe to retry with the same key."""


class EventTooLarge(ValueError):
    """An event is larger than MAX_EVENT_BYTES."""
