"""Every contract of import-linter can fail: a violation planted in a copy of the code breaks it."""

import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
CODE = ("shared", "services", "deploy", "migrations")
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


@dataclass(frozen=True)
class Violation:
    contract: str
    """How the contract's name begins."""
    file: str
    line: str


VIOLATIONS = (
    Violation("Services never import each other", "services/offers/service.py", "import services.control.service"),
    Violation("Shared imports no service", "shared/service.py", "import services.serve"),
    Violation(
        "A service's doors", "services/control/rules/booking.py", "import services.control.lookups.moving_bookings"
    ),
    Violation("A service's doors", "services/offers/lookups/units.py", "import services.offers.http.run_command"),
    Violation("A service's doors", "services/guidance/another_door.py", '"""A module that stands in no door."""'),
    Violation(
        "A wing of a service", "services/control/people/rules/absences.py", "import services.control.people.http"
    ),
    Violation("A wing of a service", "services/control/people/another_door.py", '"""Stands in no door."""'),
    Violation(
        "The directory of people", "services/control/people/rules/absences.py", "import services.control.rules.booking"
    ),
    Violation(
        "Doors of planning", "services/control/planning/rules/calendar.py", "import services.control.rules.phases"
    ),
    Violation(
        "Doors of planning",
        "services/control/planning/lookups/visits.py",
        "import services.control.lookups.moving_bookings",
    ),
    Violation(
        "A wing of a service",
        "services/control/planning/rules/calendar.py",
        "import services.control.planning.lookups.drawing",
    ),
    Violation(
        "A wing of a service", "services/control/planning/another_door.py", '"""A module that stands in no door."""'
    ),
    Violation(
        "Rules of a service import only",
        "services/control/rules/booking.py",
        "import services.control.planning.lookups.drawing",
    ),
    Violation("Rules and what they rest on", "services/control/planning/rules/calendar.py", "import asyncpg"),
    Violation("Reporting's doors", "services/reporting/cases/case.py", "import services.reporting.projection.tables"),
    Violation("Reporting's doors", "services/reporting/view/routes.py", "import services.reporting.statistics.routes"),
    Violation("The event store knows no messaging", "shared/eventstore/timers.py", "import shared.messaging.relay"),
    Violation("Only service.py imports", "services/control/reactions.py", "import services.control.http.views"),
    Violation("Rules and what they rest on", "services/control/rules/booking.py", "import asyncpg"),
    Violation("Rules and what they rest on", "services/offers/rules/answers.py", "import httpx"),
    Violation("Rules and what they rest on", "services/guidance/rules/meetings.py", "import aiokafka"),
    Violation("Rules and what they rest on", "services/control/rules/sampling.py", "import fastapi"),
    Violation("Rules and what they rest on", "services/control/rules/sampling.py", "import asyncio"),
    Violation("Rules and what they rest on", "services/reporting/cases/tasks.py", "import shared.eventstore.database"),
    Violation("Rules and what they rest on", "shared/deadlines/deadline.py", "from time import time"),
    Violation("Rules and what they rest on", "services/control/people/rules/listing.py", "import asyncpg"),
    Violation("Rules open no file", "services/control/people/rules/listing.py", "FILE = open('people').read()"),
    Violation("Rules open no file", "services/control/rules/booking.py", "CALENDAR = open('calendar').read()"),
    Violation("Rules open no file", "services/reporting/cases/tasks.py", "DAY = __import__('datetime').date.today()"),
)


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the contracts are about."""
    copy = tmp_path_factory.mktemp("contracts")
    for folder in CODE:
        shutil.copytree(PROJECT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", copy)
    return copy


def broken(code: Path) -> list[str]:
    """The names of the contracts that do not hold there."""
    command = [str(LINT_IMPORTS), "--no-cache"]
    done = subprocess.run(command, cwd=code, capture_output=True, text=True, check=False, env={"COLUMNS": "500"})
    verdicts = [line for line in done.stdout.splitlines() if line.endswith(("KEPT", "BROKEN"))]
    assert len(verdicts) == len(contracts()), done.stdout + done.stderr
    return [line.removesuffix(" BROKEN") for line in verdicts if line.endswith(" BROKEN")]


def contracts() -> list[str]:
    configured = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    return [contract["name"] for contract in configured["tool"]["importlinter"]["contracts"]]


def test_every_contract_has_a_violation_that_is_tried() -> None:
    assert [name for name in contracts() if not any(name.startswith(tried.contract) for tried in VIOLATIONS)] == []


def test_no_contract_is_broken_without_a_violation(code: Path) -> None:
    assert broken(code) == []


@pytest.mark.parametrize("planted", VIOLATIONS, ids=lambda planted: f"{planted.file}: {planted.line}")
def test_a_planted_violation_breaks_its_contract(planted: Violation, code: Path) -> None:
    file = code / planted.file
    before = file.read_text(encoding="utf-8") if file.exists() else None
    try:
        file.write_text(f"{before or ''}\n{planted.line}\n", encoding="utf-8")
        assert any(name.startswith(planted.contract) for name in broken(code))
    finally:
        if before is None:
            file.unlink()
        else:
            file.write_text(before, encoding="utf-8")
