"""History is silent: which timers of a case are armed, by where its facts come from and whether it was taken over."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from shared.eventstore.commands import Decision, Intent, decide, refuse_history, timer_rows
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event, Metadata, Origin, Recorded, TakenOver
from shared.eventstore.liveness import LIVE, Liveness, liveness_of, origin_in
from shared.eventstore.state_cache import VersionedState
from tests.integration.eventstore.counter import COUNTER, Counted, Counter, SetAlarm

DAY = datetime(2026, 3, 4, 23, tzinfo=UTC)
EARLIER, LATER = DAY - timedelta(days=3), DAY + timedelta(days=3)
TIMERS = {"over": EARLIER, "needed": EARLIER, "to come": LATER, "at once": DAY}
HISTORY = Liveness(Origin.IMPORTED)
OF_A_CASE = replace(COUNTER, of_a_case=True)


class CounterTakenOver(TakenOver):
    """A case that counts goes on."""


TAKEN_OVER = CounterTakenOver(live_from=DAY)


@pytest.mark.rule("R28")
def test_a_live_case_has_all_its_timers_and_history_has_none() -> None:
    assert LIVE.wanted(TIMERS, frozenset()) == TIMERS
    assert HISTORY.wanted(TIMERS, frozenset({"needed"})) == {}
    assert Liveness(Origin.REPLAYED).wanted(TIMERS, frozenset()) == {}


@pytest.mark.rule("R28")
def test_a_take_over_arms_what_is_to_come_and_what_is_still_needed_but_nothing_else_that_is_over() -> None:
    taken = HISTORY.after([TAKEN_OVER])
    assert taken.wanted(TIMERS, frozenset({"needed"})) == {"needed": DAY, "to come": LATER, "at once": DAY}


def test_only_the_first_take_over_of_history_counts() -> None:
    later = TAKEN_OVER.model_copy(update={"live_from": LATER})
    assert HISTORY.after([Counted(by=1), TAKEN_OVER, later]).live_from == DAY
    assert LIVE.after([TAKEN_OVER]) == LIVE


def test_a_stream_is_what_its_first_fact_says_and_its_next_fact_goes_on_so() -> None:
    first, second = stored(Origin.IMPORTED), stored(Origin.LIVE)
    assert liveness_of(OF_A_CASE, [first, second]).of_next_fact is Origin.IMPORTED
    assert liveness_of(OF_A_CASE, [second, first]) == LIVE
    assert liveness_of(OF_A_CASE, [first, stored(Origin.LIVE, TAKEN_OVER)]).of_next_fact is Origin.LIVE
    assert liveness_of(COUNTER, [first]) == LIVE, "a register is no case, and always live"
    assert liveness_of(OF_A_CASE, []) == LIVE


def test_the_origin_stands_in_the_metadata_unless_it_is_live() -> None:
    assert "origin" not in Metadata(UUID(int=1), "somebody").as_dict()
    assert origin_in(stored(Origin.REPLAYED).metadata_json) is Origin.REPLAYED
    assert origin_in('{"actor": "somebody", "concerns": {"note": "\\"origin\\""}}') is Origin.LIVE


def test_facts_of_a_new_case_have_the_origin_of_the_command_and_those_of_another_go_on_as_it_stands() -> None:
    begun = decided([], Origin.IMPORTED)
    assert begun.liveness == HISTORY
    assert timer_rows(OF_A_CASE, begun.state, begun.liveness) == {}
    assert decided([stored(Origin.LIVE)], Origin.IMPORTED).liveness == LIVE
    assert decided([stored(Origin.IMPORTED)], Origin.LIVE).liveness == HISTORY


@pytest.mark.rule("R30")
def test_somebodys_command_on_history_is_refused() -> None:
    with pytest.raises(Refused, match="history") as refused:
        refuse_history([decided([stored(Origin.LIVE)], Origin.LIVE), decided([stored(Origin.IMPORTED)], Origin.LIVE)])
    assert (refused.value.rule, refused.value.values) == ("R30", {"how": Origin.IMPORTED})
    refuse_history([decided([stored(Origin.IMPORTED), stored(Origin.LIVE, TAKEN_OVER)], Origin.LIVE)])


def stored(origin: Origin, event: Event | None = None) -> Recorded:
    metadata = Metadata(uuid4(), "somebody").as_dict(origin)
    text = orjson.dumps(metadata).decode()
    return Recorded(1, UUID(int=1), 1, event or Counted(by=1), text, DAY, DAY, uuid4())


def decided(before: Sequence[Recorded], origin: Origin) -> Decision[Counter]:
    known = VersionedState(len(before), Counter(), liveness_of(OF_A_CASE, before))
    intent: Intent[Counter, Any] = Intent(OF_A_CASE, UUID(int=1), SetAlarm(LATER))
    return decide(intent, known, origin)
