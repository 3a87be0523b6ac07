"""Can the tests fail? One rule at a time is broken in a copy of the code: python -m tests.model.sabotage.

What decides is broken under the model, what it cannot reach under the tests that can. Prints by what each was caught.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_MODEL = ("-m", "tests.model", "20000", "--as-found")
_VIEW = ("-m", "pytest", "-q", "-x", "tests/unit/reporting")
_OFFERS = ("-m", "pytest", "-q", "-x", "tests/unit/offers")
_CONTROL = ("-m", "pytest", "-q", "-x", "tests/unit/control")
_CARRIED_OVER = ("-m", "pytest", "-q", "-x", "tests/unit/offers/test_carrying_over.py")
_CHANGED = ("-m", "pytest", "-q", "-x", "tests/unit/control/test_changed_unit_of_agreement.py")
_TERMINATION = ("-m", "pytest", "-q", "-x", "tests/unit/control/test_termination.py")
_UNDECIDED = ("-m", "pytest", "-q", "-x", "tests/unit/offers/test_violations_pending_decision.py")
_QUARANTINES = ("-m", "pytest", "-q", "-x", "tests/unit/offers/test_quarantines.py")
_DRAWN_DAYS = ("-m", "pytest", "-q", "-x", "tests/unit/control/test_drawn_days.py")
_DRAWN_SAMPLE = ("-m", "pytest", "-q", "-x", "tests/unit/control/test_drawn_sample.py")
_REPLANNING = ("-m", "pytest", "-q", "-x", "tests/integration/services/test_replanning.py")
_FEEDS = ("-m", "pytest", "-q", "-x", "tests/integration/services/test_calendar_feeds.py")
_PEOPLE = ("-m", "pytest", "-q", "-x", "tests/unit/people/test_people_rules.py")
_NOTHING_HIDDEN = ("-m", "pytest", "-q", "-x", "tests/integration/services/test_nothing_hidden_is_read.py")
_MAKING_ROOM = ("-m", "pytest", "-q", "-x", "tests/unit/control/test_making_room.py")
_SAVED = ("-m", "pytest", "-q", "-x", "tests/integration/services/test_visits_saved.py")
_LOOKS = ("-m", "pytest", "-q", "-x", "tests/integration/services/test_windows_at_risk_in_calendars.py")
_AT_ONCE = ("-m", "pytest", "-q", "-x", "tests/integration/services/test_booking_at_once.py")
_CASE_NOTICES = ("-m", "pytest", "-q", "-x", "tests/unit/notices/test_case_notices.py")
_OCCASIONS = ("-m", "pytest", "-q", "-x", "tests/unit/notices/test_occasions.py")
_DIGESTS_OF_A_READER = ("-m", "pytest", "-q", "-x", "tests/unit/notices/test_digests_of_a_reader.py")
_TELLING = ("-m", "pytest", "-q", "-x", "tests/integration/notices/test_telling.py")
_TRIES = ("-m", "pytest", "-q", "-x", "tests/integration/notices/channels/test_send_journal.py")
_REPORTS = ("-m", "pytest", "-q", "-x", "tests/unit/notices/channels")
_CHANCE = ("-m", "pytest", "-q", "-x", "tests/unit/eventstore/test_randomness.py")
_SECONDS = 900


@dataclass(frozen=True)
class Sabotage:
    """One rule broken: `right` stands in the file exactly once."""

    rule: str
    file: str
    right: str
    wrong: str
    caught_by: tuple[str, ...] = _MODEL


SABOTAGES = (
    Sabotage(
        "R6",
        "services/offers/rules/phases.py",
        "self.delivered.response_deadline.has_passed(at)",
        "at > self.delivered.response_deadline.ends_at",
    ),
    Sabotage("R8", "services/offers/rules/quarantine.py", "return at < ends_at", "return at > ends_at"),
    Sabotage(
        "R22",
        "services/offers/rules/quarantine.py",
        'quarantine_reach == "unit":\n        return units',
        'quarantine_reach == "unit":\n        return units[:1]',
    ),
    Sabotage(
        "R22",
        "services/offers/rules/quarantine.py",
        "return [Reach(cvr, None, entity_ends_at, policy.version), *units]",
        "return [Reach(cvr, None, entity_ends_at, policy.version)]",
        _OFFERS,
    ),
    Sabotage(
        "R12", "services/guidance/rules/offering.py", "case Answered(accepted=True):", "case Answered(accepted=False):"
    ),
    Sabotage("R12", "services/guidance/rules/schedule.py", "if not state.fell_due:", "if state.overdue:"),
    Sabotage(
        "R13",
        "services/guidance/rules/phases.py",
        "return Awaited(known, event)\n        case _",
        "pass\n        case _",
    ),
    Sabotage("R17", "services/control/rules/judgement.py", "if not done and not course", "if not done and course"),
    Sabotage("R19", "services/control/rules/sampling.py", ") < at_least:", ") < at_least - 1:"),
    Sabotage(
        "R20", "services/control/rules/judgement.py", "if course.awaited and not concludes", "if not course.results"
    ),
    Sabotage(
        "R21",
        "services/control/rules/booking.py",
        "return course.limit(place).is_late(next",
        "return not course.limit(place).is_late(next",
    ),
    Sabotage(
        "R30", "services/control/rules/corrections_as_new_facts.py", " and decided_at(before) == decided_at(after)", ""
    ),
    Sabotage("R24", "services/control/rules/follow_up.py", "held_at < start_of(due)", "held_at <= start_of(due)"),
    Sabotage("R10", "shared/deadlines/deadline.py", "return instant >= self.ends_at", "return instant > self.ends_at"),
    Sabotage(
        "R26",
        "services/reporting/cases/agreement_steps.py",
        "case GuidanceStands.ACCEPTED:",
        "case GuidanceStands.DECLINED:",
    ),
    Sabotage("R30", "services/reporting/cases/agreement_after.py", '        "orders": {},\n', ""),
    Sabotage("R18", "services/reporting/cases/case_projection.py", "event.seen_by_company(),", "True,"),
    Sabotage(
        "R22", "services/reporting/cases/places.py", "breached=place in breached", "breached=bool(breached)", _VIEW
    ),
    Sabotage("R40", "services/offers/rules/unit_changes.py", " if one.since <= today", "", _OFFERS),
    Sabotage("R40", "services/offers/rules/offer_decider.py", " or changed_units(state):", ":", _OFFERS),
    Sabotage(
        "R40",
        "services/offers/rules/carrying_over_to_new_owner.py",
        "changed_units(running) if owners[p_number] == cvr)",
        "changed_units(running))",
        _OFFERS,
    ),
    Sabotage("R40", "services/control/rules/booking.py", " and not _has_changed(course, place)", "", _CONTROL),
    Sabotage(
        "R40",
        "services/offers/rules/carrying_over_to_new_owner.py",
        "units_of(running) - set(named)",
        "set[str]()",
        _CARRIED_OVER,
    ),
    Sabotage(
        "R40",
        "services/control/rules/after_offer_not_accepted.py",
        "if state.changed_units or is_done:",
        "if is_done:",
        _CHANGED,
    ),
    Sabotage(
        "R40",
        "services/reporting/cases/agreement_steps.py",
        "if _is_left(case)",
        "if True",
        _VIEW,
    ),
    Sabotage(
        "R41",
        "services/offers/rules/phases.py",
        "conflicts=state.conflicts - {event.because_of}",
        "conflicts=state.conflicts",
        _OFFERS,
    ),
    Sabotage(
        "R21",
        "services/control/rules/lateness.py",
        "return given or (self.undecided if self.used_up else None)",
        "return given",
        _CONTROL,
    ),
    Sabotage(
        "R17",
        "services/control/rules/phases.py",
        "return self.window_after_deadline if window is None else window",
        "return self.window_after_deadline",
        _CONTROL,
    ),
    Sabotage(
        "R14",
        "services/control/rules/termination.py",
        "if by is Side.COMPANY and violating",
        "if not violating",
        _TERMINATION,
    ),
    Sabotage(
        "R14",
        "services/offers/rules/offer_decider.py",
        " for p_number in violations.values()",
        " for p_number in ()",
        _UNDECIDED,
    ),
    Sabotage(
        "R22",
        "services/offers/rules/quarantine.py",
        "return end_of(local_day",
        "return start_of(local_day",
        _QUARANTINES,
    ),
    Sabotage("R18", "services/control/planning/lookups/drawing.py", "chance.choice(free)", "free[0]", _DRAWN_DAYS),
    Sabotage(
        "R19",
        "services/control/reactions.py",
        "tuple(runtime.random_source.sample(named, len(named)))",
        "tuple(sorted(named))",
        _DRAWN_SAMPLE,
    ),
    Sabotage(  # an absence is ignored
        "R42",
        "services/control/planning/rules/calendar.py",
        "if self._working_time.is_away_on(booking.day):",
        "if False:",
        _REPLANNING,
    ),
    Sabotage(  # an announced day moves silently
        "R18",
        "services/control/rules/planned_places.py",
        "return *cancelled, *booked(course, command)",
        "return booked(course, command)",
        _REPLANNING,
    ),
    Sabotage(  # the portal gets a feed with hidden visits
        "R18",
        "shared/http/who_may_act.csv",
        "open_calendar_feed,leader,self\n",
        "open_calendar_feed,leader,self\nopen_calendar_feed,portal,any\n",
        _FEEDS,
    ),
    Sabotage(  # a calendar with hidden visits is for everybody with a token
        "R18",
        "services/control/planning/http/calendar_routes.py",
        """also those that no company knows of (R17, R18).\"\"\"
    asker.require_role(*AUTHORITY)
""",
        """also those that no company knows of (R17, R18).\"\"\"
""",
        _NOTHING_HIDDEN,
    ),
    Sabotage(  # who has left reads hidden days for ever
        "R42",
        "services/control/people/rules/calendar_feeds.py",
        "if today > works_until:",
        "if False:",
        _PEOPLE,
    ),
    Sabotage(  # a visit that a company was told of makes room for another one
        "R18",
        "services/control/lookups/making_room.py",
        "not standing.announced if",
        "True if",
        _MAKING_ROOM,
    ),
    Sabotage(
        "R17",
        "shared/eventstore/commands.py",
        "for name in sorted(needed - held))",
        "for name in ())",
        _AT_ONCE,
    ),
    Sabotage("R18", "shared/eventstore/randomness.py", "return SystemRandom()", "return Random(1)", _CHANCE),
    Sabotage(
        "R17",
        "services/control/lookups/visits_saved.py",
        "return command, Guard(stream, version)",
        "return command, Guard(command.control_id, 0)",
        _SAVED,
    ),
    Sabotage(
        "R17",
        "services/control/planning/lookups/looks_at_windows.py",
        " or standing == today:",
        ":",
        _LOOKS,
    ),
    Sabotage(
        "R29",
        "services/notices/rules/case_decider.py",
        "    if matter_id in state.raised:\n        return\n",
        "",
        _CASE_NOTICES,
    ),
    Sabotage(
        "R29",
        "services/notices/channels/send_journal.py",
        "        if isinstance(one.outcome, Sent):\n            return one.outcome\n",
        "        if isinstance(one.outcome, Sent):\n            break\n",
        _TRIES,
    ),
    Sabotage("R29", "services/notices/lookups/telling.py", "if not stands.stands:", "if False:", _TELLING),
    Sabotage(
        "R28",
        "services/notices/rules/case_decider.py",
        "matter.next_at is not None and matter.next_at <= until]",
        "matter.next_at is not None and matter.next_at == until]",
        _CASE_NOTICES,
    ),
    Sabotage(
        "R29", "services/notices/rules/reader.py", " and matter_id not in reader.sending", "", _DIGESTS_OF_A_READER
    ),
    Sabotage("R34", "services/notices/lookups/addressees.py", "if one.role is role", "if one.role", _TELLING),
    Sabotage("R18", "services/notices/rules/occasions/control.py", "if fact.announced:", "if fact.day:", _OCCASIONS),
    Sabotage(
        "R4",
        "services/notices/rules/case_decider.py",
        "not in state.sent.keys() - state.returned:",
        "not in state.sent.keys():",
        _CASE_NOTICES,
    ),
    Sabotage(
        "R4",
        "services/notices/rules/message.py",
        'return f"{parts[1]}@{_DOMAIN}" if any(matches) else None',
        'return f"{parts[1]}@{_DOMAIN}"',
        _REPORTS,
    ),
    Sabotage(
        "R4",
        "services/notices/rules/bounces.py",
        "if _FAILED not in actions or actions & _REACHED_SOMEBODY:",
        "if actions & _REACHED_SOMEBODY:",
        _REPORTS,
    ),
)


def main() -> None:
    """Ends with 1 if one was not caught."""
    chosen = sys.argv[1:]
    missed = 0
    for sabotage in SABOTAGES:
        if chosen and sabotage.rule not in chosen:
            continue
        begun = time.monotonic()
        caught = _caught(sabotage)
        missed += caught is None
        told = f"caught: {caught}" if caught else "NOT CAUGHT"
        print(f"{sabotage.rule:4} {sabotage.file:36} {time.monotonic() - begun:4.0f} s  {told}", flush=True)
    sys.exit(missed > 0)


def _caught(sabotage: Sabotage) -> str | None:
    """What failed, in a line; None if nothing did."""
    with tempfile.TemporaryDirectory(prefix="aftale-sabotage-") as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(_ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "__pycache__", ".aftale*"))
        broken = copy / sabotage.file
        text = broken.read_text(encoding="utf-8")
        if text.count(sabotage.right) != 1:
            sys.exit(f"{sabotage.file} has {sabotage.right!r} {text.count(sabotage.right)} times, not once")
        broken.write_text(text.replace(sabotage.right, sabotage.wrong), encoding="utf-8")
        run = subprocess.run(
            [sys.executable, *sabotage.caught_by], cwd=copy, capture_output=True, text=True, timeout=_SECONDS
        )
    if run.returncode == 0:
        return None
    lines = [line.strip() for line in (run.stdout + run.stderr).splitlines()]
    errors = [line for line in lines if line.startswith(("AssertionError", "E   ", "E  ")) or "Error:" in line]
    return (errors or lines)[-1][:160]


if __name__ == "__main__":
    main()
