import { text } from "./sql.ts";
import type { Tx } from "./tx.ts";

/** What was answered to a request, or to one chunk of it, under its idempotency id; `hash` is of its body. */
export interface InboxRecord {
  id: string;
  hash: string;
  /** The run's id; "" when the request held nothing to make. */
  run: string;
  /** What was answered, as text. */
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
