"""Inspectors' time by phase: reported on its own, or with a meeting or a control (R37)."""

from services.reporting.cases.case import Case, Columns
from shared.contracts.vocabulary import WorkPhase

_COLUMNS = {phase: f"minutes_{phase.value}" for phase in WorkPhase}


def spent(case: Case, phase: WorkPhase, minutes: int | None) -> Columns:
    """Returns the minutes of a phase with these added, or subtracted if they are negative, as after a correction."""
    if not minutes:
        return {}
    column = _COLUMNS[phase]
    return {column: getattr(case, column) + minutes}
