"""What a search answers."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from services.reporting.view.models import CaseItem, NextPage, Notice, UnitItem


class BoundedCount(BaseModel):
    """How many there are, counted up to a limit."""

    number: Annotated[int, Field(description="How many were counted.", examples=[4])]
    more: Annotated[bool, Field(description="There are more than this number, which is the limit of counting.")]


class FoundCode(BaseModel):
    """A code that a word of the search was taken for."""

    list: Annotated[Literal["topics", "problem_groups", "industries"], Field(description="The list that has the code.")]
    code: Annotated[str, Field(description="The code.", examples=["011"])]
    danish: Annotated[str, Field(description="Its name in Danish.", examples=["Støj i produktionen"])]
    english: Annotated[str, Field(description="Its name in English.", examples=["Noise in production"])]


class FoundCases(BaseModel):
    """One page of the cases that a search finds, newest first."""

    cases: list[CaseItem]
    count: Annotated[BoundedCount, Field(description="In all, not only on this page.")]
    codes: Annotated[list[FoundCode], Field(description="Codes whose names contain a word of the search.")]
    next_cursor: NextPage = None
    notice: Notice = Notice()


class FoundUnit(UnitItem):
    """A production unit that a search finds, as it was from a day on."""

    cvr: Annotated[str | None, Field(description="The legal entity that had it.")]


class FoundUnits(BaseModel):
    """One page of the units that a search finds, by name in Danish order; also former names of units."""

    units: list[FoundUnit]
    next_cursor: NextPage = None
