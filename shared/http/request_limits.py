"""Checks of every request besides its own fields: the parameters of the query, and the days that it may name."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, get_args

from fastapi import Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from shared.deadlines.copenhagen import local_day
from shared.eventstore.clock import Clock
from shared.http.field_types import within
from shared.policy.policies import Policies
from shared.policy.policy import Input
from shared.reference.identifiers import day_of_command

_UNKNOWN = PydanticCustomError("unknown_parameter", "is not a parameter of this path")
_REPEATED = PydanticCustomError("repeated_parameter", "is given more than once")
_NOT_WHOLE = PydanticCustomError("whole_number", "is not a whole number: write it as 12")
_DIGITS = re.compile(r"-?[0-9]+", re.ASCII)
_NUMBER = TypeAdapter(int)
_faulty: ContextVar[tuple[tuple[str, PydanticCustomError], ...]] = ContextVar("faulty", default=())
"""Unknown, repeated and wrongly written parameters in the query of this request, each with its error."""


class _Parameters(BaseModel):
    """The whole query of a request; it declares no fields, so that documents show none."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="before")
    @classmethod
    def _names(cls, asked: Any) -> Any:
        """Reports all faulty parameters at once, together with all other errors of the request."""
        faults = [InitErrorDetails(type=fault, loc=(name,), input=None) for name, fault in _faulty.get()]
        if faults:
            raise ValidationError.from_exception_data("query", faults)
        return asked


async def note_query(request: Request) -> None:
    """Route dependency: notes faulty parameters for `refuse_unknown_parameters`, which does not see the route."""
    route = request.scope.get("route")
    known = _parameters_of(route) if isinstance(route, APIRoute) else {}
    times = Counter(name for name, _ in request.query_params.multi_items())
    unknown = [(name, _UNKNOWN) for name in times if name not in known]
    repeated = [(name, _REPEATED) for name, count in times.items() if name in known and count > 1]
    numbers = [(name, told) for name, told in request.query_params.multi_items() if known.get(name)]
    _faulty.set((*unknown, *repeated, *((name, _NOT_WHOLE) for name, told in numbers if _is_taken_for_whole(told))))


async def refuse_unknown_parameters(_: Annotated[_Parameters, Query()]) -> None:
    """Route dependency: refuses unknown parameters, because a misspelt filter would return the whole list."""


def _is_taken_for_whole(told: str) -> bool:
    """Returns whether pydantic would accept a number that is not written as a whole one, such as `1.0` or `1_000`.

    Pydantic itself refuses what it cannot parse.
    """
    if _DIGITS.fullmatch(told):
        return False
    try:
        _NUMBER.validate_python(told)
    except ValidationError:
        return False
    return True


_known: dict[int, tuple[APIRoute, Mapping[str, bool]]] = {}
"""Cache of each route's parameters by the id of the route: routes cannot be hashed and live as long as the process."""


def _parameters_of(route: APIRoute) -> Mapping[str, bool]:
    """Returns the names of a route's parameters, each with whether it is a whole number."""
    if id(route) not in _known:
        _known[id(route)] = route, dict(_parameters(route.dependant))
    return _known[id(route)][1]


def _parameters(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    for parameter in dependant.query_params:
        kind = parameter.field_info.annotation
        yield parameter.alias, int in (kind, *get_args(kind))
    for further in dependant.dependencies:
        yield from _parameters(further)


class InputLimits:
    """Finds the limits on input in the policy that is in force."""

    def __init__(self, policies: Callable[[], Policies], clock: Callable[[], Clock]) -> None:
        """Calls both functions only with the first request, because an application's document needs neither result."""
        self._make_policies = policies
        self._make_clock = clock

    @cached_property
    def _policies(self) -> Policies:
        return self._make_policies()

    @cached_property
    def clock(self) -> Clock:
        """Returns the clock that the services use."""
        return self._make_clock()

    def in_force(self) -> Input:
        """Returns the section `input` of the policy that is in force now."""
        return self._at(self.clock.now())

    async def note_days(self, request: Request) -> None:
        """Route dependency: tells the validators of this request which days it may name.

        A command may name only codes that are valid on the day when it is received; a query may also name others.
        """
        within.set(self._days)
        day_of_command.set(None if request.method == "GET" else lambda: local_day(self.clock.now()))

    def _days(self) -> tuple[date, date]:
        now = self.clock.now()
        limits, today = self._at(now), local_day(now)
        return today - timedelta(days=limits.days_back), today + timedelta(days=limits.days_ahead)

    def _at(self, instant: datetime) -> Input:
        """Returns the limits at an instant; before the first policy, those of the first policy."""
        policies = self._policies
        return (policies.at(instant) if policies.has(instant) else policies.by_effective_date[0]).input
