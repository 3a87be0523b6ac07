"""The control service with everything behind it, called as one role or another."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.control.people.rules.listing import ListPerson
from services.control.people.rules.person_decider import PERSON, Command, person_stream
from services.control.people.rules.phases import Listed
from services.control.people.rules.stand_ins import NameStandIn
from services.control.rules.course_decider import COURSE
from services.control.rules.start_of_agreement import StartCourse
from shared.contracts.offers import Accepted
from shared.contracts.vocabulary import AgreementKind, Centre, PersonDescription, PersonRole, Place, Reachable, StandIn
from shared.eventstore.clock import VirtualClock
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.events import Metadata
from shared.http.tokens import LocalIssuer, Role, pseudonym
from shared.service import Runtime
from tests.public_form import public

CVR = "13748136"
NOW = datetime(2026, 3, 20, 9, tzinfo=UTC)
INSPECTOR = "north/team_1%"
"""An id with everything that separates or stands for something else in a name."""


class Control:
    """The service, called as one role or another."""

    def __init__(self, client: httpx.AsyncClient, state: Path, clock: VirtualClock, runtime: Runtime) -> None:
        self.client = client
        self.clock = clock
        self.runtime = runtime
        self.state = state
        self._issuer = LocalIssuer(state)

    async def accepted(self, *others: str, inspector: str = INSPECTOR) -> UUID:
        """A course of a unit, and of so many others in a spread agreement."""
        if inspector == INSPECTOR:
            await self.stands_in(pseudonym(Role.INSPECTOR, "anna"), INSPECTOR)
        agreement_id = uuid4()
        places = [Place(place_id=agreement_id, p_number="1003388394")]
        places += [Place(place_id=uuid4(), p_number=p_number) for p_number in others]
        fact = Accepted(
            agreement_id=agreement_id,
            kind=AgreementKind.SPREAD if others else AgreementKind.SUSPICION,
            cvr=CVR,
            p_number="1003388394",
            topic="056",
            inspector=inspector,
            period_months=3,
            accepted_at=NOW,
            accepted_by="person-1",
            places=tuple(places),
        )
        named = tuple(place.place_id for place in places[1:])
        command = StartCourse(at=NOW, policy=self.runtime.policies.at(NOW), fact=public(fact), drawn=named)
        metadata = Metadata(command_id=uuid4(), actor="control")
        await execute(self.runtime.store, [Intent(COURSE, agreement_id, command)], at=NOW, metadata=metadata)
        return agreement_id

    async def stands_in(self, stand_in: str, person_id: str) -> None:
        """Somebody acts for a person at all times of the tests; who is not listed is, in the centre `other`."""
        described = PersonDescription(roles=(PersonRole.INSPECTOR,), centre=Centre.OTHER)
        always = StandIn(stand_in=stand_in, first=date(2020, 1, 1), last=date(2040, 1, 1))
        metadata = Metadata(command_id=uuid4(), actor="operator")
        commands: list[Command] = [NameStandIn(NOW, "operator", uuid4(), always, stand_in_is_listed=True)]
        if not isinstance((await read(self.runtime.store, PERSON, person_stream(person_id))).state, Listed):
            commands.insert(0, ListPerson(NOW, "operator", person_id, described, Reachable()))
        for command in commands:
            intent = Intent(PERSON, person_stream(person_id), command)
            await execute(self.runtime.store, [intent], at=NOW, metadata=metadata)

    async def post(self, path: str, body: Any, role: Role = Role.INSPECTOR, name: str = "anna") -> httpx.Response:
        headers = {**self.asker(role, name=name), "Idempotency-Key": str(uuid4())}
        return await self.client.post(path, json=body, headers=headers)

    async def done(self, path: str, body: Any, role: Role = Role.INSPECTOR, name: str = "anna") -> Any:
        answer = await self.post(path, body, role, name)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def course(self, agreement_id: UUID, role: Role = Role.INSPECTOR) -> Any:
        answer = await self.client.get(f"/v1/agreements/{agreement_id}", headers=self.asker(role))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def once(self, agreement_id: UUID, holds: Callable[[Any], bool]) -> Any:
        """The course, as soon as something holds of it."""
        async with asyncio.timeout(10):
            while not holds(course := await self.course(agreement_id)):
                await asyncio.sleep(0.05)
        return course

    def asker(self, role: Role, cvr: str = CVR, name: str = "anna") -> dict[str, str]:
        """Headers of somebody in a role."""
        leads = Centre.EAST if role is Role.LEADER else None
        token = self._issuer.token(role, name, cvr if role is Role.COMPANY else None, leads)
        return {"Authorization": f"Bearer {token}", "If-Match": "*"}


def all_sampled_are_booked(course: Any) -> bool:
    return all(row["control"] is not None for row in course["matrix"] if row["sampled"])


def booking(course: Any) -> Any:
    return course["control"]


def found(outcome: str = "no_violation", **more: Any) -> dict[str, Any]:
    return {"outcome": outcome, "judged_by": ["seen_in_use"], "spoke_with": ["manager"], **more}
