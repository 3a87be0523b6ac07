"""Runs a command that came over HTTP, from its headers to its answer: conditional, idempotent, or as a dry run."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4, uuid5

import orjson
from fastapi import Request, Response
from pydantic import BaseModel

from shared.deadlines.copenhagen import local_day
from shared.eventstore.change import IdempotencyKey
from shared.eventstore.commands import Decision, Intent, decide, execute, read, refuse_history
from shared.eventstore.database import Database
from shared.eventstore.decider import Decider, Guard, every_fault
from shared.eventstore.errors import AlreadyHandled, NameReserved, Refused, StaleVersion, VersionMismatch
from shared.eventstore.event_store import EventStore, Loaded
from shared.eventstore.events import Event, Metadata, Recorded
from shared.eventstore.liveness import liveness_of
from shared.eventstore.state_cache import VersionedState
from shared.http import consistency
from shared.http.access import Viewer, operation_of, visible_events, visible_facts
from shared.http.consistency import ConsistencyTokens, Seen
from shared.http.errors import Problem
from shared.http.problems import not_found
from shared.http.relations import require_relation
from shared.http.tokens import Role
from shared.http.who_may_act import require_to_perform
from shared.messaging.recovery_writes import RECOVERED
from shared.people.person import PersonOf, nobody_known
from shared.policy.policy import Input

State = TypeVar("State")
Command = TypeVar("Command")
ATTEMPTS = 8
_KEYS = UUID("0d6c6a52-5f5e-4a6e-9f0a-4d2a2a4b9c11")


class RecordedFact(BaseModel):
    """Part of CommandAnswer: a fact that a command recorded, or would record, without its private parts.

    A dry run leaves out what would be drawn at random: it shows the window and the rule, but no day (R18).
    """

    type: str
    data: dict[str, Any]


class CommandAnswer(BaseModel):
    """The facts that a command recorded, as far as the asker may know of them: the JSON that `_answer` writes."""

    id: UUID
    dry_run: bool
    recorded: list[RecordedFact]


@dataclass(frozen=True)
class Prepared(Generic[State, Command]):
    """The command that a route has built after it read the stream, with guards and the refusals of look-ups."""

    command: Command
    guards: Sequence[Guard] = ()
    refused: Sequence[Refused] = ()
    """Refusals of the look-ups. The rules decide nevertheless, so that one answer holds all refusals."""


Prepare = Callable[[State], Awaitable[Prepared[State, Command]]]
"""Builds the command for the current state; called again if another command was recorded first. May raise Problem."""


class CommandGate:
    """Runs the commands of one service for HTTP."""

    def __init__(
        self,
        database: Database,
        store: EventStore,
        tokens: ConsistencyTokens,
        source: str,
        person_of: PersonOf = nobody_known,
    ) -> None:
        """`person_of` says what this service knows of a person of the authority (R42)."""
        self._person_of = person_of
        self.database = database
        self.store = store
        self._tokens = tokens
        self._source = source

    async def perform(
        self,
        request: Request,
        asker: Viewer,
        decider: Decider[State, Command],
        stream: UUID,
        prepare: "Prepare[State, Command]",
        *,
        at: datetime,
        policy: str | None = None,
        creates: bool = False,
        may_create: bool = False,
        begins_for: str | None = None,
    ) -> Response:
        """Decides and records a command; with `?dry_run=true` it only returns what it would record.

        A command that changes something needs `If-Match` (428, 412); every command needs `Idempotency-Key` (400; the
        same key with another body: 409). A company that may not know of the case gets 404. `at` is when the request was
        received: an answer is judged by that time. The command waits for a Consistency-Token of its own case, or for
        any token if it begins a case; it ignores a token of another case. With `may_create` the command begins its
        stream if there is none, and then needs no `If-Match`. `begins_for` is who becomes responsible for a new case.
        """
        if creates:
            await self.wait_for_token(request, asker)
        key = None if is_dry_run(request) else await _key(request, asker)
        try:
            return await self._decide_and_record(
                request, asker, decider, stream, prepare, key, at, policy, creates, may_create, begins_for
            )
        except (Problem, Refused):
            # Most keys are new, so the stored answer is not looked up in advance. A duplicate request fails in the
            # append, or is refused because of what the first one recorded; only then is the stored answer looked up.
            if key is not None and (answer := await self._answered_before(key)) is not None:
                return answer
            raise

    async def _decide_and_record(
        self,
        request: Request,
        asker: Viewer,
        decider: Decider[State, Command],
        stream: UUID,
        prepare: "Prepare[State, Command]",
        key: IdempotencyKey | None,
        at: datetime,
        policy: str | None,
        creates: bool,
        may_create: bool,
        begins_for: str | None,
    ) -> Response:
        """Decides and records a command, again after a conflict; without a key, only says what would be recorded."""
        command_id = key.key if key else uuid4()
        answers: list[Response] = []
        loaded = Loaded()

        def answer_kept(decided: Sequence[Decision[Any]]) -> IdempotencyKey:
            assert key is not None
            refuse_history(decided)
            answers.append(self._answer(asker, decider, decided[0], loaded, dry_run=False))
            return with_answer(key, answers[-1])

        for attempt in range(1, ATTEMPTS + 1):
            state = decider.initial
            if not creates:
                loaded, state = await self._load(
                    request, asker, decider, stream, acts=True, waits=attempt == 1, may_be_new=may_create
                )
                if loaded.events or "If-Match" in request.headers:
                    _require_match(request, visible_facts(asker, loaded.events))
                _refuse_beyond(request.app.state.input_limits.in_force(), asker, loaded)
            responsible = decider.responsible(state) or begins_for
            await self.require_relation(operation_of(request), asker, responsible, at)
            represented = asker.acts_for(responsible)
            metadata = Metadata(command_id=command_id, actor=asker.subject, on_behalf_of=represented, policy=policy)
            prepared = await prepare(state)
            before = VersionedState(loaded.version, state, liveness_of(decider, loaded.events))
            intent = Intent(decider, stream, prepared.command, expected=loaded.version, read=before)
            if prepared.refused:
                _refuse_all(prepared.refused, intent, before)
            try:
                if key is None:
                    decided = decide(intent, before)
                    refuse_history([decided])
                    return self._answer(asker, decider, decided, loaded, dry_run=True)
                guards = prepared.guards
                await execute(self.store, [intent], at=at, metadata=metadata, guards=guards, key=answer_kept)
                return answers[-1]
            except (StaleVersion, VersionMismatch, NameReserved):
                if attempt == ATTEMPTS:
                    raise
            except AlreadyHandled:
                assert key is not None
                if (answer := await self._answered_before(key)) is not None:
                    return answer
                if attempt == ATTEMPTS:  # else the key was forgotten just now, and is free
                    raise
        raise AssertionError("unreachable")

    async def answer_once(
        self, request: Request, asker: Viewer, act: "Callable[[IdempotencyKey | None], Awaitable[Response]]"
    ) -> Response:
        """Answers a request that commands several cases: the same key and body again get the same answer.

        `act` gets the key, and stores it with its answer (`with_answer`) in the last append; in a dry run it gets none.
        """
        if is_dry_run(request):
            return await act(None)
        key = await _key(request, asker)
        if (answer := await self._answered_before(key)) is not None:
            return answer
        try:
            return await act(key)
        except AlreadyHandled:
            if (answer := await self._answered_before(key)) is not None:
                return answer
            raise

    async def perform_together(
        self,
        request: Request,
        asker: Viewer,
        prepare: "Callable[[], Awaitable[Sequence[Intent[Any, Any]]]]",
        answer: "Callable[[Sequence[Decision[Any]], bool], Response]",
        *,
        at: datetime,
        on_behalf_of: str | None,
    ) -> Response:
        """Decides and records commands for several subjects, all or none, and answers a request once (`answer_once`).

        `prepare` builds the commands, anew if another command took a name or moved a stream first. `answer` gets what
        was decided, and whether it is a dry run.
        """

        async def act(key: IdempotencyKey | None) -> Response:
            if key is None:
                intents = await prepare()
                decided = [decide(one, one.read or await read(self.store, one.decider, one.stream)) for one in intents]
                refuse_history(decided)
                return answer(decided, True)
            return await record(key)

        async def record(key: IdempotencyKey) -> Response:
            answers: list[Response] = []

            def kept(decided: Sequence[Decision[Any]]) -> IdempotencyKey:
                refuse_history(decided)
                answers.append(answer(decided, False))
                return with_answer(key, answers[-1])

            metadata = Metadata(key.key, asker.subject, on_behalf_of=on_behalf_of)
            for _ in range(ATTEMPTS - 1):
                with suppress(NameReserved, StaleVersion, VersionMismatch):
                    await execute(self.store, await prepare(), at=at, metadata=metadata, key=kept)
                    return answers[-1]
            await execute(self.store, await prepare(), at=at, metadata=metadata, key=kept)
            return answers[-1]

        return await self.answer_once(request, asker, act)

    async def require_relation(self, operation: str, asker: Viewer, responsible: str | None, at: datetime) -> None:
        """R42: raises Problem (403) unless the asker is to the case what the table of commands asks for."""
        relation = require_to_perform(operation, asker.role)
        await require_relation(relation, asker, responsible, self._person_of, local_day(at))

    async def wait_for_token(self, request: Request, asker: Viewer) -> None:
        """Waits for the fact that a Consistency-Token names, for a request about no single case. Raises Problem (503).

        Does not wait if the asker may not see that case, or if its stream is parked.
        """
        named = self._named(request)
        if named is not None and asker.may_see_company(named.cvr):
            await consistency.wait_for_inbox(self.database, self._source, named)

    async def read(
        self, request: Request, asker: Viewer, decider: Decider[State, Any], stream: UUID
    ) -> tuple[State, list[Recorded], dict[str, str]]:
        """Returns the state of a stream as the asker may know it, the facts behind it, and headers for the answer."""
        loaded, _ = await self._load(request, asker, decider, stream, readable=True)
        visible = visible_facts(asker, loaded.events)
        return decider.fold([recorded.event for recorded in visible]), visible, {"ETag": _etag(len(visible))}

    async def _load(
        self,
        request: Request,
        asker: Viewer,
        decider: Decider[State, Any],
        stream: UUID,
        *,
        acts: bool = False,
        readable: bool = False,
        waits: bool = True,
        may_be_new: bool = False,
    ) -> tuple[Loaded, State]:
        """Loads a case, at least up to the fact that a Consistency-Token of this case names. Raises Problem.

        An asker who may not know of the case gets 404 before any wait, because 503 would reveal that the case exists.
        Such a case is not even loaded, because the time that loading takes would reveal the same.
        """
        require = asker.require_to_act if acts else asker.require_company
        named = self._named(request)
        if named is not None and (named.stream != stream or named.source == self._source):
            named = None
        if not await self._may_know(asker, stream, acts=acts):
            require(None if named is None else named.cvr)
        loaded, state = await self._as_it_stands(decider, stream, readable=readable)
        if waits and named is not None:
            require(decider.concerns(state).get("cvr") if loaded.events else named.cvr)
            await consistency.wait_for_case(self.database, self._source, named)
            loaded, state = await self._as_it_stands(decider, stream, readable=readable)
        if not loaded.events and not may_be_new:
            raise not_found()
        require(decider.concerns(state).get("cvr"))
        return loaded, state

    async def _may_know(self, asker: Viewer, stream: UUID, *, acts: bool) -> bool:
        """Returns whether the asker may know of the case, by a check whose duration does not reveal the answer."""
        if asker.sees_every_company or (acts and (asker.role is Role.PORTAL or asker.keeps_directory)):
            return True
        return await self.store.may_concern(stream, asker.cvr or "")

    async def _as_it_stands(
        self, decider: Decider[State, Any], stream: UUID, *, readable: bool
    ) -> tuple[Loaded, State]:
        loaded = await self.store.load(stream, readable=readable)
        return loaded, decider.fold([recorded.event for recorded in loaded.events])

    def _named(self, request: Request) -> Seen | None:
        token = request.headers.get(consistency.HEADER)
        return None if token is None else self._tokens.open(token)

    async def _answered_before(self, key: IdempotencyKey) -> Response | None:
        async with self.database.acquire() as connection:
            row = await connection.fetchrow("select fingerprint, answer from handled where key = $1", key.key)
        if row is None:
            return None
        if row["fingerprint"] == RECOVERED:
            raise Problem(
                409,
                "Carried out before a restore",
                "this command was carried out, and its answer was lost with a database: read the case",
            )
        if row["fingerprint"] != key.fingerprint:
            raise Problem(409, "Key used before", "this Idempotency-Key was used for another request")
        answer = orjson.loads(row["answer"])
        return Response(answer["body"], answer["status"], answer["headers"], media_type="application/json")

    def _answer(
        self,
        asker: Viewer,
        decider: Decider[Any, Any],
        decision: Decision[Any],
        before: Loaded,
        *,
        dry_run: bool,
    ) -> Response:
        visible = visible_events(asker, decision.events)
        body = {
            "id": decision.stream,
            "dry_run": dry_run,
            "recorded": [recorded_fact(asker, event, dry_run=dry_run) for event in visible],
        }
        headers = {"ETag": _etag(len(visible_facts(asker, before.events)) + len(visible))}
        if not dry_run:
            newest = Seen(self._source, decision.stream, decision.version, decider.concerns(decision.state).get("cvr"))
            headers[consistency.HEADER] = self._tokens.seal(newest)
        status = 200 if before.events or dry_run else 201
        return Response(orjson.dumps(body), status, headers, media_type="application/json")


def is_dry_run(request: Request) -> bool:
    """Returns whether a command is only to say what it would record."""
    return request.query_params.get("dry_run", "false") == "true"


def _refuse_all(refused: Sequence[Refused], intent: Intent[Any, Any], before: VersionedState[Any]) -> None:
    """Raises Refused with all refusals of the look-ups and the rules."""
    with every_fault() as check:
        for refusal in refused:
            check.note(refusal)
        check(decide, intent, before)


async def _key(request: Request, asker: Viewer) -> IdempotencyKey:
    given = request.headers.get("Idempotency-Key", "")
    if not 1 <= len(given) <= 200:
        raise Problem(400, "No key", "every command needs an Idempotency-Key of 1 to 200 characters")
    asked = f"{request.method} {request.url.path}\n".encode() + await request.body()
    return IdempotencyKey(uuid5(_KEYS, f"{asker.subject}\n{asker.cvr}\n{given}"), hashlib.sha256(asked).hexdigest())


def with_answer(key: IdempotencyKey, answer: Response) -> IdempotencyKey:
    """Returns the key of a command together with the answer that a repeated request gets."""
    headers = {name: answer.headers[name] for name in ("ETag", consistency.HEADER) if name in answer.headers}
    kept = {"status": answer.status_code, "headers": headers, "body": bytes(answer.body).decode()}
    return IdempotencyKey(key.key, key.fingerprint, orjson.dumps(kept).decode())


def _require_match(request: Request, visible: Sequence[Recorded]) -> None:
    given = request.headers.get("If-Match")
    if given is None:
        raise Problem(428, "No version", "a command that changes a case needs If-Match with the ETag that was read")
    if given != "*" and _etag(len(visible)) not in [tag.strip().removeprefix("W/") for tag in given.split(",")]:
        raise Problem(
            412, "Changed since", "the case has changed since {given}; read it again", values={"given": given}
        )


def _refuse_beyond(limits: Input, asker: Viewer, loaded: Loaded) -> None:
    """Raises Problem (409) if the case is full, which it is for the company's side when half of it is used."""
    facts = len(visible_facts(asker, loaded.events))
    most = limits.facts_of_a_case if asker.sees_every_company else limits.facts_of_a_case // 2
    if facts >= most:
        raise Problem(409, "Full", "this case has {facts} facts, and takes no further ones", values={"facts": facts})


def _etag(version: int) -> str:
    return f'"{version}"'


def recorded_fact(asker: Viewer, event: Event, *, dry_run: bool) -> Mapping[str, Any]:
    """Returns a fact for the answer to a command, as RecordedFact describes it."""
    # Without private parts: answers are stored with their keys, where erasing would not reach them (R31).
    without = event.left_out_of_dry_runs() if dry_run else frozenset()
    return {"type": type(event).__name__, "data": asker.as_told_in_json(event, without)}
