"""Rows that this process wrote last, so that the next facts of their cases find them without a query."""

from collections.abc import Collection, Iterable
from uuid import UUID

from services.reporting.projection.checkpoint import Checkpoint
from services.reporting.projection.fold_batch import Rows

CASES_AT_HAND = 2_000
"""How many cases stay in memory, at most: some 40 MB."""


class RowsAtHand:
    """Caches rows of the cases written last, as long as the database has the checkpoint that they were written with.

    A transaction that was rolled back, another process or a rebuild leaves another checkpoint; then the cache is empty.
    """

    def __init__(self) -> None:
        self._checkpoint: Checkpoint | None = None
        self._rows = Rows()
        self._cases: dict[UUID, None] = {}
        """The cases at hand, the one written longest ago first."""

    def at(self, checkpoint: Checkpoint, case_ids: Collection[UUID]) -> tuple[Rows, list[UUID]]:
        """Returns the cached rows of these cases, and those of the cases that are not cached."""
        if checkpoint != self._checkpoint:
            self._rows, self._cases = Rows(), {}
        missing = [case_id for case_id in case_ids if case_id not in self._cases]
        return self._rows.of(case_id for case_id in case_ids if case_id in self._cases), missing

    def keep(self, checkpoint: Checkpoint, rows: Rows, case_ids: Iterable[UUID]) -> None:
        """Caches all rows of these cases, as the transaction that leaves this checkpoint writes them."""
        self._checkpoint = checkpoint
        for case_id in case_ids:
            self._cases.pop(case_id, None)
            self._cases[case_id] = None
        self._rows.take(rows.of(case_ids))
        for case_id in list(self._cases)[: max(0, len(self._cases) - CASES_AT_HAND)]:
            del self._cases[case_id]
            self._rows.forget(case_id)
