"""People of the authority whom a service under test knows from the start, beside the inspectors of the demo."""

from pathlib import Path

from shared.contracts.vocabulary import Centre
from shared.http.tokens import Role, pseudonym
from shared.people.directory import LOCAL_INSPECTORS


def directory_with_supporters(folder: Path, **centres: Centre) -> Path:
    """The file of the directory, with supporters by name; without any, Anna and Bo in the centre East."""
    file = folder / "people.csv"
    added = [
        f"{pseudonym(Role.SUPPORTER, name)},{name.title()} Supporter,{centre.value}\n"
        for name, centre in (centres or {"anna": Centre.EAST, "bo": Centre.EAST}).items()
    ]
    file.write_text(LOCAL_INSPECTORS.read_text(encoding="utf-8") + "".join(added), encoding="utf-8")
    return file
