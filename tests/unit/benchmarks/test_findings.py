"""The check that Aftale and its peers are put to sees what is missed, doubled and reordered."""

from benchmarks.findings import Finding, as_table
from benchmarks.peers.following import findings

ACKNOWLEDGED = [("a", 1), ("a", 2), ("b", 1)]
LOG = [(1, "a", 1), (2, "a", 2), (3, "b", 1)]


def wrong(*given: tuple[int, str, int], log: list[tuple[int, str, int]] = LOG) -> list[tuple[str, int, int, int]]:
    found = [Finding(**finding) for finding in findings(ACKNOWLEDGED, log, given or log)]
    return [(one.what, one.missed, one.doubled, one.reordered) for one in found if one.wrong]


def test_a_log_that_is_read_as_it_was_written_has_nothing_wrong() -> None:
    assert wrong() == []


def test_what_the_reader_was_not_given_is_missed() -> None:
    assert wrong(LOG[0], LOG[2]) == [("events, given to a reader that follows the positions", 1, 0, 0)]


def test_what_the_reader_was_given_twice_is_doubled() -> None:
    assert wrong(*LOG, LOG[2]) == [("events, given to a reader that follows the positions", 0, 1, 0)]


def test_what_the_reader_was_given_after_its_successor_is_reordered() -> None:
    assert wrong(LOG[1], LOG[0], LOG[2]) == [("events, given to a reader that follows the positions", 0, 0, 1)]


def test_what_was_acknowledged_and_is_not_in_the_log_is_missed_and_leaves_a_gap() -> None:
    assert wrong(log=[LOG[0], LOG[2]]) == [
        ("acknowledged events, in the log once", 1, 0, 0),
        ("positions, dense", 1, 0, 0),
    ]


def test_a_log_with_versions_out_of_order_is_reordered_there_too() -> None:
    assert wrong(log=[(1, "a", 2), (2, "a", 1), (3, "b", 1)])[0] == (
        "events of the log, in the order of their stream",
        0,
        0,
        1,
    )


def test_the_last_line_of_the_table_counts_all_that_is_wrong() -> None:
    table = as_table([Finding("these", 10, missed=1, doubled=2), Finding("those", 5, missed=3, otherwise=1_000)])
    assert table.splitlines()[-1].split() == ["4", "2", "0", "1,000", "in", "all"]
