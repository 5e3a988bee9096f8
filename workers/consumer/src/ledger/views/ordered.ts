import { memberStates, type Run, stateOf } from "@prewarm/durable-queue";
import { keyOfJob } from "@prewarm/shared/variant-key";
import { ANY_JOB } from "../../console/calls.ts";
import { LAST_ID, WALK_MAX, walkRows } from "../../console/find-rows.ts";
import { prepare } from "../../console/match-row.ts";
import { firstRecentAt, readRecentSpan } from "../../console/tables/recent.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import type { OrderedKey, OrderedSlice } from "../calls.ts";

/*
 * The keys that a run asked for, slice by slice: first those of jobs that have a row, then those of stored jobs, which
 * `recent` lists for three days.
 */

/** Keys after which a slice ends. */
const KEYS_ENOUGH = 500;
/** Rows of `recent` that a slice reads, and that are read at once: 500 jobs each. */
const RECENT_ROWS = 20;
const ROWS_AT_ONCE = 2;

/**
 * A slice of the keys. `cursor`: `next` of the slice before; null: the first one. A job that was stored after `until` (Unix
 * ms) is in no slice of stored jobs, because an earlier slice may have had its row. Null: the run is not known.
 */
export function listOrdered(
  tx: ImageTx,
  { run: id, cursor, until }: { run: string; cursor: string | null; until: number },
): OrderedSlice | null {
  const run = tx.runs.byId(id);
  if (run === null) return null;
  const states = memberStates(tx, run);
  const ordered = Object.values(states).reduce((sum, n) => sum + n, 0);
  const [, part = "", at = "0"] = /^(rows|stored)-(\d{1,16})$/.exec(cursor ?? "") ?? [];
  // A run that is stored as a whole has no rows.
  const hasRows = ordered > states.stored;
  const slice =
    part === "stored" || !hasRows ? stored(tx, run, { from: Number(at), until }) : withRows(tx, run, Number(at));
  return { run: run.id, label: run.label, createdAt: run.created, ordered, ...slice };
}

type Slice = Pick<OrderedSlice, "keys" | "next">;

function withRows(tx: ImageTx, run: Run, above: number): Slice {
  const match = prepare(tx, { ...ANY_JOB, run: run.id });
  const { rows, to, more } = walkRows(tx, match, { above, to: null }, WALK_MAX);
  const keys = rows.map((row): OrderedKey => ({ key: keyOfJob(row), state: stateOf(tx, row), purged: false }));
  return { keys, next: more ? `rows-${to}` : "stored-0" };
}

/** `from`: a row of `recent`; 0: the first one of the run's time. */
function stored(tx: ImageTx, run: Run, { from, until }: { from: number; until: number }): Slice {
  const keys: OrderedKey[] = [];
  let next = from === 0 ? firstRecentAt(tx.sql, run.created) : from;
  for (let read = 0; read < RECENT_ROWS && keys.length < KEYS_ENOUGH; read += ROWS_AT_ONCE) {
    const rows = readRecentSpan(tx.sql, { from: next, to: LAST_ID }, ROWS_AT_ONCE);
    const own = rows.flatMap((row) => row.stored).filter((one) => one.run === run.n && one.at <= until);
    tx.loadGroups(own.map(({ group }) => group));
    for (const one of own) keys.push({ key: keyOfJob(one), state: "stored", purged: tx.imageOf(one).purged > one.gen });
    const last = rows.at(-1);
    const isPast = run.ended > 0 && (last?.stored[0]?.at ?? 0) > run.ended;
    if (last === undefined || rows.length < ROWS_AT_ONCE || isPast) return { keys, next: null };
    next = last.n + 1;
  }
  return { keys, next: `stored-${next}` };
}
