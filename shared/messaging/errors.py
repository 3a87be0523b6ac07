"""Why messages are not processed or published."""

from shared.errors import AftaleError


class Undecodable(AftaleError):
    """A message is not a fact as the contract has it."""


class UnknownClient(AftaleError):
    """aiokafka is not the version whose internals this module knows."""


class SourceUnreachable(AftaleError):
    """A source could not be asked to publish again."""


class NotAboutOneStream(AftaleError):
    """An error lies with this service, not with one stream: no stream is parked for it, and nothing is processed."""


class Fenced(AftaleError):
    """Another process has moved a position, because this one had been paused: this one stops being active."""
