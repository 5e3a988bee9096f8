import { expect, it } from "vitest";
import { setup } from "../../src/ledger/testing/setup.ts";

const key = (n: number) => `i${n}/400-high.webp`;

it("counts every job that was granted, exactly, over evictions and folds, and those that made none not at all", () => {
  const { granted, settle, submit, leave, ledger, evict, clock } = setup();
  const used = () => ledger.getGate().budget.usedByLane.bulk;
  submit("o", granted("o", key(0)), "j0");
  const go = granted("o", key(1));
  expect(used()).toBe(2);
  expect(evict().getGate().budget.used).toBe(2);
  settle("o", go, { kind: "throttled", until: clock.ms + 1 });
  expect(used()).toBe(1);
  leave("o");
  expect(used()).toBe(1);
  expect(evict().getGate().budget.used).toBe(1);
  clock.ms = Date.UTC(2026, 11, 1);
  expect(ledger.getGate().budget).toMatchObject({ month: "2026-12", used: 0 });
});

it("keeps what a document has summed when the last of what it held is taken over by somebody else's", () => {
  const { granted, submit, ended, call, leave, ledger, evict } = setup();
  const given = granted("o", key(0));
  submit("o", given, "j0");
  leave("o");
  ended("j0");
  expect(call("p").give.map(({ phase }) => phase)).toEqual(["finish"]);
  expect(ledger.getGate().budget.used).toBe(1);
  expect(evict().getGate().budget.used).toBe(1);
});

it("keeps what is folded beside what is not", () => {
  const { made, leave, granted, ledger } = setup();
  made(key(0));
  leave("maker");
  granted("o", key(1));
  expect(ledger.getGate().budget.used).toBe(2);
});

it("is never overrun, whatever is evicted between two calls", () => {
  const { order, ledger, call, ready, leave, clock } = setup({ budget: { month: 10, shares: { warming: 1 } } });
  order({ keys: Array.from({ length: 20 }, (_, n) => key(n)) });
  let went = 0;
  for (let n = 0; n < 10; n += 1) {
    clock.advance(10);
    const given = call(`o${n}`).give.filter(({ phase }) => phase === "standby");
    // Those that came again hold their slot since before.
    went += ready(`o${n}`, given).filter(({ phase, first }) => phase === "admitted" && first).length;
    leave(`o${n}`);
  }
  expect(went).toBeLessThanOrEqual(10);
  expect(ledger.getGate().budget).toMatchObject({ used: 10, exhausted: { warming: true } });
});
