"""Why policies cannot be used."""

from shared.errors import AftaleError


class PolicyError(AftaleError):
    """A policy file cannot be used, or no policy is in force: names the file, the key and why."""

    def __init__(self, file: str, key: str, why: str) -> None:
        super().__init__(f"{file}: {key}: {why}")
        self.file = file
        self.key = key
        self.why = why
