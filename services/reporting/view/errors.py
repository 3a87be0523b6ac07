"""Why the view is not read as asked."""

from shared.errors import AftaleError


class InvalidCursor(AftaleError, ValueError):
    """Not a cursor of ours."""
