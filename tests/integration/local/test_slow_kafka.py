"""A Kafka that starts slowly is waited for as long as it gets on, and one that does not is given up."""

import asyncio
import logging
import signal
from pathlib import Path

import pytest

from deploy.local import progress_wait
from deploy.local.kafka import LocalKafka
from deploy.local.ports import free_port
from deploy.local.processes import UserError
from deploy.local.state import State
from migrations import topics


def test_it_is_given_up_where_nothing_moves_and_waited_for_where_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(progress_wait, "STILL_SECONDS", 0.5)
    monkeypatch.setattr(progress_wait, "STILL_LOOKS", 3)
    monkeypatch.setattr(progress_wait, "USUAL_SECONDS", 0.2)
    kafka = LocalKafka(State(tmp_path), free_port(), free_port())
    said: list[str] = []
    try:
        kafka.start()
        running = kafka.process.running()
        assert running is not None
        running.send_signal(signal.SIGSTOP)
        with pytest.raises(UserError, match="Kafka has made no progress for"):
            kafka.wait_until_ready(said.append)
        assert said
        assert said[0].startswith("Kafka takes longer than usual")
        running.send_signal(signal.SIGCONT)
        monkeypatch.setattr(progress_wait, "STILL_SECONDS", 60.0)
        kafka.wait_until_ready(said.append)
        assert not [one for one in caplog.records if one.name.startswith("aiokafka") and one.levelno >= logging.WARNING]
    finally:
        kafka.stop()


async def test_topics_wait_for_a_kafka_and_say_so_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(topics, "USUAL_SECONDS", 0.2)
    kafka = LocalKafka(State(tmp_path), free_port(), free_port())
    said: list[str] = []
    try:
        making = asyncio.create_task(topics.create_topics(kafka.bootstrap, say=said.append))
        async with asyncio.timeout(60):
            while len(said) < 2:
                await asyncio.sleep(0.05)
        assert said[0].startswith(f"Waiting for Kafka at {kafka.bootstrap}, which does not answer yet (")
        assert not caplog.records
        await asyncio.to_thread(kafka.start)
        await making
    finally:
        await asyncio.to_thread(kafka.stop)
