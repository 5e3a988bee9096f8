import type { QueueTx } from "@prewarm/durable-queue";

/*
 * Sessions that were ended by a sign-out. A cookie proves itself and needs no row; its sign-out needs one. The table
 * once counted sign-ins: `address` is the name of the session now, `since` the time when the row may be deleted, and
 * `n` has no meaning.
 */

/** Ends a session. `until`: when its cookie would expire, Unix ms. After that the row is not needed. */
export function endSession(tx: QueueTx, session: string, until: number): void {
  tx.sql.exec("DELETE FROM sign_ins WHERE since <= ?", tx.now);
  tx.sql.exec("INSERT OR REPLACE INTO sign_ins (address, since, n) VALUES (?, ?, 0)", session.slice(0, 100), until);
}

export function isSessionOver(tx: QueueTx, session: string): boolean {
  return tx.sql.exec("SELECT 1 AS over FROM sign_ins WHERE address = ?", session.slice(0, 100)).length > 0;
}
