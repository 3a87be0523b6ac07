"""Why a case cannot be changed as a rule of the view says."""

from shared.errors import AftaleError


class UnknownColumn(AftaleError, LookupError):
    """Raised if a rule of the view sets a column that no class of rows declares."""
