import { CANCELLED, DEAD, REFUSED } from "../tables/row.ts";
import type { Tx } from "../tables/tx.ts";
import { cancelOpen, orderAnew } from "./transitions.ts";

/** What became of a key: `conflict` when its state does not allow the act. */
export type KeyResult = "ok" | "missing" | "conflict";

/** Tries a dead, refused or cancelled job again, by hand: attempts count from 0, its run keeps it. */
export function retryKey(tx: Tx, key: string): KeyResult {
  const row = tx.rows.loadKeys([key])[0];
  if (row === undefined) return "missing";
  if (row.state !== DEAD && row.state !== REFUSED && row.state !== CANCELLED) return "conflict";
  orderAnew(tx, row);
  return "ok";
}

/** Cancels an open job: at once, or when its handler next asks. */
export function cancelKey(tx: Tx, key: string): KeyResult {
  const row = tx.rows.loadKeys([key])[0];
  if (row === undefined) return "missing";
  return cancelOpen(tx, row) ? "ok" : "conflict";
}
