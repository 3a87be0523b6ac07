"""A decider's `evolve` ends in `case _`: a fact that it forgets must be declared to change nothing (R30)."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import pytest

from deploy.rulebook.example_facts import full, least
from deploy.rulebook.process import walk
from services.control.people.rules.centre_holidays import CENTRE
from services.control.people.rules.person_decider import PERSON
from services.control.planning.rules.holds import HOLD
from services.control.rules.course_decider import COURSE
from services.control.rules.orders_on_topics import ORDER
from services.guidance.rules.guidance_decider import GUIDANCE
from services.notices.rules.case_decider import NOTICES
from services.notices.rules.reader import READER
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.quarantine import QUARANTINE
from services.offers.rules.unit_change_schedule import UNIT
from shared.contracts import control, guidance, notices, offers, people
from shared.eventstore.decider import Decider
from shared.eventstore.events import Event

SERVICES: dict[str, tuple[tuple[type[Event], ...], tuple[Decider[Any, Any], ...]]] = {
    "offers": (offers.FACTS, (OFFER, QUARANTINE, UNIT)),
    "guidance": (guidance.FACTS, (GUIDANCE,)),
    "control": ((*control.FACTS, *people.FACTS), (COURSE, ORDER, PERSON, CENTRE, HOLD)),
    "notices": (notices.FACTS, (NOTICES, READER)),
}
"""The facts that each service records, and the deciders whose streams hold them: each fact those of one decider."""
DECIDERS = tuple(decider for _, deciders in SERVICES.values() for decider in deciders)


def called_by(function: FunctionType, seen: set[FunctionType]) -> Iterator[tuple[FunctionType, ast.AST]]:
    """The nodes of a function of the rules, and of those that it calls."""
    seen.add(function)
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        yield function, node
        if isinstance(node, ast.Name):
            other = function.__globals__.get(node.id)
            if isinstance(other, FunctionType) and ".rules." in other.__module__ and other not in seen:
                yield from called_by(other, seen)


def asked_for(node: ast.AST) -> Iterator[ast.expr]:
    """What a `case` or an `isinstance` asks for by its type."""
    match node:
        case ast.MatchClass(cls=cls):
            yield cls
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, kinds]):
            yield from (one for one in ast.walk(kinds) if isinstance(one, ast.Name))


def named_in_evolve(decider: Decider[Any, Any]) -> set[str]:
    """The facts that the decider's `evolve`, or a function that it calls, tells apart by their type."""
    assert isinstance(decider.evolve, FunctionType)
    named = (
        function.__globals__.get(kind.id)
        for function, node in called_by(decider.evolve, set())
        for kind in asked_for(node)
        if isinstance(kind, ast.Name)
    )
    return {kind.__name__ for kind in named if isinstance(kind, type) and issubclass(kind, Event)}


@pytest.mark.rule("R30")
@pytest.mark.parametrize("service", SERVICES)
def test_every_fact_of_a_service_is_folded_by_one_decider_or_declared_to_change_nothing(service: str) -> None:
    facts, deciders = SERVICES[service]
    told = [name for one in deciders for name in (*named_in_evolve(one), *(f.__name__ for f in one.changes_nothing))]
    assert sorted(told) == sorted(fact.__name__ for fact in facts)


@pytest.mark.rule("R30")
@pytest.mark.parametrize("decider", DECIDERS, ids=[one.name for one in DECIDERS])
def test_what_is_declared_to_change_nothing_changes_nothing(decider: Decider[Any, Any]) -> None:
    (facts,) = (facts for facts, deciders in SERVICES.values() if decider in deciders)
    steps = walk(decider, [made(fact) for fact in facts for made in (least, full)])
    changing = {type(fact).__name__ for before, fact, after in steps if before != after}
    assert changing
    assert not changing & {fact.__name__ for fact in decider.changes_nothing}
