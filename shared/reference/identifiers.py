"""Identifiers and codes in input: of legal entities (CVR), production units (P-number), topics, and coded reasons."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, GetCoreSchemaHandler, GetPydanticSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from stdnum.dk import cvr as stdnum_cvr

from shared.reference.reference import (
    Term,
    acceptance_reasons,
    decline_reasons,
    delivery_failures,
    guidance_decline_reasons,
    guidance_purposes,
    measure_kinds,
    non_use_reasons,
    participants,
    termination_reasons,
    topics,
)

_P_NUMBER_DIGITS = 10
_CVR_DIGITS = 8


def is_valid_cvr(number: str) -> bool:
    """Eight digits and nothing else, the first not 0, whose sum weighted 2 7 6 5 4 3 2 1 is divisible by 11."""
    return _is_digits(number, _CVR_DIGITS) and bool(stdnum_cvr.is_valid(number))


def is_valid_p_number(number: str) -> bool:
    """Ten digits; a P-number has no check digit."""
    return _is_digits(number, _P_NUMBER_DIGITS)


def _is_digits(number: str, length: int) -> bool:
    return len(number) == length and number.isascii() and number.isdigit()


def _checked_cvr(number: str) -> str:
    """R1: an offer names its legal entity, so interactive input refuses a number that cannot be one."""
    if not _is_digits(number, _CVR_DIGITS):
        raise PydanticCustomError("cvr", "is not a CVR number: it must be exactly 8 digits", {"rule": "R1"})
    if not is_valid_cvr(number):
        why = "is not a CVR number: its sum weighted 2 7 6 5 4 3 2 1 is not divisible by 11, or it begins with 0"
        raise PydanticCustomError("cvr", why, {"rule": "R1"})
    return number


def _checked_p_number(number: str) -> str:
    """R1: an offer names its production unit."""
    if not is_valid_p_number(number):
        raise PydanticCustomError("p_number", "is not a P-number: it must be exactly 10 digits", {"rule": "R1"})
    return number


def _checked_topic(code: str) -> str:
    """R1: an offer names one topic."""
    if code not in topics():
        raise PydanticCustomError("topic", "is not the three-digit code of a topic, e.g. 056", {"rule": "R1"})
    return code


def _known(codes: Callable[[], Mapping[str, Term]], rule: str, what: str) -> GetPydanticSchema:
    """For interactive input: a code that the reference data does not know is refused, with those that it knows.

    OpenAPI names them: what is refused here is a closed list for whoever sends it.
    """

    def checked(code: str) -> str:
        if code not in codes():
            known = ", ".join(codes())
            raise PydanticCustomError("code", f"is not {what}; known are {{known}}", {"rule": rule, "known": known})
        return code

    def schema(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            checked, handler(source), metadata={"pydantic_js_extra": lambda found: found.update(enum=list(codes()))}
        )

    return GetPydanticSchema(get_pydantic_core_schema=schema)


Cvr = Annotated[str, AfterValidator(_checked_cvr)]
"""For interactive input, where a failed check is a refusal; an import only warns (use `is_valid_cvr`)."""

PNumber = Annotated[str, AfterValidator(_checked_p_number)]
"""A production unit. It says nothing of the legal entity, which can change over time."""

TopicCode = Annotated[str, AfterValidator(_checked_topic)]
"""A topic that the reference data knows."""

MeasureKind = Annotated[str, _known(measure_kinds, "R16", "a kind of measure")]
AcceptanceReason = Annotated[str, _known(acceptance_reasons, "R36", "a reason for accepting")]
DeclineReason = Annotated[str, _known(decline_reasons, "R36", "a reason for declining")]
GuidanceDeclineReason = Annotated[str, _known(guidance_decline_reasons, "R36", "a reason for declining guidance")]
TerminationReason = Annotated[str, _known(termination_reasons, "R36", "a reason for terminating")]
NonUseReason = Annotated[str, _known(non_use_reasons, "R35", "a reason for non-use")]
DeliveryFailure = Annotated[str, _known(delivery_failures, "R4", "a reason why an offer did not arrive")]
GuidancePurpose = Annotated[str, _known(guidance_purposes, "R12", "a purpose of guidance")]
ParticipantRole = Annotated[str, _known(participants, "R12", "the role of a participant")]
