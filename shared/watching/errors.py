"""Why a service does not start on the schema that it found."""

from shared.errors import AftaleError


class WrongSchema(AftaleError):
    """A service cannot work with the schema of its database; the text is one sentence for operators."""
