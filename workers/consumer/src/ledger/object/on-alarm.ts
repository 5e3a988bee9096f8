import { HANDLERS_WAIT_MAX_OPEN } from "@prewarm/shared/limits";
import { parseGate } from "@prewarm/shared/markers";
import type { IttybitJob } from "../../ittybit/dialects.ts";
import { errorText } from "../../platform/log.ts";
import type { LedgerCore } from "../ledger.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import { pump, withTimeout } from "./pump.ts";

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

/** All that the alarm does, each duty in its own try: one that fails keeps no other from its turn. Never throws. */
export async function runDuties(core: LedgerCore, deps: LedgerDeps, state: DutyState): Promise<void> {
  const duties: Record<string, () => Promise<void> | void> = {
    sweep: () => core.sweep(),
    dispatch: () => pump(core, deps),
    collect: () => collectEnded(core, deps, state),
    purges: () => runPurges(core, deps),
    outbox: () => runOutbox(core, deps),
    slices: () => runSlices(core),
    housekeeping: () => keepHouse(core, deps, state),
  };
  for (const [duty, run] of Object.entries(duties)) {
    try {
      await run();
    } catch (error) {
      deps.log("ledger.duty_failed", { duty, error: errorText(error) });
    }
  }
}

async function collectEnded(core: LedgerCore, deps: LedgerDeps, state: DutyState): Promise<void> {
  const { count, waited } = core.upstreamOpen();
  const now = deps.clock.now();
  if (count === 0 || (waited && count <= HANDLERS_WAIT_MAX_OPEN) || now < state.collectAfter) return;
  state.collectAfter = now + COLLECT_EVERY_MS;
  let ended = 0;
  const observed = async (jobs: string[], seen: IttybitJob[] = []): Promise<void> => {
    ended += core.observeEnded(jobs, seen);
  };
  const { notBefore } = await withTimeout(deps.collect(core.upstreamJobs(), observed), deps.sleep(COLLECT_TIMEOUT_MS));
  state.collectAfter = Math.max(state.collectAfter, notBefore ?? 0);
  if (ended > 0) await pump(core, deps);
}

async function runPurges(core: LedgerCore, deps: LedgerDeps): Promise<void> {
  for (const task of core.purgesDue()) {
    await withTimeout(
      deps.purge(task, () => core.purgeContinue(task.purge)),
      deps.sleep(PURGE_TIMEOUT_MS),
    );
    core.purgeEnd(task);
  }
}

/** The edge must learn of a closed lane even if R2 fails for a while. */
export async function runOutbox(core: LedgerCore, deps: LedgerDeps): Promise<void> {
  core.gateChanged();
  for (const { kind, body } of core.outboxDue()) {
    const file = kind === "gate" ? parseGate(body) : null;
    if (file !== null) await deps.publishGate(file);
    core.outboxDone(kind, body);
  }
}

function runSlices(core: LedgerCore): void {
  for (let slice = 0; slice < SLICES_MAX && core.cancelSlices(); slice += 1);
}

function keepHouse(core: LedgerCore, deps: LedgerDeps, state: DutyState): void {
  const now = deps.clock.now();
  if (now < state.housekeepingAfter) return;
  core.rollUp();
  const more = core.pruneSlice();
  state.housekeepingAfter = more ? now + 10_000 : now + HOUSEKEEPING_MS;
}
