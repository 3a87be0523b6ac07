// Emmett on PostgreSQL: how fast it appends, and whether its feed loses or reorders events.
// Runs beside its packages, see installation.py: emmett_peer.mjs append|lossless SECONDS. Reads DSN.
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const { getPostgreSQLEventStore, readMessagesBatch } = require("@event-driven-io/emmett-postgresql");
const { dumbo, rawSql } = require("@event-driven-io/dumbo");

const CALLERS = 32;
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

async function lossless() {
  const pool = dumbo({ connectionString: process.env.DSN });
  await pool.execute.command(rawSql(SLOW_COMMITS));
  const count = async (what) => (await pool.execute.query(rawSql(`select ${what} as value from emt_messages`))).rows[0].value;
  const start = BigInt(await count("max(global_position)"));
  const before = await count("count(*)::int");
  const until = performance.now() + seconds * 1000;
  let acknowledged = 0;
  let writing = true;
  const seen = new Set();
  const newest = new Map();
  let reordered = 0;

  const read = (async () => {
    let after = start;
    let quietSince;
    while (quietSince === undefined || performance.now() < quietSince + 2000) {
      const batch = await readMessagesBatch(pool.execute, { after, batchSize: 500 });
      for (const { metadata } of batch.messages) {
        seen.add(metadata.globalPosition);
        const newestSeen = newest.get(metadata.streamName) ?? 0n;
        if (metadata.streamPosition > newestSeen + 1n) reordered += 1;
        if (metadata.streamPosition > newestSeen) newest.set(metadata.streamName, metadata.streamPosition);
      }
      if (batch.messages.length > 0) after = batch.currentGlobalPosition;
      if (batch.messages.length > 0 || writing) quietSince = undefined;
      else quietSince ??= performance.now();
    }
  })();
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (performance.now() < until) {
        const stream = `offer-${randomUUID()}`;
        for (let number = 0; number < 4; number += 1) await store.appendToStream(stream, [event(number)]);
        acknowledged += 4;
      }
    }),
  );
  writing = false;
  await read;
  const inLog = (await count("count(*)::int")) - before;
  tell({ what: "lossless", acknowledged, in_log: inLog, missed: inLog - seen.size, reordered, seconds });
  await pool.close();
}

await store.appendToStream(`warm-${randomUUID()}`, [event(0)]);
await (process.argv[2] === "append" ? append() : lossless());
await store.close();
