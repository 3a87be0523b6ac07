"""Writes /metrics as OpenMetrics text: histograms of this process, and figures of its services at this moment."""

from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from shared.telemetry.measured import REGISTRY
from shared.watching.watched import CheckResult, Watched

CONTENT_TYPE = CONTENT_TYPE_LATEST
Checked = Sequence[tuple[Watched, CheckResult]]


def metrics(checked: Checked) -> bytes:
    """Returns the text of /metrics."""
    return generate_latest(_Everything(checked))  # type: ignore[no-untyped-call, no-any-return]


class _Everything(Collector):
    """Collects the series of the registry, then those that are made for each request."""

    def __init__(self, checked: Checked) -> None:
        self._checked = checked

    def collect(self) -> Iterator[Metric]:
        yield from REGISTRY.collect()
        yield from _of_servers(self._checked)
        yield from _of_logs(self._checked)
        yield from _of_facts(self._checked)
        yield from _of_loops(self._checked)
        yield from _of_consumers(self._checked)


def _of_servers(checked: Checked) -> Iterator[Metric]:
    database = GaugeMetricFamily("aftale_database_up", "1 if the database answers.", labels=["service"])
    kafka = GaugeMetricFamily("aftale_kafka_up", "1 if a broker answers.", labels=["service"])
    schema = GaugeMetricFamily("aftale_schema_right", "1 if the schema is this release's.", labels=["service"])
    live = GaugeMetricFamily("aftale_live", "1 if no loop is stalled.", labels=["service"])
    for one, result in checked:
        database.add_metric([one.service], result.database)
        kafka.add_metric([one.service], result.kafka)
        live.add_metric([one.service], one.live)
        if result.database:
            schema.add_metric([one.service], result.schema_fault is None)
    yield from (database, kafka, schema, live)


def _of_logs(checked: Checked) -> Iterator[Metric]:
    events = GaugeMetricFamily("aftale_relay_lag_events", "Events not yet acknowledged by Kafka.", labels=["service"])
    seconds = GaugeMetricFamily("aftale_relay_lag_seconds", "Age of the oldest such event.", labels=["service"])
    overdue = GaugeMetricFamily("aftale_timers_overdue", "Timers late by 5 s or more.", labels=["service"])
    late = GaugeMetricFamily("aftale_timers_overdue_seconds", "Lateness of the most overdue timer.", labels=["service"])
    failing = GaugeMetricFamily("aftale_timers_failing", "Overdue timers that failed.", labels=["service"])
    canary = GaugeMetricFamily("aftale_canary_late_seconds", "How late the canary is now.", labels=["service"])
    for one, result in checked:
        if result.figures and (relay := result.figures.relay):
            events.add_metric([one.service], relay.events)
            seconds.add_metric([one.service], relay.seconds)
        if result.figures and (timers := result.figures.timers):
            overdue.add_metric([one.service], timers.timers)
            late.add_metric([one.service], timers.seconds)
            failing.add_metric([one.service], timers.failing)
            if timers.canary is not None:
                canary.add_metric([one.service], timers.canary)
    yield from (events, seconds, overdue, late, failing, canary)


def _of_facts(checked: Checked) -> Iterator[Metric]:
    parked = GaugeMetricFamily("aftale_parked_streams", "Parked streams.", labels=["service", "reason"])
    missing = GaugeMetricFamily(
        "aftale_missing_facts",
        "Published facts that were not received.",
        labels=["service", "source"],
    )
    for one, result in checked:
        for reason, streams in result.figures.parked.items() if result.figures else ():
            parked.add_metric([one.service, reason], streams)
        for source, facts in one.loops.missing.items():
            missing.add_metric([one.service, source], facts)
    yield from (parked, missing)


def _of_loops(checked: Checked) -> Iterator[Metric]:
    labels = ["service", "loop"]
    silent = GaugeMetricFamily("aftale_loop_silent_seconds", "Since a loop last reported.", labels=labels)
    failures = CounterMetricFamily("aftale_loop_failures", "Iterations that ended with an error.", labels=labels)
    waiting = GaugeMetricFamily(
        "aftale_loop_waiting_seconds", "For how long a loop has waited for a server.", labels=[*labels, "server"]
    )
    for one, _ in checked:
        for heartbeat in one.loops:
            silent.add_metric([one.service, heartbeat.name], heartbeat.silent_seconds)
            failures.add_metric([one.service, heartbeat.name], heartbeat.failures)
            if heartbeat.awaited_server:
                waiting.add_metric([one.service, heartbeat.name, heartbeat.awaited_server], heartbeat.waited_seconds)
    yield from (silent, failures, waiting)


def _of_consumers(checked: Checked) -> Iterator[Metric]:
    of_consumer, of_topic = ["service", "consumer"], ["service", "consumer", "topic"]
    lag = GaugeMetricFamily("aftale_consumer_lag_records", "Records not yet read.", labels=of_topic)
    records = CounterMetricFamily("aftale_consumer_records", "Records processed.", labels=of_topic)
    batches = CounterMetricFamily("aftale_consumer_batches", "Batches processed.", labels=of_topic)
    again = CounterMetricFamily("aftale_consumer_batches_tried_again", "Failed attempts.", labels=of_consumer)
    since = GaugeMetricFamily("aftale_consumer_last_batch_seconds", "Since the last batch.", labels=of_consumer)
    for one, _ in checked:
        for heartbeat in one.loops:
            for topic, followed in heartbeat.topics.items():
                lag.add_metric([one.service, heartbeat.name, topic], followed.lag)
                records.add_metric([one.service, heartbeat.name, topic], followed.records)
                batches.add_metric([one.service, heartbeat.name, topic], followed.batches)
            if heartbeat.retries or heartbeat.topics:
                again.add_metric([one.service, heartbeat.name], heartbeat.retries)
            if (seconds := heartbeat.seconds_since_batch) is not None:
                since.add_metric([one.service, heartbeat.name], seconds)
    yield from (lag, records, batches, again, since)
