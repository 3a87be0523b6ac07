"""Runs all checks of the project in order, and prints a last line that counts them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import psutil

from deploy.local.state import PROJECT, project_state

_CHECKS = {
    "format": (sys.executable, "-m", "ruff", "format", "--check", "."),
    "lint": (sys.executable, "-m", "ruff", "check", "."),
    "types": (sys.executable, "-m", "mypy"),
    "imports": (str(Path(sys.executable).with_name("lint-imports")),),
}
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 (a private folder is made in it)
_PLENTY = 8 * 2**30
_SIDE_BY_SIDE = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
"""Runs pytest in three processes, each with its own servers: tests mostly wait, so two cores are enough.

The tests of a file stay in one process; folders keep their order, so that the short tests of `tests/unit` come last.
"""


def run_checks() -> int:
    """Runs everything but the nightly tests, and continues after a failure; returns 0 only if all passed."""
    passed = [_check(name, command) for name, command in _CHECKS.items()]
    return _finish(passed, _pytest([*_SIDE_BY_SIDE, "-m", "not nightly", "tests"]))


def run_tests(arguments: Sequence[str]) -> int:
    """Runs only pytest, with these arguments; returns 0 only if all passed."""
    return _finish([], _pytest(arguments))


def _check(name: str, command: Sequence[str]) -> bool:
    print(f"== {name}", flush=True)
    begun = time.monotonic()
    done = subprocess.run(command, cwd=PROJECT, check=False)
    print(f"   {name} {'passed' if done.returncode == 0 else 'FAILED'} in {time.monotonic() - begun:.1f} s", flush=True)
    return done.returncode == 0


def _pytest(arguments: Sequence[str]) -> tuple[int, int, int]:
    """Returns how many tests passed, failed and were skipped; a run without any result or test counts as failed."""
    report = project_state().logs / "pytest.xml"
    report.unlink(missing_ok=True)
    print(f"== tests: pytest {' '.join(arguments)}", flush=True)
    command = [sys.executable, "-m", "pytest", f"--junit-xml={report}", *arguments]
    with _scratch() as scratch:
        done = subprocess.run(command, cwd=PROJECT, env={**os.environ, **scratch}, check=False)
    passed, failed, skipped = _counted(report)
    return passed, max(failed, int(done.returncode != 0)), skipped


@contextmanager
def _scratch() -> Iterator[Mapping[str, str]]:
    """Yields variables that put the data of the tests' servers in memory if 8 GB are free; this halves the time."""
    if not _IN_MEMORY.is_dir() or min(psutil.virtual_memory().available, disk_usage(_IN_MEMORY).free) < _PLENTY:
        yield {}
        return
    with TemporaryDirectory(prefix="aftale-", dir=_IN_MEMORY, ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # when root runs the tests, PostgreSQL runs as another user
        yield {"TMPDIR": folder}


def _counted(report: Path) -> tuple[int, int, int]:
    if not report.exists():
        return 0, 1, 0
    suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314 (pytest wrote it a moment ago)
    counts = [
        {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")} for suite in suites
    ]
    failed = sum(count["failures"] + count["errors"] for count in counts)
    skipped = sum(count["skipped"] for count in counts)
    return sum(count["tests"] for count in counts) - failed - skipped, failed, skipped


def _finish(checks: Sequence[bool], tests: tuple[int, int, int]) -> int:
    passed = tests[0] + sum(checks)
    failed = tests[1] + len(checks) - sum(checks)
    print(f"\n{passed} passed, {failed} failed" + (f", {tests[2]} skipped" if tests[2] else ""))
    return int(failed > 0)
