"""Why a case cannot be changed as a rule of the view says."""

from shared.errors import AftaleError


class UnknownColumn(AftaleError, LookupError):
    """A rule of the view sets what no row has."""
