"""Runs a command of a course for HTTP: the one way from a route of control to its rules."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from fastapi import Request, Response

from services.control.rules.course_decider import COURSE, Command
from services.control.rules.phases import State
from shared.http.access import Asker
from shared.http.commands import Prepared
from shared.policy.policy import Policy
from shared.service import runtime_of


async def perform(
    request: Request, asker: Asker, agreement_id: UUID, command: Callable[[datetime, Policy], Command]
) -> Response:
    """Runs a command that is made from the request alone, at its time of arrival and by the policy of that time."""

    async def prepare(_: State, at: datetime, policy: Policy) -> Prepared[State, Command]:
        return Prepared(command(at, policy))

    return await perform_prepared(request, asker, agreement_id, prepare)


async def perform_prepared(
    request: Request,
    asker: Asker,
    agreement_id: UUID,
    prepare_at: Callable[[State, datetime, Policy], Awaitable[Prepared[State, Command]]],
) -> Response:
    """Runs a command for which something must be looked up first, based on the current state.

    If another command changed the state in the meantime, prepares the command again.
    """
    runtime = runtime_of(request)
    now = runtime.clock.now()
    policy = runtime.policies.at(now)

    async def prepare(state: State) -> Prepared[State, Command]:
        return await prepare_at(state, now, policy)

    return await runtime.gate.perform(request, asker, COURSE, agreement_id, prepare, at=now, policy=policy.version)
