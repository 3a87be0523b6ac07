"""Why a look-up of control has no result."""

from shared.errors import AftaleError


class NoDayFree(AftaleError):
    """The inspector has no free slot on any day that was tried, which is more than a year."""
