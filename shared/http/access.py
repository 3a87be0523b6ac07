"""The one place that decides what an asker may see and do; every read and every command goes through it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import orjson
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.contracts import people
from shared.contracts.vocabulary import Centre
from shared.eventstore.events import Event, Recorded
from shared.http.errors import InvalidToken, Problem
from shared.http.problems import forbidden, not_found
from shared.http.tokens import Identity, Role, TokenVerifier
from shared.http.who_may_act import is_command, require_to_perform

Audience = Literal["authority", "company"]
AUTHORITY = (Role.INSPECTOR, Role.SUPPORTER, Role.LEADER)
"""The roles that see all cases completely."""
_OF_DIRECTORY = frozenset(people.FACTS)


@dataclass(frozen=True)
class Viewer:
    """The sender of a request, whose role decides what the sender may see and do."""

    role: Role
    subject: str
    cvr: str | None = None
    leads: Centre | None = None
    """R42: the centre that the viewer leads, if it is a leader."""

    @property
    def audience(self) -> Audience:
        """Returns whether the viewer gets the authority's view of a case or the company's."""
        return "authority" if self.role in AUTHORITY else "company"

    @property
    def sees_every_company(self) -> bool:
        """Returns whether the viewer belongs to the authority, which sees all cases completely."""
        return self.audience == "authority"

    @property
    def keeps_directory(self) -> bool:
        """R42: returns whether the viewer says who works where, without seeing names: operators and the register."""
        return self.role in (Role.OPERATOR, Role.PERSONNEL_REGISTER)

    def may_see_company(self, cvr: str | None) -> bool:
        """Returns whether the viewer may see a company's cases: the authority all, a company its own, others none."""
        return self.sees_every_company or (self.role is Role.COMPANY and cvr is not None and cvr == self.cvr)

    def may_see(self, event: Event) -> bool:
        """R18: returns whether the viewer may know that the fact exists."""
        return self._sees_all_of(event) or event.seen_by_company()

    def as_told(self, event: Event) -> Event:
        """R18: returns the fact without the parts that the viewer may not know, for a fact that the viewer may see."""
        return event if self._sees_all_of(event) else event.as_company_sees()

    def as_told_in_json(self, event: Event, without: frozenset[str]) -> Any:
        """R18: returns the public part of the fact as the viewer may know it, as JSON and without some fields."""
        if self._sees_all_of(event):
            return orjson.Fragment(event.public_json(without=without))
        return {name: value for name, value in event.company_data().items() if name not in without}

    def _sees_all_of(self, event: Event) -> bool:
        """R42: who keeps the directory sees the public part of its facts, which names nobody, and of no others."""
        return self.sees_every_company or (self.keeps_directory and type(event) in _OF_DIRECTORY)

    def acts_for(self, responsible: str | None) -> str | None:
        """R30: returns for whom the viewer acts: its company, or the colleague who is responsible for the case."""
        if self.sees_every_company:
            return responsible if responsible != self.subject else None
        return self.cvr

    def require_company(self, cvr: str | None) -> None:
        """Raises Problem (404) if the viewer may not see the company's cases, or even know that they exist."""
        if not self.may_see_company(cvr):
            raise not_found()

    def require_to_act(self, cvr: str | None) -> None:
        """Raises Problem (404) if the viewer may not act in a company's cases. The portal may act in all of them.

        R42: who keeps the directory may act on what concerns no company.
        """
        if self.role is not Role.PORTAL and not (cvr is None and self.keeps_directory):
            self.require_company(cvr)

    def require_role(self, *roles: Role) -> None:
        """Raises Problem (403) if the viewer has none of these roles."""
        if self.role not in roles:
            allowed = " or ".join(role.value for role in roles)
            raise forbidden("this is for {allowed}, and the token says {role}", allowed=allowed, role=self.role.value)

    def require_centre_led(self, centre: Centre | None) -> None:
        """R42: raises Problem (403), which names `centre`, for a leader of another centre. Who is no leader passes."""
        if self.role is Role.LEADER and self.leads is not centre:
            raise forbidden(
                "this is for who leads the centre {centre}, and the token leads {leads}",
                rule="R42",
                centre="unknown" if centre is None else centre.value,
                leads="" if self.leads is None else self.leads.value,
            )


def visible_facts(viewer: Viewer, recorded: Iterable[Recorded]) -> list[Recorded]:
    """Returns the facts of a stream as a viewer may know them. Views, versions and ETags are made of these alone."""
    if viewer.sees_every_company:
        return list(recorded)
    return [replace(one, event=viewer.as_told(one.event)) for one in recorded if viewer.may_see(one.event)]


def visible_events(viewer: Viewer, events: Sequence[Event]) -> list[Event]:
    """Returns those of the events to be recorded that a viewer may know of."""
    return [event for event in events if viewer.may_see(event)]


_bearer = HTTPBearer(scheme_name="bearer", bearerFormat="JWT", auto_error=False)


def identify(verifier: TokenVerifier, authorization: str | None) -> Identity:
    """Returns who sends a request, by its Authorization header. Raises Problem (401)."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized("a bearer token is needed")
    try:
        return verifier.verify(token.strip())
    except InvalidToken as error:
        raise _unauthorized(error.text, **error.values) from error


async def viewer(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Viewer:
    """Route dependency: returns the sender of a request, by its bearer token.

    Raises Problem: 401 without a valid token, and 403 if the table of commands does not name the role.
    """
    identity = identify(request.app.state.verifier, request.headers.get("Authorization"))
    if is_command(request.method):
        require_to_perform(operation_of(request), identity.role)
    return Viewer(identity.role, identity.subject, identity.cvr, identity.leads)


def operation_of(request: Request) -> str:
    """Returns the name of the route that a request reached."""
    name: str = request.scope["route"].name
    return name


Asker = Annotated[Viewer, Depends(viewer)]
"""Type of the route parameter that receives the sender of the request."""


def _unauthorized(detail: str, **values: Any) -> Problem:
    return Problem(401, "Who asks?", detail, headers={"WWW-Authenticate": "Bearer"}, values=values)
