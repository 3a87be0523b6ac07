"""Runs a command of an offer for HTTP: the one way from a route of offers to its rules."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from fastapi import Request, Response

from services.offers.rules.offer_decider import OFFER, Command
from services.offers.rules.phases import State
from shared.eventstore.errors import Refused
from shared.http.access import Asker
from shared.http.commands import Prepared
from shared.service import runtime_of


async def perform(
    request: Request,
    asker: Asker,
    agreement_id: UUID,
    command: Command,
    at: datetime,
    policy: str | None = None,
    *,
    refused: Sequence[Refused] = (),
) -> Response:
    """Performs a command that is made of the request alone; `refused` holds refusals that were found before."""

    async def prepare(_: State) -> Prepared[State, Command]:
        return Prepared(command, refused=refused)

    return await runtime_of(request).gate.perform(request, asker, OFFER, agreement_id, prepare, at=at, policy=policy)
