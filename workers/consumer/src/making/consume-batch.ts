import type { UnreadableMessage } from "@prewarm/control-schema/causes";
import { backoff } from "@prewarm/shared/backoff";
import { errorText } from "@prewarm/shared/log";
import { parseMessage } from "@prewarm/shared/message-schema";
import type { MissMessage } from "@prewarm/shared/messages";
import type { MissAsk } from "../images/calls.ts";
import { deadMessage, type QueueBatch, type QueueMessage } from "../platform/queue-message.ts";
import type { BatchContext, BatchDeps, Role } from "./batch-context.ts";
import { createContext } from "./create-context.ts";
import { beginWork } from "./work.ts";

interface Reading {
  /** All messages but those of a newer version. They are acked at the end. */
  open: QueueMessage[];
  /** At least one message wakes a handler. */
  wakes: boolean;
  /** The misses, by key. */
  misses: Map<string, MissAsk>;
  dead: UnreadableMessage[];
}

/** Merges two misses of one variant: the newer time, and all that either knows. */
function noteMiss(misses: Reading["misses"], key: string, { at, unknown, nth = 0, signed }: MissMessage): void {
  const other = misses.get(key);
  const isUnknown = unknown === true && (other === undefined || other.unknown === true);
  misses.set(key, {
    key,
    at: Math.max(at, other?.at ?? 0),
    ...(isUnknown ? { unknown, nth: Math.min(nth, other?.nth ?? nth) } : {}),
    ...(signed === true || other?.signed === true ? { signed: true } : {}),
  });
}

/** The order of existence checks: networks that have asked for few unknown ids go first. */
function inOrder(misses: Reading["misses"]): MissAsk[] {
  return [...misses.values()].toSorted((a, b) => (a.nth ?? 0) - (b.nth ?? 0));
}

/** Sorts the messages. Retries those of a newer version, so that newer code reads them. */
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
    else if (parsed.kind === "miss" && role === "urgent") {
      reading.wakes = true;
      for (const key of parsed.message.keys) noteMiss(reading.misses, key, parsed.message);
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

/** Keeps work alive after its batch has ended. */
export type Background = (work: Promise<void>) => void;

/** Longest time of a batch of misses, because the next misses wait for its end. Chosen. */
const LIVE_BATCH_MS = 250;

/** Waits until the handler has ended. False: a live handler has not ended within LIVE_BATCH_MS. */
async function isThrough(role: Role, done: Promise<void>, { sleep }: BatchDeps): Promise<boolean> {
  const through = done.then(() => true);
  return role === "urgent" ? Promise.race([through, sleep(LIVE_BATCH_MS).then(() => false)]) : through;
}

/**
 * Handles one batch of `prewarm-live` or `prewarm-work`. Retries misses that the ledger has not recorded. Never retries
 * a wake-up, because the ledger sends others. A batch of misses ends after LIVE_BATCH_MS at the latest, and its handler
 * goes on in the background, so that no miss waits for the slow original of another one. Never throws: a throw would
 * bring back the whole batch.
 */
export async function consumeBatch(
  batch: QueueBatch,
  role: Role,
  deps: BatchDeps,
  background: Background,
): Promise<void> {
  const startedAt = deps.clock.now();
  const { open, wakes, misses, dead } = readMessages(batch, role, deps);
  const failed = (error: unknown) =>
    deps.log("batch.failed", { queue: batch.queue, messages: open.length, error: errorText(error) });
  try {
    await deps.at("read");
    if (dead.length > 0) {
      await deps.ledger.recordDead(dead);
      await deps.at("dead-recorded");
    }
    if (wakes) {
      const context = createContext(role, deps);
      const goOn = await beginWork(context, inOrder(misses));
      const done = goOn().then(() => logDone(batch, context, deps.clock.now() - startedAt));
      if (!(await isThrough(role, done, deps))) background(done.catch(failed));
    }
    for (const message of open.splice(0)) {
      await deps.at("before-ack");
      message.ack();
      await deps.at("acked");
    }
  } catch (error) {
    failed(error);
    const wakesOnly = role === "work" && dead.length === 0;
    for (const message of open) {
      if (wakesOnly) message.ack();
      else message.retry({ delaySeconds: backoff(message.attempts, { first: 10, longest: 300 }) });
    }
  }
}
