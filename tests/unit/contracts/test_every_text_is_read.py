"""Every private field of every fact is shown by an operation to whom it is for: nothing is written for nobody."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from deploy.rulebook.example_facts import full
from services.control.http.after_offer_not_accepted_view import view_after_no
from services.control.http.views import view as agreement_view
from services.control.people.http.views import person_view
from services.control.people.rules.person_decider import PERSON
from services.control.people.rules.phases import Unlisted
from services.control.rules.course_decider import COURSE
from services.control.rules.phases import AfterNo, NotStarted
from services.guidance.http.views import view as guidance_view
from services.guidance.rules.guidance_decider import GUIDANCE
from services.offers.http.views import view as offer_view
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.phases import Unsent
from shared.contracts import control, guidance, offers, people
from shared.contracts.vocabulary import ContactDetails, FileReference
from shared.eventstore.decider import Decider
from shared.eventstore.events import Event, Recorded, private_fields
from shared.http.access import Viewer, visible_facts
from shared.http.tokens import Role
from shared.visibility import markers
from tests.public_form import without_texts

PLANTED = "Lærke Østergaard skrev dette"
INSPECTOR = Viewer(Role.INSPECTOR, "anna")
COMPANY = Viewer(Role.COMPANY, "mette", "13748136")


@dataclass(frozen=True)
class Operation:
    """What shows a case, and a history before a fact that such a case has."""

    name: str
    decider: Decider[Any, Any]
    shows: Callable[[Any, list[Recorded]], BaseModel | None]
    before: Sequence[type[Event]]


def _offer(state: Any, recorded: list[Recorded]) -> BaseModel | None:
    return None if isinstance(state, Unsent) else offer_view(state, recorded, "en")


def _agreement(state: Any, recorded: list[Recorded]) -> BaseModel | None:
    return None if isinstance(state, NotStarted | AfterNo) else agreement_view(state, recorded, "en")


def _after_no(state: Any, recorded: list[Recorded]) -> BaseModel | None:
    return view_after_no(state, recorded) if isinstance(state, AfterNo) else None


def _guidance(state: Any, recorded: list[Recorded]) -> BaseModel | None:
    return guidance_view(UUID(int=1), state, recorded, "en")


def _person(state: Any, recorded: list[Recorded]) -> BaseModel | None:
    return None if isinstance(state, Unlisted) else person_view(state, recorded)


OFFERS = Operation("GET /v1/offers/{agreement_id}", OFFER, _offer, (offers.OfferSent, offers.OfferDelivered))
AGREEMENTS = Operation("GET /v1/agreements/{agreement_id}", COURSE, _agreement, (control.ComplianceDeadlineSet,))
AFTER_NO = Operation("GET /v1/agreements/{agreement_id}/after-no", COURSE, _after_no, (control.OfferNotAcceptedNoted,))
GUIDANCES = Operation(
    "GET /v1/guidance/{agreement_id}", GUIDANCE, _guidance, (guidance.GuidanceOpened, guidance.GuidanceScheduled)
)
PEOPLE = Operation("GET /v1/people/{person_id}", PERSON, _person, (people.PersonListed,))
OPERATIONS: Mapping[str, Sequence[Operation]] = {
    "offers": (OFFERS,),
    "guidance": (GUIDANCES,),
    "control": (AGREEMENTS, AFTER_NO),
    "people": (PEOPLE,),
}
LEADS_TO: Mapping[type[Event], tuple[type[Event], ...]] = {
    offers.TimeCorrected: (offers.TimeSpent,),
    guidance.OfferUnderstandingCorrected: (guidance.OfferUnderstandingAsked,),
    guidance.MeetingCorrected: (guidance.GuidanceHeld,),
    control.ExtensionGranted: (control.ExtensionRequested,),
    control.ExtensionRefused: (control.ExtensionRequested,),
    control.ControlCorrected: (control.ControlCompleted,),
    control.DecisionRevoked: (control.Fulfilled,),
    control.HearingAnswered: (control.Breached, control.HearingOpened),
    control.OrderRequested: (control.Breached,),
    control.FollowUpHeld: (control.Fulfilled,),
}
"""The facts without which a fact makes no sense."""
FACTS: Mapping[str, Sequence[type[Event]]] = {
    "offers": offers.FACTS,
    "guidance": guidance.FACTS,
    "control": control.FACTS,
    "people": people.FACTS,
}
FIELDS = [(service, fact, name) for service, facts in FACTS.items() for fact in facts for name in private_fields(fact)]


def planted(fact: type[Event], name: str) -> Event:
    """The fact with a text in one of its private fields, and in no other."""
    made = full(fact)
    before = getattr(made, name)
    match before:
        case str():
            told: Any = PLANTED
        case ContactDetails():
            told = before.model_copy(update={"name": PLANTED})
        case tuple():
            told = tuple(one.model_copy(update={"name": PLANTED}) for one in before if isinstance(one, FileReference))
        case dict():
            told = dict.fromkeys(before, PLANTED)
        case _:
            raise AssertionError(f"{fact.__name__}.{name} holds what no view knows to show: {before!r}")
    return without_texts(made).model_copy(update={name: told})


def shown_by(operation: Operation, viewer: Viewer, fact: type[Event], name: str) -> bool:
    """Whether the asker reads the text there."""
    leading = (*operation.before, *LEADS_TO.get(fact, ()))
    types = leading if fact in leading else (*leading, fact)
    history = [planted(one, name) if one is fact else without_texts(full(one)) for one in types]
    visible = visible_facts(viewer, recorded(history))
    shown = operation.shows(operation.decider.fold([one.event for one in visible]), visible)
    return shown is not None and PLANTED in shown.model_dump_json()


def recorded(events: Iterable[Event]) -> list[Recorded]:
    at = datetime(2026, 3, 5, tzinfo=UTC)
    return [
        Recorded(version, UUID(int=1), version, event, "{}", at, at, UUID(int=version))
        for version, event in enumerate(events, 1)
    ]


@pytest.mark.rule("R30", "R32")
@pytest.mark.parametrize(("service", "fact", "name"), FIELDS)
def test_every_private_field_is_shown_by_an_operation_to_the_authority(
    service: str, fact: type[Event], name: str
) -> None:
    """R30: whoever may act on a case can read why others acted as they did."""
    assert any(shown_by(operation, INSPECTOR, fact, name) for operation in OPERATIONS[service]), "nobody can read it"


@pytest.mark.rule("R18", "R30")
@pytest.mark.parametrize(("service", "fact", "name"), FIELDS)
def test_a_company_reads_a_private_field_exactly_where_its_marker_says_so(
    service: str, fact: type[Event], name: str
) -> None:
    """R18: what is marked for the company is shown to it by an operation, and nothing else."""
    told = any(shown_by(operation, COMPANY, fact, name) for operation in OPERATIONS[service])
    assert told == (name in markers(fact))


def test_the_fields_are_found() -> None:
    assert len(FIELDS) > 30
