"""Controls that did without a visit of their own are counted, by how they did (R17, R18, R21)."""

from uuid import UUID

import pytest

from services.reporting.projection import projection
from services.reporting.statistics.queries import visits_saved
from services.reporting.view.queries import Period
from shared.contracts.vocabulary import ContactForm
from shared.eventstore.database import Database
from shared.eventstore.events import Event
from shared.http.access import Viewer
from shared.http.tokens import Role
from tests import reporting_facts as facts
from tests.reporting_facts import Feed

pytestmark = [pytest.mark.rule("R17"), pytest.mark.rule("R18"), pytest.mark.rule("R21")]
INSPECTOR = Viewer(Role.INSPECTOR, "somebody", None)


def course(number: int, *, joins: bool = False, **of_control: object) -> tuple[Event, ...]:
    agreement = UUID(int=number)
    booked = facts.booked(agreement, announced=False)
    return (
        facts.sent(agreement),
        facts.accepted(agreement),
        facts.deadline_set(agreement),
        booked.model_copy(update={"joins": UUID(int=99)}) if joins else booked,
        facts.controlled(agreement_id=agreement).model_copy(update=of_control),
    )


async def test_each_way_to_save_a_visit_is_counted_and_a_visit_of_its_own_is_not(database: Database) -> None:
    told = (
        *course(1),
        *course(2, joins=True),
        *course(3, form=ContactForm.PHONE, form_reason="recent-visit"),
        *course(4, form=ContactForm.VIRTUAL, form_reason="recent-visit"),
        *course(5, joins=True, from_meeting=UUID(int=7)),
    )
    async with database.acquire() as connection, connection.transaction():
        await projection.apply(connection, Feed().receive(*told))
        rows = await visits_saved(connection, INSPECTOR, Period())
    assert {row["kind"]: row["controls"] for row in rows} == {"joined-visit": 1, "by-phone": 2, "meeting-is-control": 1}
