"""Which policy holds when, what it says, and how a faulty file is told."""

import re
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from shared.deadlines.copenhagen import COPENHAGEN
from shared.policy.errors import PolicyError
from shared.policy.policies import POLICY_FILES, load_policies
from shared.policy.policy import Policy
from shared.reference.reference import industries, problem_groups

VALID = (POLICY_FILES / "2020-01-01.toml").read_text(encoding="utf-8")
ALL_FILES = sorted(POLICY_FILES.glob("*.toml"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "2020-01-01.toml").write_text(VALID, encoding="utf-8")
    return tmp_path


def add(folder: Path, name: str, *changes: tuple[str, str]) -> None:
    content = VALID
    for old, new in changes:
        assert old in content, f"{old!r} does not stand in the file, so the test would test nothing"
        content = content.replace(old, new)
    (folder / name).write_text(content, encoding="utf-8")


def policy_on(instant: datetime) -> Policy:
    return load_policies().at(instant)


def test_the_first_policy_holds_until_the_last_instant_of_2023_in_copenhagen() -> None:
    assert policy_on(datetime(2020, 9, 1, tzinfo=UTC)).version == "2020-01-01"
    assert policy_on(datetime(2023, 12, 31, 22, 59, 59, tzinfo=UTC)).version == "2020-01-01"


def test_the_next_policy_holds_from_midnight_in_copenhagen_on_and_for_ever() -> None:
    assert policy_on(datetime(2023, 12, 31, 23, 0, tzinfo=UTC)).version == "2024-01-01"
    assert policy_on(datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)).version == "2024-01-01"
    assert policy_on(datetime(2026, 12, 31, 23, 0, tzinfo=UTC)).version == "2027-01-01"
    assert policy_on(datetime(2035, 7, 1, tzinfo=UTC)).version == "2027-01-01"


def test_r17_controls_are_planned_from_acceptance_by_the_newest_policy_only() -> None:
    assert [one.planning.plans_from_acceptance for one in load_policies().by_effective_date] == [False, False, True]


def test_the_policy_of_2027_changes_nothing_else() -> None:
    before, after = load_policies().by_effective_date[1:]
    same = {"version", "effective_from", "planning", "control"}
    assert before.model_dump(exclude=same) == after.model_dump(exclude=same)
    assert before.control.model_copy(update={"target_days": None}) == after.control
    assert before.visit_half_hours == after.visit_half_hours
    assert before.planning.working_day == after.planning.working_day


def test_the_first_policy_begins_at_midnight_in_copenhagen() -> None:
    assert policy_on(datetime(2020, 1, 1, tzinfo=COPENHAGEN)).effective_from == date(2020, 1, 1)
    with pytest.raises(PolicyError, match="the first policy holds from 2020-01-01, not on 2019-12-31"):
        policy_on(datetime(2019, 12, 31, 23, 59, tzinfo=COPENHAGEN))


def test_r22_the_quarantine_reaches_the_legal_entity_before_2024_and_the_unit_from_then_on() -> None:
    policies = load_policies()
    before, after = policies.version("2020-01-01"), policies.version("2024-01-01")
    assert (before.breach.quarantine_reach, after.breach.quarantine_reach) == ("legal_entity", "unit")
    assert policies.reach_changes_after(before) == date(2024, 1, 1)
    assert policies.reach_changes_after(after) is None


def test_r22_a_later_policy_with_the_same_reach_changes_nothing(folder: Path) -> None:
    add(folder, "2022-01-01.toml", ("effective_from = 2020-01-01", "effective_from = 2022-01-01"))
    policies = load_policies(folder)
    assert policies.reach_changes_after(policies.version("2020-01-01")) is None


def test_the_current_policy_says_what_the_description_of_the_domain_says() -> None:
    policy = policy_on(datetime(2026, 3, 1, tzinfo=UTC))
    assert policy.offer.response_weeks == 4
    assert policy.offer.halfway_fraction == 0.5
    assert policy.agreement.periods_months == {3, 6}
    assert policy.guidance.due_fraction == pytest.approx(1 / 3, abs=1e-12)
    assert (policy.control.days_after_documentation, policy.control.days_after_deadline) == (60, 60)
    assert policy.control.guidance_into_control_not_for == {"psychosocial"}
    assert policy.control.sample.origin_counts
    assert (policy.breach.quarantine_months, policy.breach.quarantine_reading) == (12, "by_breach")
    assert policy.breach.hearing_in_writing_for == {"psychosocial"}
    assert (policy.follow_up.held, policy.follow_up.after_months) == (True, 12)
    assert policy.statistics.smallest_count == 3
    assert not policy.calendar.first_day_counts
    assert len(policy.calendar.extra_closed_days) == 4


@pytest.mark.parametrize("policy", load_policies().by_effective_date, ids=lambda policy: policy.version)
def test_the_codes_of_a_policy_are_known(policy: Policy) -> None:
    construction = {code for code, industry in industries().items() if industry.construction}
    assert policy.offer.excluded_industries == construction
    assert policy.control.guidance_into_control_not_for <= problem_groups().keys()
    assert policy.breach.hearing_in_writing_for <= problem_groups().keys()


@pytest.mark.parametrize("file", ALL_FILES, ids=lambda file: file.stem)
def test_every_value_has_a_comment_that_names_the_rule_it_serves(file: Path) -> None:
    """Or says that it serves none, as limits do that only keep a process answering."""
    values = [line for line in file.read_text(encoding="utf-8").splitlines() if re.match(r"\w+ = ", line)]
    without = [line for line in values[1:] if not re.search(r"#.*\b(R\d+|no rule: )", line)]
    assert without == []
    assert len(values) == _values_in(tomllib.loads(file.read_text(encoding="utf-8")))


def _values_in(section: dict[str, Any]) -> int:
    """The values of a section and of those inside of it."""
    return sum(_values_in(value) if isinstance(value, dict) else 1 for value in section.values())


def test_an_unknown_version_is_an_error() -> None:
    with pytest.raises(PolicyError, match="there is no policy of this name"):
        load_policies().version("1999-01-01")


def test_a_policy_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        policy_on(datetime(2026, 3, 1, tzinfo=UTC)).version = "another"  # type: ignore[misc]


NEXT = ("effective_from = 2020-01-01", "effective_from = 2021-01-01")


@pytest.mark.parametrize(
    ("change", "key", "why"),
    [
        (("response_weeks = 4 ", "response_weeks = 0 "), "offer.response_weeks", "greater than or equal to 1"),
        (("response_weeks = 4 ", 'response_weeks = "four" '), "offer.response_weeks", "valid integer"),
        (("response_weeks = 4 ", ""), "offer.response_weeks", "Field required"),
        (("response_weeks = 4 ", "response_weks = 4 "), "offer.response_weeks", "offer.response_weks: Extra inputs"),
        (('due_fraction = "1/3"', 'due_fraction = "a third"'), "guidance.due_fraction", "must be a fraction such as"),
        (('due_fraction = "1/3"', 'due_fraction = "3/3"'), "guidance.due_fraction", "less than 1"),
        (('due_fraction = "1/3"', 'due_fraction = "1/0"'), "guidance.due_fraction", "must be a fraction such as"),
        (('"christmas_eve"', '"easter_eve"'), "calendar.extra_closed_days", "constitution_day"),
        (('"by_breach"', '"by_chance"'), "breach.quarantine_reading", "'by_breach' or 'by_day'"),
        (("periods_months = [3, 6]", "periods_months = []"), "agreement.periods_months", "at least 1 item"),
        (("[statistics]", "[figures]"), "statistics", "Field required"),
        (('email = "at@at.dk"', 'email = "at"'), "authority.email", "match pattern"),
        (('telephone = "70 12 12 88"', 'telephone = "call us"'), "authority.telephone", "match pattern"),
        (('name = "Arbejdstilsynet"', 'name = " "'), "authority.name", "match pattern"),
    ],
)
def test_a_faulty_value_is_told_with_file_key_and_why(
    folder: Path, change: tuple[str, str], key: str, why: str
) -> None:
    add(folder, "2021-01-01.toml", NEXT, change)
    with pytest.raises(PolicyError) as caught:
        load_policies(folder)
    assert caught.value.file == "2021-01-01.toml"
    assert caught.value.key.startswith(key)
    assert why in caught.value.why


def test_all_faults_of_a_file_are_told_at_once(folder: Path) -> None:
    add(
        folder,
        "2021-01-01.toml",
        NEXT,
        ("response_weeks = 4 ", "response_weeks = 0 "),
        ("hearing_weeks = 2 ", "hearing_weeks = -1 "),
    )
    with pytest.raises(PolicyError, match=r"offer\.response_weeks.*breach\.hearing_weeks"):
        load_policies(folder)


def test_a_missing_effective_date_is_an_error(folder: Path) -> None:
    add(folder, "2021-01-01.toml", ("effective_from = 2020-01-01", ""))
    with pytest.raises(PolicyError, match=r"2021-01-01\.toml: effective_from: Field required"):
        load_policies(folder)


def test_two_policies_from_the_same_day_are_an_error_that_names_both(folder: Path) -> None:
    add(folder, "2020-01-01-again.toml")
    with pytest.raises(PolicyError) as caught:
        load_policies(folder)
    assert "2020-01-01.toml" in str(caught.value)
    assert "2020-01-01-again.toml" in str(caught.value)
    assert caught.value.key == "effective_from"


def test_a_name_that_tells_another_day_than_the_file_is_an_error(folder: Path) -> None:
    add(folder, "2022-01-01.toml", NEXT)
    with pytest.raises(PolicyError, match="says 2021-01-01, and the file's name does not begin so"):
        load_policies(folder)


def test_a_file_that_gives_itself_a_version_is_an_error(folder: Path) -> None:
    add(folder, "2021-01-01.toml", ("effective_from = 2020-01-01", 'version = "7"\neffective_from = 2021-01-01'))
    with pytest.raises(PolicyError, match="version: is the name of the file"):
        load_policies(folder)


def test_a_file_that_is_not_toml_is_an_error(folder: Path) -> None:
    (folder / "2021-01-01.toml").write_text("[offer\nresponse_weeks", encoding="utf-8")
    with pytest.raises(PolicyError, match=r"2021-01-01\.toml: .*is not TOML"):
        load_policies(folder)


def test_a_folder_without_policies_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no policy ever begins"):
        load_policies(tmp_path)
