"""Identifiers and codes in input: of legal entities (CVR), production units (P-number), topics, kinds of measures."""

from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError
from stdnum.dk import cvr as stdnum_cvr

from shared.reference.reference import measure_kinds, topics

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


def _checked_measure_kind(code: str) -> str:
    """R16: a measure has a coded kind."""
    if code not in measure_kinds():
        known = ", ".join(measure_kinds())
        raise PydanticCustomError(
            "measure_kind", "is not a kind of measure; known are {known}", {"rule": "R16", "known": known}
        )
    return code


Cvr = Annotated[str, AfterValidator(_checked_cvr)]
"""For interactive input, where a failed check is a refusal; an import only warns (use `is_valid_cvr`)."""

PNumber = Annotated[str, AfterValidator(_checked_p_number)]
"""A production unit. It says nothing of the legal entity, which can change over time."""

TopicCode = Annotated[str, AfterValidator(_checked_topic)]
"""A topic that the reference data knows."""

MeasureKind = Annotated[str, AfterValidator(_checked_measure_kind)]
"""A kind of measure that the reference data knows."""
