"""Why facts cannot be folded now."""

from shared.errors import AftaleError


class RebuildRuns(AftaleError, RuntimeError):
    """Somebody else is folding all facts at this moment."""
