"""The same seed lets the same things go wrong at the same times, whatever happens meanwhile."""

from itertools import pairwise

from benchmarks.lossless.faults import WITHOUT_HEADS, Kind, pick, plan_faults


def test_a_seed_draws_the_same_faults_again() -> None:
    assert plan_faults(7, 600, 2) == plan_faults(7, 600, 2)
    assert plan_faults(7, 600, 2) != plan_faults(8, 600, 2)


def test_a_longer_run_begins_as_a_shorter_one() -> None:
    short = plan_faults(7, 60, 2)
    assert plan_faults(7, 600, 2)[: len(short)] == short


def test_every_kind_comes_within_the_time_about_so_often() -> None:
    faults = plan_faults(1, 3600, 6)
    assert {fault.kind for fault in faults} == WITHOUT_HEADS
    assert 500 < len(faults) < 700
    assert all(earlier.at < later.at < 3600 for earlier, later in pairwise(faults))


def test_only_those_kinds_come_that_are_asked_for() -> None:
    assert {fault.kind for fault in plan_faults(1, 3600, 6, set(Kind))} == set(Kind)
    assert {fault.kind for fault in plan_faults(1, 3600, 6, {Kind.EPOCH})} == {Kind.EPOCH}


def test_a_fault_can_meet_anybody() -> None:
    met = {pick(fault, "abcdef") for fault in plan_faults(1, 600, 2)}
    assert met == set("abcdef")
