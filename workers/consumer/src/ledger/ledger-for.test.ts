import { describe, expect, it } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import type { ExchangeRequest, LedgerCalls } from "./contract.ts";
import { ledgerClient } from "./ledger-for.ts";
import { LedgerUnavailable } from "./ledger-unavailable.ts";

/** A platform whose stubs throw as often as a test says; each stub that has thrown once throws for ever, as the platform's do. */
function platform(fails: (call: number) => object | null) {
  const clock = createFakeClock();
  const stubs: object[] = [];
  let calls = 0;
  const newStub = () => {
    let broken: object | null = null;
    const answer = async () => {
      calls += 1;
      broken ??= fails(calls);
      if (broken !== null) throw Object.assign(new Error("reset"), broken);
      return "ok";
    };
    const stub = { exchange: answer, createAction: answer };
    stubs.push(stub);
    return stub as unknown as LedgerCalls;
  };
  const ledger = ledgerClient(newStub, { clock, log: () => undefined, sleep: clock.sleep });
  return { ledger, clock, stubs, calls: () => calls };
}

const CALL: ExchangeRequest = {
  ...{ owner: "o", first: true, role: "work", room: 1, have: [], asks: [], submitted: [], settled: [], leave: false },
};

describe("the ledger's client", () => {
  it("takes a new stub for each try, so that one reset of the object costs one try", async () => {
    const { ledger, stubs } = platform((call) => (call === 1 ? {} : null));
    expect(await ledger.exchange(CALL)).toBe("ok");
    expect(stubs).toHaveLength(2);
  });

  it("goes on for about ten seconds, then says which call the ledger did not answer", async () => {
    const { ledger, clock, calls } = platform(() => ({}));
    const since = clock.now();
    const refusal = await ledger.exchange(CALL).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(LedgerUnavailable);
    expect(String(refusal)).toContain("exchange: reset");
    expect(calls()).toBeGreaterThan(5);
    expect(clock.now() - since).toBeGreaterThan(8_000);
    expect(clock.now() - since).toBeLessThanOrEqual(10_000);
  });

  it("does not repeat what would happen twice, unless the platform says that it was not heard", async () => {
    const action = { kind: "retry", filter: "{}", match: {}, rate: null, who: "x" } as never;
    const once = platform(() => ({}));
    await expect(once.ledger.createAction(action)).rejects.toBeInstanceOf(LedgerUnavailable);
    expect(once.calls()).toBe(1);
    const passing = platform((call) => (call === 1 ? { retryable: true } : null));
    expect(await passing.ledger.createAction(action)).toBe("ok");
  });

  it("leaves an overloaded object alone", async () => {
    const { ledger, calls } = platform(() => ({ overloaded: true, retryable: true }));
    await expect(ledger.exchange(CALL)).rejects.toBeInstanceOf(LedgerUnavailable);
    expect(calls()).toBe(1);
  });
});
