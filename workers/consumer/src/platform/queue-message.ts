/** A queue message, as far as handlers use it. */
export type QueueMessage = Pick<Message<unknown>, "id" | "timestamp" | "body" | "attempts" | "ack" | "retry">;

/** A batch, as far as handlers use it. */
export interface QueueBatch {
  readonly queue: string;
  readonly messages: readonly QueueMessage[];
}

/** Of a dead message's body, characters kept: all of a readable one (20 keys of 800 bytes). */
const BODY_MAX_CHARS = 20_000;

function textOfBody(body: unknown): string {
  try {
    return (typeof body === "string" ? body : (JSON.stringify(body) ?? String(body))).slice(0, BODY_MAX_CHARS);
  } catch {
    return String(body).slice(0, BODY_MAX_CHARS);
  }
}

/** A message that could not be used, as the ledger records it: whole, so that it can be looked at and sent again. */
export function deadMessage(queue: string, message: QueueMessage, reason: string) {
  const { id, timestamp, body } = message;
  return { queue, id, body: textOfBody(body), reason, at: timestamp.getTime() };
}
