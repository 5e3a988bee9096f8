import { JOB_DEADLINE_MS, LEASE_MS, RESTORE_HOLD_MS } from "@prewarm/shared/limits";
import type { BeforeRestore } from "../contract.ts";
import type { Scan } from "../external-jobs.ts";
import { audit } from "../tables/audit.ts";
import { putDoc } from "../tables/docs.ts";
import { readMeta, writeRestored } from "../tables/meta.ts";
import { listPurges } from "../tables/sweeps.ts";
import { endAllLeases } from "./leases.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { purgeGoesOn } from "./purge.ts";
import { askDoctorTwice } from "./reconcile.ts";

/**
 * Margin for clocks, and for numbers ahead of the clock: each instance that was evicted since the copy has raised the
 * numbers by up to 70 s.
 */
const MARGIN_US = 3_600_000_000;

/** A number above every number given until `now` (Unix ms). */
export function numberAbove(now: number): number {
  return now * 1000 + MARGIN_US;
}

/** The knowledge of the replaced ledger that its copy may lack. */
export function beforeRestore({ sql }: LedgerTx): BeforeRestore {
  const purges = listPurges(sql).map(({ fence, image }) => ({ seq: fence, id: image }));
  return { ceiling: readMeta(sql).ceiling, purges };
}

/**
 * Applies the rules after an older copy of the database was restored. Numbers given since the copy may be in use at
 * Ittybit and in R2, so new numbers are above all of them, and rows get a new number when they are handed out. All
 * leases end. The doctor checks the store now, and again when every older handler has ended. The ledger hands nothing
 * out for two minutes: pending deletes land, and older jobs are found in Ittybit's list. `before`: null when the
 * replaced ledger could not be asked.
 */
export function restored(
  tx: LedgerTx,
  who: string,
  how: Record<string, unknown> = {},
  before: BeforeRestore | null = null,
): void {
  tx.memory.numbers.raise(tx.sql, Math.max(numberAbove(tx.now), before?.ceiling ?? 0));
  const number = tx.next();
  tx.memory.meta.restored = number;
  writeRestored(tx.sql, number);
  tx.gate.heldUntil = tx.now + RESTORE_HOLD_MS;
  endAllLeases(tx);
  for (const purge of before?.purges ?? []) purgeGoesOn(tx, purge);
  askDoctorTwice(tx);
  // This copy does not know what was published to the edge since, so it publishes again.
  putDoc(tx.sql, "gate-said", "");
  audit(tx, who, "ledger.restored", null, how);
}

/**
 * The search for jobs from before a restore. It begins when every POST of an older lease has been answered, while the
 * ledger hands nothing out. It continues later if the ledger or Ittybit was unreachable.
 */
export function scanAfterRestore({ gateNow: { state, now }, memory }: LedgerTx): Scan | null {
  if (now >= state.heldUntil + JOB_DEADLINE_MS) return null;
  return { below: memory.meta.restored, from: state.heldUntil - RESTORE_HOLD_MS + LEASE_MS };
}

/** Ends all leases at a local start: every handler died with the process. Never runs in production. */
export function recover(tx: LedgerTx): void {
  endAllLeases(tx);
  tx.gate.breaker.probe = null;
}
