import fc from "fast-check";
import { checkObjects, checkRest, excusedFindings, whatIsLeft } from "./at-rest.ts";
import type { Command } from "./commands.ts";
import { type HistoryWorld, SLOTS } from "./history-world.ts";
import { gateLook } from "./ledger-look.ts";

/** No step of the quiet may take longer than the longest wait there is (a purge's second pass, the breaker). */
const QUIET_MS = 30 * 3_600_000;
const STEP_MS = 60_000;

/** Plays a history, lets the system come to rest, has the doctor look twice, and checks what must hold. Throws with every breach. */
export async function play(world: HistoryWorld, commands: Iterable<Command>): Promise<void> {
  const { bad } = world.invariants;
  await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
  world.clearUp();
  while (world.isAsked) await world.clock.run(100);
  openGate(world);
  await settleDown(world);
  checkObjects(world);
  const excused = excusedFindings(world);
  const first = await world.clock.until(world.doctor());
  for (const { code, examples } of first.findings.filter((one) => !excused(one)))
    bad.push(`the doctor found ${code}: ${examples}`);
  await settleDown(world);
  const second = await world.clock.until(world.doctor());
  for (const { code, examples } of second.findings) bad.push(`the second doctor still found ${code}: ${examples}`);
  checkRest(world);
  if (bad.length > 0) throw new Error(bad.join("\n"));
}

/** As an operator does when all is well again. */
function openGate(world: HistoryWorld): void {
  const paused = { live: false, upload: false, bulk: false };
  const gate = { paused, breaker: { state: "closed" } as const, concurrency: SLOTS, budget: { monthlyJobs: null } };
  world.behind(world.ask((ledger) => ledger.patchGate(gate, "rest")));
}

async function settleDown(world: HistoryWorld): Promise<void> {
  // The doctor leaves alone what an instance born since, or shortly before, its list may not know of: by a clock that was ahead then.
  await world.clock.run(STEP_MS);
  const deadline = world.clock.now() + QUIET_MS;
  while (!isQuiet(world)) {
    if (world.clock.now() > deadline)
      throw new Error(
        `${world.invariants.bad.join("\n")}\nnever came to rest: ${whatIsLeft(world)} ${JSON.stringify(gateLook(world.sql))}`,
      );
    await world.clock.run(STEP_MS);
    // A handler that stalled brings its 429 late, and Ittybit's 30 days with it.
    if (gateLook(world.sql).breaker.until > deadline) openGate(world);
    if (world.invariants.bad.length > 0) throw new Error(world.invariants.bad.join("\n"));
  }
}

function isQuiet(world: HistoryWorld): boolean {
  return world.isIdle && !world.store.isLanding && whatIsLeft(world) === "";
}
