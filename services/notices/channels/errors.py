"""Why a channel does not go where it is asked to."""

from shared.errors import AftaleError


class NotPublic(AftaleError):
    """Raised if a name leads to an address that is not public, also beside others that are."""
