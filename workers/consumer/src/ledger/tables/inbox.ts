import type { AcceptRequest, InboxAnswer } from "../api.ts";
import { int, type Sql, text, textOrNull } from "./sql.ts";
import type { Tx } from "./tx.ts";

/** What came of an earlier request with this idempotency id; `hash` is of its body. */
export function readInbox(sql: Sql, id: string, hash: string): InboxAnswer {
  const known = sql.exec("SELECT hash, run, complete, answer FROM inbox WHERE id = ?", id)[0];
  if (known === undefined) return { state: "new" };
  if (text(known.hash) !== hash) return { state: "mismatch" };
  const run = text(known.run);
  return int(known.complete) === 1
    ? { state: "complete", run, answer: textOrNull(known.answer) }
    : { state: "incomplete", run };
}

/** Written in the transaction of the rows it speaks of: with the first chunk, and complete with the last. */
export function writeInbox(tx: Tx, inbox: NonNullable<AcceptRequest["inbox"]>, run: string): void {
  tx.sql.exec(
    `INSERT INTO inbox (id, hash, run, complete, answer, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET complete = max(complete, ?4), answer = coalesce(?5, answer)`,
    inbox.id,
    inbox.hash,
    run,
    inbox.complete ? 1 : 0,
    inbox.answer ?? null,
    tx.now,
  );
}

/** Forgets requests from before a time, Unix ms. */
export function forgetInbox(sql: Sql, before: number): void {
  sql.exec("DELETE FROM inbox WHERE at < ?", before);
}
