"""Gives new agreements their numbers (R26)."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from services.offers.rules.agreement_number import number_of
from shared.eventstore.database import Connection

# What cases hold counts as well: the row may be older than they are, after a restore.
_TAKE = """
insert into agreement_numbers as given (year, last)
select asked.year, $2 + coalesce((
  select split_part(held.name, '/', 3)::int from reservations held
  where held.name >= format('number/%s/', asked.year) and held.name < format('number/%s0', asked.year)
  order by held.name desc limit 1), 0)
from (select $1::int as year) asked
on conflict (year) do update set last = greatest(given.last + $2, excluded.last)
returning last
"""


async def next_numbers(connection: Connection, asked: Sequence[tuple[int, UUID]]) -> Sequence[str]:
    """Returns the next number of a year for each of several agreements.

    One statement takes the numbers of all who ask together, and holds the lock of the year's row only until its own
    commit, before the append. A number whose append fails is not given again and leaves a gap.
    """
    last: dict[int, int] = {}
    for year, count in Counter(year for year, _ in asked).items():
        last[year] = await connection.fetchval(_TAKE, year, count) - count
    numbers = []
    for year, _ in asked:
        last[year] += 1
        numbers.append(number_of(year, last[year]))
    return numbers
