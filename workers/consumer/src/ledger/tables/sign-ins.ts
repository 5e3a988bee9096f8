import { int } from "./sql.ts";
import type { Tx } from "./tx.ts";

/** Tries from one address, and from all together, within the window; a right token gives its try back. */
const TRIES_PER_ADDRESS = 10;
const TRIES_IN_ALL = 300;
const WINDOW_MS = 300_000;
const ALL = "*";

/** Takes one try at signing in. The number of seconds to wait when there were too many, else 0. */
export function takeSignInTry(tx: Tx, address: string): number {
  tx.sql.exec("DELETE FROM sign_ins WHERE since <= ?", tx.now - WINDOW_MS);
  const waits = [wait(tx, address.slice(0, 100), TRIES_PER_ADDRESS), wait(tx, ALL, TRIES_IN_ALL)];
  return Math.max(...waits);
}

function wait(tx: Tx, address: string, limit: number): number {
  const raw = tx.sql.exec(
    "INSERT INTO sign_ins (address, since, n) VALUES (?1, ?2, 1) ON CONFLICT (address) DO UPDATE SET n = n + 1 RETURNING since, n",
    address,
    tx.now,
  )[0];
  return int(raw?.n) > limit ? Math.max(1, Math.ceil((int(raw?.since) + WINDOW_MS - tx.now) / 1000)) : 0;
}

export function forgiveSignIns(tx: Tx, address: string): void {
  tx.sql.exec("DELETE FROM sign_ins WHERE address = ?", address.slice(0, 100));
  tx.sql.exec("UPDATE sign_ins SET n = n - 1 WHERE address = ?", ALL);
}
