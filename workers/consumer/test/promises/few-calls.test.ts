import { expect, it } from "vitest";
import { collectEnded } from "../../src/ittybit/observe-jobs.ts";
import { LedgerCore } from "../../src/ledger/ledger.ts";
import { nodeSql } from "../../src/ledger/testing/node-sql.ts";
import { batchWorld, message, wakeUp } from "../../src/testing/batch-world.ts";

const COUNT = 300;
const CALLS_MAX = 1.3;

/** Handlers, collector and ledger as they work together, one message a batch: the worst case for looking by oneself. */
function world() {
  const handler = batchWorld();
  const { clock, ittybit } = handler;
  const { config: usual } = handler.deps;
  const config = { ...usual, gate: { ...usual.gate, concurrency: 1_000, ratePerSecond: 1_000, burst: 1_000 } };
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
  async function alarm(): Promise<void> {
    core.sweep();
    const observeEnded: Parameters<typeof collectEnded>[1] = async (jobs, seen) => {
      core.observeEnded(jobs, seen);
    };
    await collectEnded(core.upstreamJobs(), observeEnded, { ittybit, clock, log: () => undefined });
    for (const { keys } of core.dispatch()) await handler.consume([message(wakeUp(keys, "bulk", clock.now()))]);
  }
  return { core, clock, ittybit, alarm };
}

it("needs a POST and a share of a page for each variant, however small the batches are", async () => {
  const { core, clock, ittybit, alarm } = world();
  ittybit.plan = () => ({ ms: 2_000 });
  const keys = Array.from({ length: COUNT }, (_, n) => `p${n}/400-high.webp`);
  core.accept({ run: "bulk", lane: "bulk", keys });
  for (let turn = 0; turn < 60 && core.counts().byState.stored.bulk < COUNT; turn += 1) {
    await alarm();
    clock.advance(1_500);
  }
  expect(core.counts().byState.stored.bulk).toBe(COUNT);
  expect(ittybit.calls.filter((call) => call.startsWith("submit"))).toHaveLength(COUNT);
  // The last hundred are waited for by their handlers, where each batch of one looks for itself.
  expect(ittybit.calls.length / COUNT).toBeLessThanOrEqual(CALLS_MAX);
});
