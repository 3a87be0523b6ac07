"""What becomes known of a measure, and of units and quarantines."""

from datetime import date

import pytest

from shared.contracts import offers
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, CVR, MEASURE, UNIT, on
from tests.reporting_folding import rows_after


def test_r35_a_measure_keeps_its_use_at_control_beside_the_use_at_follow_up() -> None:
    row = rows_after(facts.documented(), facts.controlled(), facts.follow_up_held()).measures[AGREEMENT][MEASURE]
    assert (row.kind, row.ladder_level, row.verified) == ("technical-aid", 3, True)
    assert (row.control_use, row.follow_up_use, row.follow_up_non_use_reason) == (
        "limited",
        "not_in_use",
        "seldom-needed",
    )


def test_r16_a_later_part_corrects_an_earlier_one() -> None:
    corrected = facts.documented(part=2, level=4, at="2026-06-03")
    row = rows_after(facts.documented(), corrected).measures[AGREEMENT][MEASURE]
    assert (row.ladder_level, row.reported_part) == (4, 2)


def test_r16_a_measure_that_no_report_named_is_kept_as_it_was_seen() -> None:
    row = rows_after(facts.controlled()).measures[AGREEMENT][MEASURE]
    assert (row.kind, row.control_use) == (None, "limited")


def test_a_unit_has_a_row_per_day_from_which_it_changed() -> None:
    rows = rows_after(facts.registered(), facts.registered(since="2025-01-01", size="35-99")).units
    assert {since: unit.size_class for (_, since), unit in rows.items()} == {
        date(2020, 1, 1): "10-34",
        date(2025, 1, 1): "35-99",
    }


def test_a_unit_of_which_the_register_does_not_say_where_it_is_has_no_place() -> None:
    earlier = facts.registered().model_copy(update={"postcode": None, "address": None})
    rows = rows_after(earlier, facts.registered(since="2025-01-01")).units
    where = {since: (unit.postcode, unit.address) for (_, since), unit in rows.items()}
    assert where == {date(2020, 1, 1): (None, None), date(2025, 1, 1): ("8000", "Solsikkens Vænge 7")}


def test_r22_a_quarantine_stands_from_the_breach_until_its_end() -> None:
    row = rows_after(facts.quarantine_imposed()).quarantines[AGREEMENT][UNIT]
    assert (row.imposed_at, row.ends_at, row.ended_at) == (on("2026-06-15", 12), on("2027-06-15", 12), None)


@pytest.mark.rule("R22", "R30")
def test_a_quarantine_that_was_revoked_and_imposed_anew_has_not_ended() -> None:
    imposed = facts.quarantine_imposed()
    ended = offers.QuarantineEnded(
        agreement_id=AGREEMENT, cvr=CVR, p_number=UNIT, ended_at=on("2026-06-20", 12), revoked=True
    )
    assert rows_after(imposed, ended).quarantines[AGREEMENT][UNIT].ended_at == on("2026-06-20", 12)
    assert rows_after(imposed, ended, imposed).quarantines[AGREEMENT][UNIT].ended_at is None
