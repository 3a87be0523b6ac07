"""Why a look-up of control finds nothing."""

from shared.errors import AftaleError


class NoDayFree(AftaleError):
    """Not one place is free in more than a year."""
