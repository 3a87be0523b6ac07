"""What a company did about the problem, and whether it is used (R16, R20, R35)."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.reporting.cases.fold_rules import Rules
from shared.contracts.control import ControlCompleted, ControlCorrected, DocumentationReceived, FollowUpHeld
from shared.contracts.vocabulary import Measure, MeasureObservation


class MeasureRow(NamedTuple):
    """The columns of the table `measures`."""

    case_id: UUID
    measure_id: UUID
    kind: str | None = None
    ladder_level: int | None = None
    psychosocial_level: int | None = None
    reported_part: int | None = None
    reported_at: datetime | None = None
    verified: bool | None = None
    control_use: str | None = None
    control_non_use_reason: str | None = None
    follow_up_use: str | None = None
    follow_up_non_use_reason: str | None = None
    beyond_agreement: bool = False
    """R39: added beyond the agreement."""
    carried_on: bool = False
    """R39: carried on to other departments."""


Measures = Mapping[UUID, MeasureRow]
"""The measures of one case, by measure."""


rules = Rules[Measures, Measures]()


@rules.on
def _documented(rows: Measures, event: DocumentationReceived) -> Measures:
    """R16: each measure that the company reports gets a row, with the part of the documentation it came in."""
    return dict(rows) | {m.measure_id: _reported(_row(rows, event.agreement_id, m), m, event) for m in event.measures}


@rules.on
def _control_completed(rows: Measures, event: ControlCompleted) -> Measures:
    """R20, R35, R39: the control saw whether each measure is used, and what spread further."""
    return _spread(_seen(rows, event), event)


@rules.on
def _control_corrected(rows: Measures, event: ControlCorrected) -> Measures:
    """R30: what a correction says of a measure replaces what the control saw."""
    return _seen(rows, event)


@rules.on
def _follow_up_held(rows: Measures, event: FollowUpHeld) -> Measures:
    """R35, R39: the follow-up saw whether each measure is still used, and what spread further."""
    seen = {m.measure_id: _followed_up(_row(rows, event.agreement_id, m), m) for m in event.measures}
    return _spread(dict(rows) | seen, event)


def _seen(rows: Measures, event: ControlCompleted | ControlCorrected) -> dict[UUID, MeasureRow]:
    return dict(rows) | {m.measure_id: _controlled(_row(rows, event.agreement_id, m), m) for m in event.measures}


def _spread(rows: dict[UUID, MeasureRow], event: ControlCompleted | FollowUpHeld) -> Measures:
    """R39: what was carried on, and what was added beyond the agreement."""
    carried = {
        measure_id: (rows.get(measure_id) or MeasureRow(event.agreement_id, measure_id))._replace(carried_on=True)
        for measure_id in event.carried_on
    }
    added = {
        measure.measure_id: MeasureRow(
            event.agreement_id,
            measure.measure_id,
            kind=measure.kind,
            ladder_level=measure.ladder_level,
            psychosocial_level=measure.psychosocial_level,
            reported_at=event.held_at,
            beyond_agreement=True,
        )
        for measure in event.added_measures
    }
    return rows | carried | added


def _row(rows: Measures, case_id: UUID, measure: Measure | MeasureObservation) -> MeasureRow:
    """A measure may be seen at a control though no documentation named it: a missing report is never a fault (R16)."""
    return rows.get(measure.measure_id) or MeasureRow(case_id, measure.measure_id)


def _reported(row: MeasureRow, measure: Measure, part: DocumentationReceived) -> MeasureRow:
    """R16: a later part corrects an earlier one."""
    return row._replace(
        kind=measure.kind,
        ladder_level=measure.ladder_level,
        psychosocial_level=measure.psychosocial_level,
        reported_part=part.part,
        reported_at=part.received_at,
    )


def _controlled(row: MeasureRow, seen: MeasureObservation) -> MeasureRow:
    return row._replace(verified=seen.verified, control_use=seen.use, control_non_use_reason=seen.non_use_reason)


def _followed_up(row: MeasureRow, seen: MeasureObservation) -> MeasureRow:
    verified = row.verified if seen.verified is None else seen.verified
    return row._replace(verified=verified, follow_up_use=seen.use, follow_up_non_use_reason=seen.non_use_reason)
