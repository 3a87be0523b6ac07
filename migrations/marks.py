"""What each migration does to those who run, as its revision says; read without alembic, like the revisions."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from migrations.revisions import CHAINS, revision_files
from shared.watching.schema import Chain, Shipped

LAST_RELEASED = {"event_store": "0003", "offers": "0001", "reporting": "0004"}
"""The newest revision of each chain in the release before (2026-11), whose migrations carried no marks yet."""


class Stage(StrEnum):
    """Whether a migration adds or takes away."""

    EXPAND = "expand"
    """Processes of the release before go on beside it."""
    CONTRACT = "contract"
    """Takes away what only processes of the release before still needed."""


class When(StrEnum):
    """When a migration runs in a rolling upgrade."""

    BEFORE = "before"
    """Before the first process of its release starts."""
    AFTER = "after"
    """After the last process of the release before has ended; it waits as long as one is connected."""


@dataclass(frozen=True)
class Mark:
    """One migration as an operator must know it."""

    chain: str
    revision: str
    title: str
    """The first line of its file, as a sentence."""
    stage: Stage
    when: When
    operators: str
    """What an operator must know: which locks, how long, what to do before or afterwards."""


def marks(chain: str) -> Sequence[Mark]:
    """The marks of a chain's migrations that were made since the release before, oldest first.

    Raises ValueError where one lacks a mark, says what cannot be, or would have to run after one that waits.
    """
    found: list[Mark] = []
    for revision, file in revision_files(chain).items():
        if revision > LAST_RELEASED[chain]:
            found.append(_mark(chain, revision, file))
    for earlier, later in pairwise(found):
        if (earlier.when, later.when) == (When.AFTER, When.BEFORE):
            raise ValueError(f"{chain} {later.revision} runs before {earlier.revision}, which waits: put it first")
    return found


def last_before_takeover(chain: str) -> str:
    """The revision up to which a chain may go while processes of the release before run."""
    return next((mark.revision for mark in reversed(marks(chain)) if mark.when is When.BEFORE), LAST_RELEASED[chain])


def shipped(service: str) -> Shipped:
    """What this release ships for a service."""
    return {chain: Chain(list(revision_files(chain)), last_before_takeover(chain)) for chain in CHAINS[service]}


def _mark(chain: str, revision: str, file: Path) -> Mark:
    module = ast.parse(file.read_text(encoding="utf-8"))
    told = dict(_constants(module))
    if missing := {"stage", "when", "operators"} - told.keys():
        raise ValueError(f"{file.name} does not say: {', '.join(sorted(missing))}")
    title = (ast.get_docstring(module) or "").partition("\n")[0]
    mark = Mark(chain, revision, title, Stage(told["stage"]), When(told["when"]), told["operators"])
    if not mark.operators.endswith("."):
        raise ValueError(f"{file.name} says nothing to operators")
    if mark.stage is Stage.EXPAND and mark.when is When.AFTER:
        raise ValueError(f"{file.name} adds something: that runs before the processes that need it")
    return mark


def _constants(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Names that are given one text, or several that are given one each."""
    for statement in module.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(value))):
                yield name, value
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                for one, told in zip(names, values, strict=True):
                    assert isinstance(one, ast.Name)
                    yield one.id, ast.literal_eval(told)
