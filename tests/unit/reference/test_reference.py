"""The reference files hold what the evaluation publishes, and say of the rest that it is made up."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from services.control.rules.lateness import CALENDAR_FULL, INVESTIGATED_AFRESH, NO_DAY_LEFT, TURNED_INTO_GUIDANCE
from shared.contracts.vocabulary import ContactRole
from shared.reference import reference
from shared.reference.errors import FaultyReference
from shared.reference.reference import (
    REFERENCE_FILES,
    Term,
    Topic,
    industries,
    is_psychosocial,
    measure_kinds,
    non_use_reasons,
    problem_groups,
    read_terms,
    reference_version,
    sectors,
    size_classes,
    topics,
)

DEMO = Path(__file__).parents[3] / "deploy" / "demo"
EVALUATION = DEMO / "evaluation"
LOOKUPS: list[Callable[[], Mapping[str, Term]]] = [
    problem_groups,
    topics,
    industries,
    measure_kinds,
    size_classes,
    sectors,
    non_use_reasons,
    reference.acceptance_reasons,
    reference.decline_reasons,
    reference.guidance_decline_reasons,
    reference.termination_reasons,
    reference.control_form_reasons,
    reference.control_late_reasons,
    reference.undecided_reasons,
    reference.guidance_purposes,
    reference.participants,
    reference.delivery_failures,
    reference.company_messages,
]


def table(name: str) -> list[dict[str, str]]:
    with (EVALUATION / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def danish(lookup: Callable[[], Mapping[str, Term]]) -> set[str]:
    return {term.danish for term in lookup().values()}


@pytest.mark.parametrize("lookup", LOOKUPS, ids=lambda lookup: lookup.__name__)
def test_every_term_can_be_found_by_its_code_and_has_a_name_of_its_own(
    lookup: Callable[[], Mapping[str, Term]],
) -> None:
    terms = lookup()
    assert terms
    assert all(code == term.code for code, term in terms.items())
    assert len(danish(lookup)) == len({term.english for term in terms.values()}) == len(terms)
    assert lookup() is terms


def test_a_topic_names_its_group() -> None:
    lifting = topics()["056"]
    assert (lifting.danish, lifting.english, lifting.group) == ("Løft", "Lifting", "musculoskeletal")


def test_every_group_of_a_topic_is_known() -> None:
    assert {topic.group for topic in topics().values()} == problem_groups().keys()


def test_the_topics_with_a_published_code_are_the_only_ones_not_made_up() -> None:
    rows = [*table("topics_agreements_orders.csv"), *table("topics_by_sector.csv")]
    published = {(row["code"], row["topic_da"]) for row in rows if row["code"] != "-"}
    assert {(topic.code, topic.danish) for topic in topics().values() if not topic.made_up} == published
    assert {row["code"] for row in table("topics_by_industry.csv")} <= topics().keys()


def test_every_topic_that_the_evaluation_names_can_be_coded() -> None:
    named = {row["topic_da"] for name in ("topics_agreements_orders.csv", "cases.csv") for row in table(name)}
    assert named <= danish(topics)


def test_the_topic_of_a_studied_company_is_in_its_group() -> None:
    group_of = {topic.danish: topic.group for topic in topics().values()}
    assert all(group_of[row["topic_da"]] == row["group"] for row in table("cases.csv"))


def test_heat_cold_and_draught_count_as_indoor_climate() -> None:
    assert topics()["081"].group == "indoor-climate"


def test_the_groups_of_the_evaluation_are_there() -> None:
    published = {row["group_da"] for row in table("groups_by_industry_pct.csv")} - {"Hovedtotal"}
    assert published <= danish(problem_groups)


@pytest.mark.parametrize(("topic", "expected"), [("061", True), ("065", True), ("056", False), ("081", False)])
def test_psychosocial_topics_are_told_apart(topic: str, expected: bool) -> None:
    assert is_psychosocial(topic) is expected


def test_the_authority_has_36_industry_groups_three_of_them_construction() -> None:
    assert len(industries()) == 36
    assert len([industry for industry in industries().values() if industry.construction]) == 3


def test_the_industries_that_the_evaluation_names_are_the_only_ones_not_made_up() -> None:
    columns = {*table("topics_by_industry.csv")[0], *table("groups_by_industry_pct.csv")[0]}
    columns -= {"code", "group_da", "Hovedtotal"}
    rows = {row["industry_da"] for row in table("cases.csv")} | {row["industry"] for row in table("exposure.csv")}
    assert {industry.danish for industry in industries().values() if not industry.made_up} == columns | rows


def test_sizes_and_sectors_are_those_of_the_evaluation() -> None:
    rows = table("size_by_sector.csv")
    assert list(size_classes()) == [row["employees"] for row in rows if row["employees"] != "total"]
    assert list(sectors()) == ["public", "private", "other"]


def test_the_kinds_and_reasons_that_other_rules_name_exist() -> None:
    assert "technical-aid" in measure_kinds()
    assert {"in-the-way", "does-not-fit-the-place", "seldom-needed", "other"} == non_use_reasons().keys()


def test_the_reasons_that_control_gives_and_accepts_are_in_the_reference_lists() -> None:
    assert reference.control_late_reasons().keys() == {
        "season",
        "processes-not-running",
        "illness",
        CALENDAR_FULL,
        NO_DAY_LEFT,
        TURNED_INTO_GUIDANCE,
        INVESTIGATED_AFRESH,
    }


def test_only_the_reasons_that_the_rules_name_are_not_made_up() -> None:
    late = reference.control_late_reasons().values()
    assert [reason.code for reason in late if reason.made_up] == [CALENDAR_FULL, NO_DAY_LEFT]


def test_the_coded_measures_are_the_published_ones_in_their_order_with_a_known_kind() -> None:
    with (DEMO / "coded_measures.csv").open(encoding="utf-8", newline="") as lines:
        coded = list(csv.DictReader(lines))
    kinds = [row.pop("kind") for row in coded]
    assert coded == table("measures.csv")
    assert set(kinds) <= measure_kinds().keys()
    assert all(measure_kinds()[kind].made_up for kind in kinds)


@pytest.mark.rule("R34")
def test_every_message_to_a_company_concerns_somebody_and_every_contact_is_told_of_some() -> None:
    told = {role: [message.code for message in reference.messages_to(role)] for role in ContactRole}
    assert {code for codes in told.values() for code in codes} == reference.company_messages().keys()
    assert told == {
        ContactRole.LEGALLY_RESPONSIBLE: ["offer-waiting", "deadline-approaching", "result"],
        ContactRole.UNIT_MANAGER: list(reference.company_messages()),
        ContactRole.SAFETY_REPRESENTATIVE: ["offer-waiting", "guidance-offered", "control-announced", "result"],
    }


def test_a_lookup_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        topics()["999"] = topics()["056"]  # type: ignore[index]


def test_the_files_have_a_version() -> None:
    assert reference_version() == "2024.4"


def test_no_reference_file_is_left_unread() -> None:
    assert len(list(REFERENCE_FILES.glob("*.csv"))) == len(LOOKUPS)


HEADER = "code,danish,english,group,made_up\n"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (
            "056,Løft,Lifting,musculoskeletal,no\n056,Løft,Lifting,musculoskeletal,no\n",
            "line 3: code 056 is given twice",
        ),
        ("56,Løft,Lifting,musculoskeletal,no\n", "line 2: code: "),
        ("056,,Lifting,musculoskeletal,no\n", "line 2: danish: "),
        ("056,Løft,Lifting,musculoskeletal,perhaps\n", "line 2: made_up: "),
        ("056,Løft,Lifting\n", "line 2: made_up: "),
    ],
)
def test_a_faulty_file_is_told_with_its_line(tmp_path: Path, content: str, why: str) -> None:
    file = tmp_path / "topics.csv"
    file.write_text(HEADER + content, encoding="utf-8")
    with pytest.raises(FaultyReference, match=f"topics.csv, {why}"):
        read_terms(file, Topic)
