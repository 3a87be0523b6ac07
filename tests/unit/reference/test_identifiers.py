"""Which identifiers are valid, and what a refusal says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import TypeAdapter, ValidationError

from deploy.demo.made_up_numbers import made_up_cvr_numbers, made_up_p_numbers
from shared.reference.identifiers import Cvr, MeasureKind, PNumber, TopicCode, is_valid_cvr, is_valid_p_number

WEIGHTS = (2, 7, 6, 5, 4, 3, 2, 1)


@pytest.mark.parametrize("number", ["13748136", "24256790"])
def test_a_cvr_number_with_the_right_weighted_sum_is_valid(number: str) -> None:
    assert is_valid_cvr(number)
    assert TypeAdapter(Cvr).validate_python(number) == number


@pytest.mark.parametrize("number", ["12345678", "13748137", "00000000"])
def test_eight_digits_that_fail_the_check_are_no_cvr_number_and_say_so(number: str) -> None:
    assert not is_valid_cvr(number)
    with pytest.raises(ValidationError, match="not divisible by 11"):
        TypeAdapter(Cvr).validate_python(number)


@pytest.mark.parametrize("number", ["1374813", "137481360", "DK13748136", "13 74 81 36", "1374813６", ""])
def test_anything_but_eight_digits_is_no_cvr_number_and_says_so(number: str) -> None:
    assert not is_valid_cvr(number)
    with pytest.raises(ValidationError, match="exactly 8 digits"):
        TypeAdapter(Cvr).validate_python(number)


@given(some.integers(10_000_000, 99_999_999).map(str))
def test_a_cvr_number_is_valid_exactly_where_its_weighted_sum_is_divisible_by_11(number: str) -> None:
    weighted = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number, strict=True))
    assert is_valid_cvr(number) == (weighted % 11 == 0)


@given(some.sampled_from(made_up_cvr_numbers(50)), some.integers(0, 7), some.integers(1, 9))
def test_one_wrong_digit_is_always_found(number: str, place: int, off_by: int) -> None:
    wrong = str((int(number[place]) + off_by) % 10)
    assert not is_valid_cvr(number[:place] + wrong + number[place + 1 :])


@pytest.mark.parametrize("number", ["1000000000", "1000000001", "9999999999", "0000000001"])
def test_a_p_number_is_any_ten_digits(number: str) -> None:
    assert is_valid_p_number(number)
    assert TypeAdapter(PNumber).validate_python(number) == number


@pytest.mark.parametrize("number", ["123456789", "12345678901", "12345 6789", "123456789x", "１234567890", ""])
def test_anything_else_is_no_p_number(number: str) -> None:
    assert not is_valid_p_number(number)
    with pytest.raises(ValidationError, match="exactly 10 digits"):
        TypeAdapter(PNumber).validate_python(number)


def test_a_topic_must_be_known() -> None:
    assert TypeAdapter(TopicCode).validate_python("056") == "056"
    for unknown in ("999", "56", ""):
        with pytest.raises(ValidationError, match="three-digit code of a topic"):
            TypeAdapter(TopicCode).validate_python(unknown)


def test_a_kind_of_measure_must_be_known_and_a_refusal_names_those_that_are() -> None:
    assert TypeAdapter(MeasureKind).validate_python("technical-aid") == "technical-aid"
    with pytest.raises(ValidationError, match="known are technical-aid, substitution, "):
        TypeAdapter(MeasureKind).validate_python("magic")


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        pytest.param(Cvr, "R1", id="cvr"),
        pytest.param(PNumber, "R1", id="p-number"),
        pytest.param(TopicCode, "R1", id="topic"),
        pytest.param(MeasureKind, "R16", id="measure kind"),
    ],
)
@pytest.mark.parametrize("wrong", ["12345678", "x"])
def test_a_refusal_carries_the_rule_it_serves(kind: Any, rule: str, wrong: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(wrong)
    assert [fault["ctx"]["rule"] for fault in caught.value.errors()] == [rule]


def test_made_up_numbers_are_valid_different_and_always_the_same() -> None:
    cvr_numbers, p_numbers = made_up_cvr_numbers(1_000), made_up_p_numbers(1_000)
    assert all(map(is_valid_cvr, cvr_numbers))
    assert all(map(is_valid_p_number, p_numbers))
    assert len(set(cvr_numbers)) == len(set(p_numbers)) == 1_000
    assert made_up_cvr_numbers(10) == cvr_numbers[:10]
    assert made_up_p_numbers(10) == p_numbers[:10]
