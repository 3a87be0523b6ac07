"""What a loop's pulse makes of what the loop says."""

from dataclasses import dataclass

from shared.telemetry.loops import STILL_SECONDS, Loops, Pulse


@dataclass
class Seconds:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def beating() -> tuple[Pulse, Seconds]:
    clock = Seconds()
    return Pulse("relay", clock=clock), clock


def told(pulse: Pulse) -> tuple[int, str | None]:
    return pulse.failures, pulse.failing


def test_a_loop_that_says_nothing_stands_still_until_it_turns_again() -> None:
    pulse, clock = beating()
    clock.now = STILL_SECONDS
    assert not pulse.still
    clock.now += 1
    assert pulse.still
    pulse.turned()
    assert not pulse.still


def test_waiting_for_a_server_is_turning_and_lasts_from_the_first_attempt_on() -> None:
    pulse, clock = beating()
    for clock.now in (10.0, 100.0, 190.0, 280.0):
        pulse.waits_for("kafka")
    assert (pulse.still, pulse.waiting_for, pulse.waited_seconds) == (False, "kafka", 270.0)
    pulse.turned()
    assert (pulse.waiting_for, pulse.waited_seconds) == (None, 0.0)


def test_a_fault_is_told_by_its_kind_and_counted_until_a_turn_ends_well() -> None:
    pulse, _ = beating()
    pulse.failed(ValueError("Anna Jensen"))
    pulse.failed(KeyError("Anna Jensen"))
    assert told(pulse) == (2, "KeyError")
    pulse.turned()
    assert told(pulse) == (2, None)


def test_batches_are_counted_by_topic_and_one_that_is_tried_again_ends_by_being_taken() -> None:
    pulse, clock = beating()
    assert pulse.seconds_since_batch is None
    pulse.batch_tried_again(OSError())
    assert (pulse.trying_again, pulse.tried_again) == (True, 1)
    pulse.batch_taken("agreements", records=500, lag=70)
    clock.now = 3.0
    pulse.batch_taken("agreements", records=70, lag=0)
    clock.now = 5.0
    agreements = pulse.topics["agreements"]
    assert (agreements.batches, agreements.records, agreements.lag) == (2, 570, 0)
    pulse.behind("agreements", 12)
    assert (agreements.batches, agreements.lag) == (2, 12)
    assert pulse.seconds_since_batch == 2.0
    assert not pulse.trying_again
    assert told(pulse) == (0, None)


def test_a_loop_has_one_pulse_whoever_asks_for_it() -> None:
    loops = Loops()
    loops.pulse("relay").turned()
    assert loops.pulse("relay") is loops.pulse("relay")
    assert [pulse.name for pulse in loops] == ["relay"]
