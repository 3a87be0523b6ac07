"""Makes up numbers of companies for the demo: they are in no register, and the same in every run."""

from collections.abc import Iterator
from itertools import count, islice

from stdnum.dk import cvr as stdnum_cvr

_FIRST_CVR = 90_000_000
_FIRST_P_NUMBER = 9_000_000_000


def made_up_cvr_numbers(how_many: int) -> tuple[str, ...]:
    """Returns valid CVR numbers in rising order; a longer list begins with the shorter one."""
    return tuple(islice(_valid_cvr_numbers(), how_many))


def made_up_p_numbers(how_many: int) -> tuple[str, ...]:
    """Returns P-numbers in rising order; a longer list begins with the shorter one."""
    return tuple(str(_FIRST_P_NUMBER + number) for number in range(how_many))


def _valid_cvr_numbers() -> Iterator[str]:
    return (number for number in map(str, count(_FIRST_CVR)) if stdnum_cvr.is_valid(number))
