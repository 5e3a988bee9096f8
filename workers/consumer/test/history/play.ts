import fc from "fast-check";
import type { Command } from "./commands.ts";
import { noFaults } from "./faults.ts";
import type { World } from "./world.ts";

/** No step of the quiet may take longer than the longest wait there is (a purge's second look, the breaker). */
const QUIET_MS = 6 * 3_600_000;
const STEP_MS = 60_000;

/** Plays a history, lets the system come to rest, has the doctor look twice, and checks what must hold. Throws with every breach. */
export async function play(world: World, commands: Iterable<Command>): Promise<void> {
  await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
  world.faults = noFaults();
  world.upstream.missing.clear();
  world.core.patchGate({ paused: { live: false, upload: false, bulk: false } });
  world.host.changed();
  await settleDown(world);
  world.invariants.checkPurged();
  const stored = storedKeys(world);
  world.invariants.healed((await world.clock.until(world.doctor())).findings, stored);
  await settleDown(world);
  const second = await world.clock.until(world.doctor());
  const { bad } = world.invariants;
  for (const { code, examples } of second.findings) bad.push(`the second doctor still found ${code}: ${examples}`);
  world.invariants.checkRest();
  if (bad.length > 0) throw new Error(bad.join("\n"));
}

/** Keys of rows that say stored: for every other key an object may rightly be outdated (pruned, dead, cancelled). */
function storedKeys(world: World): Set<string> {
  return new Set(world.sql.exec("SELECT key FROM jobs WHERE state = 3").map(({ key }) => String(key)));
}

async function settleDown(world: World): Promise<void> {
  // The doctor believes rows only when they are older than its list.
  await world.clock.run(10_000);
  const deadline = world.clock.now() + QUIET_MS;
  while (!isQuiet(world)) {
    if (world.clock.now() > deadline) {
      const open = world.sql.exec(
        "SELECT key, state, owner, due, hold, upstream, error FROM jobs WHERE state < 3 OR owner IS NOT NULL",
      );
      const gate = world.core.gateView().reasons;
      world.invariants.bad.push(`never came to rest: ${JSON.stringify({ open, gate })}`);
      return;
    }
    await world.clock.run(STEP_MS);
    if (world.invariants.bad.length > 0) return;
  }
}

function isQuiet(world: World): boolean {
  const count = (query: string): number => Number(world.sql.exec(query)[0]?.n);
  return (
    world.idle &&
    count("SELECT count(*) AS n FROM jobs WHERE state < 3 OR owner IS NOT NULL") === 0 &&
    count(
      "SELECT (SELECT count(*) FROM purges) + (SELECT count(*) FROM abandoned) + (SELECT count(*) FROM claims) AS n",
    ) === 0
  );
}
