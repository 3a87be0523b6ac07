"""The virtual clock is one for all processes and only goes forward; the real one tells UTC."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from shared.eventstore.clock import RealClock, VirtualClock

NOW = datetime(2026, 3, 5, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_two_handles_of_one_file_tell_the_same_time(tmp_path: Path) -> None:
    one, other = VirtualClock(tmp_path / "clock", NOW), VirtualClock(tmp_path / "clock")
    assert one.now() == other.now() == NOW
    one.move_to(NOW + HOUR)
    assert other.now() == NOW + HOUR


def test_it_stands_still_until_it_is_moved(tmp_path: Path) -> None:
    clock = VirtualClock(tmp_path / "clock", NOW)
    assert clock.now() == clock.now() == NOW
    clock.move_to(NOW)
    assert clock.now() == NOW


def test_it_never_goes_back_whichever_handle_asks(tmp_path: Path) -> None:
    one, other = VirtualClock(tmp_path / "clock", NOW), VirtualClock(tmp_path / "clock")
    one.move_to(NOW + HOUR)
    with pytest.raises(ValueError, match="cannot move back"):
        other.move_to(NOW + HOUR - timedelta(microseconds=1))
    assert one.now() == NOW + HOUR


def test_a_start_counts_only_for_who_comes_first(tmp_path: Path) -> None:
    first = VirtualClock(tmp_path / "clock", NOW)
    assert VirtualClock(tmp_path / "clock", NOW + HOUR).now() == first.now() == NOW
    assert [file.name for file in tmp_path.iterdir()] == ["clock"]


def test_of_two_who_start_it_at_the_same_moment_both_have_the_same_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = VirtualClock(tmp_path / "clock", NOW)
    with monkeypatch.context() as earlier:  # the second one looked before the first one had made the file
        earlier.setattr(Path, "exists", lambda _: False)
        second = VirtualClock(tmp_path / "clock", NOW + HOUR)
    second.move_to(NOW + 2 * HOUR)
    assert first.now() == second.now() == NOW + 2 * HOUR


def test_without_a_start_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        VirtualClock(tmp_path / "clock")


def test_an_instant_of_any_offset_and_before_1970_is_kept_to_the_microsecond(tmp_path: Path) -> None:
    start = datetime(1969, 7, 20, 22, 17, 40, 1, tzinfo=timezone(timedelta(hours=2)))
    clock = VirtualClock(tmp_path / "clock", start)
    assert clock.now() == start
    assert clock.now().tzinfo is UTC


def test_a_timer_that_a_jump_passes_is_judged_by_its_own_due_time(tmp_path: Path) -> None:
    clock, other = VirtualClock(tmp_path / "clock", NOW), VirtualClock(tmp_path / "clock")
    clock.jump_to(NOW + 10 * HOUR)
    assert other.now() == NOW + 10 * HOUR
    assert [other.fires_at(NOW + hours * HOUR) for hours in (1, 9, 10)] == [NOW + hours * HOUR for hours in (1, 9, 10)]


def test_a_timer_that_fell_due_before_the_jump_is_late(tmp_path: Path) -> None:
    clock = VirtualClock(tmp_path / "clock", NOW)
    clock.jump_to(NOW + 10 * HOUR)
    assert clock.fires_at(NOW) == clock.fires_at(NOW - HOUR) == NOW + 10 * HOUR


def test_a_move_is_no_jump_and_ends_one(tmp_path: Path) -> None:
    clock = VirtualClock(tmp_path / "clock", NOW)
    clock.move_to(NOW + 10 * HOUR)
    assert clock.fires_at(NOW + HOUR) == NOW + 10 * HOUR
    clock.jump_to(NOW + 20 * HOUR)
    clock.move_to(NOW + 20 * HOUR)
    assert clock.fires_at(NOW + 11 * HOUR) == NOW + 20 * HOUR


def test_a_jump_never_goes_back(tmp_path: Path) -> None:
    clock = VirtualClock(tmp_path / "clock", NOW)
    with pytest.raises(ValueError, match="cannot move back"):
        clock.jump_to(NOW - HOUR)
    assert clock.now() == NOW


def test_the_file_of_an_earlier_release_which_could_not_jump_goes_on(tmp_path: Path) -> None:
    VirtualClock(tmp_path / "clock", NOW)
    kept = (tmp_path / "clock").read_bytes()
    (tmp_path / "clock").write_bytes(kept[: len(kept) // 2])
    clock = VirtualClock(tmp_path / "clock")
    assert clock.now() == NOW
    clock.move_to(NOW + HOUR)
    clock.jump_to(NOW + 3 * HOUR)
    assert (clock.fires_at(NOW), clock.fires_at(NOW + 2 * HOUR)) == (NOW + 3 * HOUR, NOW + 2 * HOUR)


def test_the_real_clock_judges_a_timer_when_it_fires() -> None:
    assert RealClock().fires_at(NOW) >= NOW + HOUR


def test_the_real_clock_tells_utc() -> None:
    before = datetime.now(UTC)
    assert before <= RealClock().now() <= datetime.now(UTC)
    assert RealClock().now().tzinfo is UTC
