import { addSlice, TIERS_MS, takeSlices } from "../tables/counters.ts";
import { forgetDeadMessages } from "../tables/dead-messages.ts";
import { getDoc, putDoc } from "../tables/docs.ts";
import { forgetInbox } from "../tables/inbox.ts";
import { type Aged, readAged } from "../tables/jobs.ts";
import { isOpen, STORED } from "../tables/row.ts";
import { deleteUnowned } from "../tables/rows.ts";
import { forgetRuns } from "../tables/runs.ts";
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
  const found = readAged(tx.sql, Number(getDoc(tx.sql, "prune") ?? 0), SLICE_ROWS);
  const keepStored = tx.sql.bytes > SHED_ABOVE_BYTES ? 0 : KEEP_STORED_MS;
  const old = found.filter(
    (row) => !isOpen(row) && tx.now - row.at > (row.state === STORED ? keepStored : KEEP_ENDED_MS),
  );
  dropRows(tx, old);
  const last = found.length < SLICE_ROWS ? 0 : (found.at(-1)?.seq ?? 0);
  putDoc(tx.sql, "prune", String(last));
  return last > 0;
}

/** A stored row that is being verified has an owner: it stays. */
function dropRows(tx: Tx, rows: Aged[]): void {
  if (rows.length === 0) return;
  const gone = deleteUnowned(
    tx.sql,
    rows.map(({ seq }) => seq),
  );
  for (const { seq, state, lane } of rows) if (gone.has(seq)) tx.counters.gone(state, lane, 1);
}

/** Rolls minutes up into hours and hours into days, and forgets records past their use. */
export function rollUp(tx: Tx): void {
  fold(tx, "minute", "hour", tx.now - KEEP_TIER_MS.minute);
  fold(tx, "hour", "day", tx.now - KEEP_TIER_MS.hour);
  forgetInbox(tx.sql, tx.now - KEEP_RECORDS_MS);
  forgetDeadMessages(tx.sql, tx.now - KEEP_ENDED_MS);
  forgetRuns(tx.sql, tx.now - KEEP_ENDED_MS);
}

function fold(tx: Tx, from: "minute" | "hour", to: "hour" | "day", before: number): void {
  const tier = TIERS_MS[to];
  for (const { at, slice } of takeSlices(tx.sql, TIERS_MS[from], before - (before % tier)))
    addSlice(tx.sql, tier, at - (at % tier), slice);
}
