"""Checks identifiers and codes in input: legal entities (CVR), production units (P-number), topics and reasons."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetPydanticSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from stdnum.dk import cvr as stdnum_cvr

from shared.deadlines.in_words import date_in_words
from shared.reference.reference import (
    Term,
    acceptance_reasons,
    control_form_reasons,
    control_late_reasons,
    decline_reasons,
    delivery_failures,
    guidance_decline_reasons,
    guidance_purposes,
    measure_kinds,
    non_use_reasons,
    participants,
    termination_reasons,
    topics,
    undecided_reasons,
)

_P_NUMBER_DIGITS = 10
_CVR_DIGITS = 8


def is_valid_cvr(number: str) -> bool:
    """Returns whether a text is 8 digits, the first not 0, whose sum weighted 2 7 6 5 4 3 2 1 is divisible by 11."""
    return _is_digits(number, _CVR_DIGITS) and bool(stdnum_cvr.is_valid(number))


def is_valid_p_number(number: str) -> bool:
    """Returns whether a text is ten digits; a P-number has no check digit."""
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
    """R1: an offer names its production unit, so a number that cannot be one is refused."""
    if not is_valid_p_number(number):
        raise PydanticCustomError("p_number", "is not a P-number: it must be exactly 10 digits", {"rule": "R1"})
    return number


def _checked_topic(code: str) -> str:
    """R1: an offer names one topic, so a code that the reference data does not know is refused."""
    _in_use(topics(), code, "R1")
    if code not in topics():
        raise PydanticCustomError("topic", "is not the three-digit code of a topic, e.g. 056", {"rule": "R1"})
    return code


day_of_command: ContextVar[Callable[[], date] | None] = ContextVar("day_of_command", default=None)
"""Returns the day in Copenhagen on which the command was received; None for a query, which may name any code."""
ENUMERATED: set[str] = set()
"""The code lists that OpenAPI shows as an enumeration."""


def _in_use(codes: Mapping[str, Term], code: str, rule: str) -> None:
    """Refuses a code that is not valid on the day of the command, by its name and day; facts keep such codes."""
    asked, term = day_of_command.get(), codes.get(code)
    if asked is None or term is None or term.is_valid_on(asked()):
        return
    told = {"rule": rule, "danish": term.danish, "english": term.english}
    if term.valid_to is not None and asked() > term.valid_to:
        told |= {"day": term.valid_to.isoformat(), "in_words": date_in_words(term.valid_to, "en")}
        why = "is not used any more: the last day of “{english}” was {in_words}"
        raise PydanticCustomError("code_ended", why, told)
    if term.valid_from is not None:
        told |= {"day": term.valid_from.isoformat(), "in_words": date_in_words(term.valid_from, "en")}
        why = "is not used yet: the first day of “{english}” is {in_words}"
        raise PydanticCustomError("code_not_begun", why, told)


def _enumerated(codes: Callable[[], Mapping[str, Term]], check: Callable[[str], str]) -> GetPydanticSchema:
    """Returns a type with this check, which OpenAPI shows as an enumeration of all codes, also of expired ones."""
    ENUMERATED.add(codes.__name__)

    def schema(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            check, handler(source), metadata={"pydantic_js_extra": lambda found: found.update(enum=list(codes()))}
        )

    return GetPydanticSchema(get_pydantic_core_schema=schema)


def _known(codes: Callable[[], Mapping[str, Term]], rule: str, what: str) -> GetPydanticSchema:
    """Returns a type for interactive input that refuses codes unknown to the reference data and lists the known."""

    def checked(code: str) -> str:
        _in_use(codes(), code, rule)
        if code not in codes():
            asked = day_of_command.get()
            known = ", ".join(one for one, term in codes().items() if asked is None or term.is_valid_on(asked()))
            raise PydanticCustomError("code", f"is not {what}; known are {{known}}", {"rule": rule, "known": known})
        return code

    return _enumerated(codes, checked)


def _judged_by_rules(codes: Callable[[], Mapping[str, Term]], rule: str) -> GetPydanticSchema:
    """Returns a type that checks only the day of a code: the rules refuse codes that do not fit the case."""

    def checked(code: str) -> str:
        _in_use(codes(), code, rule)
        return code

    return _enumerated(codes, checked)


Cvr = Annotated[str, AfterValidator(_checked_cvr)]
"""A CVR number in interactive input, which refuses an invalid one; an import only warns (`is_valid_cvr`)."""

PNumber = Annotated[str, AfterValidator(_checked_p_number)]
"""The number of a production unit. It does not say which legal entity the unit has, which may change."""

TopicCode = Annotated[str, _enumerated(topics, _checked_topic)]
"""A topic that the reference data knows."""

_Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
FormReason = Annotated[_Code, _judged_by_rules(control_form_reasons, "R18")]
"""R18: says why a control is held by phone or virtually."""
LateReason = Annotated[_Code, _judged_by_rules(control_late_reasons, "R17")]
"""R7, R17: says why a day is a late one."""
UndecidedReason = Annotated[_Code, _judged_by_rules(undecided_reasons, "R21")]
"""R21: says why a control decided nothing."""
MeasureKind = Annotated[str, _known(measure_kinds, "R16", "a kind of measure")]
AcceptanceReason = Annotated[str, _known(acceptance_reasons, "R36", "a reason for accepting")]
DeclineReason = Annotated[str, _known(decline_reasons, "R36", "a reason for declining")]
GuidanceDeclineReason = Annotated[str, _known(guidance_decline_reasons, "R36", "a reason for declining guidance")]
TerminationReason = Annotated[str, _known(termination_reasons, "R36", "a reason for terminating")]
NonUseReason = Annotated[str, _known(non_use_reasons, "R35", "a reason for non-use")]
DeliveryFailure = Annotated[str, _known(delivery_failures, "R4", "a reason why an offer did not arrive")]
GuidancePurpose = Annotated[str, _known(guidance_purposes, "R12", "a purpose of guidance")]
ParticipantRole = Annotated[str, _known(participants, "R12", "the role of a participant")]
