"""What became of the 20 companies is counted from their cases, and held beside the published text."""

from typing import Any

from deploy.demo.companies import EMPLOYEES_TOOK_PART, TURNED_INTO_GUIDANCE, published_outcomes
from deploy.demo.outcomes import outcomes

NOTHING: dict[str, Any] = {
    "guidance_accepted_at": None,
    "guidance_declined_at": None,
    "problem_group": "noise",
    "control_form": None,
    "measures": [],
    "timeline": [],
}


def case(**known: Any) -> dict[str, Any]:
    return {**NOTHING, **known}


def counted(*cases: dict[str, Any]) -> dict[str, int | None]:
    return {one.name: one.here for one in outcomes(cases)}


def test_every_published_outcome_is_shown() -> None:
    assert [one.published for one in outcomes([])] == list(published_outcomes().values())
    assert [one.name for one in outcomes([]) if one.here is None] == ["inspector trained in the field"]


def test_guidance_without_an_answer_is_neither_accepted_nor_declined() -> None:
    figures = counted(
        case(),
        case(guidance_declined_at="2021-01-01T00:00:00Z"),
        case(guidance_accepted_at="2021-01-01T00:00:00Z"),
        case(guidance_accepted_at="2021-01-01T00:00:00Z", problem_group="psychosocial"),
    )
    assert figures["guidance meeting unknown"] == 1
    assert figures["guidance meeting declined"] == 1
    assert figures["guidance meeting accepted psychosocial"] == 1


def test_a_company_counts_once_by_the_use_of_all_its_measures() -> None:
    figures = counted(
        case(measures=[{"follow_up_use": "in_use"}, {"follow_up_use": "in_use"}]),
        case(measures=[{"follow_up_use": "limited"}]),
        case(measures=[{"follow_up_use": "in_use"}, {"follow_up_use": "not_in_use"}]),
    )
    assert figures["measures in use positive outcome"] == 1
    assert figures["measures limited use"] == 1
    assert figures["measures not in use"] == 0


def test_what_only_the_facts_tell_is_read_from_the_timeline() -> None:
    control = {"type": "ControlCompleted", "data": {"involvement": {"employees": "took_part"}}}
    turned: dict[str, Any] = {"type": "ControlTurnedIntoGuidance", "data": {}}
    spread, kept = ({"type": "FollowUpHeld", "data": {"spread_further": value}} for value in (True, False))
    figures = counted(case(timeline=[turned, control, spread]), case(timeline=[kept]))
    assert figures["control turned into guidance"] == 1
    assert figures["employees took part in solution"] == 1
    assert figures["measures spread or more"] == 1


def test_a_figure_that_differs_from_the_published_one_is_marked() -> None:
    differing = {one.name for one in outcomes([case(control_form="visit")]) if one.differs}
    assert "control by visit" in differing
    assert "inspector trained in the field" not in differing


def test_the_made_up_choices_are_as_many_as_the_report_says() -> None:
    published = published_outcomes()
    assert len(EMPLOYEES_TOOK_PART) == published["employees_took_part_in_solution"]
    assert len(TURNED_INTO_GUIDANCE) == published["control_turned_into_guidance"]
    assert 12 in TURNED_INTO_GUIDANCE
