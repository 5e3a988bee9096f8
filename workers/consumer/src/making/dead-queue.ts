import { parseMessage } from "@prewarm/shared/message-schema";
import { errorText, type Log } from "../platform/log.ts";
import { deadMessage, laterSeconds, type QueueBatch, type QueueMessage } from "../platform/queue-message.ts";
import type { LedgerPort } from "./ledger-port.ts";

export interface DeadQueueDeps {
  ledger: Pick<LedgerPort, "recordDead">;
  log: Log;
}

/** Why a message ended here, as far as its body tells. Rows do not depend on it: what it was to wake is sent again when due. */
function reasonOf(message: QueueMessage): string {
  const parsed = parseMessage(message.body);
  switch (parsed.kind) {
    case "wake-up":
      return "undelivered: the handler or the ledger failed each time";
    case "newer":
      return `newer: version ${parsed.version} came before the code that reads it`;
    case "unreadable":
      return `unreadable: ${parsed.reason}`;
    default:
      return parsed satisfies never;
  }
}

/** Handles `prewarm-dead`, the platform's dead-letter queue of all others: everything is recorded whole, then acked. Never throws. */
export async function consumeDead(batch: QueueBatch, deps: DeadQueueDeps): Promise<void> {
  try {
    await deps.ledger.recordDead(batch.messages.map((message) => deadMessage(batch.queue, message, reasonOf(message))));
    for (const message of batch.messages) message.ack();
  } catch (error) {
    deps.log("dead_queue.failed", { messages: batch.messages.length, error: errorText(error) });
    for (const message of batch.messages) message.retry({ delaySeconds: laterSeconds(message.attempts, 60, 3_600) });
  }
}
