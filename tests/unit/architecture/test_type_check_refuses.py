"""The type check refuses a forgotten command or timer, and a private field that is read from a state (R28, R31)."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
FORGOTTEN = 'Argument 1 to "assert_never"'


@dataclass(frozen=True)
class Planted:
    """One fault in a copy of a file: `right` stands there once."""

    file: str
    right: str
    wrong: str
    said: str = FORGOTTEN


PLANTED = (
    Planted(
        "services/offers/rules/offer_decider.py",
        "        case Decline():\n            return (answers.decline(require_unanswered(state), command),)\n",
        "",
    ),
    Planted(
        "services/control/rules/course_decider.py",
        '        case HoldFollowUp():\n            return (follow_up.hold(require_kept("R24", state), command),)\n',
        "",
    ),
    Planted(
        "services/guidance/rules/guidance_decider.py",
        "        case RateUsefulness():\n            return (meetings.rate(state, command),)\n",
        "",
    ),
    Planted(
        "services/guidance/rules/schedule.py",
        '    OVERDUE = "overdue"\n',
        '    OVERDUE = "overdue"\n    ESCALATED = "escalated"\n',
    ),
    Planted(
        "services/control/rules/order_requests.py",
        '    OVERDUE = "order-overdue:"\n',
        '    OVERDUE = "order-overdue:"\n    ESCALATED = "order-escalated:"\n',
    ),
    Planted(
        "services/offers/rules/included_places.py",
        "    return Place(\n",
        "    department = sent.department\n    return Place(\n",
        '"OfferSent" has no attribute "department"',
    ),
    Planted(
        "services/guidance/rules/phases.py",
        "            now = event\n",
        "            now = event\n            assert event.summary\n",
        '"OfferUnderstandingAsked" has no attribute "summary"',
    ),
    Planted(
        "services/control/rules/phases.py",
        "        case FollowUpHeld():\n",
        "        case FollowUpHeld():\n            assert event.measure_descriptions\n",
        '"FollowUpHeld" has no attribute "measure_descriptions"',
    ),
)


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the type check says when each of the files is read as its faulty copy."""
    folder = tmp_path_factory.mktemp("planted")
    shadows: list[str] = []
    for number, planted in enumerate(PLANTED):
        text = (PROJECT / planted.file).read_text(encoding="utf-8")
        assert text.count(planted.right) == 1, planted.file
        copy = folder / f"{number}.py"
        copy.write_text(text.replace(planted.right, planted.wrong), encoding="utf-8")
        shadows += ["--shadow-file", planted.file, str(copy)]
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(folder / "cache"), *shadows]
    run = subprocess.run(
        [*command, *(planted.file for planted in PLANTED)], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    return run.stdout + run.stderr


@pytest.mark.parametrize("planted", PLANTED, ids=[planted.file for planted in PLANTED])
def test_the_type_check_refuses(checked: str, planted: Planted) -> None:
    assert [line for line in checked.splitlines() if line.startswith(planted.file) and planted.said in line], checked
