import { MAX_CONNECTIONS } from "@prewarm/shared/limits";
import { parseMessage } from "@prewarm/shared/message-schema";
import type { ClaimAnswer, WakeUpKeys } from "../ledger/api.ts";
import { createProbe } from "../originals/probe.ts";
import { errorText } from "../platform/log.ts";
import { deadMessage, laterSeconds, type QueueBatch, type QueueMessage } from "../platform/queue-message.ts";
import { createSemaphore } from "../platform/semaphore.ts";
import { type Batch, type BatchDeps, createStop } from "./batch-context.ts";
import { createLease, type Lease } from "./handler-lease.ts";
import type { DeadMessage } from "./ledger-port.ts";
import { runJobs } from "./run-jobs.ts";
import { createMissing } from "./submit-jobs.ts";

/** Longest a batch waits for jobs while viewers wait for it, and otherwise; and up to how many open jobs it waits at all. */
const LIVE_WAIT_MS = 4_000;
const WAIT_MS = 20_000;
const WAIT_MAX_OPEN = 100;
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
      message.retry({ delaySeconds: laterSeconds(message.attempts, 600, 43_200) });
    } else if (parsed.kind === "unreadable") {
      reading.unreadable.push({ message, dead: deadMessage(batch.queue, message, parsed.reason) });
    } else {
      const { keys, lane, at } = parsed.message;
      reading.wakeUps.push({ message, wakeUp: { keys, live: lane === "live", at } });
    }
  }
  return reading;
}

/** Each key once: where several messages name it, a viewer's newest one speaks for it. */
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

/** Waiting holds up the queue's scaling, so a batch waits only while nobody stands behind it. */
function waitMsOf(live: boolean, answer: ClaimAnswer, batch: QueueBatch): number {
  if (!live) return answer.open <= WAIT_MAX_OPEN ? WAIT_MS : 0;
  const backlog = batch.metadata?.metrics.backlogCount ?? 0;
  // Rows that were waiting until this claim took them are still among those counted.
  const own = Object.values(answer.claims).filter((claim) => claim.do === "run" || claim.do === "resume").length;
  return backlog <= batch.messages.length && answer.liveWaiting <= own ? LIVE_WAIT_MS : 0;
}

function prepare(
  queueBatch: QueueBatch,
  wakeUps: readonly WakeUpKeys[],
  answer: ClaimAnswer,
  lease: Lease,
  deps: BatchDeps,
): Batch {
  const connections = createSemaphore(MAX_CONNECTIONS);
  const live = wakeUps.some((wakeUp) => wakeUp.live);
  return {
    deps,
    answer,
    lease,
    connections,
    memory: createSemaphore(MEMORY_BYTES),
    probe: createProbe({ ...deps.originals, config: deps.config, connections }),
    missingUntil: createMissing(deps, connections),
    waitMs: waitMsOf(live, answer, queueBatch),
    live,
    keys: Object.keys(answer.claims).length,
    outcomes: new Map(),
    stop: createStop(),
  };
}

async function recordUnreadable(unreadable: Reading["unreadable"], lease: Lease, deps: BatchDeps): Promise<void> {
  if (unreadable.length === 0) return;
  await lease.call("recordDead", () => deps.ledger.recordDead(unreadable.map(({ dead }) => dead)));
  await deps.at("dead-recorded");
}

async function work(
  queueBatch: QueueBatch,
  wakeUps: readonly WakeUpKeys[],
  lease: Lease,
  deps: BatchDeps,
): Promise<void> {
  const asked = distinct(wakeUps);
  if (asked.length === 0) return;
  const answer = await lease.renewingCall(
    "claim",
    () => deps.ledger.claim(lease.owner, asked),
    () => true,
  );
  await deps.at("claimed");
  await runJobs(prepare(queueBatch, asked, answer, lease, deps));
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
    const lease = createLease(deps.newOwner(), deps);
    await recordUnreadable(unreadable, lease, deps);
    await work(
      batch,
      wakeUps.map(({ wakeUp }) => wakeUp),
      lease,
      deps,
    );
    for (const message of open.splice(0)) {
      await deps.at("before-ack");
      // Last: an ack before the settle would leave the row to its lease's end should the settle fail.
      message.ack();
      await deps.at("acked");
    }
  } catch (error) {
    deps.log("batch.failed", { queue: batch.queue, messages: open.length, error: errorText(error) });
    for (const message of open) message.retry({ delaySeconds: laterSeconds(message.attempts, 10, 300) });
  }
}
