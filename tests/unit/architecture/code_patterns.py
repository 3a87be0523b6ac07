"""Read text out of source code: an f-string as a pattern such as `open/{p_number}/{topic}/{slot}`."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any
from uuid import UUID

PROJECT = Path(__file__).parents[3]
SOURCES = ("shared", "services", "migrations", "deploy")
"""What runs; benchmarks and tests leave nothing in anybody's data."""
_TRANSPARENT = ("bytes", "value", "__name__")
"""Attributes that only change how a value is written."""


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: str
    """Below the project's folder."""
    tree: ast.Module
    texts: Mapping[str, str]
    """What the module's own and imported names of strings and UUIDs stand for."""
    nodes: Sequence[ast.AST]
    """Everything in it."""
    calls: Sequence[tuple[str, ast.Call]]
    """All calls, each with the name of the function that it stands in (empty at the module's top)."""


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """The Python files below these folders, or below all that run."""
    files = (file for folder in folders or SOURCES for file in sorted((PROJECT / folder).rglob("*.py")))
    return tuple(source(str(file.relative_to(PROJECT))) for file in files)


@cache
def source(path: str) -> Source:
    """One Python file, by its path below the project's folder."""
    return as_source(path, (PROJECT / path).read_text(encoding="utf-8"))


def as_source(path: str, text: str) -> Source:
    """A text as if it stood in a file there."""
    tree = ast.parse(text)
    texts = dict(_imported_texts(tree)) | _texts(tree)
    return Source(path, tree, texts, tuple(ast.walk(tree)), tuple(_calls(tree, "")))


def _calls(node: ast.AST, function: str) -> Iterator[tuple[str, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        inside = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
        if isinstance(child, ast.Call):
            yield inside, child
        yield from _calls(child, inside)


@cache
def _texts_of_file(file: Path) -> Mapping[str, str]:
    return _texts(ast.parse(file.read_text(encoding="utf-8")))


def _texts(tree: ast.Module) -> dict[str, str]:
    texts = {}
    for node in tree.body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Constant(value=str(text))
                | ast.Call(func=ast.Name(id="UUID"), args=[ast.Constant(value=str(text))]),
            ):
                texts[name] = text
    return texts


def _imported_texts(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            file = (PROJECT / node.module.replace(".", "/")).with_suffix(".py")
            if file.exists():
                found = _texts_of_file(file)
                yield from ((one.asname or one.name, found[one.name]) for one in node.names if one.name in found)


def called(call: ast.Call) -> str:
    """The name of what is called, without what stands before its last point."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    """An argument by its place or its name."""
    if len(call.args) > place:
        return call.args[place]
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def pattern(node: ast.expr, names: Mapping[str, Any]) -> str:
    """The text that an expression makes; what is known only when it runs stands in braces, by its last name."""
    match node:
        case ast.Constant(value=str(text)):
            return text.replace("\n", "\\n")
        case ast.Constant(value=None):
            return "nothing"
        case ast.JoinedStr(values=values):
            return "".join(pattern(value, names) for value in values)
        case ast.FormattedValue(value=value):
            return pattern(value, names)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return pattern(left, names) + pattern(right, names)
        case ast.BoolOp(values=[first, *_]):
            return pattern(first, names)
        case ast.Name(id=name) if isinstance(names.get(name), str | UUID):
            return str(names[name])
        case ast.Call(func=ast.Name(id=name)) if isinstance(names.get(name), FunctionType):
            return returned_pattern(names[name])
        case ast.Call(func=ast.Attribute(value=value, attr=method)) if method != "join":
            return pattern(value, names)
        case ast.Call(args=[first, *_]):
            return pattern(first, names)
        case ast.Attribute(value=value, attr=name) if name in _TRANSPARENT:
            return pattern(value, names)
        case ast.Attribute(attr=name) | ast.Name(id=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
            name = name.removeprefix("_")
            return name if name.isupper() else "{" + name + "}"
    return "{" + ast.unparse(node) + "}"


def returned_pattern(function: Callable[..., Any]) -> str:
    """The text that a function of one `return` makes."""
    (value,) = [node.value for node in ast.walk(tree_of(function)) if isinstance(node, ast.Return)]
    assert value is not None
    return pattern(value, names_of(function))


def tree_of(function: Callable[..., Any]) -> ast.Module:
    """A function's own source."""
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def names_of(function: Callable[..., Any]) -> Mapping[str, Any]:
    """What the names of its module stand for."""
    assert isinstance(function, FunctionType)
    return function.__globals__


def callees(function: Callable[..., Any], returns: Sequence[Any]) -> Iterator[Callable[..., Any]]:
    """The functions that it calls whose annotation says that they return one of these."""
    for node in ast.walk(tree_of(function)):
        if isinstance(node, ast.Call):
            found = _resolved(node.func, names_of(function))
            if isinstance(found, FunctionType) and found.__annotations__.get("return") in returns:
                yield found


def _resolved(node: ast.expr, names: Mapping[str, Any]) -> Any:
    match node:
        case ast.Name(id=name):
            return names.get(name)
        case ast.Attribute(value=value, attr=name):
            return getattr(_resolved(value, names), name, None)
    return None


def literals(node: ast.AST) -> Iterator[str]:
    """Every text written down below a node, docstrings included; an f-string without its braces' content."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def sql_files() -> Iterator[tuple[str, str]]:
    """Every SQL file that runs, with its path."""
    for folder in SOURCES:
        for file in sorted((PROJECT / folder).rglob("*.sql")):
            yield str(file.relative_to(PROJECT)), re.sub(r"--.*", "", file.read_text(encoding="utf-8"))
