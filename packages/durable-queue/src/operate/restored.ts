import type { BeforeRestore } from "../calls.ts";
import { endAllLeases } from "../claims/leases.ts";
import type { Scan } from "../external-jobs.ts";
import { readMeta, writeRestored } from "../tables/meta.ts";
import { JOB_DEADLINE_MS, LEASE_MS, RESTORE_HOLD_MS } from "../times.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

/**
 * Margin for clocks, and for numbers ahead of the clock: each instance that was evicted since the copy has raised the
 * numbers by up to 70 s.
 */
const MARGIN_US = 3_600_000_000;

/** The knowledge of the replaced database that its copy may lack. */
export function beforeRestore({ sql }: QueueTx): BeforeRestore {
  return { ceiling: readMeta(sql).ceiling };
}

/**
 * Applies the rules after an older copy of the database was restored. Numbers given since the copy may be in use at
 * the service and in the store, so new numbers are above all of them, and rows get a new number when they are handed out. All
 * leases end. Nothing is handed out for two minutes: older handlers end, and older jobs are found in the service's list.
 * `before`: null when the replaced database could not be asked.
 */
export function restored(tx: QueueTx, before: BeforeRestore | null): void {
  tx.memory.numbers.raise(tx.sql, Math.max(tx.now * 1000 + MARGIN_US, before?.ceiling ?? 0));
  const number = tx.next();
  tx.memory.meta.restored = number;
  writeRestored(tx.sql, number);
  tx.gate.closedUntil = tx.now + RESTORE_HOLD_MS;
  endAllLeases(tx);
}

/**
 * The search for jobs from before a restore. It begins when every POST of an older lease has been answered, while the
 * queue hands nothing out. It continues later if the queue or the service was unreachable.
 */
export function scanAfterRestore({ gateNow: { state, now }, memory }: QueueTx): Scan | null {
  if (now >= state.closedUntil + JOB_DEADLINE_MS) return null;
  return { below: memory.meta.restored, from: state.closedUntil - RESTORE_HOLD_MS + LEASE_MS };
}

/** Ends all leases without a crash: at a start of handlers that died with the process or with the object. */
export function recover(tx: QueueTx): void {
  endAllLeases(tx);
  for (const breaker of [tx.gate.breaker, ...Object.values(tx.gate.origins)]) breaker.probe = null;
}
