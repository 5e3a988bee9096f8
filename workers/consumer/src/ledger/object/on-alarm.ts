import { HANDLERS_WAIT_MAX_OPEN } from "@prewarm/shared/limits";
import { parseGate } from "@prewarm/shared/markers";
import type { IttybitJob } from "../../ittybit/dialects.ts";
import { errorText } from "../../platform/log.ts";
import type { PurgeTask } from "../protocol/purge.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import { sendDue, withTimeout } from "./send-due.ts";
import type { Steps } from "./steps.ts";

const COLLECT_TIMEOUT_MS = 30_000;
const COLLECT_EVERY_MS = 1_500;
const PURGE_TIMEOUT_MS = 100_000;
const SLICES_MAX = 20;
const HOUSEKEEPING_MS = 3_600_000;

/** Times of this instance only; after an eviction everything is simply looked at once more. */
export interface DutyState {
  collectAfter: number;
  housekeepingAfter: number;
}

export function newDutyState(): DutyState {
  return { collectAfter: 0, housekeepingAfter: 0 };
}

/** All that the alarm does, each duty in its own try: one that fails keeps no other from its turn. Never throws. */
export async function runDuties(steps: Steps, deps: LedgerDeps, state: DutyState): Promise<void> {
  const duties: Record<string, () => Promise<void> | void> = {
    sweep: () => steps.sweep(),
    dispatch: () => sendDue(steps, deps),
    collect: () => collectEnded(steps, deps, state),
    purges: () => runPurges(steps, deps),
    outbox: () => runOutbox(steps, deps),
    cancels: () => runSlices(() => steps.cancelSlice()),
    housekeeping: () => keepHouse(steps, deps, state),
    actions: () => runSlices(() => steps.actionSlice()),
  };
  for (const [duty, run] of Object.entries(duties)) {
    try {
      await run();
    } catch (error) {
      deps.log("ledger.duty_failed", { duty, error: errorText(error) });
    }
  }
}

async function collectEnded(steps: Steps, deps: LedgerDeps, state: DutyState): Promise<void> {
  const { count, waited } = steps.openAtIttybit();
  const now = deps.clock.now();
  if (count === 0 || (waited && count <= HANDLERS_WAIT_MAX_OPEN) || now < state.collectAfter) return;
  state.collectAfter = now + COLLECT_EVERY_MS;
  let ended = 0;
  const observed = async (jobs: string[], seen: IttybitJob[] = []): Promise<void> => {
    ended += steps.observeEnded(jobs, seen);
  };
  const { notBefore } = await withTimeout(
    deps.collect(steps.openJobsAtIttybit(), observed),
    deps.sleep(COLLECT_TIMEOUT_MS),
  );
  state.collectAfter = Math.max(state.collectAfter, notBefore ?? 0);
  if (ended > 0) await sendDue(steps, deps);
}

async function runPurges(steps: Steps, deps: LedgerDeps): Promise<void> {
  for (const task of steps.purgesDue()) await runPurge(steps, deps, task);
}

/** One look of a purge, to its end. Throws when R2 fails or is slow; the alarm then looks anew. */
export async function runPurge(steps: Steps, deps: LedgerDeps, task: PurgeTask): Promise<void> {
  await withTimeout(
    deps.purge(task, () => steps.purgeContinue(task.purge)),
    deps.sleep(PURGE_TIMEOUT_MS),
  );
  steps.purgeEnd(task);
}

/** The edge must learn of a closed lane even if R2 fails for a while. */
export async function runOutbox(steps: Steps, deps: LedgerDeps): Promise<void> {
  steps.gateChanged();
  for (const { kind, body } of steps.outboxDue()) {
    const file = kind === "gate" ? parseGate(body) : null;
    if (file !== null) await deps.publishGate(file);
    steps.outboxDone(kind, body);
  }
}

/** As many slices as one ring has time for; what is left waits for the next. */
function runSlices(slice: () => boolean): void {
  for (let done = 0; done < SLICES_MAX && slice(); done += 1);
}

function keepHouse(steps: Steps, deps: LedgerDeps, state: DutyState): void {
  const now = deps.clock.now();
  if (now < state.housekeepingAfter) return;
  steps.rollUp();
  const more = steps.pruneSlice();
  state.housekeepingAfter = more ? now + 10_000 : now + HOUSEKEEPING_MS;
}
