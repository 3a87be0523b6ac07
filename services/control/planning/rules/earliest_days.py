"""Gives visits of one inspector their days, each the earliest that is left, in the order in which windows end (R17).

No search is needed, and as many find a day as by any other way. Had a visit none, another would have to move to a day
outside of this window to make room. A later day does not help: all of this window are full, and no earlier window ends
after it. An earlier day that is left would have been given before.
"""

from collections.abc import Sequence


class EarliestDays:
    """The days of an inspector, numbered in order, and for how many visits each has room still."""

    def __init__(self, room: Sequence[int]) -> None:
        """`room` says how many visits fit into each day."""
        self._room = list(room)
        self._at_or_after = [number if fits else number + 1 for number, fits in enumerate((*room, 1))]

    def give(self, first: int, last: int) -> bool:
        """Gives a visit the earliest day of its window, both ends included; returns False if there is none."""
        following = self._at_or_after
        number = first
        while following[number] != number:
            number = following[number]
        while following[first] != number:  # what is passed once is passed at once from now on
            following[first], first = number, following[first]
        if number > last:
            return False
        self._room[number] -= 1
        if not self._room[number]:
            following[number] = number + 1
        return True
