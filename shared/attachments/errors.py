"""Why an attachment cannot be read."""

from shared.errors import AftaleError


class NotAsSealed(AftaleError):
    """What was kept is not what was sealed under this key for this file: changed, cut short, or of another one."""
