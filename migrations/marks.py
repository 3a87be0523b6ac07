"""The marks of each migration, which say what it means for a running system; read without alembic."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from migrations.revisions import CHAINS, revision_files
from shared.watching.schema import Chain, Shipped

LAST_RELEASED = {"event_store": "0003", "offers": "0001", "guidance": "0000", "notices": "0000", "reporting": "0004"}
"""The newest revision of each chain in the previous release (2026-11), whose migrations have no marks.

0000 for a chain that it did not have.
"""


class Stage(StrEnum):
    """Whether a migration adds something or removes something."""

    EXPAND = "expand"
    """Processes of the previous release keep running meanwhile."""
    CONTRACT = "contract"
    """Removes what only processes of the previous release still needed."""


class When(StrEnum):
    """When a migration runs in a rolling upgrade."""

    BEFORE = "before"
    """It runs before the first process of its release starts."""
    AFTER = "after"
    """It waits until no process of the previous release is connected."""


@dataclass(frozen=True)
class Mark:
    """What an operator must know about one migration."""

    chain: str
    revision: str
    title: str
    """The first line of its file, as a sentence."""
    stage: Stage
    when: When
    operators: str
    """Which locks it takes, how long it takes, and what to do before or afterwards."""


def marks(chain: str) -> Sequence[Mark]:
    """Returns the marks of a chain's migrations since the previous release, oldest first.

    Raises ValueError if a migration lacks a mark, has impossible marks, or would run after one that waits.
    """
    found: list[Mark] = []
    for revision, file in revision_files(chain).items():
        if revision > LAST_RELEASED[chain]:
            found.append(_mark(chain, revision, file))
    for earlier, later in pairwise(found):
        if (earlier.when, later.when) == (When.AFTER, When.BEFORE):
            raise ValueError(f"{chain} {later.revision} runs before {earlier.revision}, which waits: swap them")
    return found


def last_before_takeover(chain: str) -> str:
    """Returns the revision up to which a chain can be migrated while the previous release runs."""
    return next((mark.revision for mark in reversed(marks(chain)) if mark.when is When.BEFORE), LAST_RELEASED[chain])


def shipped(service: str) -> Shipped:
    """Returns the revisions that this release contains for a service."""
    return {chain: Chain(list(revision_files(chain)), last_before_takeover(chain)) for chain in CHAINS[service]}


def _mark(chain: str, revision: str, file: Path) -> Mark:
    module = ast.parse(file.read_text(encoding="utf-8"))
    constants = dict(_constants(module))
    if missing := {"stage", "when", "operators"} - constants.keys():
        raise ValueError(f"{file.name} does not say: {', '.join(sorted(missing))}")
    title = (ast.get_docstring(module) or "").partition("\n")[0]
    mark = Mark(chain, revision, title, Stage(constants["stage"]), When(constants["when"]), constants["operators"])
    if not mark.operators.endswith("."):
        raise ValueError(f"{file.name} says nothing to operators")
    if mark.stage is Stage.EXPAND and mark.when is When.AFTER:
        raise ValueError(f"{file.name} adds something: that runs before the processes that need it")
    return mark


def _constants(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Yields module constants that are texts, also those of tuple assignments."""
    for statement in module.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(value))):
                yield name, value
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                for one, text in zip(names, values, strict=True):
                    assert isinstance(one, ast.Name)
                    yield one.id, ast.literal_eval(text)
