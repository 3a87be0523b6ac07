"""An import of people reads what people export, and names each row it leaves out with line and reason (R42)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.people_import import Reading, list_people, read_people
from deploy.local.tables import NotATable
from shared.people.directory import LOCAL_INSPECTORS

pytestmark = pytest.mark.rule("R42")
HEADER = "id;name;centre;roles;competences;working_pattern;visits_per_day;leads;email"
GRETE = "inspector-g;Grete Bisgaard;Øst;inspector;noise, psychosocial;man-tor 8:00-15:30, fre 08:00-15:00;2;;"


def read(folder: Path, *lines: str, encoding: str = "utf-8") -> Reading:
    file = folder / "people.csv"
    file.write_bytes("\r\n".join([HEADER, *lines, ""]).encode(encoding))
    return read_people(file)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_row_of_a_danish_spreadsheet_is_read_in_full(tmp_path: Path, encoding: str) -> None:
    (grete,) = read(tmp_path, GRETE.replace("Øst", "East"), encoding=encoding).people
    assert (grete.line, grete.person_id) == (2, "inspector-g")
    assert {name: grete.body[name] for name in ("name", "centre", "roles", "competences", "visits_per_day")} == {
        "name": "Grete Bisgaard",
        "centre": "east",
        "roles": ["inspector"],
        "competences": ["noise", "psychosocial"],
        "visits_per_day": 2,
    }
    assert [(span["weekday"], span["begins"], span["ends"]) for span in grete.body["working_pattern"]] == [
        *((weekday, "08:00", "15:30") for weekday in (1, 2, 3, 4)),
        (5, "08:00", "15:00"),
    ]


def test_the_file_that_the_demo_came_with_is_read_without_a_remark() -> None:
    reading = read_people(LOCAL_INSPECTORS)
    assert len(reading.people) == len(LOCAL_INSPECTORS.read_text(encoding="utf-8").splitlines()) - 1
    assert (reading.remarks, reading.left_out) == ([], [])
    assert reading.people[0].body["roles"] == ["inspector"]


@pytest.mark.parametrize(
    ("written", "instead", "column"),
    [
        (";2;", ";two;", "visits_per_day"),
        ("man-tor 8:00-15:30", "when it suits", "working_pattern"),
        ("man-tor 8:00-15:30", "fre-man 8:00-15:30", "working_pattern"),
        ("man-tor 8:00-15:30", "xyz 8:00-15:30", "working_pattern"),
    ],
)
def test_a_cell_that_cannot_be_read_leaves_its_row_out(tmp_path: Path, written: str, instead: str, column: str) -> None:
    reading = read(tmp_path, GRETE.replace(written, instead), GRETE.replace("inspector-g", "inspector-h"))
    assert [(error.line, error.column) for error in reading.left_out] == [(2, column)]
    assert [person.person_id for person in reading.people] == ["inspector-h"]


def test_rows_that_contradict_each_other_are_left_out_and_a_repetition_is_remarked_on(tmp_path: Path) -> None:
    other = GRETE.replace("inspector-g", "inspector-h")
    reading = read(tmp_path, GRETE, GRETE.replace("Grete", "Greta"), other, other)
    assert [str(error) for error in reading.left_out] == [
        "line 2, column id: contradicts line 3: keep the row that is right",
        "line 3, column id: contradicts line 2: keep the row that is right",
    ]
    assert [person.line for person in reading.people] == [4]
    assert reading.remarks[-1] == "line 5: says the same as line 4"


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("number;who\n1;Grete\n")
    with pytest.raises(NotATable, match="lacks the columns centre, id, name"):
        read_people(file)


class Answering:
    """A directory that answers each person with what it is told to."""

    def __init__(self, **answers: tuple[int, Mapping[str, Any]]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, bool, bool]] = []

    def list_person(
        self, person_id: str, body: Mapping[str, Any], *, dry_run: bool, only_unlisted: bool
    ) -> httpx.Response:
        self.asked.append((person_id, dry_run, only_unlisted))
        status, answer = self._answers[person_id]
        return httpx.Response(status, json=dict(answer))


def test_what_the_directory_refuses_is_told_by_line_and_column(tmp_path: Path) -> None:
    lines = [GRETE.replace("inspector-g", name) for name in ("a", "b", "c", "d", "e")]
    directory = Answering(
        a=(201, {"recorded": [{"type": "PersonListed"}]}),
        b=(200, {"recorded": []}),
        c=(422, {"detail": "1 fault", "faults": [{"where": "body.centre", "what": "Input should be north or east."}]}),
        d=(409, {"detail": "x", "faults": [{"where": "rule", "what": "music is no problem group.", "rule": "R42"}]}),
        e=(428, {"detail": "a version is needed"}),
    )
    outcome = list_people(read(tmp_path, *lines).people, directory, dry_run=False, only_unlisted=True)
    assert outcome.done == {"listed": 1, "unchanged": 1, "known already": 1}
    assert [str(error) for error in outcome.left_out] == [
        "line 4, column centre: Input should be north or east",
        "line 5, column rule: music is no problem group",
    ]
    assert directory.asked[0] == ("a", False, True)
