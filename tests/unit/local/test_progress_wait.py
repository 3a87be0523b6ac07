"""How long something that starts is waited for."""

from dataclasses import dataclass, field
from itertools import count

from deploy.local.progress_wait import STILL_LOOKS, STILL_SECONDS, USUAL_SECONDS, ProgressWait


@dataclass
class Waiting:
    """Looks every so many seconds, on a clock of its own."""

    seconds_per_look: float
    now: float = 0.0
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wait = ProgressWait("Kafka", self.said.append, lambda: self.now)

    def looks(self, sign: object) -> bool:
        self.now += self.seconds_per_look
        return self.wait.keep_waiting(sign)

    def looks_until_given_up(self) -> int:
        return next(number for number in count(1) if not self.looks("still"))


def test_what_gets_on_is_waited_for_however_long_it_takes() -> None:
    waiting = Waiting(seconds_per_look=STILL_SECONDS - 1)
    assert all(waiting.looks(size) for size in range(1000))


def test_what_does_not_get_on_is_given_up() -> None:
    waiting = Waiting(seconds_per_look=0.1)
    assert waiting.looks_until_given_up() * 0.1 > STILL_SECONDS
    assert waiting.wait.still_seconds >= STILL_SECONDS


def test_a_machine_on_which_a_look_takes_seconds_gives_what_starts_as_many_looks() -> None:
    assert Waiting(seconds_per_look=10).looks_until_given_up() == STILL_LOOKS


def test_it_is_quiet_as_long_as_it_takes_no_longer_than_usual_and_then_says_a_line_a_minute() -> None:
    waiting = Waiting(seconds_per_look=1)
    for second in range(int(USUAL_SECONDS) - 1):
        waiting.looks(second)
    assert waiting.said == []
    for second in range(100):
        waiting.looks(second)
    assert waiting.said == [
        "Kafka takes longer than usual: 15 s until now ...",
        "Kafka takes longer than usual: 75 s until now ...",
    ]
