"""Why messages are not taken or published."""

from shared.errors import AftaleError


class Undecodable(AftaleError):
    """A message is not a fact as the contract has it."""


class UnknownClient(AftaleError):
    """aiokafka is not the version whose inside this module knows."""


class SourceUnreachable(AftaleError):
    """A source could not be asked to publish again."""


class NotAboutOneStream(AftaleError):
    """Taking facts fails for a reason that lies with this service: no stream is parked for it, and nothing is taken."""


class Fenced(AftaleError):
    """Another relay has moved the checkpoint: this one had been paused, and gives up its place."""
