"""The long run of the model: python -m tests.model STEPS prints what was tried."""

import argparse
import time

from tests.model.in_memory import InMemory, play
from tests.model.process_machine import FIGURES


def main() -> None:
    """Ends with the first step at which services and rules differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.model")
    parser.add_argument("steps", type=int, nargs="?", default=300_000)
    parser.add_argument("--as-found", action="store_true", help="a failing course is told as it is, not made smaller")
    asked = parser.parse_args()
    begun = time.monotonic()
    try:
        play(InMemory, asked.steps, shrinks=not asked.as_found)
    finally:
        print(FIGURES.as_json())
        print(f"{time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
