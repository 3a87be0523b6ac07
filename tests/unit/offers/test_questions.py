"""A company asks about an offer before it answers; nothing of the offer changes (R5)."""

from uuid import UUID

import pytest

from services.offers.http.views import view
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.phases import Unsent
from services.offers.rules.questions import AskQuestion
from shared.contracts.offers import QuestionAsked
from shared.eventstore.events import Event
from shared.http.access import Viewer, visible_facts
from shared.http.tokens import Role
from tests.unit.contracts.test_every_text_is_read import recorded
from tests.unit.offers.offer_facts import AVAILABLE_AT, accepted, delivered, given, lapsed, sent

pytestmark = pytest.mark.rule("R5")
QUESTION = AskQuestion(at=AVAILABLE_AT, question_id=UUID(int=9), by="mette", text="Er det et påbud?")


def test_r5_a_question_is_recorded_and_moves_nothing() -> None:
    outcome = given(sent(), delivered()).when(QUESTION)
    outcome.records(QuestionAsked)
    assert outcome.timers() == given(sent(), delivered()).timers()
    assert outcome.state == given(sent(), delivered()).state


def test_r5_a_company_may_ask_again() -> None:
    once = given(sent(), delivered()).when(QUESTION)
    given(sent(), delivered(), *once.events).when(QUESTION).records(QuestionAsked)


@pytest.mark.parametrize("history", [(), (delivered(), lapsed()), (delivered(), accepted())])
def test_r5_only_an_offer_that_can_be_read_and_is_open_is_asked_about(history: tuple[Event, ...]) -> None:
    given(sent(), *history).when(QUESTION).refused("R5")


@pytest.mark.parametrize("viewer", [Viewer(Role.INSPECTOR, "anna"), Viewer(Role.COMPANY, "mette", "13748136")])
def test_r5_both_sides_read_the_question(viewer: Viewer) -> None:
    asked = given(sent(), delivered()).when(QUESTION).one(QuestionAsked)
    visible = visible_facts(viewer, recorded((sent(), delivered(), asked)))
    state = OFFER.fold([one.event for one in visible])
    assert not isinstance(state, Unsent)
    assert [one.text for one in view(state, visible, "en").questions] == [QUESTION.text]
