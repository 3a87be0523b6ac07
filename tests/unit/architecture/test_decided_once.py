"""What is late, and what a company may see, is decided in one place each; everybody else asks there (R6, R17, R18)."""

import ast
from collections.abc import Iterator

import pytest

from tests.unit.architecture.code_patterns import Source, as_source, sources

ENDS = {"last_day", "ends_at"}
"""What a deadline, or a quarantine, ends with."""
HOMES_OF_LATENESS = {
    "shared/deadlines/deadline.py",
    "services/control/rules/lateness.py",
    "services/offers/rules/quarantine.py",
}
"""A deadline says itself what has come too late, a control has a limit with reasons, a quarantine stands to its end."""
HOMES_OF_VISIBILITY = {"shared/visibility.py", "shared/eventstore/events.py", "shared/http/access.py"}
"""The markers of the contract, the fact that reads its own, and what follows from the role of who asks."""
READERS_OF_MARKERS = {"is_shown", "as_shown", "shown_json"}


def writes() -> Iterator[Source]:
    """The services that write, and what they stand on; reporting's view has a fold and a test of its own."""
    for folder in ("services", "shared"):
        for one in sources(folder):
            if not one.path.startswith("services/reporting/"):
                yield one


def ends_compared(source: Source) -> list[str]:
    """Where something is held against an end."""
    return [
        f"{source.path}:{node.lineno}"
        for node in source.nodes
        if isinstance(node, ast.Compare)
        and any(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in node.ops)
        and any(
            (isinstance(side, ast.Attribute) and side.attr in ENDS) or (isinstance(side, ast.Name) and side.id in ENDS)
            for side in (node.left, *node.comparators)
        )
    ]


def audiences_told_apart(source: Source) -> list[str]:
    """Where it is decided what somebody may see: by the side on which the asker stands, or by the markers."""
    return [
        f"{source.path}:{node.lineno}"
        for node in source.nodes
        if (isinstance(node, ast.Attribute) and node.attr == "audience")
        or (isinstance(node, ast.Name) and node.id in READERS_OF_MARKERS)
    ]


@pytest.mark.rule("R3", "R6", "R17", "R22")
def test_what_is_late_is_decided_in_its_homes() -> None:
    assert [found for one in writes() if one.path not in HOMES_OF_LATENESS for found in ends_compared(one)] == []


@pytest.mark.rule("R18")
def test_what_a_company_may_see_is_decided_in_its_homes() -> None:
    strays = [found for one in writes() if one.path not in HOMES_OF_VISIBILITY for found in audiences_told_apart(one)]
    assert strays == []


def test_each_home_is_one() -> None:
    assert {one.path for one in writes() if ends_compared(one)} == HOMES_OF_LATENESS
    assert {one.path for one in writes() if audiences_told_apart(one)} == HOMES_OF_VISIBILITY


def test_a_planted_decision_is_found() -> None:
    late = "def late(at, deadline):\n    return at >= deadline.ends_at or at.date() > deadline.last_day"
    assert len(ends_compared(as_source("services/control/rules/planted.py", late))) == 2
    hidden = "def shows(asker, fact):\n    return asker.audience == 'authority' or is_shown(fact)"
    assert len(audiences_told_apart(as_source("services/control/http/planted.py", hidden))) == 2
