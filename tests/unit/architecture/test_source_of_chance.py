"""Chance has one source, and no rule holds it: what was drawn comes in a command and is kept in a fact (R18, R19)."""

import ast
from pathlib import Path

from tests.unit.architecture.code_patterns import PROJECT

_SOURCES_OF_CHANCE = {"random", "secrets", "numpy"}
_MAY_IMPORT = {"shared/eventstore/randomness.py", "shared/service.py"}
_HELD_BY_RULES = "shared.eventstore.randomness"


def imported(file: Path) -> set[str]:
    """The modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name for alias in aliases}
            case ast.ImportFrom(module=str(module)):
                names.add(module)
    return names


def test_chance_comes_from_one_module() -> None:
    files = [file for folder in ("services", "shared") for file in (PROJECT / folder).rglob("*.py")]
    assert len(files) > 100
    drawing = {str(file.relative_to(PROJECT)) for file in files if imported(file) & _SOURCES_OF_CHANCE}
    assert drawing == _MAY_IMPORT


def test_no_rule_holds_a_source_of_chance() -> None:
    rules = [file for file in (PROJECT / "services").glob("*/rules/*.py") if _HELD_BY_RULES in imported(file)]
    assert rules == []


def test_no_id_of_a_place_a_control_or_an_inspection_is_derived() -> None:
    """Such ids were hashes of what anybody knows, and of private names of departments."""
    names = (PROJECT / "docs/names-in-data.md").read_text(encoding="utf-8")
    rows = [row for row in names.splitlines() if row.startswith(("| `uuid5(", "| `sha256("))]
    assert rows
    secret = ("Accepted.places", "control_id", "inspection_id", "SampleChosen", "place_id")
    assert [row for row in rows if any(name in row for name in secret)] == []
