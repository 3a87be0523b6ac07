"""What must hold of the data of a system that was upgraded and went on, whatever was done with it."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

import asyncpg

from tests.upgrade.streams import SERVICES, armed_timers, fold_streams

_GAPS = """
select s.id from {schema}.streams s left join {schema}.events e on e.stream = s.id
group by s.id
having count(e.*) <> s.version or min(e.version) <> 1 or max(e.version) <> s.version
"""
_UNKNOWN_TO_REPORTING = """
select e.stream, e.version, e.type from {schema}.events e
left join reporting.facts f
  on f.source = '{schema}' and f.stream = e.stream and f.version = e.version and f.event_id = e.event_id
where f.position is null
"""
_STEPS = {"offers": 1, "guidance": 1, "control": 2}
"""How many steps each service takes once after an upgrade."""
_PATIENCE_SECONDS = 300.0
_TWICE_IN_REPORTING = "select source, event_id from reporting.facts group by source, event_id having count(*) > 1"


async def faults_of(
    connection: "asyncpg.Connection[asyncpg.Record]", *, before_release_steps: bool = False
) -> list[str]:
    """Streams with gaps, facts that reporting has not or has twice, timers and reservations that no state calls for.

    In words, for a test to compare with none. Names that today's deciders reserve and those of before did not are
    missing until a step of the release has brought them.
    """
    faults = [f"{row['source']} {row['event_id']} twice" for row in await connection.fetch(_TWICE_IN_REPORTING)]
    for schema in (service.name for service in SERVICES):
        gaps = await connection.fetch(_GAPS.format(schema=schema))
        faults += [f"{schema} {row['id']} has a gap" for row in gaps]
        unknown = await connection.fetch(_UNKNOWN_TO_REPORTING.format(schema=schema))
        faults += [f"reporting has no {row['type']} of {schema} {row['stream']} {row['version']}" for row in unknown]
    return [*faults, *await _other_than_folded(connection, missing=not before_release_steps)]


async def _other_than_folded(connection: "asyncpg.Connection[asyncpg.Record]", *, missing: bool) -> list[str]:
    """What is armed or reserved although no state calls for it, or called for and not there."""
    wanted_timers, wanted_names = set(), set()
    streams = await fold_streams(connection)
    for subject in (subject for service in SERVICES for subject in service.subjects):
        for stream, state in streams[subject.name].items():
            timers = subject.timers(state).items()
            wanted_timers |= {(stream, f"{subject.name}:{name}", due) for name, due in timers}
            wanted_names |= {(stream, name) for name in subject.reservations(state)}
    armed = {(timer.stream, timer.name, timer.due) for timer in await armed_timers(connection)}
    reserved = {
        (row["stream"], row["name"])
        for service in SERVICES
        for row in await connection.fetch(f"select stream, name from {service.name}.reservations")
    }
    return [
        *(f"timer {timer}" for timer in armed ^ wanted_timers),
        *(f"reservation {name}" for name in (reserved ^ wanted_names if missing else reserved - wanted_names)),
    ]


async def until_release_steps_are_done(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        for service, steps in _STEPS.items():
            done = f"select count(*) from {service}.release_steps where done_at is not null"
            while await connection.fetchval(done) < steps:
                await asyncio.sleep(0.05)


async def versions(connection: "asyncpg.Connection[asyncpg.Record]") -> Mapping[tuple[str, UUID], int]:
    """The newest version of every stream, by service."""
    return {
        (service.name, row["id"]): row["version"]
        for service in SERVICES
        for row in await connection.fetch(f"select id, version from {service.name}.streams")
    }
