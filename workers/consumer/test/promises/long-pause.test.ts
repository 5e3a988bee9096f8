import { expect, it } from "vitest";
import { LedgerCore } from "../../src/ledger/ledger.ts";
import { nodeSql } from "../../src/ledger/testing/node-sql.ts";
import { batchWorld, message, wakeUp } from "../../src/testing/batch-world.ts";

const ROWS = 2_000;
/** Platform limits: a message is delivered at most 1 + 100 times, each time after at most 12 hours. */
const HUNDRED_REDELIVERIES_MS = 101 * 12 * 3_600_000;

/** The real ledger's sweep and dispatch, and the real handler on what they send, with every wake-up counted. */
function world() {
  const handler = batchWorld();
  const { clock } = handler;
  const { config: usual } = handler.deps;
  const config = { ...usual, gate: { ...usual.gate, concurrency: 200, ratePerSecond: 1_000, burst: 200 } };
  const core = new LedgerCore(nodeSql(), { config, clock, ledgerId: "L1" });
  Object.assign(handler.deps, {
    config,
    ledger: {
      claim: async (...args: Parameters<LedgerCore["claim"]>) => core.claim(...args),
      renew: async (owner: string) => core.renew(owner),
      submitted: async (...args: Parameters<LedgerCore["submitted"]>) => core.submitted(...args),
      settle: async (...args: Parameters<LedgerCore["settle"]>) => core.settle(...args),
      observeEnded: async (jobs: string[]) => void core.observeEnded(jobs),
      recordDead: async () => undefined,
    },
  });
  let sends = 0;
  async function alarm(): Promise<number> {
    core.sweep();
    const out = core.dispatch();
    sends += out.length;
    for (let at = 0; at < out.length; at += 50) {
      const some = out.slice(at, at + 50);
      await handler.consume(some.map(({ keys }) => message(wakeUp(keys, "bulk", clock.now()))));
    }
    return out.length;
  }
  return { core, clock, alarm, sends: () => sends, stored: () => core.counts().byState.stored.bulk };
}

it("keeps bulk that is paused for longer than a hundred redeliveries at no cost, and makes all of it then", async () => {
  const { core, clock, alarm, sends, stored } = world();
  const keys = Array.from({ length: ROWS }, (_, n) => `p${n >> 2}/${[160, 400, 640, 800][n & 3]}-high.webp`);
  for (let at = 0; at < ROWS; at += 1_000) core.accept({ run: "bulk", lane: "bulk", keys: keys.slice(at, at + 1_000) });
  core.patchGate({ paused: { bulk: true } });

  const until = clock.now() + HUNDRED_REDELIVERIES_MS;
  let alarms = 0;
  while (clock.now() < until) {
    await alarm();
    alarms += 1;
    clock.advance(Math.max(1_000, core.nextAlarm() - clock.now()));
  }
  expect(sends(), "queue operations while paused").toBe(0);
  expect(alarms, "alarms: once an hour").toBeLessThanOrEqual(HUNDRED_REDELIVERIES_MS / 3_600_000 + 1);
  expect(core.counts().byState.queued.bulk).toBe(ROWS);

  core.patchGate({ paused: { bulk: false } });
  for (let turn = 0; turn < 400 && stored() < ROWS; turn += 1) {
    await alarm();
    clock.advance(1_000);
  }
  expect(stored()).toBe(ROWS);
  expect(core.counts().deadLetters).toBe(0);
}, 60_000);
