"""Each mistake that the proof is put to can still be made in the code as it is."""

import pytest

from benchmarks.lossless.sabotage import SABOTAGES, Sabotage
from deploy.local.state import PROJECT


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda sabotage: sabotage.name)
def test_what_is_broken_stands_in_its_file_once(sabotage: Sabotage) -> None:
    assert (PROJECT / sabotage.file).read_text().count(sabotage.right) == 1
    assert sabotage.wrong != sabotage.right
