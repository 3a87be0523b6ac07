"""What control and follow-up say of each measure: in use or not, and why not (R20, R24, R35)."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from services.control.rules.phases import Running
from shared.contracts.vocabulary import Measure, MeasureObservation, MeasureUse
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused


def refuse_unobserved(rule: str, measures: Sequence[Measure], observed: Sequence[MeasureObservation]) -> None:
    """R20, R24: refuses a report that omits a measure; its use may be reported as unknown."""
    seen = {observation.measure_id for observation in observed}
    missing = [one.measure_id for one in measures if one.measure_id not in seen]
    if missing:
        kinds = ", ".join(one.kind for one in measures if one.measure_id in missing)
        raise Refused(rule, "nothing is said of {missing}", missing=", ".join(map(str, missing)), kinds=kinds)


def measures_at(course: Running, place: UUID) -> tuple[Measure, ...]:
    """R16, R19: returns the measures that are used at a place: those that name the place, and those that name none."""
    return tuple(one for one in course.measures if not one.places or place in one.places)


def refuse_faulty_observations(rule: str, known: Sequence[Measure], observed: Sequence[MeasureObservation]) -> None:
    """R35: refuses a measure that is not in use without a reason.

    By the given rule, refuses unknown measures, and a measure that is reported twice.
    """
    kinds = {measure.measure_id: measure.kind for measure in known}
    times = Counter(observation.measure_id for observation in observed)
    with every_fault() as check:
        for observation in observed:
            measure_id = observation.measure_id
            if measure_id not in kinds:
                check.note(Refused(rule, "measure {measure_id} is not known", measure_id=measure_id))
                continue
            values = {"measure_id": measure_id, "kind": kinds[measure_id]}
            if times[measure_id] > 1:
                check.note(Refused(rule, "measure {measure_id} is said to be two things", **values))
            if observation.use is MeasureUse.NOT_IN_USE and observation.non_use_reason is None:
                check.note(Refused("R35", "why is measure {measure_id} not in use?", **values))
