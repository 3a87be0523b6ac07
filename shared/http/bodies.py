"""Base class and common fields of request bodies: unknown fields are refused, and no value is converted."""

from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema, to_json

from shared.contracts.vocabulary import FileReference, Grounds, Involvement, Told
from shared.http.field_types import says_something
from shared.reference.identifiers import GuidancePurpose, ParticipantRole


class Body(BaseModel):
    """A request body. An unknown field is an error, and so is a value of another type than the field's.

    At any depth, `true` is not a number, `"on"` is not true, and `3.0` is not a whole number. Types of facts are
    validated as strictly inside a body, although they are lenient when stored facts are read.
    """

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validates the parsed body as JSON again, because strict types accept dates and ids only in JSON."""

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
    """Converts a body, and the values within it, to the plain type `kind` that it extends.

    Rules and facts need that type: a body is stricter, and its own fields lack the markers of visibility (R18).
    """
    return kind.model_validate(body.model_dump(include=set(kind.model_fields)))


def nothing_unknown(value: type[BaseModel]) -> BeforeValidator:
    """Returns a validator that refuses unknown fields in a fact's value inside a request body.

    In stored facts unknown fields are ignored, because later releases add some; in a request they are a client error.
    """

    def check(told: Any) -> Any:
        unknown = sorted(told.keys() - value.model_fields.keys()) if isinstance(told, dict) else []
        if unknown:
            raise PydanticCustomError("extra_forbidden", "Unknown fields: {unknown}", {"unknown": ", ".join(unknown)})
        return told

    return BeforeValidator(check)


def _named_file(file: FileReference) -> FileReference:
    """Refuses a name that shows nothing or changes the direction of text: it could look like another file's name."""
    says_something(file.name)
    return file


ToldInvolvement = Annotated[Involvement, nothing_unknown(Involvement)]
"""R33: says how far employees and their representatives were involved."""
ToldGrounds = Annotated[Grounds, nothing_unknown(Grounds)]
"""R2: says why this kind of agreement may be offered."""
ToldFile = Annotated[FileReference, nothing_unknown(FileReference), AfterValidator(_named_file)]
"""A file that belongs to the case, by name, size and hash."""
Participants = Annotated[tuple[ParticipantRole, ...], Field(max_length=20)]
"""R12, R15: lists the roles of those who took part in a contact, e.g. `manager`, `safety_representative`."""
Purposes = Annotated[tuple[GuidancePurpose, ...], Field(max_length=10)]
"""R12: lists the purposes of a contact."""

FreeText = Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"^[^\x00]*$"), AfterValidator(says_something)]
"""Text of people: stored encrypted and never published; it has visible characters, and none that alter the display."""
TextForCompany = Annotated[
    FreeText,
    Field(description="The company reads it. What it must not read belongs in an internal note of the offer."),
]
"""Text of the authority that the company concerned is shown."""
TextOfTheAuthority = Annotated[FreeText, Field(description="Read by the authority only.")]
"""Text that no company is shown."""
GivenId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.:-]+$"), AfterValidator(says_something)]
"""An id that another system assigned."""
GivenText = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(says_something)]
"""The name of somebody or something, as another system writes it."""
SourceName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\w./:-]+$"), AfterValidator(says_something)]
"""The name of a source that publishes facts, e.g. `offers` or `import/old-register`."""
PersonId = GivenId
"""Pseudonymous id of somebody at the authority, as tokens carry it."""
