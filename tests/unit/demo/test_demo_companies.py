"""The demo's companies are those of the evaluation, and its made-up choices keep to what the report says."""

from deploy.demo.companies import (
    GUIDANCE_DECLINED,
    GUIDANCE_UNKNOWN,
    NOT_IN_USE,
    SPREAD_FURTHER,
    everybody,
    studied,
)
from deploy.demo.measures_by_ladder_level import differences, from_files, lines
from shared.contracts.vocabulary import MeasureUse
from shared.reference.identifiers import is_valid_cvr, is_valid_p_number
from shared.reference.reference import is_psychosocial, measure_kinds


def test_all_20_companies_have_their_measures() -> None:
    assert [company.number for company in studied()] == list(range(1, 21))
    assert sum(len(company.measures) for company in studied()) == 64
    assert all(measure.kind in measure_kinds() for company in studied() for measure in company.measures)


def test_made_up_numbers_are_valid_and_differ() -> None:
    assert all(is_valid_cvr(company.cvr) and is_valid_p_number(company.p_number) for company in everybody())
    assert len({company.cvr for company in everybody()}) == len({company.p_number for company in everybody()}) == 23


def test_guidance_is_answered_as_the_report_says() -> None:
    answered_yes = {company.number for company in studied()} - GUIDANCE_DECLINED - GUIDANCE_UNKNOWN
    psychosocial = {company.number for company in studied() if is_psychosocial(company.topic)}
    assert {4, 6, 8} == GUIDANCE_DECLINED
    assert len(GUIDANCE_UNKNOWN) == 6
    assert len(answered_yes & psychosocial) == 5


def test_measures_are_used_as_the_report_says() -> None:
    used = [company for company in studied() if company.use_of_measures() is MeasureUse.IN_USE]
    assert sum(is_psychosocial(company.topic) for company in used) == 7
    assert sum(not is_psychosocial(company.topic) for company in used) == 8
    assert set(NOT_IN_USE) == {4, 13}
    assert sum(company.use_of_measures() is MeasureUse.LIMITED for company in studied()) == 3
    assert len(SPREAD_FURTHER) == 10


def test_the_published_table_gives_the_published_ladders() -> None:
    counted = from_files()
    assert counted["psychosocial", "general"] == {2: 28, 5: 3, 4: 1, 3: 1}
    assert counted["musculoskeletal", "general"] == {4: 15, 2: 14, 3: 2}


def test_differences_of_the_publication_and_of_reporting_are_shown() -> None:
    rows = [
        {"problem_group": group, "ladder": ladder, "level": level, "measures": measures}
        for (group, ladder), levels in from_files().items()
        for level, measures in levels.items()
    ]
    shown = differences(lines(rows))
    assert [line.partition(":")[0] for line in shown[:2]] == [
        "musculoskeletal, general ladder, level 4",
        "musculoskeletal, general ladder, level 3",
    ]
    assert "company 2 has no measure on level 4" in shown[2]
    assert len(shown) == 3
    assert len(differences(lines(rows[1:]))) > 3
