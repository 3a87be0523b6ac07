"""Why a look-up of the planning has no result."""

from shared.errors import AftaleError


class NoDayFree(AftaleError):
    """The inspector has no free place on any day that was tried, which is more than a year."""
