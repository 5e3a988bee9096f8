import { text, type Writing } from "./sql.ts";

/** The answer to a request, or to one chunk of it, by idempotency id. `hash` is of the body. */
export interface InboxRecord {
  id: string;
  hash: string;
  /** The id of the run. "": the request contained no job. */
  run: string;
  /** The answer, as text. */
  answer: string;
}

export function readInbox(tx: Writing, id: string): InboxRecord | null {
  const raw = tx.sql.exec("SELECT hash, run, answer FROM inbox WHERE id = ?", id)[0];
  return raw === undefined ? null : { id, hash: text(raw.hash), run: text(raw.run), answer: text(raw.answer) };
}

/** Stores an answer, in the transaction of its rows. A second answer under one id replaces the first. */
export function writeInbox(tx: Writing, { id, hash, run, answer }: InboxRecord): void {
  tx.sql.exec(
    `INSERT INTO inbox (id, hash, run, answer, at) VALUES (?1, ?2, ?3, ?4, ?5)
      ON CONFLICT (id) DO UPDATE SET hash = ?2, run = ?3, answer = ?4, at = ?5`,
    ...[id, hash, run, answer, tx.now],
  );
}
