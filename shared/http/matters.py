"""How a service answers whether a matter of its own still stands (R29)."""

from datetime import date, time
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from shared.contracts.matters import StandingMatter
from shared.contracts.vocabulary import ContactForm

AboutMatter = Annotated[
    str, Query(max_length=100, description="What of the case it is about, as the fact of notices says.")
]


class MatterView(BaseModel):
    """R29: whether somebody still has to be told of a matter, and what a text needs of it."""

    stands: Annotated[bool, Field(description="False once it is settled; nobody is told of it then.")]
    version: Annotated[int, Field(description="The version of the case on which this was judged.")]
    day: Annotated[date | None, Field(description="The day that the matter is about; of a deadline, its last day.")]
    begins: Annotated[time | None, Field(description="When it begins on that day, in Copenhagen.")] = None
    form: ContactForm | None = None
    why_da: Annotated[str | None, Field(description="Why the deadline is that day, in Danish (R27).")] = None
    why_en: Annotated[str | None, Field(description="The same in English.")] = None


def matter_view(standing: StandingMatter | None, version: int) -> MatterView:
    """Returns the answer about a matter; None means that it is settled."""
    if standing is None:
        return MatterView(stands=False, version=version, day=None)
    deadline = standing.deadline
    return MatterView(
        stands=True,
        version=version,
        day=standing.day if deadline is None else deadline.last_day,
        begins=standing.begins,
        form=standing.form,
        why_da=None if deadline is None else deadline.explain("da"),
        why_en=None if deadline is None else deadline.explain("en"),
    )
