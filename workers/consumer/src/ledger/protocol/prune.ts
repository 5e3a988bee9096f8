import { addSlice, type Slice, TIERS_MS } from "../tables/counters.ts";
import { BULK, CANCELLED, LIVE, REFUSED, STORED, UPLOAD } from "../tables/row.ts";
import { int, text } from "../tables/sql.ts";
import type { Tx } from "../tables/tx.ts";

const DAY_MS = 86_400_000;
/** How long ended rows are kept: R2 knows what is stored, dead letters are kept to be retried. */
const KEEP_STORED_MS = 3 * DAY_MS;
const KEEP_ENDED_MS = 30 * DAY_MS;
const KEEP_RECORDS_MS = 14 * DAY_MS;
const KEEP_TIER_MS = { minute: 6 * 3_600_000, hour: 14 * DAY_MS } as const;
/** Above this the database sheds stored rows at once: the platform's limit is 10 GB. */
export const SHED_ABOVE_BYTES = 5_000_000_000;
/** Rows looked at in one transaction. */
const SLICE_ROWS = 5_000;

/**
 * Sweep g, one slice: walks the table in the order of arrival from where it stopped, and deletes rows that ended long ago.
 * True while the walk goes on.
 */
export function pruneSlice(tx: Tx): boolean {
  const cursor = int(tx.sql.exec("SELECT body FROM docs WHERE name = 'prune'")[0]?.body);
  const found = tx.sql.exec(
    "SELECT seq, state, lane, updated, created FROM jobs WHERE seq > ? ORDER BY seq LIMIT ?",
    cursor,
    SLICE_ROWS,
  );
  const keepStored = tx.sql.bytes > SHED_ABOVE_BYTES ? 0 : KEEP_STORED_MS;
  const old = found.filter((raw) => {
    const age = tx.now - Math.max(int(raw.updated), int(raw.created));
    if (int(raw.state) === STORED) return age > keepStored;
    return int(raw.state) >= STORED && age > KEEP_ENDED_MS;
  });
  dropRows(
    tx,
    old.map((raw) => ({ seq: int(raw.seq), state: int(raw.state), lane: int(raw.lane) })),
  );
  const last = found.length < SLICE_ROWS ? 0 : int(found.at(-1)?.seq);
  tx.sql.exec("INSERT INTO docs VALUES ('prune', ?1) ON CONFLICT (name) DO UPDATE SET body = ?1", String(last));
  return last > 0;
}

function dropRows(tx: Tx, rows: { seq: number; state: number; lane: number }[]): void {
  if (rows.length === 0) return;
  // A verify may own a stored row just now: it stays.
  const list = JSON.stringify(rows.map(({ seq }) => seq));
  const gone = new Set(
    tx.sql
      .exec("DELETE FROM jobs WHERE owner IS NULL AND seq IN (SELECT value FROM json_each(?)) RETURNING seq", list)
      .map((raw) => int(raw.seq)),
  );
  for (const table of ["attempts", "joins"])
    tx.sql.exec(`DELETE FROM ${table} WHERE seq IN (SELECT value FROM json_each(?))`, JSON.stringify([...gone]));
  for (const state of [STORED, 4, CANCELLED, REFUSED]) {
    for (const lane of [LIVE, UPLOAD, BULK]) {
      const n = rows.filter((row) => row.state === state && row.lane === lane && gone.has(row.seq)).length;
      if (n > 0) tx.counters.gone(state, lane, n);
    }
  }
}

/** Rolls minutes up into hours and hours into days, and forgets records past their use. */
export function rollUp(tx: Tx): void {
  fold(tx, "minute", "hour", tx.now - KEEP_TIER_MS.minute);
  fold(tx, "hour", "day", tx.now - KEEP_TIER_MS.hour);
  tx.sql.exec("DELETE FROM inbox WHERE at < ?", tx.now - KEEP_RECORDS_MS);
  tx.sql.exec("DELETE FROM dead_messages WHERE at < ?", tx.now - KEEP_ENDED_MS);
  tx.sql.exec("DELETE FROM runs WHERE open = 0 AND cancel_cursor = 0 AND updated < ?", tx.now - KEEP_ENDED_MS);
}

function fold(tx: Tx, from: "minute" | "hour", to: "hour" | "day", before: number): void {
  const tier = TIERS_MS[from];
  const limit = before - (before % TIERS_MS[to]);
  for (const raw of tx.sql.exec(
    "SELECT at, body FROM hist WHERE tier = ? AND at < ? ORDER BY at LIMIT 500",
    tier,
    limit,
  )) {
    const at = int(raw.at);
    addSlice(tx.sql, TIERS_MS[to], at - (at % TIERS_MS[to]), JSON.parse(text(raw.body)) as Slice);
    tx.sql.exec("DELETE FROM hist WHERE tier = ? AND at = ?", tier, at);
  }
}
