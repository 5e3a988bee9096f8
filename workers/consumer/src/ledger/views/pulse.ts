import type { Pulse } from "@prewarm/control-schema/history";
import { readRecent, type Stored } from "@prewarm/durable-queue/schema/recent";
import { laneName } from "@prewarm/durable-queue/schema/row";
import type { LedgerTx } from "../ledger-tx.ts";

/** Seconds that are shown. */
const SECONDS = 300;
/** Jobs and rows of `recent` that are read for them; with more than that the oldest seconds are not known. Some 20 ms. */
const JOBS_MAX = 20_000;
const ROWS_MAX = 400;
const ROWS_AT_ONCE = 4;

/** What was stored in each of the last five minutes' seconds, by lane. */
export function pulse(tx: LedgerTx): Pulse {
  const from = Math.floor(tx.now / 1000) * 1000 - (SECONDS - 1) * 1000;
  const { stored, since } = storedSince(tx, from);
  const unknown = Math.min(SECONDS, Math.max(0, Math.ceil((since - from) / 1000)));
  const of = () => Array.from({ length: SECONDS }, (_, second) => (second < unknown ? null : 0));
  const lanes: Pulse["lanes"] = { live: of(), upload: of(), bulk: of() };
  for (const { lane, at } of stored) {
    const seconds = lanes[laneName(lane)];
    const second = Math.floor((at - from) / 1000);
    const n = seconds[second] ?? null;
    if (n !== null) seconds[second] = n + 1;
  }
  return { from, lanes };
}

/** Jobs stored since a time (Unix ms); `since`: from then on they are all there. */
function storedSince(tx: LedgerTx, from: number): { stored: Stored[]; since: number } {
  const stored: Stored[] = [];
  let below = Number.MAX_SAFE_INTEGER;
  let oldest = Number.MAX_SAFE_INTEGER;
  for (let rows = 0; rows < ROWS_MAX && stored.length < JOBS_MAX; rows += ROWS_AT_ONCE) {
    const read = readRecent(tx.sql, below, ROWS_AT_ONCE);
    for (const chunk of read) stored.push(...chunk.stored);
    const last = read.at(-1);
    oldest = last?.stored.at(-1)?.at ?? 0;
    // Rows are written in the order of time: below one that ends before, there is nothing more.
    if (last === undefined || read.length < ROWS_AT_ONCE || oldest < from) return { stored, since: from };
    below = last.n;
  }
  return { stored, since: oldest + 1000 };
}
