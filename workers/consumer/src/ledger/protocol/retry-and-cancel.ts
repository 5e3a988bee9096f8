import type { KeyResult } from "../api-views.ts";
import { CANCELLED, DEAD, REFUSED, type Row } from "../tables/row.ts";
import type { Tx } from "../tables/tx.ts";
import { cancelOpen, orderAnew } from "./transitions.ts";

/** Tries dead or cancelled jobs again, by hand: attempts count from 0, runs keep them. */
export function retryKeys(tx: Tx, keys: string[]): Record<string, KeyResult> {
  return each(tx, keys, (row) => {
    if (row.state !== DEAD && row.state !== REFUSED && row.state !== CANCELLED) return false;
    orderAnew(tx, row);
    return true;
  });
}

/** Cancels open jobs: at once, or when their handler next asks. */
export function cancelKeys(tx: Tx, keys: string[]): Record<string, KeyResult> {
  return each(tx, keys, (row) => cancelOpen(tx, row));
}

function each(tx: Tx, keys: string[], act: (row: Row) => boolean): Record<string, KeyResult> {
  tx.rows.loadKeys([...new Set(keys)]);
  const results: Record<string, KeyResult> = {};
  for (const key of new Set(keys)) {
    const row = tx.rows.get(key);
    results[key] = row === null ? "missing" : act(row) ? "ok" : "conflict";
  }
  return results;
}
