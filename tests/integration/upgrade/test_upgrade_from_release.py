"""A system that goes on after an upgrade: with a case in every phase, with what was kept apart, and with its timers."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest

from deploy.demo.courses import DemoContext
from deploy.demo.play import interleave
from deploy.local.foreign_facts import order_system
from services.control.rules.phases import Running
from shared.contracts import orders as order_contract
from shared.contracts.orders import OtherCaseClosed
from shared.deadlines.copenhagen import local_day
from shared.http.tokens import LocalIssuer, Role
from tests.integration.system.asking import Asker
from tests.integration.system.running_system import RunningSystem, running_system
from tests.integration.upgrade.after_upgrade import faults_of, until_release_steps_are_done, versions
from tests.integration.upgrade.continuations import AT_ONCE, LATER, Continued
from tests.integration.upgrade.view import View
from tests.upgrade import other_system
from tests.upgrade.kept_release import KeptRelease
from tests.upgrade.manifest import KeptCommand, Manifest
from tests.upgrade.standings import STANDINGS
from tests.upgrade.streams import SERVICES, ArmedTimer, armed_timers, by_phase, fold_streams, kind_of, parked_messages

FACT_OF_TIMER = {
    "offer:resend": "OfferResent",
    "offer:halfway": "OfferUnansweredHalfway",
    "offer:lapse": "Lapsed",
    "quarantine:end": "QuarantineEnded",
    "guidance:due": "GuidanceFellDue",
    "guidance:overdue": "GuidanceBecameOverdue",
    "course:book-control": "ControlBooked",
    "course:hearing": "HearingExpired",
    "course:follow-up": "FollowUpFellDue",
    "course:order-reminder": "OrderRequestReminded",
    "course:order-overdue": "OrderRequestOverdue",
}
"""`course:book-inspection` is due as soon as it is armed, so that no dump has it: here each lapse arms one."""
_ACTOR = """
select metadata ->> 'actor' from control.events where type = 'ControlBooked' and data ->> 'control_id' = $1
"""
READER = "reader"
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Fact:
    """What a stream was told, and when it happened."""

    service: str
    stream: UUID
    name: str
    occurred_at: datetime


@asynccontextmanager
async def connected(dsn: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def on_stage(system: RunningSystem) -> AsyncIterator[tuple[DemoContext, View]]:
    """With the order system, and the one view as an inspector reads it who has no part in any case."""
    async with order_system(system) as orders, connected(system.postgres) as connection:
        known = await connection.fetch(
            "select stream, version from reporting.inbox where source = $1", order_contract.SOURCE
        )
        orders.published |= {row["stream"]: row["version"] for row in known}  # this Kafka holds nothing of it
        stage = DemoContext(system.people, orders, system.time.settle, lambda _: None)
        yield stage, View(stage.people.inspector(READER))


async def test_every_case_stands_where_it_stood(release: KeptRelease, upgraded_database: str) -> None:
    manifest = release.manifest
    async with connected(upgraded_database) as connection:
        streams = await fold_streams(connection)
        assert {subject: sum(phases.values()) for subject, phases in by_phase(streams).items()} == {
            subject: sum(phases.values()) for subject, phases in manifest.streams_by_phase.items()
        }
        assert Counter(map(kind_of, await armed_timers(connection))) == manifest.timers
        assert await parked_messages(connection) == list(manifest.parked)
        assert await faults_of(connection, before_release_steps=True) == []
    standings = {standing.name: standing for standing in STANDINGS}
    for case in manifest.cases:
        standing = standings[case.standing]
        assert standing.holds(streams[standing.subject.name][case.stream]), case.standing


async def test_a_case_in_every_phase_goes_on(release: KeptRelease, upgraded_system: RunningSystem) -> None:
    manifest = release.manifest
    assert {case.standing for case in manifest.cases} == AT_ONCE.keys() | LATER.keys()
    async with on_stage(upgraded_system) as (stage, view):
        cases = {case.standing: Continued.kept(stage, case, view, manifest.clock) for case in manifest.cases}
        for standing, go_on in AT_ONCE.items():
            await named(standing, go_on(cases[standing]))
        inspection = manifest.open_inspection
        closed = OtherCaseClosed(case_id=inspection, closed_on=local_day(manifest.clock))
        await stage.orders.publish([(inspection, closed, manifest.clock)])
        await view.shows(inspection, status="closed")
        later = [go_on(cases[standing]) for standing, go_on in LATER.items()]
        await interleave(later, upgraded_system.time.advance_to)
        await upgraded_system.time.settle()
    async with connected(upgraded_system.postgres) as connection:
        assert await faults_of(connection) == []
        assert await parked_messages(connection) == list(manifest.parked)


@pytest.mark.rule("R8")
async def test_names_that_came_after_a_step_was_done_are_reserved_all_the_same(
    release: KeptRelease, upgraded_database: str, kafka: str, tmp_path: Path
) -> None:
    """R8: a folder in which the step ran before deciders reserved these names has it done under its earlier name."""
    release.restore_state(tmp_path)
    async with connected(upgraded_database) as connection:
        for service in SERVICES:
            await connection.execute(
                f"insert into {service.name}.release_steps (name, done_at) values ('rows-2026-12', now())"
            )
        await connection.execute("delete from offers.reservations where name like 'open-at/%'")
        assert any("open-at/" in fault for fault in await faults_of(connection))
        async with (
            running_system(upgraded_database, kafka, tmp_path, together=True),
            asyncio.timeout(PATIENCE_SECONDS),
        ):
            while await faults_of(connection):
                await asyncio.sleep(0.2)


async def test_texts_files_answers_and_parked_messages_outlast_it(
    release: KeptRelease, upgraded_system: RunningSystem
) -> None:
    manifest = release.manifest
    async with connected(upgraded_system.postgres) as connection:
        before = await versions(connection)
        await texts_and_files_are_readable(upgraded_system, manifest)
        await command_is_answered_as_before(upgraded_system, manifest.command)
        assert await versions(connection) == before
        await what_was_parked_goes_on(upgraded_system, manifest)
        await until_nothing_is_parked(connection)
    async with on_stage(upgraded_system) as (_, view):
        for inspection in (other_system.BEHIND_A_GAP, other_system.UNREADABLE):
            await view.shows(inspection, status="open", case_type="other")


async def test_unannounced_days_of_the_old_rule_are_drawn_anew_once(
    release: KeptRelease, upgraded_system: RunningSystem
) -> None:
    """R18: those that are still ahead, as facts; what an inspector chose and what the company was told of stands."""
    async with connected(upgraded_system.postgres) as connection:
        before = await versions(connection)
        states = (await fold_streams(connection))["course"].values()
        today = local_day(release.manifest.clock)
        hidden = [one for state in states if isinstance(state, Running) for one in state.bookings.values()]
        drawn = [one for one in hidden if one.drawn is not None and not one.announced]
        assert drawn
        assert all(one.drawn and one.drawn.first <= one.day <= one.drawn.last for one in drawn)
        for one in hidden:
            actor = await connection.fetchval(_ACTOR, str(one.control_id))
            assert one.announced or one.day <= today or one.drawn is not None or actor != "control", one
        upgraded_system.kill("control")
        upgraded_system.start(*upgraded_system.processes, together=True)
        await upgraded_system.until_healthy("control")
        await until_release_steps_are_done(connection)
        await upgraded_system.time.settle()
        assert await versions(connection) == before, "a second start draws nothing again"
        assert await faults_of(connection) == []


async def test_each_timer_fires_once(release: KeptRelease, upgraded_system: RunningSystem) -> None:
    """Every one that was armed, at its own time; and what it leads to goes on."""
    manifest = release.manifest
    async with connected(upgraded_system.postgres) as connection:
        armed = await armed_timers(connection)
        assert {kind_of(timer) for timer in armed} == FACT_OF_TIMER.keys()
        before = await versions(connection)
        await upgraded_system.time.advance_to(armed[-1].due)
        fired = await facts_since(connection, before)
        wanted = Counter(map(fact_of, armed))
        assert {fact: fired[fact] for fact in wanted} == wanted
        assert by_timers(fired) == by_timers(wanted), "a timer fired again at another time"
        lapsed = [timer.stream for timer in armed if kind_of(timer) == "offer:lapse"]
        assert lapsed
        booked = Counter(fact.stream for fact in fired.elements() if fact.name == "NewInspectionBooked")
        assert {stream: booked[stream] for stream in lapsed} == dict.fromkeys(lapsed, 1)
        async with on_stage(upgraded_system) as (stage, view):
            kept = next(case for case in manifest.cases if case.standing == "agreement kept")
            case = Continued.kept(stage, kept, view, upgraded_system.time.clock.now())
            await case.follow_up()
            await case.shows(follow_up_held_at=..., facts={"FollowUpFellDue": 1})
        await upgraded_system.time.settle()
        assert await faults_of(connection) == []
        assert await parked_messages(connection) == list(manifest.parked)


async def named(standing: str, step: Awaitable[None]) -> None:
    """Say of a failure which case it is about."""
    try:
        await step
    except Exception as error:
        error.add_note(f"the case that stood in: {standing}")
        raise


def inspector(system: RunningSystem, name: str) -> Asker:
    """One of those who acted before the upgrade, with a new token."""
    return Asker(system, LocalIssuer(system.state).token(Role.INSPECTOR, name))


async def texts_and_files_are_readable(system: RunningSystem, manifest: Manifest) -> None:
    """By the inspector of the case."""
    assert {text.service for text in manifest.texts} == {"offers", "guidance", "control"}
    for text in manifest.texts:
        shown = await inspector(system, text.inspector).get(text.path)
        assert text.text in shown.text, text
    assert {file.service for file in manifest.attachments} == {"offers", "control"}
    for file in manifest.attachments:
        shown = await inspector(system, file.inspector).get(file.path)
        assert hashlib.sha256(shown.content).hexdigest() == file.sha256, file


async def command_is_answered_as_before(system: RunningSystem, command: KeptCommand) -> None:
    """Given again with its key; the token of that time, which the answer carries, is one that every service opens."""
    giver = inspector(system, command.inspector)
    again = await giver.post(command.path, command.body, {"Idempotency-Key": command.key})
    assert (again.status_code, again.json()) == (httpx.codes.OK, command.answer)
    token = {"Consistency-Token": again.headers["Consistency-Token"]}
    tried = await giver.post(f"/v1/guidance/{command.answer['id']}/offer?dry_run=true", {"form": "phone"}, token)
    assert (tried.status_code, tried.json()["rule"]) == (httpx.codes.CONFLICT, "R12")


async def what_was_parked_goes_on(system: RunningSystem, manifest: Manifest) -> None:
    """What was missing comes, and an operator passes over what does not read."""
    assert {message.reason for message in manifest.parked} == {"hole", "poison", "waiting"}
    case = next(case for case in manifest.cases if case.standing == "offer opened")
    missing = other_system.opened(other_system.BEHIND_A_GAP, 1, case.cvr, case.units[0])
    await other_system.send(system.kafka, [missing])
    operator = Asker.of(system, Role.OPERATOR)
    for message in (one for one in manifest.parked if one.reason == "poison"):
        path = f"/v1/operations/{message.consumer}/parked/{message.source}/{message.stream}"
        (first, *_) = (await operator.get(path)).json()["messages"]
        why = {"event_id": first["event_id"], "reason": "It does not read."}
        discarded = await operator.post(f"{path}/discard", why)
        assert discarded.status_code == httpx.codes.OK, discarded.text


async def until_nothing_is_parked(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await parked_messages(connection):
            await asyncio.sleep(0.05)


def fact_of(timer: ArmedTimer) -> Fact:
    """What is recorded when the timer fires."""
    return Fact(timer.service, timer.stream, FACT_OF_TIMER[kind_of(timer)], timer.due)


def by_timers(facts: Counter[Fact]) -> Counter[tuple[UUID, str]]:
    """How often each stream was told of a timer of a kind, whenever that was."""
    return Counter((fact.stream, fact.name) for fact in facts.elements() if fact.name in FACT_OF_TIMER.values())


async def facts_since(
    connection: "asyncpg.Connection[asyncpg.Record]", before: Mapping[tuple[str, UUID], int]
) -> Counter[Fact]:
    """The facts that follow the newest versions of before."""
    facts: Counter[Fact] = Counter()
    for service in SERVICES:
        rows = await connection.fetch(f"select stream, version, type, occurred_at from {service.name}.events")
        facts.update(
            Fact(service.name, row["stream"], row["type"], row["occurred_at"])
            for row in rows
            if row["version"] > before.get((service.name, row["stream"]), 0)
        )
    return facts
