"""Identifiers in input: of legal entities (CVR), of production units (P-number), of topics."""

from typing import Annotated

from pydantic import AfterValidator
from stdnum.dk import cvr as stdnum_cvr

from shared.reference.reference import topics

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
    if not is_valid_cvr(number):
        raise ValueError("is not a CVR number: 8 digits whose weighted sum is divisible by 11")
    return number


def _checked_p_number(number: str) -> str:
    if not is_valid_p_number(number):
        raise ValueError("is not a P-number: 10 digits")
    return number


def _checked_topic(code: str) -> str:
    if code not in topics():
        raise ValueError("is not the three-digit code of a topic, e.g. 056")
    return code


Cvr = Annotated[str, AfterValidator(_checked_cvr)]
"""For interactive input, where a failed check is a refusal; an import only warns (use `is_valid_cvr`)."""

PNumber = Annotated[str, AfterValidator(_checked_p_number)]
"""A production unit. It says nothing of the legal entity, which can change over time."""

TopicCode = Annotated[str, AfterValidator(_checked_topic)]
"""A topic that the reference data knows."""
