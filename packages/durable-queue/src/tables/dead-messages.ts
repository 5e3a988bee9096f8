import type { DeadMessage } from "../calls.ts";
import { int, type Sql, text, type Writing } from "./sql.ts";

/** Maximum of messages of up to 20 kB each (platform/queue-message.ts): 200 MB. */
const MOST = 10_000;

/** Stores messages that could not be used. A repeated message is stored once. */
export function recordDead(tx: Writing, messages: DeadMessage[]): void {
  for (const { messageId, queue, body, reason, at, attempts } of messages) {
    tx.sql.exec(
      "INSERT OR IGNORE INTO dead_messages (id, queue, body, reason, at, attempts) VALUES (?, ?, ?, ?, ?, ?)",
      ...[messageId, queue, body, reason, at, attempts],
    );
  }
  const first = `SELECT at FROM dead_messages ORDER BY at DESC LIMIT 1 OFFSET ${MOST}`;
  tx.sql.exec(`DELETE FROM dead_messages WHERE at <= (${first})`);
}

/** The newest messages first. */
export function listDeadMessages(sql: Sql, limit: number): DeadMessage[] {
  return sql.exec("SELECT * FROM dead_messages ORDER BY at DESC LIMIT ?", limit).map((raw) => ({
    messageId: text(raw.id),
    queue: text(raw.queue),
    body: text(raw.body),
    reason: text(raw.reason),
    at: int(raw.at),
    attempts: int(raw.attempts),
  }));
}
