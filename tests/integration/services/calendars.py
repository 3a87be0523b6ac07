"""People of a directory, and controls that stand in their calendars."""

from typing import Any
from uuid import uuid4

from services.control.people.rules.listing import ListPerson
from services.control.people.rules.person_decider import PERSON, person_stream
from shared.contracts.vocabulary import Centre, PersonDescription, PersonRole, Reachable
from shared.eventstore.commands import Intent, execute
from shared.eventstore.events import Metadata
from shared.http.tokens import Role, pseudonym
from tests.integration.services.control_running import INSPECTOR, NOW, Control

ANNA = pseudonym(Role.INSPECTOR, "anna")
EAST = "inspector-east"
"""Works in the centre East, as the directory of the test says; the id of the other one is escaped in names."""


async def listed(control: Control, person: str, centre: Centre) -> None:
    """Somebody in the directory."""
    described = PersonDescription(roles=(PersonRole.INSPECTOR,), centre=centre)
    command = ListPerson(NOW, "leader", person, described, Reachable())
    await execute(
        control.runtime.store,
        [Intent(PERSON, person_stream(person), command)],
        at=NOW,
        metadata=Metadata(uuid4(), "test"),
    )


async def booked(control: Control, day: str, inspector: str = INSPECTOR, **more: Any) -> str:
    """A course with a control on a day; Anna, who books it, stands in for whoever is responsible."""
    agreement_id = await control.accepted(inspector=inspector)
    if inspector != ANNA:
        await control.stands_in(ANNA, inspector)
    await control.done(f"/v1/agreements/{agreement_id}/bookings", {"day": day, **more})
    return str(agreement_id)
