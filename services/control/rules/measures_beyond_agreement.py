"""Measures carried to other places or added beyond the agreement, as control and follow-up record them (R39)."""

from services.control.rules.documentation import refuse_faulty_levels
from services.control.rules.included_places import refuse_unknown_places
from services.control.rules.phases import Running
from shared.contracts.control import SpreadFurther
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused


def as_recorded(spread: SpreadFurther) -> SpreadFurther:
    """R39: returns the answer on what spread further, as facts record it: a named measure makes the answer a yes."""
    named = bool(spread.carried_on or spread.added_measures)
    told = {"measure_descriptions": spread.measure_descriptions or None}
    return spread.model_copy(update=told | {"spread_further": True} if named else told)


def refuse_faulty_spread(course: Running, spread: SpreadFurther) -> None:
    """R16, R39: refuses unknown measures as carried on, and any measure in a report that nothing spread.

    Added measures must meet the same rules as those that the company documents.
    """
    known = {measure.measure_id for measure in course.measures}
    with every_fault() as check:
        if spread.spread_further is False and as_recorded(spread).spread_further:
            check.note(Refused("R39", "it is said that nothing spread further, and told what did"))
        for measure_id in spread.carried_on:
            if measure_id not in known:
                check.note(Refused("R39", "measure {measure_id} is not known", measure_id=measure_id))
        check(refuse_faulty_levels, course.started.topic, spread.added_measures)
        for measure in spread.added_measures:
            check(refuse_unknown_places, course, measure.places)
