"""Routes by which people choose what they are not told of, and how often a digest comes (R29, R34)."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from services.notices.rules.case_decider import NOTICES, ChooseNotices
from services.notices.rules.choices import AT_THE_AUTHORITY, can_be_unwanted
from services.notices.rules.phases import Followed, State
from services.notices.rules.reader import READER, ChooseDigest, Reader, reader_stream
from shared.contracts.notices import DigestRhythm, Occasion, Recipient
from shared.contracts.vocabulary import ContactRole
from shared.eventstore.commands import read
from shared.http.access import AUTHORITY, Asker, Viewer
from shared.http.bodies import Body, PersonId
from shared.http.commands import Prepared
from shared.http.openapi import CHANGE, PUT, READ, SEEN
from shared.http.problems import forbidden, not_found
from shared.http.tokens import Role
from shared.service import runtime_of

router = APIRouter(tags=["notices"])
Unwanted = Annotated[
    tuple[Occasion, ...],
    Field(max_length=len(Occasion), description="What is not told; what has legal effect cannot be chosen."),
]
Person = Annotated[PersonId, Path(description="Pseudonymous id of the person.")]


class NoticeChoice(Body):
    """R29, R34: what the contact in a role is not told of; it replaces what was chosen before."""

    unwanted: Unwanted


class DigestChoice(Body):
    """R29: how often a digest comes, and what is not told; it replaces what was chosen before."""

    rhythm: Annotated[DigestRhythm, Field(description="How often the digest comes.")] = DigestRhythm.DAILY
    unwanted: Unwanted = ()


class RoleChoiceView(BaseModel):
    """R29, R34: what the contact in a role is not told of, and what can be chosen."""

    role: Annotated[ContactRole, Field(description="What the contact stands for.")]
    unwanted: Annotated[list[Occasion], Field(description="What the contact in this role is not told of.")]
    can_be_unwanted: Annotated[list[Occasion], Field(description="What can be chosen; the rest has legal effect.")]


class ChoicesView(BaseModel):
    """R29, R34: the choices of a company in one case."""

    agreement_id: UUID
    roles: Annotated[list[RoleChoiceView], Field(description="Each role that somebody can stand in for a company.")]


class DigestChoiceView(BaseModel):
    """R29: the choices of somebody at the authority, and what can be chosen."""

    person_id: Annotated[str, Field(description="Pseudonymous id of the person.")]
    rhythm: Annotated[DigestRhythm, Field(description="How often the digest comes.")]
    unwanted: Annotated[list[Occasion], Field(description="What the person is not told of.")]
    can_be_unwanted: Annotated[list[Occasion], Field(description="What can be chosen; the rest has legal effect.")]


@router.get("/v1/notices/agreements/{agreement_id}/choices", responses=SEEN, **READ)
async def read_choices(agreement_id: UUID, request: Request, response: Response, asker: Asker) -> ChoicesView:
    """Returns what the contacts of the company are not told of, by role, and what can be chosen (R29, R34)."""
    runtime = runtime_of(request)
    _, _, headers = await runtime.gate.read(request, asker, NOTICES, agreement_id)
    state = _known_to(asker, (await read(runtime.store, NOTICES, agreement_id)).state)
    response.headers.update(headers)
    return ChoicesView(agreement_id=agreement_id, roles=[_of_role(state, role) for role in ContactRole])


@router.put("/v1/notices/agreements/{agreement_id}/choices/{role}", **CHANGE)
async def choose_notices(
    agreement_id: UUID, role: ContactRole, body: NoticeChoice, request: Request, asker: Asker
) -> Response:
    """Chooses what the contact in a role is not told of; what has legal effect is told to everybody (R29, R34)."""
    runtime = runtime_of(request)
    now = runtime.clock.now()

    async def prepare(state: State) -> Prepared[Any, Any]:
        _known_to(asker, state)
        return Prepared(ChooseNotices(at=now, by=asker.subject, role=role, unwanted=_once(body.unwanted)))

    return await runtime.gate.perform(request, asker, NOTICES, agreement_id, prepare, at=now)


@router.get("/v1/notices/readers/{person_id}/choices")
async def read_digest_choices(person_id: Person, request: Request, asker: Asker) -> DigestChoiceView:
    """Returns how often the person's digest comes, and what the person is not told of (R29). For the person alone."""
    asker.require_role(*AUTHORITY)
    if asker.subject != person_id:
        raise forbidden("this is for the person itself: {person}", rule="R42", person=person_id)
    state = (await read(runtime_of(request).store, READER, reader_stream(person_id))).state
    reader = state if isinstance(state, Reader) else Reader(person_id)
    return DigestChoiceView(
        person_id=person_id,
        rhythm=reader.rhythm,
        unwanted=sorted(reader.unwanted),
        can_be_unwanted=can_be_unwanted(AT_THE_AUTHORITY),
    )


@router.put("/v1/notices/readers/{person_id}/choices", **PUT)
async def choose_digest(person_id: Person, body: DigestChoice, request: Request, asker: Asker) -> Response:
    """Chooses how often the own digest comes, and what not to be told of (R29). For the person alone."""
    runtime = runtime_of(request)
    now = runtime.clock.now()
    command = ChooseDigest(at=now, person_id=person_id, rhythm=body.rhythm, unwanted=_once(body.unwanted))

    async def prepare(_: Any) -> Prepared[Any, Any]:
        return Prepared(command)

    return await runtime.gate.perform(
        request, asker, READER, reader_stream(person_id), prepare, at=now, may_create=True, begins_for=person_id
    )


def _known_to(asker: Viewer, state: State) -> Followed:
    """R29: raises Problem (404) for a company that was not told of the case yet: the offer cannot be read."""
    if not isinstance(state, Followed):
        raise not_found()
    if asker.role is Role.COMPANY and Occasion.OFFER_WAITING not in state.occasions:
        raise not_found()
    return state


def _of_role(state: Followed, role: ContactRole) -> RoleChoiceView:
    recipient = Recipient(role.value)
    return RoleChoiceView(
        role=role,
        unwanted=sorted(state.unwanted.get(recipient, ())),
        can_be_unwanted=can_be_unwanted({recipient}),
    )


def _once(unwanted: tuple[Occasion, ...]) -> tuple[Occasion, ...]:
    return tuple(dict.fromkeys(unwanted))
