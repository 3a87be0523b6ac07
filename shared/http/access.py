"""The one place that decides what an asker may see and do; every read and every command goes through it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import orjson
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.eventstore.events import Event, Recorded
from shared.http.errors import InvalidToken, Problem
from shared.http.problems import forbidden, not_found
from shared.http.tokens import Identity, Role, TokenVerifier

Audience = Literal["authority", "company"]


@dataclass(frozen=True)
class Viewer:
    """An asker, with what follows from the role."""

    role: Role
    subject: str
    cvr: str | None = None

    @property
    def audience(self) -> Audience:
        """Whose view of a case the asker gets."""
        return "authority" if self.role in (Role.INSPECTOR, Role.SUPPORTER) else "company"

    @property
    def sees_every_company(self) -> bool:
        """Whether the asker belongs to the authority, which sees all cases with all that is in them."""
        return self.audience == "authority"

    def may_see_company(self, cvr: str | None) -> bool:
        """The authority sees every company, a company itself only, portal and operators no case at all."""
        return self.sees_every_company or (self.role is Role.COMPANY and cvr is not None and cvr == self.cvr)

    def may_see(self, event: Event) -> bool:
        """R18: a company sees only facts that it may know of."""
        return self.sees_every_company or event.seen_by_company()

    def as_told(self, event: Event) -> Event:
        """R18: the fact with what the asker may know of it; only of facts that the asker may know of."""
        return event if self.sees_every_company else event.as_company_sees()

    def as_told_in_json(self, event: Event, without: frozenset[str]) -> Any:
        """R18: the same of its public part, ready for JSON and without some fields; private parts are in no answer."""
        if self.sees_every_company:
            return orjson.Fragment(event.public_json(without=without))
        return {name: value for name, value in event.company_data().items() if name not in without}

    def acts_for(self, responsible: str | None) -> str | None:
        """R30: a company, or the colleague for whom somebody of the authority stands in."""
        if self.sees_every_company:
            return responsible if responsible != self.subject else None
        return self.cvr

    def require_company(self, cvr: str | None) -> None:
        """Raises 404 where the asker may not even know that it exists."""
        if not self.may_see_company(cvr):
            raise not_found()

    def require_to_act(self, cvr: str | None) -> None:
        """Raises 404 where the asker has nothing to do with the case. The portal acts on all and reads none."""
        if self.role is not Role.PORTAL:
            self.require_company(cvr)

    def require_role(self, *roles: Role) -> None:
        """Raises 403 for every other role."""
        if self.role not in roles:
            allowed = " or ".join(role.value for role in roles)
            raise forbidden("this is for {allowed}, and the token says {role}", allowed=allowed, role=self.role.value)


def seen(viewer: Viewer, recorded: Iterable[Recorded]) -> list[Recorded]:
    """What a viewer may know of a stream. Views, versions and ETags are made of this, and of nothing else."""
    if viewer.sees_every_company:
        return list(recorded)
    return [replace(one, event=viewer.as_told(one.event)) for one in recorded if viewer.may_see(one.event)]


def seen_events(viewer: Viewer, events: Sequence[Event]) -> list[Event]:
    """The same for events that are about to be recorded."""
    return [event for event in events if viewer.may_see(event)]


_bearer = HTTPBearer(scheme_name="bearer", bearerFormat="JWT", auto_error=False)


def identify(verifier: TokenVerifier, authorization: str | None) -> Identity:
    """Who asks, by the header of a request. Raises Problem (401)."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized("a bearer token is needed")
    try:
        return verifier.verify(token.strip())
    except InvalidToken as error:
        raise _unauthorized(error.text, **error.values) from error


async def viewer(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Viewer:
    """The asker of a request, from its bearer token. 401 without a valid one."""
    identity = identify(request.app.state.verifier, request.headers.get("Authorization"))
    return Viewer(identity.role, identity.subject, identity.cvr)


Asker = Annotated[Viewer, Depends(viewer)]
"""For the signature of a route."""


def _unauthorized(detail: str, **values: Any) -> Problem:
    return Problem(401, "Who asks?", detail, headers={"WWW-Authenticate": "Bearer"}, values=values)
