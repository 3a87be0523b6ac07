"""Breaks of a released contract that are meant: those that intended_breaks.toml lists by name.

A break that is not listed fails the check, and so does one that is listed and no longer there. A release empties the
list: what was broken is then what later changes are compared with.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

_FILE = Path(__file__).with_suffix(".toml")
INTENDED: Mapping[str, frozenset[str]] = {
    document: frozenset(breaks) for document, breaks in tomllib.loads(_FILE.read_text(encoding="utf-8")).items()
}
"""By the name of the document."""
