"""What control and follow-up say of each measure: in use or not, and why not (R20, R35)."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from services.control.phases import Running
from shared.contracts.vocabulary import Measure, MeasureObservation, MeasureUse
from shared.kernel.decider import Refused


def refuse_unobserved(course: Running, place: UUID, observed: Sequence[MeasureObservation]) -> None:
    """R20: a control says of every measure that applies where it is held whether it is in use."""
    seen = {observation.measure_id for observation in observed}
    missing = [one.measure_id for one in measures_at(course, place) if one.measure_id not in seen]
    if missing:
        raise Refused("R20", "nothing is said of {missing}", missing=", ".join(map(str, missing)))


def measures_at(course: Running, place: UUID) -> tuple[Measure, ...]:
    """R16, R19: the measures that are used at a place: those that name it, and those that name none."""
    return tuple(one for one in course.measures if not one.places or place in one.places)


def refuse_faulty_observations(known: Sequence[Measure], observed: Sequence[MeasureObservation]) -> None:
    """R20, R35: once of each measure that the company documented; and why, where one is not in use."""
    ids = {measure.measure_id for measure in known}
    times = Counter(observation.measure_id for observation in observed)
    for observation in observed:
        measure_id = observation.measure_id
        if measure_id not in ids:
            raise Refused("R20", "measure {measure_id} is not known", measure_id=measure_id)
        if times[measure_id] > 1:
            raise Refused("R20", "measure {measure_id} is said to be two things", measure_id=measure_id)
        if observation.use is MeasureUse.NOT_IN_USE and observation.non_use_reason is None:
            raise Refused("R20", "why is measure {measure_id} not in use?", measure_id=measure_id)
