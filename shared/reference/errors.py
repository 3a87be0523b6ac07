"""Why reference files cannot be used."""

from shared.errors import AftaleError


class FaultyReference(AftaleError):
    """A reference file cannot be used: names the file, the line and why."""

    def __init__(self, file: str, line: int, why: str) -> None:
        super().__init__(f"{file}, line {line}: {why}")
        self.file = file
        self.line = line
        self.why = why
