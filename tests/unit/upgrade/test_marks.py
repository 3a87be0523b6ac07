"""Each migration since the release before says what it does to those who run."""

from pathlib import Path

import pytest

from migrations import marks, revisions
from migrations.marks import last_before_takeover
from migrations.revisions import CHAINS

REVISION = '''"""It changes something.

Revision ID: {number:04}
"""

revision = "{number:04}"
down_revision = {before}
{marked}
'''
EXPAND = 'stage, when = "expand", "before"\noperators = "Takes no lock on what is there."'
CONTRACT = 'stage, when = "contract", "after"\noperators = "Drops a column."'


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A chain of migrations of its own, after a release that had none."""
    monkeypatch.setattr(revisions, "FOLDER", tmp_path)
    monkeypatch.setitem(marks.LAST_RELEASED, "planted", "0001")
    return tmp_path / "planted" / "versions"


def plant(folder: Path, *marked: str) -> None:
    folder.mkdir(parents=True)
    for number, text in enumerate(("", *marked), 1):
        before = f'"{number - 1:04}"' if number > 1 else "None"
        file = folder / f"{number:04}_change.py"
        file.write_text(REVISION.format(number=number, before=before, marked=text), encoding="utf-8")


def test_every_migration_since_the_release_before_is_marked() -> None:
    for chain in {chain for chains in CHAINS.values() for chain in chains}:
        found = marks.marks(chain)
        assert [mark.revision for mark in found] == [
            revision for revision in revisions.revision_files(chain) if revision > marks.LAST_RELEASED[chain]
        ]
        assert found


def test_what_is_said_is_read(planted: Path) -> None:
    plant(planted, EXPAND, CONTRACT)
    first, second = marks.marks("planted")
    assert (first.revision, first.title, first.stage, first.when) == (
        "0002",
        "It changes something.",
        "expand",
        "before",
    )
    assert (second.stage, second.when, second.operators) == ("contract", "after", "Drops a column.")
    assert last_before_takeover("planted") == "0002"


def test_what_waits_at_once_leaves_the_chain_where_the_release_before_had_it(planted: Path) -> None:
    plant(planted, CONTRACT)
    assert last_before_takeover("planted") == "0001"


@pytest.mark.parametrize(
    ("marked", "said"),
    [
        ([""], "0002_change.py does not say: operators, stage, when"),
        (['stage, when = "expand", "before"\noperators = ""'], "0002_change.py says nothing to operators"),
        (['stage, when = "expand", "after"\noperators = "Adds a table."'], "0002_change.py adds something"),
        (['stage, when = "shrink", "after"\noperators = "Drops a table."'], "'shrink' is not a valid Stage"),
        ([CONTRACT, EXPAND], "planted 0003 runs before 0002, which waits"),
    ],
)
def test_marks_that_cannot_be_are_refused(planted: Path, marked: list[str], said: str) -> None:
    plant(planted, *marked)
    with pytest.raises(ValueError, match=said):
        marks.marks("planted")
