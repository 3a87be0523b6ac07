"""What /metrics says, as OpenMetrics text: histograms of this process, and figures of its services at this moment."""

from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from shared.telemetry.measured import REGISTRY
from shared.watching.watched import Look, Watched

CONTENT_TYPE = CONTENT_TYPE_LATEST
Seen = Sequence[tuple[Watched, Look]]


def metrics(seen: Seen) -> bytes:
    """The whole text."""
    return generate_latest(_Everything(seen))  # type: ignore[no-untyped-call, no-any-return]


class _Everything(Collector):
    """The registry's own series, then those that are made when somebody asks."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def collect(self) -> Iterator[Metric]:
        yield from REGISTRY.collect()
        yield from _of_servers(self._seen)
        yield from _of_logs(self._seen)
        yield from _of_facts(self._seen)
        yield from _of_loops(self._seen)
        yield from _of_consumers(self._seen)


def _of_servers(seen: Seen) -> Iterator[Metric]:
    database = GaugeMetricFamily("aftale_database_up", "1 if the database answers.", labels=["service"])
    kafka = GaugeMetricFamily("aftale_kafka_up", "1 if a broker greets.", labels=["service"])
    schema = GaugeMetricFamily("aftale_schema_right", "1 if the schema is this release's.", labels=["service"])
    live = GaugeMetricFamily("aftale_live", "1 if all loops turn.", labels=["service"])
    for one, look in seen:
        database.add_metric([one.service], look.database)
        kafka.add_metric([one.service], look.kafka)
        live.add_metric([one.service], one.live)
        if look.database:
            schema.add_metric([one.service], look.schema_fault is None)
    yield from (database, kafka, schema, live)


def _of_logs(seen: Seen) -> Iterator[Metric]:
    events = GaugeMetricFamily("aftale_relay_lag_events", "Events not yet acknowledged by Kafka.", labels=["service"])
    seconds = GaugeMetricFamily("aftale_relay_lag_seconds", "Age of the oldest such event.", labels=["service"])
    overdue = GaugeMetricFamily("aftale_timers_overdue", "Timers late by 5 s or more.", labels=["service"])
    late = GaugeMetricFamily("aftale_timers_overdue_seconds", "How late the latest is.", labels=["service"])
    failing = GaugeMetricFamily("aftale_timers_failing", "Overdue timers that failed.", labels=["service"])
    for one, look in seen:
        if look.figures and (relay := look.figures.relay):
            events.add_metric([one.service], relay.events)
            seconds.add_metric([one.service], relay.seconds)
        if look.figures and (timers := look.figures.timers):
            overdue.add_metric([one.service], timers.timers)
            late.add_metric([one.service], timers.seconds)
            failing.add_metric([one.service], timers.failing)
    yield from (events, seconds, overdue, late, failing)


def _of_facts(seen: Seen) -> Iterator[Metric]:
    parked = GaugeMetricFamily("aftale_parked_streams", "Streams that wait.", labels=["service", "reason"])
    missing = GaugeMetricFamily(
        "aftale_missing_facts", "Facts that a source tells of and that have not come.", labels=["service", "source"]
    )
    for one, look in seen:
        for reason, streams in look.figures.parked.items() if look.figures else ():
            parked.add_metric([one.service, reason], streams)
        for source, facts in one.loops.missing.items():
            missing.add_metric([one.service, source], facts)
    yield from (parked, missing)


def _of_loops(seen: Seen) -> Iterator[Metric]:
    labels = ["service", "loop"]
    silent = GaugeMetricFamily("aftale_loop_silent_seconds", "Since a loop last turned.", labels=labels)
    failures = CounterMetricFamily("aftale_loop_failures", "Turns that ended with a fault.", labels=labels)
    waiting = GaugeMetricFamily(
        "aftale_loop_waiting_seconds", "For how long a loop has waited for a server.", labels=[*labels, "server"]
    )
    for one, _ in seen:
        for pulse in one.loops:
            silent.add_metric([one.service, pulse.name], pulse.silent_seconds)
            failures.add_metric([one.service, pulse.name], pulse.failures)
            if pulse.waiting_for:
                waiting.add_metric([one.service, pulse.name, pulse.waiting_for], pulse.waited_seconds)
    yield from (silent, failures, waiting)


def _of_consumers(seen: Seen) -> Iterator[Metric]:
    of_consumer, of_topic = ["service", "consumer"], ["service", "consumer", "topic"]
    lag = GaugeMetricFamily("aftale_consumer_lag_records", "Records not yet read.", labels=of_topic)
    records = CounterMetricFamily("aftale_consumer_records", "Records taken.", labels=of_topic)
    batches = CounterMetricFamily("aftale_consumer_batches", "Batches taken.", labels=of_topic)
    again = CounterMetricFamily("aftale_consumer_batches_tried_again", "Attempts in vain.", labels=of_consumer)
    since = GaugeMetricFamily("aftale_consumer_last_batch_seconds", "Since the last batch.", labels=of_consumer)
    for one, _ in seen:
        for pulse in one.loops:
            for topic, followed in pulse.topics.items():
                lag.add_metric([one.service, pulse.name, topic], followed.lag)
                records.add_metric([one.service, pulse.name, topic], followed.records)
                batches.add_metric([one.service, pulse.name, topic], followed.batches)
            if pulse.tried_again or pulse.topics:
                again.add_metric([one.service, pulse.name], pulse.tried_again)
            if (seconds := pulse.seconds_since_batch) is not None:
                since.add_metric([one.service, pulse.name], seconds)
    yield from (lag, records, batches, again, since)
