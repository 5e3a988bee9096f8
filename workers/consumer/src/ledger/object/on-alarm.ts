import { parseGate } from "@prewarm/shared/markers";
import { errorText } from "../../platform/log.ts";
import type { RenewalTask } from "../protocol/new-original.ts";
import type { PurgeTask } from "../protocol/purge.ts";
import { GIVE_UP_MS } from "../tables/events.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import type { Steps } from "./steps.ts";
import { wake } from "./wake.ts";

const PURGE_TIMEOUT_MS = 100_000;
const LIST_TIMEOUT_MS = 60_000;
const PUBLISH_TIMEOUT_MS = 10_000;
const DELIVER_TIMEOUT_MS = 15_000;
/** Concurrent calls: the connections of one invocation. */
const EVENTS_AT_ONCE = 6;
export const SLICES_MAX = 20;
/** Looks of purges per alarm. */
const PURGES_MAX = 10;

type Duties = Record<string, () => Promise<void> | void>;

/** The work of the alarm, and of the cron, which may run at the same time. Never throws. */
export function runDuties(steps: Steps, deps: LedgerDeps): Promise<void> {
  return runEach(deps, {
    sweep: () => steps.sweep(),
    cancels: () => runSlices(() => steps.cancelSlice()),
    actions: () => runSlices(() => steps.actionSlice()),
    // Workers are woken after the steps that order work, or that work would wait for the next alarm; and before the
    // steps that call other services, which may hang.
    ...followUps(steps, deps),
    purges: () => runPurges(steps, deps),
  });
}

/** The immediate follow-up of a change. Never throws. */
export function runFollowUps(steps: Steps, deps: LedgerDeps): Promise<void> {
  return runEach(deps, followUps(steps, deps));
}

function followUps(steps: Steps, deps: LedgerDeps): Duties {
  return {
    wake: () => wake(steps, deps),
    outbox: () => runOutbox(steps, deps),
    events: () => runEvents(steps, deps),
    renewals: () => runRenewals(steps, deps),
  };
}

/** Runs each duty in its own try, so that a failed duty does not stop the others. */
async function runEach({ log }: LedgerDeps, duties: Duties): Promise<void> {
  for (const [duty, run] of Object.entries(duties)) {
    try {
      await run();
    } catch (error) {
      log("ledger.duty_failed", { duty, error: errorText(error) });
    }
  }
}

/**
 * Takes each look just before it is made. The alarm and the cron may run at the same time, and the lock of a waiting
 * look could end first.
 */
async function runPurges(steps: Steps, deps: LedgerDeps): Promise<void> {
  for (let done = 0; done < PURGES_MAX; done += 1) {
    const task = steps.purgeDue();
    if (task === null) return;
    await runPurge(steps, deps, task);
  }
}

/** Makes one look of a purge, to its end. Throws when R2 fails or is slow; the alarm then repeats the look. */
export async function runPurge(steps: Steps, deps: LedgerDeps, task: PurgeTask): Promise<void> {
  await deps.within(
    deps.purge(task, () => steps.purgeContinue(task.purge)),
    PURGE_TIMEOUT_MS,
  );
  steps.purgeEnd(task);
}

async function runRenewals(steps: Steps, deps: LedgerDeps): Promise<void> {
  for (const task of steps.renewalsDue()) await runRenewal(steps, deps, task);
}

async function runRenewal(steps: Steps, deps: LedgerDeps, task: RenewalTask): Promise<void> {
  steps.renewed(task, await deps.within(deps.storedOf(task), LIST_TIMEOUT_MS));
}

/** Publishes the gate file, also while R2 fails for a while. */
export async function runOutbox(steps: Steps, deps: LedgerDeps): Promise<void> {
  steps.gateChanged();
  for (const { kind, body } of steps.outboxDue()) {
    const file = kind === "gate" ? parseGate(body) : null;
    if (file !== null) await deps.within(deps.publishGate(file), PUBLISH_TIMEOUT_MS);
    steps.outboxDone(kind, body);
  }
}

/** Sends events, each endpoint on its own, so that a dead endpoint does not delay the others. */
export async function runEvents(steps: Steps, { config, clock, deliver, within }: LedgerDeps): Promise<void> {
  if (config.events.length === 0) return;
  steps.noteEvents();
  const due = steps.eventsDue(EVENTS_AT_ONCE);
  await Promise.all(
    due.map(async ({ n, id, endpoint, at, body }) => {
      const answer = await within(deliver({ id, endpoint, at: clock.now(), body }), DELIVER_TIMEOUT_MS).catch(
        (error: unknown) => ({ status: 0, said: errorText(error) }),
      );
      const isTaken = answer.status >= 200 && answer.status < 300;
      // 410: the receiver wants no more of the event.
      steps.eventAnswered(n, answer, isTaken || answer.status === 410 || clock.now() - at > GIVE_UP_MS);
    }),
  );
}

/** Runs as many slices as one alarm has time for. The rest waits for the next alarm. */
function runSlices(slice: () => boolean): void {
  for (let done = 0; done < SLICES_MAX && slice(); done += 1);
}
