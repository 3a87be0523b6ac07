"""People of the authority whom a service under test knows from the start, beside the inspectors of the demo."""

from pathlib import Path

from shared.contracts.vocabulary import Centre
from shared.http.tokens import Role, pseudonym
from shared.people.directory import LOCAL_INSPECTORS


def directory_with_supporters(folder: Path, *, names: tuple[str, ...] = ("anna", "bo")) -> Path:
    """The file of the directory, with supporters of these names in the centre East."""
    file = folder / "people.csv"
    added = [f"{pseudonym(Role.SUPPORTER, name)},{name.title()} Supporter,{Centre.EAST.value}\n" for name in names]
    file.write_text(LOCAL_INSPECTORS.read_text(encoding="utf-8") + "".join(added), encoding="utf-8")
    return file
