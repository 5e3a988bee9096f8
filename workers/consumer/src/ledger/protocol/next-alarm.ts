import { JOB_DEADLINE_MS } from "@prewarm/shared/limits";
import { settingsOf } from "../tables/gate-state.ts";
import { BULK, LIVE, UPLOAD } from "../tables/row.ts";
import { GRANTED, WAITING } from "../tables/schema.ts";
import { int } from "../tables/sql.ts";
import type { Tx } from "../tables/tx.ts";
import { runsWaiting } from "./dispatch.ts";
import { laneClosed, nextToken } from "./gate.ts";

/** While rows wait for a slot or a hold, the alarm looks this often; freed slots are noticed at once by their settle. */
const LOOK_MS = 5_000;
const SOON_MS = 250;
const COLLECT_MS = 2_000;
const HOUSEKEEPING_MS = 3_600_000;

/** When the alarm should ring next, Unix ms: at the first thing that becomes due by itself. */
export function nextAlarm(tx: Tx): number {
  const times = [tx.now + HOUSEKEEPING_MS, ...leaseTimes(tx), ...grantedTimes(tx), ...waitingTimes(tx)];
  for (const [table, column] of [
    ["purges", "again_at"],
    ["outbox", "due"],
  ] as const) {
    times.push(...present(tx, `SELECT min(${column}) AS at FROM ${table}`));
  }
  if (tx.sql.exec("SELECT 1 FROM runs WHERE cancel_cursor > 0 LIMIT 1").length > 0) times.push(tx.now);
  return Math.max(tx.now + SOON_MS, Math.min(...times));
}

function present(tx: Tx, query: string, ...params: number[]): number[] {
  const at = tx.sql.exec(query, ...params)[0]?.at;
  return at === null || at === undefined ? [] : [int(at)];
}

/** A lease that is over and still has rows waits for its grace. */
function leaseTimes(tx: Tx): number[] {
  return present(tx, "SELECT min(until) AS at FROM claims").map((at) => (at <= tx.now ? tx.now + 1_000 : at));
}

function grantedTimes(tx: Tx): number[] {
  const unowned = `FROM jobs WHERE ${GRANTED} AND owner IS NULL`;
  const known = present(tx, `SELECT min(max(due, hold)) AS at ${unowned} AND upstream IS NOT NULL`);
  const again = present(tx, `SELECT min(max(due, hold)) AS at ${unowned} AND upstream IS NULL`);
  const stuck = present(tx, `SELECT min(upstream_at) AS at ${unowned} AND upstream IS NOT NULL`).map(
    (at) => at + JOB_DEADLINE_MS,
  );
  // Jobs nobody waits for are collected.
  const collect = known.length > 0 ? [tx.now + COLLECT_MS] : [];
  return [
    ...known.map((at) => Math.max(at, tx.now + 1_000)),
    ...again.map((at) => Math.max(at, reopening(tx))),
    ...stuck,
    ...collect,
  ];
}

/** When a row without a job may ask Ittybit again: soon while any lane is open, else when the first of them opens by itself. */
function reopening(tx: Tx): number {
  const closed = ([LIVE, UPLOAD, BULK] as const).map((lane) => laneClosed(tx.gate, tx.config, lane, tx.now));
  if (closed.includes(null)) return tx.now + LOOK_MS;
  const opens = closed.map((why) => why?.until ?? Number.POSITIVE_INFINITY);
  return Math.max(tx.now + LOOK_MS, Math.min(...opens, tx.now + HOUSEKEEPING_MS));
}

function waitingTimes(tx: Tx): number[] {
  const times: number[] = [];
  for (const lane of [LIVE, UPLOAD, BULK] as const) {
    const runs = runsWaiting(tx, lane);
    if (runs.length === 0) continue;
    const closed = laneClosed(tx.gate, tx.config, lane, tx.now);
    if (closed !== null) {
      if (closed.until !== null) times.push(Math.max(closed.until, tx.now + LOOK_MS));
      continue;
    }
    for (const run of runs) {
      const first = present(tx, `SELECT min(due) AS at FROM jobs WHERE ${WAITING} AND lane = ? AND run = ?`, lane, run);
      times.push(
        ...first.map((at) =>
          at <= tx.now ? Math.max(tx.now + LOOK_MS, nextToken(tx.gate, settingsOf(tx.gate, tx.config), tx.now)) : at,
        ),
      );
      times.push(
        ...present(
          tx,
          `SELECT min(due) AS at FROM jobs WHERE ${WAITING} AND lane = ? AND run = ? AND due > ?`,
          lane,
          run,
          tx.now,
        ),
      );
    }
  }
  return times;
}
