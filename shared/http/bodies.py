"""Base and common parts of request bodies: nothing unknown is let through in silence."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Body(BaseModel):
    """A request body; an unknown field is a fault."""

    model_config = ConfigDict(extra="forbid")


Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
"""A coded value, such as a reason."""
FreeText = Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"^[^\x00]*$")]
"""Text of people: kept encrypted, never published; without NUL, which no reader expects."""
PersonId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.:-]+$")]
"""Pseudonymous id of somebody at the authority, as tokens carry it."""
