"""What spread further than the agreement asked for, as control and follow-up record it (R39)."""

from dataclasses import dataclass, field
from uuid import UUID

from services.control.rules.documentation import refuse_faulty_levels
from services.control.rules.phases import Running
from services.control.rules.places import refuse_unknown_places
from shared.contracts.vocabulary import Measure
from shared.eventstore.decider import Refused, every_fault


@dataclass(frozen=True)
class SpreadFurther:
    """R39: voluntarily, and deciding nothing."""

    said: bool | None = None
    """Whether anything spread, where nothing more is known."""
    carried_on: tuple[UUID, ...] = ()
    """Measures that were carried on to other departments."""
    added_measures: tuple[Measure, ...] = ()
    """Measures beyond the agreement."""
    descriptions: dict[UUID, str] = field(default_factory=dict)
    """Of the added ones."""

    @property
    def spread_further(self) -> bool | None:
        """Whether anything did: what is named speaks for itself."""
        return True if self.carried_on or self.added_measures else self.said


def refuse_faulty_spread(course: Running, spread: SpreadFurther) -> None:
    """R16, R39: what is carried on is a measure that is known; what is added is told as the company tells its own."""
    known = {measure.measure_id for measure in course.measures}
    with every_fault() as check:
        if spread.said is False and spread.spread_further:
            check.note(Refused("R39", "it is said that nothing spread further, and told what did"))
        for measure_id in spread.carried_on:
            if measure_id not in known:
                check.note(Refused("R39", "measure {measure_id} is not known", measure_id=measure_id))
        check(refuse_faulty_levels, course.started.topic, spread.added_measures)
        for measure in spread.added_measures:
            check(refuse_unknown_places, course, measure.places)
