"""Reads from the source what it says about rules: who decides, who refuses, and which tests check them."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
DECIDING = (
    "services",
    "shared/deadlines",
    "shared/policy",
    "shared/reference",
    "shared/http",
    "shared/eventstore",
    "shared/messaging",
)
"""The folders in which rules are decided; contracts only say what was decided."""
_RULE = re.compile(r"R([1-9]\d?)\b")
_RANGE = re.compile(r"\bR([1-9]\d?)-R([1-9]\d?)\b")
_TEST_NAME = re.compile(r"test_((?:r\d+_)+)")


@dataclass(frozen=True)
class Decided:
    """A function or class in which a rule is decided."""

    file: str
    name: str
    rules: frozenset[str]


@dataclass(frozen=True)
class Tested:
    """A test, and the rules that it checks."""

    file: str
    name: str
    rules: frozenset[str]


def rules_in(text: str) -> frozenset[str]:
    """Returns every rule that a text names; `R1-R10` names all of them."""
    found = {f"R{number}" for number in _RULE.findall(text)}
    for first, last in _RANGE.findall(text):
        found |= {f"R{number}" for number in range(int(first), int(last) + 1)}
    return frozenset(found)


def find_deciding_functions() -> Iterator[Decided]:
    """Yields functions whose docstring begins with rules: `R6, R10: ...`. Facts, commands and views are left out."""
    for file, tree in modules(DECIDING):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                summary = (ast.get_docstring(node) or "").partition(":")[0]
                if re.fullmatch(r"R\d+(?:(?:, |-)R\d+)*", summary):
                    yield Decided(file, node.name, rules_in(summary))


def find_tests() -> Iterator[Tested]:
    """Yields tests of a rule: by the marker `rule` on the test or its module, or by name (`test_r6_...`)."""
    for file, tree in modules(("tests",)):
        of_module = _marked(
            node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and any(_is_name(target, "pytestmark") for target in node.targets)
        )
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                named = _TEST_NAME.match(node.name)
                rules = _marked(node.decorator_list) or of_module
                if named:
                    rules |= {part.upper() for part in named[1].strip("_").split("_")}
                if rules:
                    yield Tested(file, node.name, frozenset(rules))


def policies() -> Mapping[str, list[str]]:
    """Returns the keys of the newest policy file by rule, from the rules that their comments name."""
    file = max((PROJECT / "shared" / "policy" / "files").glob("*.toml"))
    section, found = "", dict[str, list[str]]()
    for line in file.read_text(encoding="utf-8").splitlines():
        if header := re.match(r"\[([\w.]+)\]", line):
            section = header[1]
        elif key := re.match(r"(\w+) = .*?#(.*)$", line):
            for rule in rules_in(key[2]):
                found.setdefault(rule, []).append(f"{section}.{key[1]}".strip("."))
    return found


def modules(folders: tuple[str, ...]) -> Iterator[tuple[str, ast.Module]]:
    """Yields the parsed modules of some folders, each with its path in the project."""
    for folder in folders:
        for file in sorted((PROJECT / folder).rglob("*.py")):
            yield str(file.relative_to(PROJECT)), ast.parse(file.read_text(encoding="utf-8"))


def _marked(expressions: object) -> frozenset[str]:
    """Returns the ids in `pytest.mark.rule("R6", ...)`."""
    found: set[str] = set()
    for expression in expressions if isinstance(expressions, list) else list(expressions):  # type: ignore[call-overload]
        for node in ast.walk(expression):
            match node:
                case ast.Call(func=ast.Attribute(attr="rule"), args=args):
                    found |= {arg.value for arg in args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
    return frozenset(found)


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
