"""A spread agreement of several places, from which the tests of control tell their stories."""

from typing import Any
from uuid import UUID

from services.control.rules.corrections_as_new_facts import CorrectControl
from services.control.rules.fresh_investigation import InvestigateAfresh
from services.control.rules.sampling import ChooseSample
from services.control.rules.start_of_agreement import StartCourse
from shared.contracts.control import ControlBooked, ControlReport, FreshInvestigationReport, SampleChosen
from shared.contracts.offers import Accepted
from shared.contracts.vocabulary import (
    AgreementKind,
    ContactForm,
    ControlOutcome,
    Involvement,
    JudgedBy,
    Place,
    SpokeWith,
)
from shared.eventstore.events import Event
from tests.public_form import public
from tests.unit.control.control_facts import (
    AGREEMENT,
    CONTROL_TIME,
    INSPECTOR,
    POLICIES,
    UNIT,
    accepted,
    at,
    book,
    complete,
    documented,
    free_place,
    given,
    observed,
    with_told,
)

VIOLATION, NONE_FOUND = ControlOutcome.VIOLATION, ControlOutcome.NO_VIOLATION


def place_id(number: int) -> UUID:
    """Of the places that the company named; 0 is where the violation was found."""
    return UUID(int=100 + number) if number else AGREEMENT


def unit(number: int) -> str:
    return str(int(UNIT) + number)


def place(number: int, p_number: str | None = None) -> Place:
    return Place(place_id=place_id(number), p_number=p_number or unit(number), is_department=p_number is not None)


def places(count: int) -> tuple[Place, ...]:
    """Each in a unit of its own."""
    return tuple(place(number) for number in range(count))


def spread_accepted(*included: Place) -> Accepted:
    return accepted().model_copy(update={"kind": AgreementKind.SPREAD, "places": included})


def spread_start(*included: Place) -> StartCourse:
    """Drawn in the order in which the company names them."""
    fact = spread_accepted(*included)
    drawn = tuple(one.place_id for one in included[1:])
    return StartCourse(at=fact.accepted_at, policy=POLICIES.at(fact.accepted_at), fact=public(fact), drawn=drawn)


def spread_started(*included: Place) -> tuple[Event, ...]:
    """The facts with which such a course begins, the drawn sample among them."""
    return given().when(spread_start(*included)).events


def choose(*numbers: int, on: str = "2026-04-01") -> ChooseSample:
    return ChooseSample(
        at=at(on), policy=POLICIES.at(at(on)), inspector=INSPECTOR, places=tuple(place_id(one) for one in numbers)
    )


def sampled(*numbers: int, count: int, included: tuple[Place, ...] = ()) -> tuple[Event, ...]:
    """A course of so many places (or these), of which the inspector chose some."""
    begun = spread_started(*(included or places(count)))
    return (*begun, given(*begun).when(choose(*numbers)).one(SampleChosen))


def control_of(number: int) -> UUID:
    """The id of the control that is booked for a place."""
    return UUID(int=200 + number)


def book_place(number: int, day: str = "2026-07-01", **changes: Any) -> Any:
    values: dict[str, Any] = {"place_id": place_id(number), "control_id": control_of(number)}
    return book(day, **{"place": free_place(number + 1), **values, **changes})


def booked_at(*numbers: int, history: tuple[Event, ...], **changes: Any) -> tuple[Event, ...]:
    """The history with a control booked for each of these places."""
    for number in numbers:
        made = given(*history).when(book_place(number, **changes)).one(ControlBooked)
        history = (*history, made)
    return history


def ready(*numbers: int, count: int = 3, included: tuple[Place, ...] = ()) -> tuple[Event, ...]:
    """Documented as complete on 1 June; these places are the sample, and a control is booked for each."""
    begun = sampled(*numbers, count=count, included=included)
    return booked_at(*numbers, history=(*begun, documented(*begun)))


def control(number: int, outcome: ControlOutcome = NONE_FOUND, **changes: Any) -> Any:
    return complete(outcome, place_id=place_id(number), **changes)


def after(history: tuple[Event, ...], *commands: Any) -> tuple[Event, ...]:
    """The history with what these commands recorded, one after the other."""
    for command in commands:
        outcome = given(*history).when(command)
        assert outcome.refusal is None, outcome.refusal
        history = (*history, *outcome.events)
    return history


def afresh(number: int = 0, *, later_visit: bool = True, on: Any = CONTROL_TIME, **changes: Any) -> InvestigateAfresh:
    values: dict[str, Any] = {
        "at": on,
        "policy": POLICIES.at(on),
        "place_id": place_id(number),
        "inspector": INSPECTOR,
        "held_at": None,
        "later_visit": later_visit,
        "spoke_with": (SpokeWith.EMPLOYEES,),
        "reason": "More employees must be asked.",
    }
    return InvestigateAfresh(**with_told(FreshInvestigationReport, values | changes))


def correct(control_id: UUID, outcome: ControlOutcome, *, on: str = "2026-07-08", **changes: Any) -> CorrectControl:
    values: dict[str, Any] = {
        "at": at(on),
        "policy": POLICIES.at(at(on)),
        "control_id": control_id,
        "inspector": "inspector-2",
        "reason": "It was the finding of another case.",
        "outcome": outcome,
        "form": ContactForm.VISIT,
        "form_reason": None,
        "judged_by": (JudgedBy.SHOWN,),
        "spoke_with": (SpokeWith.MANAGER,),
        "measures": (observed(),),
        "involvement": Involvement(),
        "findings": None,
    }
    return CorrectControl(**with_told(ControlReport, values | changes))
