"""The intended breaks of the released contract: those that intended_breaks.toml lists by name.

The check fails for a break that is not listed, and for a listed one that does not exist. A release empties the list,
because later changes are compared with the new contract.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

_FILE = Path(__file__).with_suffix(".toml")
INTENDED: Mapping[str, frozenset[str]] = {
    document: frozenset(breaks) for document, breaks in tomllib.loads(_FILE.read_text(encoding="utf-8")).items()
}
"""The intended breaks by name of the document."""
