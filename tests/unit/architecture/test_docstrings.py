"""A docstring says what the code does or decides; the id of a rule alone sends its reader to another file."""

import ast
import re
from collections.abc import Iterator

from tests.unit.architecture.code_patterns import Source, as_source, sources

_ONLY_IDS = re.compile(r"\W*R\d+(?:\W+(?:and\W+|to\W+)?R\d+)*\W*")
"""Ids of rules with nothing between them but punctuation: `R13.`, `R12, R15`, `R3-R6`."""


_PREFIX = re.compile(r"(?:R\d+(?:[-–]R\d+)?(?:, )?)+: |(?:Route dependency|Reaction): ")
_VERB = re.compile(r"[A-Za-z][a-z]+s\b")
_NO_VERBS = frozenset({"as", "its", "this", "thus", "facts", "rules", "rows", "days"})
"""Words that end like a verb in the third person."""


def docstrings(source: Source) -> Iterator[tuple[int, str]]:
    """Yields the line and the text of every docstring: of modules, classes, functions and attributes."""
    for node in source.nodes:
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            match statement:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield statement.lineno, text


def only_ids(source: Source) -> list[str]:
    """Returns the places of the docstrings that are only ids of rules."""
    return [f"{source.path}:{line}: {text}" for line, text in docstrings(source) if _ONLY_IDS.fullmatch(text)]


def without_verb(source: Source) -> list[str]:
    """Returns the public functions whose docstring does not begin with a verb: `Returns …`, `R17: books …`."""
    found = []
    for node in source.nodes:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        text = ast.get_docstring(node)
        if text is None:
            continue
        begins = _VERB.match(_PREFIX.sub("", text, count=1) if _PREFIX.match(text) else text)
        if begins is None or begins.group().lower() in _NO_VERBS:
            found.append(f"{source.path}:{node.lineno}: {node.name}: {text.splitlines()[0]}")
    return found


def test_the_docstring_of_a_public_function_begins_with_what_the_function_does() -> None:
    own = [source for source in sources() if str(source.path).startswith(("services/", "shared/"))]
    assert len(own) > 300
    assert [place for source in own for place in without_verb(source)] == []


def test_every_form_of_a_docstring_without_a_verb_is_found() -> None:
    text = '''
def one():
    """The row."""
def two():
    """R17: in time, and once."""
def three():
    """As it stands."""
def four():
    """R3, R6-R8: lapses an offer."""
def five():
    """Route dependency: returns the sender."""
def six():
    """Returns the row."""
def _seven():
    """Private ones may be notes."""
'''
    assert [place.split(": ")[1] for place in without_verb(as_source("case.py", text))] == ["one", "two", "three"]


def test_no_docstring_is_only_the_id_of_a_rule() -> None:
    assert sum(1 for source in sources() for _ in docstrings(source)) > 1_000
    assert [place for source in sources() for place in only_ids(source)] == []


def test_every_form_of_such_a_docstring_is_found() -> None:
    text = '''
"""R1"""
LIMIT = 1
"""R2."""
class Case:
    """R3, R4"""
    field: int
    """R3-R6."""
    def decide(self):
        """R7, R8 and R9."""
    def fine(self):
        """R8: says more than its id."""
'''
    assert len(only_ids(as_source("case.py", text))) == 5
