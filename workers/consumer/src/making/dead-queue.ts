import { backoff } from "@prewarm/shared/backoff";
import { errorText, type Log } from "@prewarm/shared/log";
import { parseMessage } from "@prewarm/shared/message-schema";
import type { Handlers } from "../ledger/ledger-for.ts";
import { deadMessage, type QueueBatch, type QueueMessage } from "../platform/queue-message.ts";

/**
 * Why a message is dead, by its body. No job depends on the message: the ledger sends another wake-up when a job is
 * due.
 */
function reasonOf(message: QueueMessage): string {
  const parsed = parseMessage(message.body);
  switch (parsed.kind) {
    case "miss":
    case "work":
      return "undelivered: the handler or the ledger failed each time";
    case "newer":
      return `newer: version ${parsed.version} came before the code that reads it`;
    case "unreadable":
      return `unreadable: ${parsed.reason}`;
    default:
      return parsed satisfies never;
  }
}

/** Handles `prewarm-dead`, the dead-letter queue of all others: records each message, then acks it. Never throws. */
export async function consumeDead(batch: QueueBatch, ledger: Pick<Handlers, "recordDead">, log: Log): Promise<void> {
  try {
    await ledger.recordDead(batch.messages.map((message) => deadMessage(batch.queue, message, reasonOf(message))));
    for (const message of batch.messages) message.ack();
  } catch (error) {
    log("dead_queue.failed", { messages: batch.messages.length, error: errorText(error) });
    for (const message of batch.messages) {
      message.retry({ delaySeconds: backoff(message.attempts, { first: 60, longest: 3_600 }) });
    }
  }
}
