"""The four running services as a world: real PostgreSQL, Kafka and HTTP, on the virtual clock."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx

from deploy.local.foreign_facts import order_system
from shared.contracts.orders import OrderIssued
from shared.contracts.register import UnitCeased, UnitRegistered
from shared.deadlines.copenhagen import local_day
from shared.http.tokens import LocalIssuer, Role, pseudonym
from tests.integration.system.running_system import RunningSystem, running_system
from tests.model.order_system import issued_order
from tests.model.process_machine import UNITS

Value = TypeVar("Value")
_TRIES = 200
_OCCASIONS_PER_KILL = 3
_PAUSE_SECONDS = 0.1
_ALWAYS = timedelta(days=1_800)
"""Nearly as long as the policy lets anybody name a day ahead."""


class ServicesWorld:
    """See World. Its fault is a service that is killed and started again, whatever it was doing."""

    def __init__(self, postgres: str, kafka: str, state: Path, begins: datetime) -> None:
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self._issuer = LocalIssuer(state)
        self._tokens: dict[str, str] = {}
        self._occasions = 0
        self._system: RunningSystem = self._run(self._start(postgres, kafka, state, begins))

    @property
    def now(self) -> datetime:
        return self._system.time.clock.now()

    def request(
        self, service: str, method: str, path: str, who: str, body: Any = None, key: str = ""
    ) -> tuple[int, Any]:
        """Status and body of the answer; a service that is just starting is waited for."""
        return self._run(self._request(service, method, path, who, body, key))

    def settle(self) -> None:
        """Everybody takes everything, and what is due fires."""
        self._run(self._system.time.settle())

    def advance_to(self, instant: datetime) -> None:
        """Let time pass, stopping at every timer on the way."""
        self._run(self._system.time.advance_to(instant))

    def break_next_append(self, service: str, fault: str) -> None:
        """SIGKILL, on every third occasion: a start takes longer than many steps."""
        self._occasions += 1
        if self._occasions % _OCCASIONS_PER_KILL == 0:
            self._system.kill_and_start_again(service)

    def issue_order(self, agreement: str, cvr: str, unit: str, topic: str, request: str | None) -> None:
        """The order system publishes it, and everybody takes it."""
        self._run(self._issue(issued_order(self.now, agreement, cvr, unit, topic, request)))

    def tell_owner(self, unit: str, since: date, cvr: str | None) -> None:
        """R40: the register publishes it, and everybody takes it."""
        told = UnitCeased(p_number=unit, effective_from=since) if cvr is None else _registered(unit, cvr, since)
        self._run(self._system.register(told))

    def id_of(self, who: str) -> str:
        """The pseudonym of `role name`."""
        role, name, *_ = who.split()
        return pseudonym(Role(role), name)

    def close(self) -> None:
        """Stop everything."""
        self._run(self._stack.aclose())
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Value]) -> Value:
        return self._loop.run_until_complete(work)

    async def _start(self, postgres: str, kafka: str, state: Path, begins: datetime) -> RunningSystem:
        system = await self._stack.enter_async_context(running_system(postgres, kafka, state, begins=begins))
        await system.register(*(_registered(unit, cvr) for unit, cvr in UNITS.items()))
        await self._list_people(system)
        return system

    async def _list_people(self, system: RunningSystem) -> None:
        """R42: two inspectors who stand in for each other at all times, and a supporter of their centre."""
        anna, bo, sus = (self.id_of(who) for who in ("inspector anna", "inspector bo", "supporter sus"))
        operator, today = system.people.operator(), local_day(system.time.clock.now())
        for person, role in ((anna, "inspector"), (bo, "inspector"), (sus, "supporter")):
            body = {"name": person, "centre": "east", "roles": [role]}
            await operator.put("control", f"/v1/people/{person}", body)
        for person, stand_in in ((anna, bo), (bo, anna)):
            always = {"stand_in": stand_in, "first": today.isoformat(), "last": (today + _ALWAYS).isoformat()}
            await operator.do("control", f"/v1/people/{person}/stand-ins", always)
        await system.time.settle()

    async def _issue(self, order: OrderIssued) -> None:
        async with order_system(self._system) as orders:
            await orders.publish([(order.case_id, order, self.now)])
            for consumer in ("control", "reporting"):
                await orders.until_taken(consumer)

    async def _request(self, service: str, method: str, path: str, who: str, body: Any, key: str) -> tuple[int, Any]:
        address = f"http://127.0.0.1:{self._system.ports[service]}{path}"
        headers = {"Authorization": f"Bearer {self._token(who)}", "If-Match": "*"}
        if key:
            headers["Idempotency-Key"] = key
        for _ in range(_TRIES):
            try:
                answer = await self._system.client.request(method, address, headers=headers, json=body)
                return answer.status_code, answer.json()
            except httpx.TransportError:
                await asyncio.sleep(_PAUSE_SECONDS)
        raise AssertionError(f"{service} does not come back")

    def _token(self, who: str) -> str:
        if who not in self._tokens:
            role, name, *cvr = who.split()
            self._tokens[who] = self._issuer.token(Role(role), name, cvr[0] if cvr else None)
        return self._tokens[who]


def _registered(unit: str, cvr: str, since: date = date(2020, 1, 1)) -> UnitRegistered:
    return UnitRegistered(
        p_number=unit,
        cvr=cvr,
        name="Made up",
        industry="day-care",
        sector="private",
        size_class="10-34",
        effective_from=since,
    )
