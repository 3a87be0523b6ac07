"""Why a text for people cannot be used."""

from collections.abc import Sequence

from shared.errors import AftaleError


class FaultyTexts(AftaleError):
    """Raised at start if files of texts cannot be used; names every fault with its file and field."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class UnfitValues(AftaleError, ValueError):
    """Raised if a text is asked for with values, an outcome or a recipient that it is not written for."""
