"""What control and follow-up say of each measure: in use or not, and why not (R20, R35)."""

from collections.abc import Sequence

from shared.contracts.vocabulary import Measure, MeasureObservation, MeasureUse
from shared.kernel.decider import Refused


def refuse_faulty_observations(known: Sequence[Measure], observed: Sequence[MeasureObservation]) -> None:
    """R20, R35: of measures that the company documented; and why, where one is not in use."""
    ids = {measure.measure_id for measure in known}
    for observation in observed:
        if observation.measure_id not in ids:
            raise Refused("R20", "measure {measure_id} is not known", measure_id=observation.measure_id)
        if observation.use is MeasureUse.NOT_IN_USE and observation.non_use_reason is None:
            raise Refused("R20", "why is measure {measure_id} not in use?", measure_id=observation.measure_id)
