"""Why an attachment cannot be read."""

from shared.errors import AftaleError


class NotAsSealed(AftaleError):
    """The stored bytes are not what was encrypted with this key for this file: changed, cut short, or another file."""
