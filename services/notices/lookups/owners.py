"""Asks the owners of matters and addresses, as the service notices, right before somebody is told (R29)."""

import asyncio
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.contracts.notices import MatterOwner, MatterRaised
from shared.contracts.vocabulary import ContactRole
from shared.eventstore.errors import HoldBack
from shared.http.matters import MatterView
from shared.http.other_services import address_of
from shared.http.service_token import service_token
from shared.http.tokens import Role
from shared.service import Settings
from shared.tasks import end_tasks

_SECONDS = 10.0
_AT_ONCE = 8
"""Questions that are under way: httpx compares each that waits with each connection, and is busy with hundreds."""
_TOKEN_KEPT_SECONDS = 600.0
_PATHS = {MatterOwner.OFFERS: "/v1/offers", MatterOwner.GUIDANCE: "/v1/guidance", MatterOwner.CONTROL: "/v1/agreements"}
_WITHOUT_WORDS = ConfigDict(frozen=True, hide_input_in_errors=True)
"""R31: an answer that does not fit ends in the log and with the timer, which may hold no name and no address."""


class Contact(BaseModel):
    """R34: somebody who stands for the company."""

    model_config = _WITHOUT_WORDS

    contact_id: UUID
    role: ContactRole
    name: str | None
    email: str | None


class Parties(BaseModel):
    """R1, R34: what a notice names of a case, and the contacts of the company."""

    model_config = _WITHOUT_WORDS

    cvr: str
    p_number: str
    unit: str | None
    topic: str
    contacts: tuple[Contact, ...]


class Address(BaseModel):
    """R42: how somebody at the authority is called and reached."""

    model_config = _WITHOUT_WORDS

    name: str | None
    email: str | None


_MATTER, _PARTIES, _ADDRESS = TypeAdapter(MatterView), TypeAdapter(Parties), TypeAdapter(Address)


@dataclass(frozen=True)
class _Question:
    service: str
    path: str
    about: str | None = None


class Owners:
    """The other services, over HTTP, with connections that are kept open.

    Who asks what somebody else is waiting to ask shares the answer. No answer is given that began before the question,
    so nobody hears that a matter stands which was settled before the call.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = httpx.AsyncClient(trust_env=False, timeout=_SECONDS)
        self._token: tuple[str, float] = ("", 0.0)
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._waiting: dict[_Question, asyncio.Task[Any]] = {}
        self._asked: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await end_tasks(self._asked)
        await self._client.aclose()

    async def matter(self, raised: MatterRaised) -> MatterView:
        """R29: asks the owner whether a matter still stands. Raises HoldBack while it does not answer."""
        path = f"{_PATHS[raised.owner]}/{raised.agreement_id}/matters/{raised.occasion}"
        told = await self._ask(_Question(raised.owner, path, raised.about))
        return MatterView(stands=False, version=0, day=None) if told is None else _MATTER.validate_python(told)

    async def parties(self, agreement_id: UUID) -> Parties | None:
        """R34: asks offers for the parties of a case. Raises HoldBack while it does not answer."""
        told = await self._ask(_Question("offers", f"/v1/offers/{agreement_id}/parties"))
        return None if told is None else _PARTIES.validate_python(told)

    async def address(self, person_id: str) -> Address | None:
        """R42: asks control how a person is reached. Raises HoldBack while it does not answer."""
        told = await self._ask(_Question("control", f"/v1/people/{person_id}/address"))
        return None if told is None else _ADDRESS.validate_python(told)

    async def _ask(self, question: _Question) -> Any | None:
        """Returns an answer; None for 404. Nothing of it is kept, because it may contain names (R31)."""
        waiting = self._waiting.get(question)
        if waiting is None:
            waiting = self._waiting[question] = asyncio.create_task(self._in_turn(question))
            self._asked.add(waiting)
            waiting.add_done_callback(self._asked.discard)
        return await asyncio.shield(waiting)  # of several who wait, one may be called off

    async def _in_turn(self, question: _Question) -> Any | None:
        async with self._free:
            del self._waiting[question]
            return await self._get(question)

    async def _get(self, question: _Question) -> Any | None:
        service, query = question.service, None if question.about is None else {"about": question.about}
        headers = {"Authorization": f"Bearer {self._bearer()}"}
        try:
            answer = await self._client.get(address_of(service) + question.path, headers=headers, params=query)
        except httpx.TransportError as error:
            raise HoldBack(f"{service} does not answer") from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if not answer.is_success:
            raise HoldBack(f"{service} answers {answer.status_code}")
        return answer.json()

    def _bearer(self) -> str:
        token, made_at = self._token
        if not token or time.monotonic() - made_at > _TOKEN_KEPT_SECONDS:
            token = service_token(self._settings.state, Role.NOTICES)
            self._token = token, time.monotonic()
        return token
