"""What is looked up by whoever shows cases: the names of all codes, and the directory of inspectors (R42)."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from shared.danish_text import folded
from shared.http.access import AUTHORITY, Asker
from shared.people.directory import Inspector
from shared.reference.identifiers import ENUMERATED
from shared.reference.reference import CODE_LISTS, Term, closed_lists, reference_version
from shared.service import runtime_of

router = APIRouter(tags=["control"])


class CodeItem(BaseModel):
    """A code and what it means."""

    code: str
    danish: str
    english: str
    valid_from: Annotated[date | None, Field(description="The first day of its use; null where it always was used.")]
    valid_to: Annotated[date | None, Field(description="The last day of its use; null where no end is set.")]
    within: Annotated[str | None, Field(description="Of a topic: the code of its problem group.")]


class CodeList(BaseModel):
    """All codes of one kind."""

    name: Annotated[str, Field(description="Name of the list, e.g. `topics`.", examples=["topics"])]
    closed: Annotated[bool, Field(description="Whether OpenAPI names all codes as an enumeration.")]
    codes: Annotated[list[CodeItem], Field(description="In the order in which they are offered to choose from.")]


class CodeLists(BaseModel):
    """Every list."""

    version: Annotated[str, Field(description="Changes with any code.", examples=["2024.4"])]
    lists: Annotated[list[CodeList], Field(description="By name.")]


class InspectorList(BaseModel):
    """Who can be responsible for a case."""

    inspectors: Annotated[list[Inspector], Field(description="In the order of the directory.")]


@router.get("/v1/code-lists")
async def read_code_lists(asker: Asker) -> CodeLists:
    """Returns all lists of codes with their Danish and English names, for anybody with a token."""
    return CodeLists(version=reference_version(), lists=every_list())


@router.get("/v1/inspectors")
async def list_inspectors(
    request: Request,
    asker: Asker,
    q: Annotated[
        str, Query(max_length=200, description="Parts of the name, each inside a word of it; left out for everybody.")
    ] = "",
) -> InspectorList:
    """Returns the inspectors whom the directory knows, with name and centre (R42). For the authority only.

    Cases of somebody are found by name here, and then by id in the one view (R26), which holds no names.
    """
    asker.require_role(*AUTHORITY)
    words = folded(q).split()
    known = runtime_of(request).people.inspectors.values()
    return InspectorList(inspectors=[one for one in known if all(word in folded(one.name) for word in words)])


def every_list() -> list[CodeList]:
    """Returns all lists of codes by name: those of files, and the enumerations of the code."""
    of_files = {name: (name in ENUMERATED, read()) for name, read in CODE_LISTS.items()}
    of_code = {name: (True, terms) for name, terms in closed_lists().items()}
    return [
        CodeList(name=name, closed=closed, codes=[_item(term) for term in terms.values()])
        for name, (closed, terms) in sorted((of_files | of_code).items())
    ]


def _item(term: Term) -> CodeItem:
    return CodeItem(
        code=term.code,
        danish=term.danish,
        english=term.english,
        valid_from=term.valid_from,
        valid_to=term.valid_to,
        within=getattr(term, "group", None),
    )
