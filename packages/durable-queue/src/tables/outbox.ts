import { intOrNull, type Sql, text, type Writing } from "./sql.ts";

/** A write to the outside, tried until it succeeds. */
export interface Due {
  kind: string;
  body: string;
}

const RETRY_BASE_MS = 1_000;
const RETRY_MAX_MS = 60_000;

/** Stores a write, due now. A newer body of the same kind replaces the older one. */
export function putOutbox(tx: Writing, { kind, body }: Due): void {
  tx.sql.exec(
    `INSERT INTO outbox (kind, body, due, tries) VALUES (?1, ?2, ?3, 0)
      ON CONFLICT (kind) DO UPDATE SET body = ?2, due = ?3, tries = 0`,
    kind,
    body,
    tx.now,
  );
}

/** The due writes. Each gets a growing wait before it is handed out. */
export function outboxDue(tx: Writing): Due[] {
  return tx.sql
    .exec(
      "UPDATE outbox SET due = ?1 + min(?2 * (1 << min(tries, 10)), ?3), tries = tries + 1 WHERE due <= ?1 RETURNING kind, body",
      tx.now,
      RETRY_BASE_MS,
      RETRY_MAX_MS,
    )
    .map((raw) => ({ kind: text(raw.kind), body: text(raw.body) }));
}

/** Deletes a finished write, unless a newer body has replaced it meanwhile. */
export function outboxDone(tx: Writing, kind: string, body: string): void {
  tx.sql.exec("DELETE FROM outbox WHERE kind = ? AND body = ?", kind, body);
}

/** When the next write is due, Unix ms. Null: there is none. */
export function nextOutboxAt(sql: Sql): number | null {
  return intOrNull(sql.exec("SELECT min(due) AS at FROM outbox")[0]?.at);
}
