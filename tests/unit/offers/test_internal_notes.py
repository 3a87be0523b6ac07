"""An internal note is the authority's own (R18)."""

from uuid import UUID

import pytest

from services.offers.http.views import view
from services.offers.rules.internal_notes import WriteNote
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.phases import Unsent
from shared.contracts.offers import InternalNoteWritten
from shared.eventstore.events import Event, Recorded
from shared.http.access import Viewer, visible_events, visible_facts
from shared.http.tokens import Role
from tests.unit.contracts.test_every_text_is_read import recorded
from tests.unit.offers.offer_facts import AVAILABLE_AT, accepted, delivered, given, lapsed, sent

NOTE = WriteNote(at=AVAILABLE_AT, note_id=UUID(int=9), by="anna", text="Ring først til lederen")
INSPECTOR, COMPANY = Viewer(Role.INSPECTOR, "anna"), Viewer(Role.COMPANY, "mette", "13748136")


def told(viewer: Viewer, stream: list[Recorded]) -> tuple[int, str]:
    """The version and the view of the offer, as the asker gets them."""
    visible = visible_facts(viewer, stream)
    state = OFFER.fold([one.event for one in visible])
    assert not isinstance(state, Unsent)
    return len(visible), view(state, visible, "en").model_dump_json()


@pytest.mark.rule("R18")
@pytest.mark.parametrize("history", [(), (delivered(),), (delivered(), accepted()), (delivered(), lapsed())])
def test_a_note_is_written_in_every_phase_and_read_by_the_authority_alone(history: tuple[Event, ...]) -> None:
    """R18: to a company it does not exist: no field, no version, no answer to its command."""
    written = given(sent(), *history).when(NOTE).one(InternalNoteWritten)
    stream = recorded((sent(), *history, written))
    assert NOTE.text in told(INSPECTOR, stream)[1]
    assert told(COMPANY, stream) == told(COMPANY, stream[:-1])
    assert visible_events(COMPANY, [written]) == []
