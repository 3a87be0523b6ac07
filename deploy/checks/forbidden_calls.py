"""An import-linter contract that finds I/O without an import: `open`, reading a path, reading the clock."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.domain.helpers import module_expressions_to_modules


class ForbiddenCallsContract(Contract):
    """Forbids modules, and all below them, to call these names: `open(…)`, or as an attribute `path.read_text(…)`."""

    type_name = "forbidden_calls"

    source_modules: Any = fields.SetField(subfield=fields.ModuleExpressionField())
    forbidden_calls: Any = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Finds all forbidden calls; the contract is broken if there is one."""
        forbidden = set(self.forbidden_calls)
        named = {module.name for module in module_expressions_to_modules(graph, self.source_modules)}
        modules = named.union(*(graph.find_descendants(module) for module in named))
        calls = [f"{file}:{line}: {name}" for file, line, name in _calls(modules) if name in forbidden]
        return ContractCheck(kept=not calls, metadata={"calls": calls})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Prints file, line and name of every forbidden call."""
        for call in check.metadata["calls"]:
            output.print_error(call)


def _calls(modules: set[str]) -> Iterator[tuple[Path, int, str]]:
    for module in sorted(modules):
        file = _source(module)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                    yield file, node.lineno, name


def _source(module: str) -> Path:
    """Returns the file of a module, relative to the project's folder, in which lint-imports runs."""
    path = Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
