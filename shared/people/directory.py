"""The directory of inspectors, read at start from a file: id, name and centre (R42).

Names are private. Only the directory and its answers over HTTP contain them, never a fact.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.contracts.vocabulary import Centre
from shared.eventstore.errors import Refused
from shared.people.errors import FaultyDirectory
from shared.people.person import Person, PersonOf

LOCAL_INSPECTORS = Path(__file__).parent / "inspectors.csv"
"""Inspectors of the demo, with the ids that the built-in issuer of tokens gives them."""


class Inspector(BaseModel):
    """R42: somebody who can be responsible for a case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[\w.:-]{1,64}$", description="Pseudonymous id, as tokens and facts carry it.")]
    name: Annotated[
        str, Field(min_length=1, max_length=200, description="Private: never in a fact.", examples=["Anna"])
    ]
    centre: Annotated[Centre, Field(description="The centre of the authority that the inspector belongs to.")]


@dataclass(frozen=True)
class Directory:
    """All known inspectors."""

    inspectors: Mapping[str, Inspector] = field(default_factory=dict)
    """Inspectors by id, in the order of the file."""

    def centre_of(self, inspector: str) -> Centre | None:
        """Returns an inspector's centre; None if unknown, as in facts of earlier releases and of other systems."""
        known = self.inspectors.get(inspector)
        return None if known is None else known.centre

    def name_of(self, inspector: str) -> str | None:
        """Returns an inspector's name; None if unknown."""
        known = self.inspectors.get(inspector)
        return None if known is None else known.name

    def beside(self, told: PersonOf) -> PersonOf:
        """Returns what `told` knows of a person, and what this file says of one of whom `told` knows nothing.

        So the first start works, and an upgrade while the facts of the directory have not all come.
        """

        async def person_of(person_id: str) -> Person | None:
            known = await told(person_id)
            if known is not None:
                return known
            centre = self.centre_of(person_id)
            return None if centre is None else Person(person_id, centre)

        return person_of

    def refusals(self, inspector: str) -> tuple[Refused, ...]:
        """R42: returns a refusal if the directory does not know the inspector; an unknown one gets no case."""
        if inspector in self.inspectors:
            return ()
        return (Refused("R42", "the directory knows no inspector {inspector}", inspector=inspector),)


def load_directory(file: Path = LOCAL_INSPECTORS) -> Directory:
    """Reads id, name and centre of each row, and passes over what else an import reads there.

    Raises FaultyDirectory, or OSError if there is no such file.
    """
    found: dict[str, Inspector] = {}
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        for row in reader:
            try:
                read = {name: row[name] for name in Inspector.model_fields if name in row}
                inspector = Inspector.model_validate(read)
            except ValidationError as error:
                fault = error.errors()[0]
                raise FaultyDirectory(file, reader.line_num, f"{fault['loc'][0]}: {fault['msg']}") from error
            if inspector.id in found:
                raise FaultyDirectory(file, reader.line_num, f"{inspector.id} is given twice")
            found[inspector.id] = inspector
    return Directory(MappingProxyType(found))
