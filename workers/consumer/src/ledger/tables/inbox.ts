import { intOrNull, type Sql, text } from "./sql.ts";
import type { Tx } from "./tx.ts";

/** What was answered to a request, or to one chunk of it, under its idempotency id; `hash` is of its body. */
export interface InboxRecord {
  id: string;
  hash: string;
  /** The run's id; "" when the request held nothing to make. */
  run: string;
  /** JSON text. */
  answer: string;
}

export function readInbox(tx: Tx, id: string): InboxRecord | null {
  const raw = tx.sql.exec("SELECT hash, run, answer FROM inbox WHERE id = ?", id)[0];
  return raw === undefined ? null : { id, hash: text(raw.hash), run: text(raw.run), answer: text(raw.answer) };
}

/** Written in the transaction of the rows it speaks of. One that is written anew takes the place of what it said. */
export function writeInbox(tx: Tx, { id, hash, run, answer }: InboxRecord): void {
  tx.sql.exec(
    `INSERT INTO inbox (id, hash, run, answer, at) VALUES (?1, ?2, ?3, ?4, ?5)
      ON CONFLICT (id) DO UPDATE SET hash = ?2, run = ?3, answer = ?4, at = ?5`,
    ...[id, hash, run, answer, tx.now],
  );
}

/** Forgets requests from before a time (Unix ms); how many. */
export function forgetInbox(sql: Sql, before: number, limit: number): number {
  const old = "SELECT id FROM inbox WHERE at < ?1 LIMIT ?2";
  return sql.exec(`DELETE FROM inbox WHERE id IN (${old}) RETURNING id`, before, limit).length;
}

/** When the oldest request was answered, Unix ms. Reads the table: for the daily round. */
export function oldestInbox(sql: Sql): number | null {
  return intOrNull(sql.exec("SELECT min(at) AS at FROM inbox")[0]?.at);
}
