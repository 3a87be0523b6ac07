"""An import of the register reads what people export, says what is odd, and names each row it leaves out (R26)."""

import subprocess
import sys
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.local.register_import import COLUMNS, Reading, read_units
from deploy.local.tables import NotATable, read_table
from shared.contracts.register import UnitCeased, UnitRegistered

pytestmark = pytest.mark.rule("R26")
HEADER = "p_number,cvr,name,industry,sector,size_class,effective_from"
SOUND = "1003388394,13748136,Børnehuset,day-care,public,10-34,2020-01-01"
OTHER = SOUND.replace("1003388394", "1003388395")


def read(folder: Path, *lines: str, header: str = HEADER, encoding: str = "utf-8") -> Reading:
    file = folder / "units.csv"
    file.write_bytes("\r\n".join([header, *lines, ""]).encode(encoding))
    return read_units(file)


def test_a_sound_unit_is_kept_without_a_word(tmp_path: Path) -> None:
    reading = read(tmp_path, SOUND)
    assert [unit.model_dump()["name"] for unit in reading.units] == ["Børnehuset"]
    assert (reading.remarks, reading.left_out) == ([], [])


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8-sig", "UTF-8 with a byte order mark"),
        ("utf-16", "UTF-16-LE with a byte order mark"),
        ("utf-16-le", "UTF-16-LE without"),
        ("utf-16-be", "UTF-16-BE without"),
        ("cp1252", "Windows-1252"),
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators_of_spreadsheets_are_read_and_said(
    tmp_path: Path, encoding: str, said: str, separator: str
) -> None:
    lines = [line.replace(",", separator) for line in (HEADER, SOUND, OTHER)]
    reading = read(tmp_path, *lines[1:], header=lines[0], encoding=encoding)
    assert [unit.model_dump()["name"] for unit in reading.units] == ["Børnehuset", "Børnehuset"]
    assert said in reading.remarks[0]
    assert len(reading.remarks) == (1 if separator == "," else 2)
    assert reading.left_out == []


@pytest.mark.parametrize(
    ("written", "instead", "remark"),
    [
        ("13748136", "12345678", "line 2: cvr 12345678 fails its check"),
        ("day-care", "space-travel", "line 2: industry space-travel is not known"),
        ("public", "military", "line 2: sector military is not known"),
        ("10-34", "a few", "line 2: size_class a few is not known"),
    ],
)
def test_what_is_odd_is_kept_as_it_came_and_flagged(tmp_path: Path, written: str, instead: str, remark: str) -> None:
    reading = read(tmp_path, SOUND.replace(written, instead))
    assert reading.remarks == [remark]
    assert instead in reading.units[0].model_dump().values()
    assert reading.left_out == []


@pytest.mark.parametrize(
    ("written", "instead", "column", "what"),
    [
        ("1003388394", "003388394", "p_number", "lost zeros"),
        ("1003388394", "1.00339E+09", "p_number", "exponent"),
        ("1003388394", '"1,00339E+09"', "p_number", "exponent"),
        ("1003388394", "1003388396.0", "p_number", "decimal"),
        ("1003388394", "", "p_number", "empty"),
        ("1003388394", "none", "p_number", "not 10 digits"),
        ("1003388394", "１００３３８８３９４", "p_number", "not 10 digits"),
        ("13748136", "13 74 81 36", "cvr", "write 13748136"),
        ("13748136", "13\u00a0748136", "cvr", "write 13748136"),
        ("13748136", "", "cvr", "empty"),
        ("2020-01-01", "43831", "effective_from", "turned into a number"),
        ("2020-01-01", "01-01-2020", "effective_from", "not a day"),
        ("2020-01-01", "2020-02-30", "effective_from", "not a day"),
        ("2020-01-01", "9999-12-31", "effective_from", "check the year"),
        ("2020-01-01", "", "effective_from", "empty"),
        ("Børnehuset", " ", "name", "empty"),
        ("Børnehuset", "B" * 201, "name", "201 characters"),
        (",2020-01-01", "", "effective_from", "is missing"),
    ],
)
def test_what_was_lost_on_the_way_is_refused_by_line_and_column(
    tmp_path: Path, written: str, instead: str, column: str, what: str
) -> None:
    reading = read(tmp_path, OTHER, SOUND.replace(written, instead, 1))
    assert len(reading.units) == 1
    (told,) = reading.left_out
    assert told.startswith(f"line 3, column {column}: ")
    assert what in told


def test_rows_that_contradict_each_other_are_both_refused_and_repeated_ones_count_once(tmp_path: Path) -> None:
    reading = read(tmp_path, SOUND, OTHER, SOUND.replace("13748136", "24256790"), OTHER)
    assert [unit.p_number for unit in reading.units] == ["1003388395"]
    assert [told.partition(":")[0] for told in reading.left_out] == ["line 2, column cvr", "line 4, column cvr"]
    assert reading.remarks == ["line 5: says the same as line 3"]


def test_a_quote_that_is_not_closed_costs_its_own_line_only(tmp_path: Path) -> None:
    lines = [SOUND.replace("1003388394", f"10033880{number:02}") for number in range(30)]
    lines[1] = lines[1].replace("Børnehuset", '"Børnehuset')
    reading = read(tmp_path, '1003388399,13748136,"Two\r\nlines",day-care,public,10-34,2020-01-01', *lines)
    assert len(reading.units) == 30
    (told,) = reading.left_out
    assert told.startswith("line 5, column of the quote: ")


def test_quotes_within_cells_let_no_row_swallow_the_next(tmp_path: Path) -> None:
    reading = read(tmp_path, SOUND.replace("Børnehuset", 'Rør 5" og'), OTHER.replace("Børnehuset", 'Rør 6" og'))
    assert [told.partition(":")[0] for told in reading.left_out] == [
        "line 2, column of the quote",
        "line 3, column of the quote",
    ]


def test_more_columns_than_are_needed_do_no_harm(tmp_path: Path) -> None:
    reading = read(tmp_path, f"{SOUND},x", f"{OTHER},x,", header=f"{HEADER},more")
    assert len(reading.units) == 2


@pytest.mark.parametrize("header", ["p_number,name,industry,sector,size_class", f"{HEADER},cvr", '"p_number', ""])
def test_a_file_without_the_columns_of_the_register_is_not_read(tmp_path: Path, header: str) -> None:
    with pytest.raises(NotATable):
        read(tmp_path, header=header)


@pytest.mark.rule("R42")
@pytest.mark.parametrize(
    ("cells", "expected"),
    [("0800,Havnegade 3", ("0800", "Havnegade 3")), (" 8000 , ", ("8000", None)), (",", (None, None))],
)
def test_a_file_may_say_where_units_are(tmp_path: Path, cells: str, expected: tuple[str | None, str | None]) -> None:
    (unit,) = read(tmp_path, f"{SOUND},{cells}", header=f"{HEADER},postcode,address").units
    assert isinstance(unit, UnitRegistered)
    assert (unit.postcode, unit.address) == expected


@pytest.mark.rule("R42")
@pytest.mark.parametrize(
    ("cells", "column", "what"),
    [
        ("800,Havnegade 3", "postcode", "800 has 3 of 4 digits, and may have lost zeros"),
        ("DK-8000,", "postcode", "'DK-8000' is not 4 digits"),
        (f"8000,{'a' * 201}", "address", "has 201 characters, and 200 are the most"),
        ("8000,Havnegade \ufffd", "address", "cannot be read: export the file as UTF-8"),
    ],
)
def test_a_damaged_postcode_or_address_leaves_its_row_out(tmp_path: Path, cells: str, column: str, what: str) -> None:
    reading = read(tmp_path, f"{OTHER},,", f"{SOUND},{cells}", header=f"{HEADER},postcode,address")
    assert [unit.p_number for unit in reading.units] == ["1003388395"]
    assert reading.left_out[0].startswith(f"line 3, column {column}: ")
    assert what in reading.left_out[0]


WITH_CEASED = f"{HEADER},ceased"
GONE = "1003388394,,,,,,2026-03-16,yes"


@pytest.mark.rule("R40")
@pytest.mark.parametrize("mark", ["yes", "Ja", " x ", "1", "TRUE"])
def test_a_unit_that_ceased_is_marked_in_a_column_of_its_own(tmp_path: Path, mark: str) -> None:
    lines = f"{SOUND},", f"{OTHER},no", GONE.replace("yes", mark)
    reading = read(tmp_path, *lines, lines[2], header=WITH_CEASED)
    assert reading.units[2:] == [UnitCeased(p_number="1003388394", effective_from=date(2026, 3, 16))]
    assert [type(unit) for unit in reading.units[:2]] == [UnitRegistered, UnitRegistered]
    assert (reading.remarks, reading.left_out) == (["line 5: says the same as line 4"], [])


@pytest.mark.rule("R40")
@pytest.mark.parametrize(
    ("line", "column", "what"),
    [
        (GONE.replace("yes", "maybe"), "ceased", "'maybe' is neither yes nor no"),
        (GONE.replace("yes", "2026-03-16"), "ceased", "neither yes nor no"),
        (GONE.replace(",,,,,", ",13748136,,,,"), "cvr", "13748136 is said of a unit that ceased"),
        (GONE.replace(",,,,,", ",,Børnehuset,,,"), "name", "leave the cell empty"),
        (GONE.replace(",,,,,", ",,,,,10-34"), "size_class", "leave the cell empty"),
        (GONE.replace("1003388394", "003388394"), "p_number", "lost zeros"),
        (GONE.replace("2026-03-16", ""), "effective_from", "empty"),
        (GONE.replace("yes", ""), "cvr", "empty"),
    ],
)
def test_what_contradicts_that_it_ceased_is_refused_by_line_and_column(
    tmp_path: Path, line: str, column: str, what: str
) -> None:
    reading = read(tmp_path, f"{OTHER},", line, header=WITH_CEASED)
    assert [unit.p_number for unit in reading.units] == ["1003388395"]
    assert reading.left_out[0].startswith(f"line 3, column {column}: ")
    assert what in reading.left_out[0]


@pytest.mark.rule("R40")
def test_on_one_day_a_unit_cannot_be_somebodys_and_have_ceased(tmp_path: Path) -> None:
    rows = f"{SOUND},", f"{OTHER},", GONE.replace("2026-03-16", "2020-01-01")
    reading = read(tmp_path, *rows, header=WITH_CEASED)
    assert [unit.p_number for unit in reading.units] == ["1003388395"]
    assert reading.left_out == [
        "line 2, column ceased: contradicts line 4: keep the row that is right",
        "line 4, column ceased: contradicts line 2: keep the row that is right",
    ]


@pytest.mark.rule("R40")
def test_a_dry_run_says_how_many_units_cease(tmp_path: Path) -> None:
    file = tmp_path / "units.csv"
    file.write_text(f"{WITH_CEASED}\n{OTHER},\n{GONE}\n", encoding="utf-8")
    command = [sys.executable, "-m", "deploy.local.register_import", str(file), "--dry-run"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 units would be published, 1 of which ceases" in done.stdout


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "sep=;;;"])
def test_the_line_by_which_a_spreadsheet_tells_its_separator_is_no_row(tmp_path: Path, first: str) -> None:
    reading = read(tmp_path, HEADER.replace(",", ";"), SOUND.replace(",", ";"), SOUND, header=first)
    assert [unit.p_number for unit in reading.units] == ["1003388394"]
    assert reading.left_out[0].startswith("line 4, column ")


def test_cells_beyond_the_last_column_leave_their_row_out(tmp_path: Path) -> None:
    reading = read(tmp_path, f"{SOUND},a second cell", f"{OTHER},,")
    assert [unit.p_number for unit in reading.units] == ["1003388395"]
    assert reading.left_out == [
        "line 2, column after the last: 'a second cell' is one cell too many: "
        "a comma in a cell needs quotes around the cell"
    ]


@pytest.mark.parametrize("rest", ["", "\n", "\n\n,,,\n"])
def test_a_file_of_column_names_only_is_said_to_hold_nothing(tmp_path: Path, rest: str) -> None:
    file = tmp_path / "units.csv"
    file.write_text(HEADER + rest, encoding="utf-8")
    with pytest.raises(NotATable, match="and no row"):
        read_units(file)


CELLS = st.one_of(
    st.text(max_size=30),
    st.sampled_from([*SOUND.split(","), "yes"]),
    st.text(alphabet='",;\n\r\t 0123.eE+-', max_size=20),
)


@settings(max_examples=150)
@given(rows=st.lists(st.lists(CELLS, max_size=9), max_size=6), encoding=st.sampled_from(["utf-8", "utf-16"]))
def test_whatever_stands_in_the_cells_no_row_is_lost_in_silence(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], encoding: str
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    text = "\n".join([WITH_CEASED, f"{SOUND},", *(",".join(row) for row in rows)])
    (folder / "units.csv").write_bytes(text.encode(encoding, errors="replace"))
    reading = read_units(folder / "units.csv")
    assert all(told.startswith("line ") and ", column " in told for told in reading.left_out)
    assert {len(unit.p_number) for unit in reading.units} <= {10}
    assert reading.units or reading.left_out


@settings(max_examples=150)
@given(content=st.binary(max_size=300))
def test_whatever_the_bytes_a_file_is_a_table_or_is_said_to_be_none(content: bytes) -> None:
    for bytes_read in (content, HEADER.encode() + b"\n" + content):
        with suppress(NotATable):  # the one error that it may raise
            table = read_table(bytes_read, COLUMNS)
            assert all(set(row.cells) == set(COLUMNS) for row in table.rows)


@pytest.mark.parametrize(("line", "left_with"), [(SOUND, 0), (SOUND.replace("2020-01-01", "43831"), 1)])
def test_a_dry_run_says_what_would_be_published_and_publishes_nothing(
    tmp_path: Path, line: str, left_with: int
) -> None:
    file = tmp_path / "units.csv"
    file.write_text(f"{HEADER}\n{OTHER}\n{line}\n", encoding="utf-8")
    command = [sys.executable, "-m", "deploy.local.register_import", str(file), "--dry-run"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == left_with
    assert ("1 unit would be" if left_with else "2 units would be") + " published" in done.stdout
    assert "Traceback" not in done.stderr
