"""What the proof plants among facts is no fact to its consumers, and is left as it was found but for one thing."""

from collections.abc import Callable
from random import Random
from uuid import UUID

import pytest
from pydantic import ValidationError

from benchmarks.lossless.consumer import SOURCES
from benchmarks.lossless.planted import TO_BE_SET_ASIDE, Raw, fact_with_token
from benchmarks.lossless.subject import FACTS
from shared.eventstore.events import EventTypes
from shared.messaging.cloudevents import read
from shared.messaging.errors import Undecodable
from shared.messaging.received_fact import ReceivedFact

FACT = fact_with_token(Random(1), UUID(int=7))


def is_a_fact(raw: Raw) -> bool:
    try:
        message = read(raw.headers, raw.value)
        ReceivedFact.decoded(message, EventTypes(FACTS))
    except (Undecodable, ValidationError):
        return False
    return message.source in SOURCES


def test_before_anything_is_done_to_it_it_is_a_fact() -> None:
    assert is_a_fact(FACT)


@pytest.mark.parametrize("change", TO_BE_SET_ASIDE.values(), ids=TO_BE_SET_ASIDE)
def test_each_kind_is_no_fact_and_can_still_be_told_by_its_token(change: Callable[[Raw], Raw]) -> None:
    planted = change(FACT)
    assert not is_a_fact(planted)
    assert planted.headers[0] == FACT.headers[0]
