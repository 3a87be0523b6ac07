"""Plays a year of calendars in one process: ./aftale bench planning [AGREEMENTS] [LOAD…] [--into FOLDER].

Agreements are accepted every day, are documented, extended, handed over, converted and change owner, and inspectors are
away, as benchmarks/planning/rates.toml says; a seed gives what happens, and the system draws its days by chance. All of
it goes through control's own look-ups, deciders and timers, on a store in memory: once with each visit placed alone,
and once with hidden visits that make room for others. Counted are the visits whose window ends in the year: how many
are in it, which of the others were said in time, and how often a warning was right. Prints a table, and writes it with
charts into the folder. Exits with 1 if a place was given twice, an announced visit moved
untold, a visit was late without a word in time, or fewer than half of the warnings were right. Needs no servers.

See also `./aftale bench replan` and `./aftale bench impossible`.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from benchmarks.planning.count import Counted, count
from benchmarks.planning.play import Player, policies_of
from benchmarks.planning.report import as_table, write
from benchmarks.planning.world import draw_world, load_rates
from shared.garbage_collector import collect_rarely

LEAST_PRECISION = 0.5


WAYS = {"visit by visit": False, "others make room": True}
"""Whether hidden visits move for one that has no place in its window."""


def play(agreements: int, percent: int, way: str) -> Counted:
    """Plays a year at a load in one of the ways, and returns what it shows."""
    rates, begun = load_rates(), time.process_time()
    rates["policy"]["makes_room"] = WAYS[way]
    world = draw_world(agreements, percent / 100, rates)

    def progress(day: date, held: int) -> None:
        if day.day == 1:
            took = time.process_time() - begun
            print(f"{percent} %, {way}: {day}, {held:,} visits held, {took:,.0f} s", file=sys.stderr, flush=True)

    counted = count(world.year, policies_of(world, rates), asyncio.run(Player(world, rates, progress).play()))
    counted.seconds = time.process_time() - begun
    return counted


def faults(years: Mapping[str, Counted]) -> list[str]:
    """Returns what must not be in any year."""
    found = []
    for heading, one in years.items():
        counts = {
            "half hours were given twice": one.double_bookings,
            "announced visits moved untold": one.announced_moved_untold,
            "late visits were not said in time": one.late.unsaid.total(),
        }
        found += [f"{heading}: {number:,} {what}" for what, number in counts.items() if number]
        if one.warnings.precision < LEAST_PRECISION:
            found.append(f"{heading}: {one.warnings.precision:.2f} of the warnings were right")
    return found


def main() -> None:
    """Plays each load, prints and writes, and exits."""
    asking = argparse.ArgumentParser(prog="./aftale bench planning", description=(__doc__ or "").split("\n\n")[0])
    asking.add_argument("agreements", nargs="?", type=int, default=10_000)
    asking.add_argument("loads", nargs="*", type=int, default=[70, 85, 100], metavar="load")
    asking.add_argument("--way", dest="ways", action="append", choices=WAYS, help="both unless told otherwise")
    asking.add_argument("--into", type=Path)
    asked = asking.parse_args()
    asked.ways = asked.ways or list(WAYS)
    collect_rarely()
    years = {
        f"{percent} %, {way}": play(asked.agreements, percent, way) for percent in asked.loads for way in asked.ways
    }
    print(as_table(years))
    if asked.into is not None:
        write(asked.into, years)
    found = faults(years)
    for fault in found:
        print(f"FAILED: {fault}")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
