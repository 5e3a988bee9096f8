import { isOpen } from "../tables/row.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { cancelOpen, orderAnew } from "./transitions.ts";

/** What became of a job: `conflict` when its state does not allow the act. */
export type JobResult = "ok" | "missing" | "conflict";

/** Tries a dead, refused or cancelled job again, by hand: attempts count from 0, and it leaves its run, which may be cancelled. */
export function retryJob(tx: LedgerTx, id: number): JobResult {
  const row = tx.rows.byId(id);
  if (row === null) return "missing";
  if (isOpen(row)) return "conflict";
  tx.runs.leave(row);
  orderAnew(tx, row);
  return "ok";
}

/** Cancels an open job: at once, or when its owner has said something. */
export function cancelJob(tx: LedgerTx, id: number): JobResult {
  const row = tx.rows.byId(id);
  if (row === null) return "missing";
  return cancelOpen(tx, row) ? "ok" : "conflict";
}
