import { audit } from "../tables/audit.ts";
import { putDoc } from "../tables/docs.ts";
import { writeRestored } from "../tables/meta.ts";
import { endAllLeases } from "./leases.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { askDoctorTwice } from "./reconcile.ts";

/** Clocks, and numbers that were given ahead of them: each instance that was evicted since the copy has put them ahead by up to 70 s. */
const MARGIN_US = 3_600_000_000;

/** Above all numbers that can have been given by now; `now` in Unix ms. */
export function numberAbove(now: number): number {
  return now * 1000 + MARGIN_US;
}

/**
 * An older copy of the database was put back. Numbers given since the copy was made may be in use at Ittybit and in R2: from now on
 * they are above all that can have been given, rows from before get a new one when they are handed out, nobody is believed to hold
 * anything, and the doctor looks through the store now and once more when every handler from before has ended.
 */
export function restored(tx: LedgerTx, who: string, how: Record<string, unknown> = {}): void {
  tx.memory.numbers.raise(tx.sql, numberAbove(tx.now));
  const number = tx.next();
  tx.memory.meta.restored = number;
  writeRestored(tx.sql, number);
  endAllLeases(tx);
  askDoctorTwice(tx);
  // What the edge was told since is not known here: it is told anew.
  putDoc(tx.sql, "gate-said", "");
  audit(tx, who, "ledger.restored", null, how);
}

/** A local start: every handler died with the process. Never in production. */
export function recover(tx: LedgerTx): void {
  endAllLeases(tx);
  tx.gate.breaker.probe = null;
}
