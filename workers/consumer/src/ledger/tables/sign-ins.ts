import type { Tx } from "./tx.ts";

/*
 * Sessions that were ended before their time. A cookie proves itself and needs no row; that it was signed out does. The table once counted
 * tries at signing in: `address` holds the session's name now, `since` when the row may go, and `n` nothing.
 */

/** Ends a session. `until`: when its cookie would end by itself, in Unix ms; then the row is no longer needed. */
export function endSession(tx: Tx, session: string, until: number): void {
  tx.sql.exec("DELETE FROM sign_ins WHERE since <= ?", tx.now);
  tx.sql.exec("INSERT OR REPLACE INTO sign_ins (address, since, n) VALUES (?, ?, 0)", session.slice(0, 100), until);
}

export function isSessionOver(tx: Tx, session: string): boolean {
  return tx.sql.exec("SELECT 1 AS over FROM sign_ins WHERE address = ?", session.slice(0, 100)).length > 0;
}
