"""The rulebook says what the code does, and no rule of the process is without a place and a test."""

import re

import pytest

from deploy.rulebook.files import DOCS, build_all
from deploy.rulebook.law import difference
from deploy.rulebook.process import SUBJECTS, explore
from deploy.rulebook.rules import Rule, files_of, rules
from deploy.rulebook.sources import rules_in

TO_COME = {"R29", "R32", "R34", "R41", "R42"}
"""Of these not everything is built."""
RULES = {rule.rule: rule for rule in rules()}


@pytest.mark.parametrize("name", ["rules.md", "process.md", "refusals.md", "messages.md", "who-may-act.md"])
def test_what_is_published_is_what_the_code_says(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == build_all()[name], "python -m deploy.rulebook writes it anew"


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_is_decided_somewhere_and_tested_or_told_to_be_still_to_come(rule: Rule) -> None:
    assert bool(rule.to_come) == (rule.rule in TO_COME)
    assert rule.to_come or (rule.decided and rule.tests)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_has_one_room_that_takes_part_in_deciding_it(rule: Rule) -> None:
    assert (rule.deciding_file in files_of(rule)) if rule.deciding_file else rule.to_come


def test_no_rule_is_forgotten() -> None:
    assert list(RULES) == [f"R{number}" for number in range(1, 43)]


def test_every_refusal_carries_a_rule_that_exists_and_that_a_test_knows() -> None:
    for rule in RULES.values():
        if rule.refusals:
            assert rule.tests, f"{rule.rule} refuses, and no test carries its id"


def test_every_phase_is_reached_and_left_or_the_last() -> None:
    for subject in SUBJECTS:
        found = explore(subject)
        reached = {after for _, after in found.arrows} | {type(subject.decider.initial).__name__}
        assert {phase.__name__ for phase in subject.phases} <= reached, subject.title


def test_a_range_of_rules_names_all_of_them() -> None:
    assert rules_in("R1-R3, R10") == {"R1", "R2", "R3", "R10"}


def test_the_text_of_every_rule_stands_in_the_domain() -> None:
    text = (DOCS / "domain.md").read_text(encoding="utf-8")
    assert re.findall(r"^- \*\*(R\d+)\*\* \S", text, re.MULTILINE) == [
        *(f"R{number}" for number in (*range(1, 27), 40, 41, 42, *range(27, 40)))
    ]


def test_a_rule_that_was_told_otherwise_is_shown() -> None:
    assert difference("- R1 an offer\n", "- R1 an offer\n") == ""
    assert "+- R1 a written offer" in difference("- R1 an offer\n", "- R1 a written offer\n")
