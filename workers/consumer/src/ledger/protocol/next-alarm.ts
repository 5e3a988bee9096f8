import { JOB_DEADLINE_MS } from "@prewarm/shared/limits";
import { settingsOf } from "../tables/gate-state.ts";
import { firstDue, grantedTimes } from "../tables/jobs.ts";
import { nextOutboxAt } from "../tables/outbox.ts";
import { nextPurgeAt } from "../tables/purges.ts";
import { BULK, type LaneCode, LIVE, UPLOAD } from "../tables/row.ts";
import { nextCancelling } from "../tables/runs.ts";
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
  const times = [
    tx.now + HOUSEKEEPING_MS,
    leaseTime(tx),
    ...timesOfGranted(tx),
    ...timesOfWaiting(tx),
    nextPurgeAt(tx.sql),
    nextOutboxAt(tx.sql),
    nextCancelling(tx.sql) === null ? null : tx.now,
  ];
  return Math.max(tx.now + SOON_MS, Math.min(...times.filter((at) => at !== null)));
}

/** A lease that is over and still has rows waits for its grace. */
function leaseTime(tx: Tx): number | null {
  const end = tx.leases.nextEnd();
  return end !== null && end <= tx.now ? tx.now + 1_000 : end;
}

function timesOfGranted(tx: Tx): number[] {
  const { look, ask, submitted } = grantedTimes(tx.sql);
  const times: number[] = [];
  // Jobs that no handler waits for are collected meanwhile.
  if (look !== null) times.push(Math.max(look, tx.now + 1_000), tx.now + COLLECT_MS);
  if (ask !== null) times.push(Math.max(ask, reopening(tx)));
  if (submitted !== null) times.push(submitted + JOB_DEADLINE_MS);
  return times;
}

/** When a row without a job may ask Ittybit again: soon while any lane is open, else when the first of them opens by itself. */
function reopening(tx: Tx): number {
  const closed = ([LIVE, UPLOAD, BULK] as const).map((lane) => laneClosed(tx.gate, tx.config, lane, tx.now));
  if (closed.includes(null)) return tx.now + LOOK_MS;
  const opens = closed.map((why) => why?.until ?? Number.POSITIVE_INFINITY);
  return Math.max(tx.now + LOOK_MS, Math.min(...opens, tx.now + HOUSEKEEPING_MS));
}

function timesOfWaiting(tx: Tx): number[] {
  const times: number[] = [];
  for (const lane of [LIVE, UPLOAD, BULK] as const) {
    const runs = runsWaiting(tx, lane);
    if (runs.length === 0) continue;
    const closed = laneClosed(tx.gate, tx.config, lane, tx.now);
    if (closed !== null) {
      if (closed.until !== null) times.push(Math.max(closed.until, tx.now + LOOK_MS));
      continue;
    }
    for (const run of runs) times.push(...timesOfRun(tx, lane, run));
  }
  return times;
}

function timesOfRun(tx: Tx, lane: LaneCode, run: number): number[] {
  const token = Math.max(tx.now + LOOK_MS, nextToken(tx.gate, settingsOf(tx.gate, tx.config), tx.now));
  const first = firstDue(tx.sql, lane, run);
  const later = firstDue(tx.sql, lane, run, tx.now);
  return [first !== null && first <= tx.now ? token : first, later].filter((at) => at !== null);
}
