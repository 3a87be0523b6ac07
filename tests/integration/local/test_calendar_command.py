"""./aftale calendar draws a week of a service of control that runs (R17)."""

import asyncio
from datetime import UTC, date, datetime
from io import StringIO
from uuid import uuid4

import pytest
from fastapi import FastAPI
from rich.console import Console

from deploy.local.as_operator import Operator
from deploy.local.calendar_week import show_week
from deploy.local.machine import Machine
from deploy.local.processes import UserError
from deploy.local.settings import Settings
from services.control.planning.rules.calendar import FreePlace
from services.control.planning.rules.half_hours import hours
from services.control.rules.booking import BookControl
from services.control.rules.course_decider import COURSE
from services.control.rules.start_of_agreement import StartCourse
from shared.contracts.control import ChosenDay
from shared.contracts.vocabulary import ContactForm
from shared.eventstore.commands import Intent, execute
from shared.eventstore.events import Metadata
from tests.integration.local.test_people_command import control
from tests.public_form import public
from tests.unit.control.control_facts import POLICIES, accepted

pytestmark = pytest.mark.rule("R17")
__all__ = ["control"]
ACCEPTED = datetime(2026, 3, 20, 9, tzinfo=UTC)


async def books(app: FastAPI, day: date, *, announced: bool, slot: int = 1, inspector: str = "inspector-9") -> None:
    """A control in a calendar."""
    agreement_id, policy = uuid4(), POLICIES.at(ACCEPTED)
    fact = accepted().model_copy(update={"agreement_id": agreement_id, "inspector": inspector})
    place = FreePlace(slot, hours(10 + 6 * slot, 6))
    told = ChosenDay(day=day, form=ContactForm.VISIT, announced=announced, late_reason="season")
    for command in (
        StartCourse(at=ACCEPTED, policy=policy, fact=public(fact)),
        BookControl(ACCEPTED, policy, agreement_id, uuid4(), place, told),
    ):
        intent = Intent(COURSE, agreement_id, command)
        await execute(
            app.state.runtime.store, [intent], at=ACCEPTED, metadata=Metadata(command_id=uuid4(), actor="control")
        )


async def week(number: str, person: str | None = None, centre: str | None = None) -> str:
    """What the command prints."""
    printed = StringIO()
    console = Console(width=160, file=printed)
    await asyncio.to_thread(show_week, Operator(Machine(Settings())), number, person, centre, console)
    return printed.getvalue()


async def test_a_week_is_drawn_with_a_row_for_each_inspector(control: FastAPI) -> None:
    await books(control, date(2026, 6, 30), announced=True)
    await books(control, date(2026, 6, 30), announced=False, slot=2)
    await books(control, date(2026, 7, 2), announced=False, inspector="inspector-1")
    drawn = await week("2026-W27")
    lines = [line.split() for line in drawn.splitlines() if line]
    assert lines[0] == ["2026-W27:", "2026-06-29", "to", "2026-07-05"]
    assert lines[1] == ["inspector", "Mon", "29", "Tue", "30", "Wed", "01", "Thu", "02", "Fri", "03"]
    assert lines[2] == ["inspector-1", "08:00-11:00"]
    assert ["inspector-9", "08:00-11:00*"] in lines
    assert ["11:00-14:00"] in lines
    assert "3 visits: 1 announced (*), 0 after the window (!)." in drawn
    assert "inspector-1" not in await week("2026-W27", person="inspector-9")
    await books(control, date(2026, 9, 1), announced=False)
    assert "08:00-11:00!" in await week("2026-W36")


async def test_what_is_no_week_and_no_centre_is_said(control: FastAPI) -> None:
    assert "Nobody is visited." in await week("2026-W20", centre="NORTH")
    with pytest.raises(UserError, match="2026-W50"):
        await week("W27")
    with pytest.raises(UserError, match="centre"):
        await week("2026-W20", centre="WEST")
