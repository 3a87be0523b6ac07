"""Base and common parts of request bodies: nothing unknown is let through, and nothing is taken for something else."""

from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema, to_json

from shared.contracts.vocabulary import FileReference, Grounds, Involvement, Told
from shared.http.field_types import says_something
from shared.reference.identifiers import GuidancePurpose, ParticipantRole


class Body(BaseModel):
    """A request body; an unknown field is a fault, and so is a value of another type than the one that is asked for.

    `true` is no number, `"on"` is not true, and `3.0` is no whole number, at any depth. Values of facts are read as
    strictly inside a body, although the same types stay lenient where stored facts are read.
    """

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Reads what FastAPI has parsed as the JSON that it came from: only there strict types take dates and ids."""

        def as_json(told: Any, _: Any) -> Any:
            if isinstance(told, bytes):
                raise PydanticCustomError("no_json", "is not sent as application/json")
            return cls.__pydantic_validator__.validate_json(to_json(told), strict=True)

        model = handler(source)
        return core_schema.json_or_python_schema(
            json_schema=model, python_schema=core_schema.no_info_wrap_validator_function(as_json, model)
        )


TellsThat = TypeVar("TellsThat", bound=Told)


def told(kind: type[TellsThat], body: TellsThat) -> TellsThat:
    """What a body tells, as rules and facts have it: of exactly that type, down to the values within.

    A body is stricter than the facts, and its own fields bear no markers of who may see them (R18): it ends here.
    """
    return kind.model_validate(body.model_dump(include=set(kind.model_fields)))


def nothing_unknown(value: type[BaseModel]) -> BeforeValidator:
    """For a value of facts inside a body: facts let unknown fields through, as later releases add some; askers err."""

    def check(told: Any) -> Any:
        unknown = sorted(told.keys() - value.model_fields.keys()) if isinstance(told, dict) else []
        if unknown:
            raise PydanticCustomError("extra_forbidden", "Unknown fields: {unknown}", {"unknown": ", ".join(unknown)})
        return told

    return BeforeValidator(check)


def _named_file(file: FileReference) -> FileReference:
    """A name that shows nothing, or that steers what stands around it, cannot be told from another file's."""
    says_something(file.name)
    return file


ToldInvolvement = Annotated[Involvement, nothing_unknown(Involvement)]
"""R33: who was involved."""
ToldGrounds = Annotated[Grounds, nothing_unknown(Grounds)]
"""R2: why this kind of agreement may be offered."""
ToldFile = Annotated[FileReference, nothing_unknown(FileReference), AfterValidator(_named_file)]
"""A file that was laid beside the case before."""
Participants = Annotated[tuple[ParticipantRole, ...], Field(max_length=20)]
"""R12, R15: roles of those who took part in a contact, e.g. `manager`, `safety_representative`."""
Purposes = Annotated[tuple[GuidancePurpose, ...], Field(max_length=10)]
"""R12: what guidance was for."""

FreeText = Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"^[^\x00]*$"), AfterValidator(says_something)]
"""Text of people: kept encrypted, never published; with something to read in it, and no characters that steer it."""
TextForCompany = Annotated[
    FreeText, Field(description="The company reads it. What it is not to read is an internal note of the offer.")
]
"""Text of the authority that the company concerned is shown."""
TextOfTheAuthority = Annotated[FreeText, Field(description="Read by the authority only.")]
"""Text that no company is shown."""
GivenId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.:-]+$"), AfterValidator(says_something)]
"""An id that another system gave."""
GivenText = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(says_something)]
"""What names somebody or something as another place writes it."""
SourceName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\w./:-]+$"), AfterValidator(says_something)]
"""Who publishes facts, e.g. `offers` or `import/old-register`."""
PersonId = GivenId
"""Pseudonymous id of somebody at the authority, as tokens carry it."""
