import { parseMessage } from "@prewarm/shared/message-schema";
import type { DeadMessage, ExchangeRequest } from "../ledger/contract.ts";
import { backoff } from "../platform/backoff.ts";
import { errorText } from "../platform/log.ts";
import { deadMessage, type QueueBatch, type QueueMessage } from "../platform/queue-message.ts";
import type { BatchContext, BatchDeps, Role } from "./batch-context.ts";
import { createContext } from "./create-context.ts";
import { work } from "./work.ts";

interface Reading {
  /** Those that say something, and the dead ones: acked at the end. */
  open: QueueMessage[];
  /** Whether any of them wakes a handler. */
  wakes: boolean;
  /** Newest miss by key, Unix ms. */
  misses: Map<string, number>;
  dead: DeadMessage[];
}

/** Sorts the messages; those of a newer version are put off here and now, for the code that can read them. */
function readMessages(batch: QueueBatch, role: Role, deps: BatchDeps): Reading {
  const reading: Reading = { open: [], wakes: false, misses: new Map(), dead: [] };
  for (const message of batch.messages) {
    const parsed = parseMessage(message.body);
    if (parsed.kind === "newer") {
      deps.log("message.newer", { queue: batch.queue, message: message.id, version: parsed.version });
      message.retry({ delaySeconds: backoff(message.attempts, { first: 600, longest: 43_200 }) });
      continue;
    }
    reading.open.push(message);
    if (parsed.kind === "work" && role === "work") reading.wakes = true;
    else if (parsed.kind === "miss" && role === "live") {
      reading.wakes = true;
      const { keys, at } = parsed.message;
      for (const key of keys) reading.misses.set(key, Math.max(at, reading.misses.get(key) ?? 0));
    } else {
      const reason = parsed.kind === "unreadable" ? parsed.reason : `body: belongs into another queue (${parsed.kind})`;
      reading.dead.push(deadMessage(batch.queue, message, reason));
    }
  }
  return reading;
}

function logDone(batch: QueueBatch, { role, owner, counts, log }: BatchContext, tookMs: number): void {
  log("batch.done", { queue: batch.queue, role, owner, messages: batch.messages.length, tookMs, ...counts });
}

/**
 * Handles one batch of `prewarm-live` or `prewarm-work`. A message only wakes: misses come again when the ledger did not hear them, a
 * wake-up never does, for the ledger sends others. Never throws: a throw would bring back the whole batch.
 */
export async function consumeBatch(batch: QueueBatch, role: Role, deps: BatchDeps): Promise<void> {
  const startedAt = deps.clock.now();
  const { open, wakes, misses, dead } = readMessages(batch, role, deps);
  try {
    await deps.at("read");
    if (dead.length > 0) {
      await deps.ledger.recordDead(dead);
      await deps.at("dead-recorded");
    }
    if (wakes) {
      const context = createContext(role, deps);
      const asks: ExchangeRequest["asks"] = [...misses].map(([key, at]) => ({ key, at }));
      await work(context, asks);
      logDone(batch, context, deps.clock.now() - startedAt);
    }
    for (const message of open.splice(0)) {
      await deps.at("before-ack");
      message.ack();
      await deps.at("acked");
    }
  } catch (error) {
    deps.log("batch.failed", { queue: batch.queue, messages: open.length, error: errorText(error) });
    const wakesOnly = role === "work" && dead.length === 0;
    for (const message of open) {
      if (wakesOnly) message.ack();
      else message.retry({ delaySeconds: backoff(message.attempts, { first: 10, longest: 300 }) });
    }
  }
}
