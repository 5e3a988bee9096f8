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
/** As many as an invocation's connections. */
const EVENTS_AT_ONCE = 6;
export const SLICES_MAX = 20;
/** Looks of purges that one ring makes. */
const PURGES_MAX = 10;

type Duties = Record<string, () => Promise<void> | void>;

/** All that the alarm does, and the cron too, perhaps beside it. Never throws. */
export function runDuties(steps: Steps, deps: LedgerDeps): Promise<void> {
  return runEach(deps, {
    sweep: () => steps.sweep(),
    cancels: () => runSlices(() => steps.cancelSlice()),
    actions: () => runSlices(() => steps.actionSlice()),
    // After what orders work, else that would wait for the next alarm; before whatever asks somebody else and may hang.
    ...followUps(steps, deps),
    purges: () => runPurges(steps, deps),
  });
}

/** What follows a change at once. Never throws. */
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

/** Each duty in its own try: one that fails keeps no other from its turn. */
async function runEach({ log }: LedgerDeps, duties: Duties): Promise<void> {
  for (const [duty, run] of Object.entries(duties)) {
    try {
      await run();
    } catch (error) {
      log("ledger.duty_failed", { duty, error: errorText(error) });
    }
  }
}

/** Each look is taken just before it is made: the alarm and the cron may run at the same time, and a lock that waits for its look could end first. */
async function runPurges(steps: Steps, deps: LedgerDeps): Promise<void> {
  for (let done = 0; done < PURGES_MAX; done += 1) {
    const task = steps.purgeDue();
    if (task === null) return;
    await runPurge(steps, deps, task);
  }
}

/** One look of a purge, to its end. Throws when R2 fails or is slow; the alarm then looks anew. */
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

/** The edge must learn of a closed lane even if R2 fails for a while. */
export async function runOutbox(steps: Steps, deps: LedgerDeps): Promise<void> {
  steps.gateChanged();
  for (const { kind, body } of steps.outboxDue()) {
    const file = kind === "gate" ? parseGate(body) : null;
    if (file !== null) await deps.within(deps.publishGate(file), PUBLISH_TIMEOUT_MS);
    steps.outboxDone(kind, body);
  }
}

/** Tells others what is news, each endpoint by itself: one that is down keeps no other waiting. */
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
      // 410: the receiver wants no more of it.
      steps.eventAnswered(n, answer, isTaken || answer.status === 410 || clock.now() - at > GIVE_UP_MS);
    }),
  );
}

/** As many slices as one ring has time for; what is left waits for the next. */
function runSlices(slice: () => boolean): void {
  for (let done = 0; done < SLICES_MAX && slice(); done += 1);
}
