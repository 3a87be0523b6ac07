"""For whom others of the authority stand in, before the answer and after it (R15, R30)."""

import pytest

from services.offers.http.views import view
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.responsible_inspector import NoteInspector
from shared.contracts.offers import InspectorNoted
from shared.eventstore.events import Event
from tests.unit.offers.offer_facts import ENDINGS, TOO_LATE, accepted, delivered, given, recorded, sent

pytestmark = pytest.mark.rule("R15", "R30")
INSPECTOR = "inspector-1"
AFTERWARDS: dict[str, tuple[Event, ...]] = {"accepted": (accepted(),), **ENDINGS}
CHANGED = NoteInspector(TOO_LATE, "inspector-9")


@pytest.mark.parametrize("since", AFTERWARDS.values(), ids=AFTERWARDS)
def test_the_inspector_of_the_offer_is_responsible_until_control_names_another(since: tuple[Event, ...]) -> None:
    history = (sent(), delivered(), *since)
    assert OFFER.responsible(given(*history).state) == INSPECTOR
    changed = given(*history).when(CHANGED)
    changed.records(InspectorNoted)
    assert OFFER.responsible(changed.state) == "inspector-9"
    assert view(changed.state, recorded(*history), "da").inspector == "inspector-9"
    assert changed.reservations() == given(*history).reservations()


@pytest.mark.parametrize("since", AFTERWARDS.values(), ids=AFTERWARDS)
def test_who_is_responsible_already_is_not_noted_again(since: tuple[Event, ...]) -> None:
    given(sent(), delivered(), *since).when(NoteInspector(TOO_LATE, INSPECTOR)).then()


def test_before_the_answer_offers_itself_says_who_is() -> None:
    for history in ((), (sent(),), (sent(), delivered())):
        given(*history).when(CHANGED).then()
    assert OFFER.responsible(given().state) is None
