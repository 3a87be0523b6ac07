"""Twenty seconds of the proof: everything fails around the log, and nothing is missed, doubled or reordered."""

import subprocess
import sys

import pytest

from deploy.local.state import PROJECT

_SEED = "112918"
"""Its faults are of all kinds but the gentle restarts, delays and open transactions."""


@pytest.mark.nightly
def test_nothing_is_lost_while_everything_fails() -> None:
    proof = subprocess.run(
        [sys.executable, "-m", "benchmarks.lossless", "--seconds", "20", "--every", "1.5", "--seed", _SEED],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert proof.returncode == 0, proof.stdout + proof.stderr[-5000:]
