"""An import of the register keeps every unit as it came, says what is odd, and drops no line in silence (R26)."""

from pathlib import Path

import pytest

from deploy.local.register_import import NotTheRegister, Reading, read_units

pytestmark = pytest.mark.rule("R26")
HEADER = "p_number,cvr,name,industry,sector,size_class,effective_from"
SOUND = "1003388394,13748136,Børnehuset,day-care,public,10-34,2020-01-01"


def read(folder: Path, *lines: str, header: str = HEADER) -> Reading:
    file = folder / "units.csv"
    file.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return read_units(file)


def test_a_sound_unit_is_kept_without_a_word(tmp_path: Path) -> None:
    reading = read(tmp_path, SOUND)
    assert [unit.name for unit in reading.units] == ["Børnehuset"]
    assert (reading.odd, reading.left_out) == ([], [])


@pytest.mark.parametrize(
    ("written", "instead", "remark"),
    [
        ("13748136", "12345678", "line 2: cvr 12345678 fails its check"),
        ("13748136", "", "line 2: cvr  fails its check"),
        ("day-care", "space-travel", "line 2: industry space-travel is not known"),
        ("public", "military", "line 2: sector military is not known"),
        ("10-34", "a few", "line 2: size_class a few is not known"),
        ("1003388394", "003388394", "line 2: p_number 003388394 is not 10 digits"),
    ],
)
def test_what_is_odd_is_kept_as_it_came_and_flagged(tmp_path: Path, written: str, instead: str, remark: str) -> None:
    reading = read(tmp_path, SOUND.replace(written, instead))
    assert reading.odd == [remark]
    assert instead in reading.units[0].model_dump().values()
    assert reading.left_out == []


@pytest.mark.parametrize("line", [SOUND.replace("2020-01-01", "1.1.2020"), SOUND.rpartition(",")[0]])
def test_a_line_that_says_nothing_of_a_day_is_named_and_costs_no_other_its_place(tmp_path: Path, line: str) -> None:
    reading = read(tmp_path, '1003388395,13748136,"Two\nlines",day-care,public,10-34,2020-01-01', line, SOUND)
    assert len(reading.units) == 2
    (told,) = reading.left_out
    assert told.startswith("line 4 left out: effective_from: ")


def test_more_columns_than_are_needed_do_no_harm(tmp_path: Path) -> None:
    reading = read(tmp_path, f"{SOUND},x", f"{SOUND},x,y", header=f"{HEADER},more")
    assert len(reading.units) == 2


def test_a_file_without_the_columns_of_the_register_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(NotTheRegister, match="lacks the columns cvr, effective_from"):
        read(tmp_path, header="p_number,name,industry,sector,size_class")
