"""Why telemetry refuses something."""

from shared.errors import AftaleError


class ForbiddenAttribute(AftaleError, ValueError):
    """An attribute is not one of the ids, codes and counts that a span may hold."""
