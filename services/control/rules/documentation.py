"""Records what the company documents: in parts, which can be corrected and decide nothing by themselves (R16)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.control.rules.included_places import refuse_unknown_places
from services.control.rules.phases import Running
from shared.contracts.control import DocumentationPart, DocumentationReceived
from shared.contracts.vocabulary import Measure
from shared.deadlines.deadlines import control_window
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused
from shared.policy.policy import Policy
from shared.reference.reference import is_psychosocial


@dataclass(frozen=True)
class ReceiveDocumentation:
    """A part of the documentation."""

    at: datetime
    policy: Policy
    sent_by: str
    told: DocumentationPart
    measures: tuple[Measure, ...]
    corrected: frozenset[UUID]
    """R16: ids of the measures that correct measures of an earlier part."""
    measure_descriptions: dict[UUID, str]


def receive(course: Running, command: ReceiveDocumentation) -> DocumentationReceived:
    """R16, R17: records a part of the documentation; the first complete part starts the days for the control."""
    with every_fault() as check:
        check(refuse_further_parts, course, command.policy)
        check(refuse_faulty_levels, course.started.topic, command.measures)
        check(refuse_faulty_corrections, course, command)
        check(refuse_unknown_places, course, command.told.places)
        for measure in command.measures:
            check(refuse_unknown_places, course, measure.places)
    starts_window = command.told.complete and course.complete is None
    return DocumentationReceived(
        agreement_id=course.started.agreement_id,
        part=course.parts + 1,
        received_at=command.at,
        sent_by=command.sent_by,
        control_window=control_window(command.at, command.policy) if starts_window else None,
        measures=command.measures,
        measure_descriptions=command.measure_descriptions or None,
        **dict(command.told) | {"files": command.told.files or None},
    )


def refuse_further_parts(course: Running, policy: Policy) -> None:
    """R16: refuses more parts of documentation than the policy allows in one case."""
    if course.parts >= policy.input.documentation_parts:
        raise Refused("R16", "{parts} parts of documentation were sent, and no more are taken", parts=course.parts)


def refuse_faulty_levels(topic: str, measures: Sequence[Measure]) -> None:
    """R16: refuses measures whose psychosocial level does not fit the topic.

    On a psychosocial topic each measure has a level on that ladder, or says that it has none. On other topics it says
    neither.
    """
    psychosocial = is_psychosocial(topic)
    for measure in measures:
        levelled = measure.psychosocial_level is not None
        if psychosocial and levelled is measure.not_psychosocial:
            raise Refused(
                "R16",
                "topic {topic} is psychosocial: on which level of its ladder is each measure, or on none?",
                topic=topic,
            )
        if not psychosocial and (levelled or measure.not_psychosocial):
            raise Refused("R16", "topic {topic} is not psychosocial, so its measures have no such level", topic=topic)


def refuse_faulty_corrections(course: Running, command: ReceiveDocumentation) -> None:
    """R16: refuses a correction of a measure that was not sent, and a measure twice in a part."""
    known = {measure.measure_id for measure in course.measures}
    kinds = {measure.measure_id: measure.kind for measure in command.measures}
    with every_fault() as check:
        for measure_id, times in Counter(measure.measure_id for measure in command.measures).items():
            values = {"measure_id": measure_id, "kind": kinds[measure_id]}
            if times > 1:
                check.note(Refused("R16", "measure {measure_id} is sent twice in one part", **values))
            if measure_id in command.corrected and measure_id not in known:
                check.note(Refused("R16", "measure {measure_id} was not sent before", **values))
