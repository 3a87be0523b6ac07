"""Why something is not told to telemetry."""

from shared.errors import AftaleError


class ForbiddenAttribute(AftaleError, ValueError):
    """A span was to say something that is not on the list of ids and codes."""
