"""What a loop's heartbeat makes of what the loop says."""

from dataclasses import dataclass

from shared.telemetry.loops import STALLED_SECONDS, Heartbeat, Loops


@dataclass
class Seconds:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def beating() -> tuple[Heartbeat, Seconds]:
    clock = Seconds()
    return Heartbeat("relay", clock=clock), clock


def told(heartbeat: Heartbeat) -> tuple[int, str | None]:
    return heartbeat.failures, heartbeat.failing


def test_a_loop_that_says_nothing_stands_still_until_it_turns_again() -> None:
    heartbeat, clock = beating()
    clock.now = STALLED_SECONDS
    assert not heartbeat.is_stalled
    clock.now += 1
    assert heartbeat.is_stalled
    heartbeat.succeeded()
    assert not heartbeat.is_stalled


def test_waiting_for_a_server_is_turning_and_lasts_from_the_first_attempt_on() -> None:
    heartbeat, clock = beating()
    for clock.now in (10.0, 100.0, 190.0, 280.0):
        heartbeat.waiting_for("kafka")
    assert (heartbeat.is_stalled, heartbeat.awaited_server, heartbeat.waited_seconds) == (False, "kafka", 270.0)
    heartbeat.succeeded()
    assert (heartbeat.awaited_server, heartbeat.waited_seconds) == (None, 0.0)


def test_a_fault_is_told_by_its_kind_and_counted_until_a_turn_ends_well() -> None:
    heartbeat, _ = beating()
    heartbeat.failed(ValueError("Anna Jensen"))
    heartbeat.failed(KeyError("Anna Jensen"))
    assert told(heartbeat) == (2, "KeyError")
    heartbeat.succeeded()
    assert told(heartbeat) == (2, None)


def test_batches_are_counted_by_topic_and_one_that_is_tried_again_ends_by_being_taken() -> None:
    heartbeat, clock = beating()
    assert heartbeat.seconds_since_batch is None
    heartbeat.batch_retried(OSError())
    assert (heartbeat.retrying, heartbeat.retries) == (True, 1)
    heartbeat.batch_processed("agreements", records=500, lag=70)
    clock.now = 3.0
    heartbeat.batch_processed("agreements", records=70, lag=0)
    clock.now = 5.0
    agreements = heartbeat.topics["agreements"]
    assert (agreements.batches, agreements.records, agreements.lag) == (2, 570, 0)
    heartbeat.set_lag("agreements", 12)
    assert (agreements.batches, agreements.lag) == (2, 12)
    assert heartbeat.seconds_since_batch == 2.0
    assert not heartbeat.retrying
    assert told(heartbeat) == (0, None)


def test_a_loop_has_one_pulse_whoever_asks_for_it() -> None:
    loops = Loops()
    loops.heartbeat("relay").succeeded()
    assert loops.heartbeat("relay") is loops.heartbeat("relay")
    assert [heartbeat.name for heartbeat in loops] == ["relay"]
