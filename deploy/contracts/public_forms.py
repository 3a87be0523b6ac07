"""Writes the public form of every fact with private parts: a type without the private fields (R31)."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from pydantic import BaseModel

from shared.contracts import control, guidance, offers, orders, people, register
from shared.contracts.vocabulary import Told
from shared.eventstore.events import Event, private_fields

FILE = Path(__file__).parents[2] / "shared" / "contracts" / "public_forms.py"
_LINE = 120
_FACTS: tuple[type[Event], ...] = (
    *offers.FACTS,
    *guidance.FACTS,
    *control.FACTS,
    *people.FACTS,
    *orders.FACTS,
    *register.FACTS,
)
_HEAD = '''\
"""Facts that have private parts, in their public form: what states hold and deciders read (R31).

Written by `python -m deploy.contracts`. To the type checker these are classes without the private fields. When the
program runs each is the fact's own class, and a fold has left the private fields out: reading one is an
AttributeError. Rules build a fact from shared.contracts.offers, guidance or control, and read it by its name here.
"""

from typing import TYPE_CHECKING
'''


def write() -> None:
    """Writes the module."""
    FILE.write_text(text(), encoding="utf-8")


def text() -> str:
    """Returns the source of the module as the contracts define it now."""
    facts = [fact for fact in _FACTS if private_fields(fact)]
    classes = [_class(fact) for fact in facts]
    modules = {base.__module__ for fact in facts for base in _bases(fact)}
    origins = {name: origin for module in modules for name, origin in _origins(sys.modules[module]).items()}
    used = {name for one in classes for name in _names(one)} & set(origins)
    checked = [
        *_imports({name: origins[name] for name in used} | {"Event": "shared.eventstore.events"}),
        *(line for one in classes for line in ("", *one.splitlines())),
    ]
    run = _imports({fact.__name__: fact.__module__ for fact in facts})
    names = [f'    "{name}",' for name in sorted(fact.__name__ for fact in facts)]
    lines = ["if TYPE_CHECKING:", *_inside(checked), "else:", *_inside(run), "", "__all__ = [", *names, "]"]
    return "\n".join([_HEAD, *lines, ""])


def _inside(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]


def _class(fact: type[Event]) -> str:
    """Returns a class with name and public fields; readers need no defaults, limits and markers."""
    fields = [
        f"    {node.target.id}: {ast.unparse(_without_markers(node.annotation, vars(sys.modules[base.__module__])))}"
        for base in _bases(fact)
        for node in _defined(base).body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and node.target.id in fact.model_fields
        and node.target.id not in private_fields(fact)
        and _declaring_class(fact, node.target.id) is base
    ]
    return "\n".join([f"class {fact.__name__}(Event):", *fields])


def _bases(fact: type[Event]) -> list[type[BaseModel]]:
    """Returns the fact itself, and the `Told` values whose fields it inherits."""
    return [base for base in fact.__mro__ if base is fact or (issubclass(base, Told) and base is not Told)]


def _declaring_class(fact: type[Event], field: str) -> type[BaseModel]:
    """Returns the class whose declaration of a field applies."""
    return next(base for base in _bases(fact) if field in inspect.get_annotations(base))


def _defined(base: type[BaseModel]) -> ast.ClassDef:
    (defined,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
    assert isinstance(defined, ast.ClassDef)
    return defined


def _without_markers(annotation: ast.expr, names: Mapping[str, object]) -> ast.expr:
    class Bare(ast.NodeTransformer):
        def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
            self.generic_visit(node)
            match node:
                case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[bare, *_])):
                    return bare
                case ast.Subscript(value=ast.Name(id=name), slice=bare) if hasattr(names.get(name), "__metadata__"):
                    return bare  # a name for Annotated[T, ...], as markers have one
            return node

    bare = Bare().visit(annotation)
    assert isinstance(bare, ast.expr)
    return bare


def _names(source: str) -> Iterator[str]:
    return (node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name))


def _origins(module: ModuleType) -> Mapping[str, str]:
    """Returns, for each name that the module imports or defines, the module that it comes from."""
    tree = ast.parse(inspect.getsource(module))
    own = {node.name: module.__name__ for node in tree.body if isinstance(node, ast.ClassDef)}
    imports = (node for node in tree.body if isinstance(node, ast.ImportFrom))
    return own | {alias.name: str(node.module) for node in imports for alias in node.names}


def _imports(origins: Mapping[str, str]) -> list[str]:
    """Returns import statements in ruff's order: the standard library first."""
    modules = sorted(set(origins.values()), key=lambda module: (module.startswith("shared."), module))
    lines: list[str] = []
    for module in modules:
        if lines and module.startswith("shared.") and not lines[0].startswith("from shared."):
            lines += [""] if "" not in lines else []
        names = sorted((name for name, origin in origins.items() if origin == module), key=str.lower)
        names.sort(key=str.islower)
        line = f"from {module} import {', '.join(names)}"
        lines += [line] if len(line) + 4 <= _LINE else [f"from {module} import (", *(f"    {n}," for n in names), ")"]
    return lines
