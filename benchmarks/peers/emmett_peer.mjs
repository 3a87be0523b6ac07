// Emmett on PostgreSQL: how fast it appends, and whether its feed loses or reorders events.
// Runs beside its packages, see installation.py: emmett_peer.mjs append|lossless SECONDS. Reads DSN.
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const { getPostgreSQLEventStore, readMessagesBatch } = require("@event-driven-io/emmett-postgresql");
const { dumbo, rawSql } = require("@event-driven-io/dumbo");

const CALLERS = 32;
const EVENTS_OF_A_STREAM = 4;
// One commit in fifty takes 30 ms longer, as on a busy disk or network.
const SLOW_COMMITS = `
create or replace function slow_commit() returns trigger language plpgsql as
$$ begin if random() < 0.02 then perform pg_sleep(0.03); end if; return null; end $$;
create constraint trigger slow_commit after insert on emt_messages deferrable initially deferred
for each row execute function slow_commit();`;

const store = getPostgreSQLEventStore(process.env.DSN);
const seconds = Number(process.argv[3]);
const tell = (figures) => console.log(JSON.stringify({ peer: "emmett", ...figures }));
const event = (number) => ({
  type: "OfferSent",
  data: { agreement_id: randomUUID(), cvr: "13748136", p_number: "1234567890", topic: "056", number },
});

async function append() {
  for (const callers of [1, CALLERS]) {
    const until = performance.now() + seconds * 1000;
    const counts = await Promise.all(
      Array.from({ length: callers }, async () => {
        let saved = 0;
        while (performance.now() < until) {
          await store.appendToStream(`offer-${randomUUID()}`, [event(0)]);
          saved += 1;
        }
        return saved;
      }),
    );
    const saved = counts.reduce((sum, count) => sum + count, 0);
    tell({ what: "append", callers, events_per_s: Math.round(saved / seconds) });
  }
}

// The same check as following.py makes. Events: [position, stream, version], in the log and as they were given.
function findings(acknowledged, log, given) {
  const kept = new Map();
  for (const [, stream, version] of log) kept.set(`${stream}/${version}`, (kept.get(`${stream}/${version}`) ?? 0) + 1);
  const received = new Map();
  for (const [position] of given) received.set(position, (received.get(position) ?? 0) + 1);
  const span = log.length > 0 ? Number(log[log.length - 1][0] - log[0][0]) + 1 : 0;
  return [
    {
      what: "acknowledged events, in the log once",
      looked_at: acknowledged.length,
      missed: acknowledged.filter((event) => !kept.has(event)).length,
      doubled: acknowledged.filter((event) => kept.get(event) > 1).length,
    },
    { what: "positions, dense", looked_at: log.length, missed: span - log.length },
    { what: "events of the log, in the order of their stream", looked_at: log.length, reordered: reordered(log) },
    {
      what: "events, given to a reader that follows the positions",
      looked_at: log.length,
      missed: log.filter(([position]) => !received.has(position)).length,
      doubled: given.length - received.size,
      reordered: reordered(given),
    },
  ];
}

function reordered(events) {
  const newest = new Map();
  let count = 0;
  for (const [, stream, version] of events) {
    const before = newest.get(stream) ?? 0n;
    if (version < before) count += 1;
    else newest.set(stream, version);
  }
  return count;
}

async function lossless() {
  const pool = dumbo({ connectionString: process.env.DSN });
  await pool.execute.command(rawSql(SLOW_COMMITS));
  const rows = async (query) => (await pool.execute.query(rawSql(query))).rows;
  const start = BigInt((await rows("select max(global_position) as value from emt_messages"))[0].value);
  const until = performance.now() + seconds * 1000;
  const acknowledged = [];
  const given = [];
  let writing = true;

  const read = (async () => {
    let after = start;
    let quietSince;
    while (quietSince === undefined || performance.now() < quietSince + 2000) {
      const batch = await readMessagesBatch(pool.execute, { after, batchSize: 500 });
      for (const { metadata } of batch.messages)
        given.push([BigInt(metadata.globalPosition), metadata.streamName, BigInt(metadata.streamPosition)]);
      if (batch.messages.length > 0) after = batch.currentGlobalPosition;
      if (batch.messages.length > 0 || writing) quietSince = undefined;
      else quietSince ??= performance.now();
    }
  })();
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (performance.now() < until) {
        const stream = `offer-${randomUUID()}`;
        for (let number = 1; number <= EVENTS_OF_A_STREAM; number += 1) {
          await store.appendToStream(stream, [event(number)]);
          acknowledged.push(`${stream}/${number}`);
        }
      }
    }),
  );
  writing = false;
  await read;
  const log = (
    await rows(`select global_position, stream_id, stream_position from emt_messages
                where global_position > ${start} order by global_position`)
  ).map((row) => [BigInt(row.global_position), row.stream_id, BigInt(row.stream_position)]);
  tell({ what: "lossless", findings: findings(acknowledged, log, given) });
  await pool.close();
}

await store.appendToStream(`warm-${randomUUID()}`, [event(0)]);
await (process.argv[2] === "append" ? append() : lossless());
await store.close();
