import { JOB_DEADLINE_MS, LEASE_MS, RESTORE_HOLD_MS } from "@prewarm/shared/limits";
import type { BeforeRestore } from "../contract.ts";
import { audit } from "../tables/audit.ts";
import { putDoc } from "../tables/docs.ts";
import { readMeta, writeRestored } from "../tables/meta.ts";
import { unfinishedPurges } from "../tables/purges.ts";
import { endAllLeases } from "./leases.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { purgeGoesOn } from "./purge.ts";
import { askDoctorTwice } from "./reconcile.ts";
import type { Scan } from "./sightings.ts";

/** Clocks, and numbers that were given ahead of them: each instance that was evicted since the copy has put them ahead by up to 70 s. */
const MARGIN_US = 3_600_000_000;

/** Above all numbers that can have been given by now; `now` in Unix ms. */
export function numberAbove(now: number): number {
  return now * 1000 + MARGIN_US;
}

/** What a ledger that is about to be put back knows and its copy may not. */
export function beforeRestore({ sql }: LedgerTx): BeforeRestore {
  return { ceiling: readMeta(sql).ceiling, purges: unfinishedPurges(sql) };
}

/**
 * An older copy of the database was put back. Numbers given since the copy was made may be in use at Ittybit and in R2: from now on
 * they are above all that can have been given, rows from before get a new one when they are handed out, nobody is believed to hold
 * anything, and the doctor looks through the store now and once more when every handler from before has ended. Nothing is handed out for two
 * minutes: deletes that were on their way land meanwhile, and jobs from before are found in Ittybit's list. `before`: null where nobody could ask
 * the ledger that was replaced.
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
  // What the edge was told since is not known here: it is told anew.
  putDoc(tx.sql, "gate-said", "");
  audit(tx, who, "ledger.restored", null, how);
}

/**
 * Jobs from before are looked for while nothing is handed out, once every POST of a lease from before has been answered; later too, where the ledger
 * or Ittybit was out of reach meanwhile.
 */
export function scanAfterRestore({ gateNow: { state, now }, memory }: LedgerTx): Scan | null {
  if (now >= state.heldUntil + JOB_DEADLINE_MS) return null;
  return { below: memory.meta.restored, from: state.heldUntil - RESTORE_HOLD_MS + LEASE_MS };
}

/** A local start: every handler died with the process. Never in production. */
export function recover(tx: LedgerTx): void {
  endAllLeases(tx);
  tx.gate.breaker.probe = null;
}
