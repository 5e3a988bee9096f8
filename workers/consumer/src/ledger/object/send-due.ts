import { MESSAGE_VERSION, type WakeUp } from "@prewarm/shared/messages";
import { backoff } from "../../platform/backoff.ts";
import { chunkMessages } from "../../platform/chunk-messages.ts";
import { errorText } from "../../platform/log.ts";
import type { Outgoing } from "../protocol/dispatch.ts";
import { LIVE, laneName, UPLOAD } from "../tables/row.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import type { Steps } from "./steps.ts";

const SEND_TRIES = 3;
const SEND_TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 250;
/** Dispatches in one go; what is left then waits for the next alarm. */
const ROUNDS_MAX = 10;

/** Sends what is due until nothing more may go. Rows whose wake-up could not be sent are due again shortly. Never throws. */
export async function sendDue(steps: Steps, deps: LedgerDeps): Promise<void> {
  try {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const out = steps.dispatch();
      if (out.length === 0) return;
      const all = out.map((one) => ({ body: wakeUp(one, deps.clock.now()) }));
      for (const chunk of chunkMessages(all)) if (!(await sendChunk(steps, deps, chunk))) return;
    }
  } catch (error) {
    deps.log("ledger.dispatch_failed", { error: errorText(error) });
  }
}

/** Live rows travel in the upload lane: the ledger's own wake-up is no view, and no row may be born from it. */
function wakeUp({ keys, lane }: Outgoing, now: number): WakeUp {
  return { v: MESSAGE_VERSION, keys, lane: laneName(lane === LIVE ? UPLOAD : lane), at: now };
}

async function sendChunk(steps: Steps, deps: LedgerDeps, chunk: { body: WakeUp }[]): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await withTimeout(deps.send(chunk), deps.sleep(SEND_TIMEOUT_MS));
      return true;
    } catch (error) {
      deps.log("ledger.send_failed", { messages: chunk.length, attempt, error: errorText(error) });
      if (attempt === SEND_TRIES) {
        steps.unsend(chunk.flatMap(({ body }) => body.keys));
        return false;
      }
      // Overload passes: full jitter keeps retries of several chunks apart.
      await deps.sleep(backoff(attempt + 1, { first: FIRST_PAUSE_MS, random: deps.clock.random() }));
    }
  }
}

/** The work, or an error once the timer is first. A send that lands after all costs a doubled message, which costs an ack. */
export async function withTimeout<T>(work: Promise<T>, timer: Promise<void>): Promise<T> {
  const late = Symbol("late");
  const first = await Promise.race([work, timer.then(() => late)]);
  if (first === late) throw new Error("no answer in time");
  return work;
}
