"""Isolates poison: finds the facts that fail permanently, and distinguishes them from errors of the service itself."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from traceback import extract_tb
from uuid import UUID

import structlog

from shared.messaging.errors import NotAboutOneStream
from shared.messaging.inbox import StreamKey, stream_of
from shared.messaging.kafka_record import Record
from shared.messaging.parking import Obstacle, Reason, behind_another
from shared.messaging.received_fact import Fact, ReceivedFact
from shared.messaging.transient_errors import is_about_values, is_transient

IN_SUCCESSION = 3
"""Number of streams that fail alike, with no success between them, from which on it is no coincidence."""
_log = structlog.get_logger()

Take = Callable[[Sequence[Fact]], Awaitable[None]]
"""Processes facts of one stream, all or none; see Consumer.take."""


@dataclass(frozen=True)
class Failure:
    """A fact that fails permanently, and the facts after it in its stream."""

    first: ReceivedFact
    error: Exception
    behind: list[ReceivedFact]

    @property
    def kind(self) -> str:
        """Returns what failed and where in the code, without the values that were processed."""
        trace = extract_tb(self.error.__traceback__)
        return f"{type(self.error).__name__} at {trace[-1].name}:{trace[-1].lineno}" if trace else repr(self.error)

    def obstacles(self) -> list[Obstacle]:
        """Returns the messages as they are parked: the failing one, and those that wait behind it."""
        behind = [behind_another(received.message) for received in self.behind]
        return [Obstacle(self.first.message, Reason.POISON, repr(self.error)), *behind]


class CaseByCase:
    """Processes cases concurrently, and the facts of a stream one by one if they fail together."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._failing: dict[str, set[StreamKey]] = {}
        """Streams that failed since something was taken last, by the kind of fault."""

    async def take(self, facts: Sequence[Fact]) -> list[Failure]:
        """Processes what can be processed; returns what fails permanently, which is not parked yet.

        Raises NotAboutOneStream.
        """
        failures = await self._attempt(facts)
        self._refuse_to_park_what_fails_alike(facts, failures)
        return failures

    async def fault_of(self, facts: Sequence[Fact]) -> Exception | None:
        """Processes facts of one stream; returns the permanent error, if there is one. Raises NotAboutOneStream."""
        try:
            await self._take(facts)
        except Exception as error:
            if is_transient(error):
                raise
            if not is_about_values(error):
                raise NotAboutOneStream(repr(error)) from error
            return error
        return None

    async def _attempt(self, facts: Sequence[Fact]) -> list[Failure]:
        """The facts of a case have a stream in each of their sources, and are taken in the order in which they came.

        What one service says of a case may rest on what another one has said of it.
        """
        cases: dict[UUID, list[Fact]] = {}
        for fact in facts:
            cases.setdefault(fact[1].message.stream, []).append(fact)
        results = await asyncio.gather(*map(self._take_case, cases.values()), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return [failure for result in results if not isinstance(result, BaseException) for failure in result]

    async def _take_case(self, facts: Sequence[Fact]) -> list[Failure]:
        failures: dict[str, Failure] = {}
        for source, of_source in groupby(facts, key=lambda fact: fact[1].message.source):
            together = list(of_source)
            if source in failures:
                failures[source].behind.extend(received for _, received in together)
            elif (failure := await self._take_stream(together)) is not None:
                failures[source] = failure
        return list(failures.values())

    async def _take_stream(self, facts: Sequence[Fact]) -> Failure | None:
        """Take facts of one stream; of those that fail for good together, the guilty one with what follows it."""
        error = await self.fault_of(facts)
        for number, fact in enumerate(facts if error is not None else ()):
            if len(facts) > 1:
                error = await self.fault_of([fact])
            if error is not None:
                return Failure(fact[1], error, [received for _, received in facts[number + 1 :]])
        return None

    def _refuse_to_park_what_fails_alike(self, facts: Sequence[Fact], failures: Sequence[Failure]) -> None:
        """A fault that is not about one stream is never dealt out to streams.

        Where several streams fail in succession with the same fault, and nothing that was tried works, the fault is
        most likely ours. The batch comes again, with what has come after it: once something works, the rest is parked.
        """
        if facts and (not failures or len({stream_of(received.message) for _, received in facts}) > len(failures)):
            self._failing.clear()
            return
        for failure in failures:
            self._failing.setdefault(failure.kind, set()).add(stream_of(failure.first.message))
        for kind, streams in self._failing.items():
            if len(streams) >= IN_SUCCESSION:
                raise NotAboutOneStream(f"{len(streams)} streams fail in succession with {kind}")


class ByHalves(CaseByCase):
    """Processes all facts at once; if that fails permanently, halves the cases until the failing one is alone.

    Facts keep the order in which they came, also between streams.
    """

    async def _attempt(self, facts: Sequence[Fact]) -> list[Failure]:
        if not facts:
            return []
        error = await self.fault_of(facts)
        if error is None:
            return []
        cases = list(dict.fromkeys(received.message.stream for _, received in facts))
        if len(cases) == 1:
            return await super()._attempt(facts)
        _log.warning("batch_is_taken_by_halves", cases=len(cases), error=repr(error))
        half = set(cases[: len(cases) // 2])
        failures = await self._attempt([fact for fact in facts if fact[1].message.stream in half])
        return failures + await self._attempt([fact for fact in facts if fact[1].message.stream not in half])


async def failing_records(
    records: Sequence[Record], take: Callable[[Record], Awaitable[None]]
) -> list[tuple[Record, Exception]]:
    """Processes records one by one; returns those that fail permanently, if the error can be theirs.

    Raises NotAboutOneStream if it cannot, or if several fail and no other succeeds.
    """
    failed: list[tuple[Record, Exception]] = []
    for record in records:
        try:
            await take(record)
        except Exception as error:
            if is_transient(error):
                raise
            failed.append((record, error))
    if (len(failed) == len(records) and len(failed) >= IN_SUCCESSION) or not all(
        is_about_values(error) for _, error in failed
    ):
        raise NotAboutOneStream(f"{len(failed)} records fail with {failed[0][1]!r}") from failed[0][1]
    return failed
