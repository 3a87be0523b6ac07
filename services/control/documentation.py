"""What the company did, as it documents it: in parts, correctable, deciding nothing by itself (R16)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.control.phases import Running
from shared.contracts.control import DocumentationReceived
from shared.contracts.vocabulary import FileReference, Measure
from shared.deadlines.deadlines import control_window
from shared.kernel.decider import Refused
from shared.policy.policy import Policy
from shared.reference.reference import is_psychosocial


@dataclass(frozen=True)
class ReceiveDocumentation:
    """A part of the documentation."""

    at: datetime
    policy: Policy
    sent_by: str
    complete: bool
    measures: tuple[Measure, ...]
    measure_descriptions: dict[UUID, str]
    text: str | None
    files: tuple[FileReference, ...]


def receive(course: Running, command: ReceiveDocumentation) -> DocumentationReceived:
    """R16, R17: the first part that is marked as complete starts the days for the control."""
    if not is_psychosocial(course.started.topic):
        refuse_psychosocial_levels(course.started.topic, command.measures)
    starts_window = command.complete and course.complete is None
    return DocumentationReceived(
        agreement_id=course.started.agreement_id,
        part=course.parts + 1,
        received_at=command.at,
        sent_by=command.sent_by,
        complete=command.complete,
        control_window=control_window(command.at, command.policy) if starts_window else None,
        measures=command.measures,
        measure_descriptions=command.measure_descriptions or None,
        text=command.text,
        files=command.files or None,
    )


def refuse_psychosocial_levels(topic: str, measures: tuple[Measure, ...]) -> None:
    """R16: a level on the psychosocial ladder only for psychosocial topics."""
    if any(measure.psychosocial_level is not None for measure in measures):
        raise Refused("R16", "topic {topic} is not psychosocial, so its measures have no such level", topic=topic)
