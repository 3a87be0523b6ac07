"""Inspectors are people whom the directory knows (R42)."""

from pathlib import Path

import pytest

from shared.contracts.vocabulary import Centre
from shared.http.tokens import Role, pseudonym
from shared.people.directory import Directory, load_directory
from shared.people.errors import FaultyDirectory

ANNA = pseudonym(Role.INSPECTOR, "anna")
HEAD = "id,name,centre\n"


@pytest.mark.rule("R42")
def test_the_people_of_the_demo_are_known_by_the_ids_of_their_tokens() -> None:
    directory = load_directory()
    assert (directory.name_of(ANNA), directory.centre_of(ANNA)) == ("Anna Vestergaard", Centre.EAST)
    assert directory.refusals(ANNA) == ()


@pytest.mark.rule("R42")
def test_of_somebody_who_is_not_known_nothing_is_made_up() -> None:
    directory = Directory()
    assert (directory.name_of(ANNA), directory.centre_of(ANNA)) == (None, None)
    assert [refusal.rule for refusal in directory.refusals(ANNA)] == ["R42"]


def test_columns_that_only_an_import_reads_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "inspectors.csv"
    file.write_text("id,name,roles,centre\ni-1,Ida,inspector,east\n")
    assert load_directory(file).centre_of("i-1") == Centre.EAST


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("i-1,Ida,west\n", "line 2: centre"),
        ("i-1,,east\n", "line 2: name"),
        ("i 1,Ida,east\n", "line 2: id"),
        ("i-1,Ida,east\ni-1,Ib,east\n", "line 3: i-1 is given twice"),
        ("i-1,Ida\n", "line 2: centre"),
    ],
)
def test_a_file_that_cannot_be_used_says_where(tmp_path: Path, rows: str, said: str) -> None:
    file = tmp_path / "inspectors.csv"
    file.write_text(HEAD + rows)
    with pytest.raises(FaultyDirectory, match=said):
        load_directory(file)
