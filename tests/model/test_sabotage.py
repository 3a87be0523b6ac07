"""Each sabotage quotes the code as it stands: one that quotes nothing would break nothing, and prove nothing."""

from pathlib import Path

import pytest

from tests.model.sabotage import SABOTAGES, Sabotage

_ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda one: f"{one.rule} {one.file}")
def test_what_is_broken_stands_in_the_file_once(sabotage: Sabotage) -> None:
    text = (_ROOT / sabotage.file).read_text(encoding="utf-8")
    assert text.count(sabotage.right) == 1
    assert sabotage.right != sabotage.wrong
    assert all((_ROOT / part).exists() for part in sabotage.caught_by if part.startswith("tests/"))
