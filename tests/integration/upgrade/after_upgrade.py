"""What must hold of the data of a system that was upgraded and went on, whatever was done with it."""

from collections.abc import Mapping
from uuid import UUID

import asyncpg

from tests.upgrade.streams import SERVICES

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
_TWICE_IN_REPORTING = "select source, event_id from reporting.facts group by source, event_id having count(*) > 1"


async def faults_of(connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    """Streams whose versions have gaps, and facts that reporting does not have, or has twice; in words."""
    faults = [f"{row['source']} {row['event_id']} twice" for row in await connection.fetch(_TWICE_IN_REPORTING)]
    for schema in (service.name for service in SERVICES):
        gaps = await connection.fetch(_GAPS.format(schema=schema))
        faults += [f"{schema} {row['id']} has a gap" for row in gaps]
        unknown = await connection.fetch(_UNKNOWN_TO_REPORTING.format(schema=schema))
        faults += [f"reporting has no {row['type']} of {schema} {row['stream']} {row['version']}" for row in unknown]
    return faults


async def versions(connection: "asyncpg.Connection[asyncpg.Record]") -> Mapping[tuple[str, UUID], int]:
    """The newest version of every stream, by service."""
    return {
        (service.name, row["id"]): row["version"]
        for service in SERVICES
        for row in await connection.fetch(f"select id, version from {service.name}.streams")
    }
