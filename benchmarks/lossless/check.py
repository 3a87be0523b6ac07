"""The checks after everything has come to rest. SQL does the work, because there may be millions of rows."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from benchmarks.findings import Finding
from benchmarks.lossless import topic
from benchmarks.lossless.consumer import FINGERPRINT
from benchmarks.lossless.consumer_state import FOLLOWED
from benchmarks.lossless.evidence import HOLDS_TOKEN, IS_PLANTED, Connection
from benchmarks.lossless.journal import read_outcomes
from benchmarks.lossless.subject import NEIGHBOURS
from benchmarks.lossless.writer import WRITER

_BY_COMMAND = f"""
create unlogged table lossless.command as
select key, max(events) as asked, case
    when bool_or(outcome = 'acknowledged') then 'acknowledged' when bool_or(outcome = 'refused') then 'refused'
    when bool_or(outcome = 'cancelled') then 'cancelled' else 'unknown' end as outcome
from lossless.answers group by key;

create unlogged table lossless.kept as
select (metadata ->> 'command_id')::uuid as key, count(*) as events, max(version) - min(version) + 1 as versions,
       count(distinct stream) as streams
from offers.events where metadata ->> 'actor' = '{WRITER}' group by 1;
analyze lossless.answers, lossless.messages, lossless.command, lossless.kept;
"""
# Each check returns how much it checked, and how much of it is missed, doubled, reordered and otherwise wrong.
_ACKNOWLEDGED = """
select count(*), count(*) filter (where coalesce(k.events, 0) < c.asked), count(*) filter (where k.events > c.asked), 0,
       count(*) filter (where h.key is null or k.versions <> k.events or k.streams <> 1)
from lossless.command c left join lossless.kept k using (key) left join offers.handled h using (key)
where outcome = 'acknowledged'
"""
_REFUSED = """
select count(*), 0, 0, 0, count(*) filter (where k.key is not null or h.key is not null)
from lossless.command c left join lossless.kept k using (key) left join offers.handled h using (key)
where outcome = 'refused'
"""
_UNCERTAIN = """
select count(*), 0, 0, 0,
       count(*) filter (where coalesce(k.events, 0) <> case when h.key is null then 0 else c.asked end)
from lossless.command c left join lossless.kept k using (key) left join offers.handled h using (key)
where outcome in ('cancelled', 'unknown')
"""
_OF_NOBODY = """
select count(*), 0, 0, 0, count(*) filter (where c.key is null)
from lossless.kept left join lossless.command c using (key)
"""
_POSITIONS = """
select count(*), coalesce(max(position), 0) - count(*), 0, 0, 0 from {source}.events
"""
_STREAMS = """
select count(*), coalesce(sum(version - before - 1), 0), 0, count(*) filter (where position < position_before), 0
from (select version, position, lag(version, 1, 0) over one as before,
             lag(position, 1, 0::bigint) over one as position_before
      from {source}.events window one as (partition by stream order by version)) as e
"""
_NAMES = """
select count(*) filter (where type = 'Claimed'), 0, count(*) filter (where type = 'Claimed' and before = 'Claimed'), 0,
       count(*) filter (where type = 'Freed' and (before, holder) is distinct from ('Claimed', stream))
from (select type, stream, lag(type) over one as before, lag(stream) over one as holder
      from offers.events where type in ('Claimed', 'Freed')
      window one as (partition by data ->> 'name' order by position)) as e
"""
_SIDE_ROWS = """
with last as (
  select distinct on (stream) stream, type, data ->> 'name' as name
  from offers.events where type in ('Claimed', 'Freed') order by stream, version desc
), wanted as (
  select stream, name from last where type = 'Claimed'
  union all select stream, 'walks:let-go' from last where type = 'Claimed'
), kept as (
  select stream, name from offers.reservations union all select stream, name from offers.timers
)
select (select 2 * count(*) from last), count(*) filter (where k.stream is null), 0, 0,
       count(*) filter (where w.stream is null)
from wanted w full join kept k using (stream, name)
"""
_ON_THE_TOPIC = """
select count(e.event_id), count(*) filter (where h.event_id is null), 0, 0, count(*) filter (where e.event_id is null)
from (select event_id from offers.events union all select event_id from guidance.events) e
full join (select distinct event_id from lossless.messages) h using (event_id)
"""
_ORDER_ON_THE_TOPIC = """
select count(*), 0, 0, count(*) filter (where "offset" < offset_before),
       count(*) filter (where partition <> partition_before)
from (select "offset", partition, lag("offset") over one as offset_before, lag(partition) over one as partition_before
      from (select source, stream, version, min("offset") as "offset", min(partition) as partition
            from lossless.messages group by source, stream, version) as first
      window one as (partition by source, stream order by version)) as message
"""
_INBOX = """
select coalesce(sum(s.version), 0), coalesce(sum(greatest(s.version - coalesce(i.version, 0), 0)), 0), 0, 0,
       count(*) filter (where i.version > s.version or s.id is null)
         + (select count(*) from {consumer}.parked where not {is_planted})
from {source}.streams s full join (select * from {consumer}.inbox where source = '{source}') i on i.stream = s.id
"""
_NEIGHBOURS = f"""
select count(*), count(*) filter (where i.version is null or i.version < b.version), 0, 0, 0
from lossless.neighbour_facts b left join {{consumer}}.inbox i on i.source = '{NEIGHBOURS}' and i.stream = b.stream
"""
_SET_ASIDE = f"""
select count(*), count(*) filter (where not exists (select from {{consumer}}.parked where {HOLDS_TOKEN})), 0, 0, 0
from lossless.planted
"""
_STRANGERS = """
select count(*), 0, 0, 0, count(*) filter (where not source = any('{{offers,guidance,{neighbours}}}'))
from {consumer}.inbox
"""
_EFFECTS = """
select count(a.version), count(*) filter (where e.times is null), coalesce(sum(e.times - 1), 0),
       (select count(*) from (
          select (data ->> 'heard')::int as heard,
                 lag((data ->> 'heard')::int) over (partition by stream order by version) as before
          from guidance.events) as echo where heard < before),
       count(*) filter (where a.version is null)
from (select stream, version from offers.events where type = 'Arrived'
      union all select stream, version from lossless.neighbour_facts) a
full join (select stream, (data ->> 'heard')::int as version, count(*) as times
           from guidance.events group by 1, 2) e using (stream, version)
"""
_FOLD = """
select '{source}' as source, stream, count(*) as facts, sum({fingerprint})::bigint as fingerprint
from {source}.events group by stream
"""
_FOLD_NEIGHBOURS = f"""
union all select '{NEIGHBOURS}', stream, count(*), sum({{fingerprint}})::bigint
from lossless.neighbour_facts group by stream
"""
_PROJECTION = """
select coalesce(sum(f.facts), 0), coalesce(sum(greatest(f.facts - coalesce(p.facts, 0), 0)), 0),
       coalesce(sum(greatest(p.facts - coalesce(f.facts, 0), 0)), 0), coalesce(sum(p.reordered), 0),
       count(*) filter (where p.facts = f.facts and p.fingerprint <> f.fingerprint)
from control.projected p full join ({fold}) f using (source, stream)
"""
_REPEATED = "select count(*), count(*) - count(distinct event_id) from lossless.messages"
_OUTCOMES = "select outcome, count(*) from lossless.command group by outcome"


def _checks() -> Iterator[tuple[str, str]]:
    yield "acknowledged commands, in the log once", _ACKNOWLEDGED
    yield "commands refused, of which nothing was kept", _REFUSED
    yield "commands cancelled or cut off, kept whole or not at all", _UNCERTAIN
    yield "commands in the log, all given by a caller", _OF_NOBODY
    for source in ("offers", "guidance"):
        yield f"positions of {source}, dense", _POSITIONS.format(source=source)
        yield f"events of {source}, in the order of their stream", _STREAMS.format(source=source)
    yield "names, held by one stream at a time", _NAMES
    yield "timers and reservations, as the log requires", _SIDE_ROWS
    yield "events, on the topic", _ON_THE_TOPIC
    yield "first deliveries, in the order of their stream", _ORDER_ON_THE_TOPIC
    for source, consumer in FOLLOWED:
        yield (
            f"facts of {source}, processed by {consumer}",
            _INBOX.format(source=source, consumer=consumer, is_planted=IS_PLANTED),
        )
    for consumer in ("guidance", "control"):
        yield f"facts next to unreadable records, processed by {consumer}", _NEIGHBOURS.format(consumer=consumer)
        yield f"records that are no facts, set aside by {consumer}", _SET_ASIDE.format(consumer=consumer)
        of_nobody_else = _STRANGERS.format(consumer=consumer, neighbours=NEIGHBOURS)
        yield f"streams processed by {consumer}, all of its sources", of_nobody_else
    yield "arrivals, each with one effect in the other service", _EFFECTS
    fingerprint = FINGERPRINT.format(version="version", event_id="event_id")
    fold = " union all ".join(_FOLD.format(source=one, fingerprint=fingerprint) for one in ("offers", "guidance"))
    fold += _FOLD_NEIGHBOURS.format(fingerprint=fingerprint)
    yield "facts in the projection, equal to a fold of the logs", _PROJECTION.format(fold=fold)


async def gather_evidence(connection: Connection, kafka: str, folder: Path, topic_generation: int) -> None:
    """Copies what callers were answered, and what is on the topic, into tables next to the logs."""
    lines = ((outcome, UUID(key), events) for outcome, key, events in read_outcomes(folder))
    await connection.copy_records_to_table("answers", schema_name="lossless", records=lines)
    await topic.record_messages(kafka, connection, topic_generation)
    await connection.execute("set work_mem = '256MB'")
    await connection.execute(_BY_COMMAND)


async def findings(connection: Connection) -> list[Finding]:
    """Runs every check on the evidence."""
    return [Finding(what, *map(int, await connection.fetchrow(check) or ())) for what, check in _checks()]


async def counts(connection: Connection) -> dict[str, int]:
    """Returns how many commands had which outcome, and how much was recorded and delivered."""
    messages, repeated = await connection.fetchrow(_REPEATED) or (0, 0)
    outcomes = {f"commands {row['outcome']}": row["count"] for row in await connection.fetch(_OUTCOMES)}
    events = await connection.fetchval(
        "select (select count(*) from offers.events) + (select count(*) from guidance.events)"
    )
    return {
        **outcomes,
        "events in the logs": events,
        "messages on the topic": messages,
        "of them sent again": repeated,
    }
