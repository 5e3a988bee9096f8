import { HANDLERS_WAIT_MAX_OPEN, MAX_CONNECTIONS } from "@prewarm/shared/limits";
import { parseMessage } from "@prewarm/shared/message-schema";
import type { ClaimAnswer, DeadMessage, WakeUpKeys } from "../ledger/contract.ts";
import { createProbe } from "../originals/probe.ts";
import { backoff } from "../platform/backoff.ts";
import { errorText } from "../platform/log.ts";
import { deadMessage, type QueueBatch, type QueueMessage } from "../platform/queue-message.ts";
import { createSemaphore } from "../platform/semaphore.ts";
import { type BatchContext, type BatchDeps, createStop } from "./batch-context.ts";
import { createHandlerLease, type HandlerLease } from "./handler-lease.ts";
import { runJobs } from "./run-jobs.ts";
import { createMissing } from "./submit-jobs.ts";

/** Longest a batch waits for jobs while viewers wait for it, and otherwise. */
const LIVE_WAIT_MS = 4_000;
const WAIT_MS = 20_000;
/** Bytes of results held at once, of an isolate's 128 MB. */
const MEMORY_BYTES = 50_000_000;

interface Reading {
  wakeUps: { message: QueueMessage; wakeUp: WakeUpKeys }[];
  unreadable: { message: QueueMessage; dead: DeadMessage }[];
}

/** Sorts the messages; those of a newer version are put off here and now, for the code that can read them. */
function readMessages(batch: QueueBatch, deps: BatchDeps): Reading {
  const reading: Reading = { wakeUps: [], unreadable: [] };
  for (const message of batch.messages) {
    const parsed = parseMessage(message.body);
    if (parsed.kind === "newer") {
      deps.log("message.newer", { queue: batch.queue, message: message.id, version: parsed.version });
      message.retry({ delaySeconds: backoff(message.attempts, { first: 600, longest: 43_200 }) });
    } else if (parsed.kind === "unreadable") {
      reading.unreadable.push({ message, dead: deadMessage(batch.queue, message, parsed.reason) });
    } else {
      const { keys, lane, at } = parsed.message;
      reading.wakeUps.push({ message, wakeUp: { keys, live: lane === "live", at } });
    }
  }
  return reading;
}

/** Each key once: of several messages that name it, the newest one of a viewer is kept. */
function distinct(wakeUps: readonly WakeUpKeys[]): WakeUpKeys[] {
  const ordered = wakeUps.toSorted((a, b) => Number(b.live) - Number(a.live) || b.at - a.at);
  const seen = new Set<string>();
  const kept: WakeUpKeys[] = [];
  for (const wakeUp of ordered) {
    const keys = [...new Set(wakeUp.keys)].filter((key) => !seen.has(key));
    for (const key of keys) seen.add(key);
    if (keys.length > 0) kept.push({ ...wakeUp, keys });
  }
  return kept;
}

/** Waiting delays the batches behind this one, so a batch waits only while there are none. */
function waitMsOf(live: boolean, answer: ClaimAnswer, batch: QueueBatch): number {
  if (!live) return answer.open <= HANDLERS_WAIT_MAX_OPEN ? WAIT_MS : 0;
  const backlog = batch.metadata?.metrics.backlogCount ?? 0;
  // The ledger still counts the rows that this claim took among those waiting.
  const own = Object.values(answer.claims).filter((claim) => claim.do === "run" || claim.do === "resume").length;
  return backlog <= batch.messages.length && answer.liveWaiting <= own ? LIVE_WAIT_MS : 0;
}

async function recordUnreadable(unreadable: Reading["unreadable"], deps: BatchDeps): Promise<void> {
  if (unreadable.length === 0) return;
  await deps.ledger.recordDead(unreadable.map(({ dead }) => dead));
  await deps.at("dead-recorded");
}

/** Claims the keys of a batch. Null when it names none. */
async function claim(
  batch: QueueBatch,
  wakeUps: readonly WakeUpKeys[],
  lease: HandlerLease,
  deps: BatchDeps,
): Promise<BatchContext | null> {
  const asked = distinct(wakeUps);
  if (asked.length === 0) return null;
  const answer = await lease.renewingCall(
    () => deps.ledger.claim(lease.owner, asked),
    () => true,
  );
  await deps.at("claimed");
  const connections = createSemaphore(MAX_CONNECTIONS);
  const live = asked.some((wakeUp) => wakeUp.live);
  return {
    ...deps,
    answer,
    lease,
    connections,
    memory: createSemaphore(MEMORY_BYTES),
    probe: createProbe({ ...deps.originals, config: deps.config, connections }),
    missingUntil: createMissing(deps, connections),
    waitMs: waitMsOf(live, answer, batch),
    live,
    keys: Object.keys(answer.claims).length,
    outcomes: new Map(),
    stop: createStop(),
  };
}

/**
 * Handles one batch of `prewarm-live` or `prewarm-work`. Messages are hints: each is acked once the ledger has answered for
 * its keys or their outcomes are settled, and comes again only when the ledger did not answer. Never throws: a throw would
 * bring back the whole batch.
 */
export async function consumeBatch(batch: QueueBatch, deps: BatchDeps): Promise<void> {
  const open: QueueMessage[] = [];
  try {
    const { wakeUps, unreadable } = readMessages(batch, deps);
    open.push(...wakeUps.map(({ message }) => message), ...unreadable.map(({ message }) => message));
    await deps.at("read");
    const lease = createHandlerLease(deps.newOwner(), deps);
    await recordUnreadable(unreadable, deps);
    const keys = wakeUps.map(({ wakeUp }) => wakeUp);
    const context = await claim(batch, keys, lease, deps);
    if (context !== null) await runJobs(context);
    for (const message of open.splice(0)) {
      await deps.at("before-ack");
      // Last: if the settle failed after an ack, the row would wait for the end of its lease.
      message.ack();
      await deps.at("acked");
    }
  } catch (error) {
    deps.log("batch.failed", { queue: batch.queue, messages: open.length, error: errorText(error) });
    for (const message of open) message.retry({ delaySeconds: backoff(message.attempts, { first: 10, longest: 300 }) });
  }
}
