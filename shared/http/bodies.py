"""Base and common parts of request bodies: nothing unknown is let through in silence."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from shared.contracts.vocabulary import FileReference, Grounds, Involvement
from shared.reference.identifiers import GuidancePurpose, ParticipantRole


class Body(BaseModel):
    """A request body; an unknown field is a fault."""

    model_config = ConfigDict(extra="forbid")


def nothing_unknown(value: type[BaseModel]) -> BeforeValidator:
    """For a value of facts inside a body: facts let unknown fields through, as later releases add some; askers err."""

    def check(told: Any) -> Any:
        unknown = sorted(told.keys() - value.model_fields.keys()) if isinstance(told, dict) else []
        if unknown:
            raise PydanticCustomError("extra_forbidden", "Unknown fields: {unknown}", {"unknown": ", ".join(unknown)})
        return told

    return BeforeValidator(check)


ToldInvolvement = Annotated[Involvement, nothing_unknown(Involvement)]
"""R33: who was involved."""
ToldGrounds = Annotated[Grounds, nothing_unknown(Grounds)]
"""R2: why this kind of agreement may be offered."""
ToldFile = Annotated[FileReference, nothing_unknown(FileReference)]
"""A file that was laid beside the case before."""
Participants = Annotated[tuple[ParticipantRole, ...], Field(max_length=20)]
"""R12, R15: roles of those who took part in a contact, e.g. `manager`, `safety_representative`."""
Purposes = Annotated[tuple[GuidancePurpose, ...], Field(max_length=10)]
"""R12: what guidance was for."""
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
"""A coded value, such as a reason."""
FreeText = Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"^[^\x00]*$")]
"""Text of people: kept encrypted, never published; without NUL, which no reader expects."""
TextForCompany = Annotated[
    FreeText, Field(description="The company reads it. What it is not to read is an internal note of the offer.")
]
"""Text of the authority that the company concerned is shown."""
TextOfTheAuthority = Annotated[FreeText, Field(description="Read by the authority only.")]
"""Text that no company is shown."""
PersonId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.:-]+$")]
"""Pseudonymous id of somebody at the authority, as tokens carry it."""
