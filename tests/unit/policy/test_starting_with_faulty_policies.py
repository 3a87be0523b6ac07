"""A service whose policies cannot be used does not start, and says which file, which key, and why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.policy.policies import POLICY_FILES
from shared.service import Settings

PROJECT = Path(__file__).parents[3]
VALID = (POLICY_FILES / "2020-01-01.toml").read_text(encoding="utf-8")


def start(folder: Path, service: str) -> "subprocess.CompletedProcess[str]":
    """Of a service that would find no server; that it never looks for one is a part of what is tested."""
    here = {"AFTALE_POSTGRES": "nowhere", "AFTALE_KAFKA": "nowhere", "AFTALE_STATE": str(folder / "state")}
    return subprocess.run(
        [sys.executable, "-m", "services.serve", service],
        cwd=PROJECT,
        env={**os.environ, **here, "AFTALE_POLICIES": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("service", "files", "why"),
    [
        pytest.param(
            "offers",
            {"2020-01-01.toml": VALID, "2021-01-01.toml": "effective_from = 2021-01-01\n[offer\n"},
            "2021-01-01.toml: (the whole file): is not TOML",
            id="malformed",
        ),
        pytest.param(
            "control",
            {"2020-01-01.toml": VALID.replace("response_weeks = 4 ", "response_weks = 4 ")},
            "2020-01-01.toml: offer.response_weeks: Field required; offer.response_weks: Extra inputs",
            id="misspelt key",
        ),
        pytest.param("reporting", {}, "the folder holds no policy file, so no policy ever begins", id="missing"),
        pytest.param(
            "guidance",
            {"2020-01-01.toml": VALID, "2020-01-01-again.toml": VALID},
            "effective_from: 2020-01-01-again.toml holds from 2020-01-01 too",
            id="overlapping",
        ),
    ],
)
def test_a_service_does_not_start(tmp_path: Path, service: str, files: dict[str, str], why: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    ended = start(tmp_path, service)
    assert ended.returncode == 1
    assert why in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "state").exists()


def test_the_policies_that_come_with_it_are_used_unless_others_are_named(tmp_path: Path) -> None:
    here = {"AFTALE_POSTGRES": "p", "AFTALE_KAFKA": "k", "AFTALE_STATE": "s"}
    assert Settings.from_environment(here).policies == POLICY_FILES
    assert Settings.from_environment({**here, "AFTALE_POLICIES": ""}).policies == POLICY_FILES
    assert Settings.from_environment({**here, "AFTALE_POLICIES": str(tmp_path)}).policies == tmp_path
