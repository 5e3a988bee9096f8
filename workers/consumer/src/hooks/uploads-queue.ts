import { backoff } from "@prewarm/shared/backoff";
import { AppError } from "@prewarm/shared/errors";
import { errorText } from "@prewarm/shared/log";
import { sha256Hex } from "../intake/accept-stream.ts";
import { DEFAULT_RECIPE } from "../intake/plan-item.ts";
import { deadMessage } from "../platform/queue-message.ts";
import { enqueueEvents, type HookDeps } from "./enqueue-events.ts";
import type { HookEvent } from "./hook-event.ts";
import { type Faults, recipeFault } from "./hook-fault.ts";
import { mapR2 } from "./mappers/r2.ts";

/** A ledger that is out of reach is tried again after this, in seconds, doubling per delivery up to an hour. */
const RETRY_SECONDS = 10;
const RETRY_MAX_SECONDS = 3600;
/** A mended configuration has to be deployed first; a hundred tries of this are two days. */
const FAULT_RETRY_SECONDS = 1800;

/** What R2's notifications are handled with. */
export interface UploadsDeps extends HookDeps, Pick<Faults, "configFaults"> {}

/**
 * One batch of the uploads queue: R2's event notifications. Never throws; a message is acked once its rows or its record are durable. With
 * a configuration at fault every message waits: nobody else would tell of these uploads again.
 */
export async function handleUploads(batch: MessageBatch<unknown>, deps: UploadsDeps): Promise<void> {
  const fault = recipeFault(DEFAULT_RECIPE, deps.configFaults);
  if (fault !== null) {
    deps.log("uploads.at_fault", { messages: batch.messages.length, fault });
    for (const message of batch.messages) message.retry({ delaySeconds: FAULT_RETRY_SECONDS });
    return;
  }
  const readable: { message: Message<unknown>; events: HookEvent[] }[] = [];
  for (const message of batch.messages) {
    const events = read(message.body, deps);
    if (typeof events !== "string") readable.push({ message, events });
    else await settle([message], deps, () => deps.ledger.recordDead([deadMessage(batch.queue, message, events)]));
  }
  if (readable.length === 0) return;
  const messages = readable.map(({ message }) => message);
  await settle(messages, deps, () =>
    enqueue(
      messages,
      readable.flatMap(({ events }) => events),
      deps,
    ),
  );
}

/** A message's events, or the reason why it cannot be read. */
function read(body: unknown, { config }: HookDeps): HookEvent[] | string {
  try {
    return mapR2(body, config, undefined);
  } catch (error) {
    return error instanceof AppError ? error.message : errorText(error);
  }
}

async function enqueue(messages: Message<unknown>[], events: HookEvent[], deps: HookDeps): Promise<void> {
  const hash = await sha256Hex(JSON.stringify(messages.map(({ id }) => id)));
  const title = "R2 notifications";
  // The same messages in another batch are another delivery: rows and orders make that harmless.
  const named = { name: "r2", title, who: title, delivery: `r2:${hash}`, bodyHash: hash };
  const done = await enqueueEvents({ events, recipe: DEFAULT_RECIPE, ...named }, deps);
  for (const { code, message } of done.rejected) deps.log("uploads.rejected", { code, message });
  deps.log("uploads.accepted", {
    messages: messages.length,
    run: done.run,
    accepted: done.accepted,
    purged: done.purged,
    ignored: done.ignored,
  });
}

async function settle(messages: Message<unknown>[], { log }: HookDeps, work: () => Promise<void>): Promise<void> {
  try {
    await work();
    for (const message of messages) message.ack();
  } catch (error) {
    log("uploads.retried", { messages: messages.length, error: errorText(error) });
    for (const message of messages) {
      message.retry({ delaySeconds: backoff(message.attempts, { first: RETRY_SECONDS, longest: RETRY_MAX_SECONDS }) });
    }
  }
}
