import type { UnreadableMessage } from "@prewarm/control-schema/causes";
import { int, type QueueTx, type Sql, text } from "@prewarm/durable-queue";

/** Maximum of messages of up to 20 kB each (platform/queue-message.ts): 200 MB. */
const MOST = 10_000;
/** Characters of a message that are shown. */
const SHOWN_CHARS = 2_000;

/** Stores messages that could not be used. A repeated message is stored once. */
export function recordDead(tx: QueueTx, messages: readonly UnreadableMessage[]): void {
  for (const { id, queue, body, reason, at } of messages) {
    const query = "INSERT OR IGNORE INTO dead_messages (id, queue, body, reason, at) VALUES (?, ?, ?, ?, ?)";
    tx.sql.exec(query, id, queue, body, reason, at);
  }
  const first = `SELECT at FROM dead_messages ORDER BY at DESC LIMIT 1 OFFSET ${MOST}`;
  tx.sql.exec(`DELETE FROM dead_messages WHERE at <= (${first})`);
}

/** The newest messages first, with the first characters of their bodies. */
export function listDeadMessages(sql: Sql, limit: number): UnreadableMessage[] {
  const shown = `substr(body, 1, ${SHOWN_CHARS}) AS body`;
  const query = `SELECT id, queue, reason, at, ${shown} FROM dead_messages ORDER BY at DESC LIMIT ?`;
  return sql.exec(query, limit).map((raw) => ({
    id: text(raw.id),
    queue: text(raw.queue),
    reason: text(raw.reason),
    body: text(raw.body),
    at: int(raw.at),
  }));
}
