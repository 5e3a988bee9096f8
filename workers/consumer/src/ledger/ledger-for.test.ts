import { describe, expect, it } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import type { ExchangeRequest } from "./calls.ts";
import type { LedgerDoors } from "./ledger-for.ts";
import { ledgerClient } from "./ledger-for.ts";
import { LedgerUnavailable } from "./ledger-unavailable.ts";

/** A platform whose stubs throw as often as a test says; each stub that has thrown once throws for ever, as the platform's do. */
function platform(fails: (call: number) => object | null) {
  const clock = createFakeClock();
  const stubs: object[] = [];
  const heard: unknown[][] = [];
  let calls = 0;
  let ids = 0;
  const newStub = () => {
    let broken: object | null = null;
    const write = async (_name: string, ...args: unknown[]) => {
      calls += 1;
      heard.push(args);
      broken ??= fails(calls);
      if (broken !== null) throw Object.assign(new Error("reset"), broken);
      return "ok";
    };
    const stub = { write };
    stubs.push(stub);
    return stub as unknown as LedgerDoors;
  };
  const newCallId = () => {
    ids += 1;
    return `id${ids}`;
  };
  const ledger = ledgerClient(newStub, { clock, log: () => undefined, sleep: clock.sleep, newCallId });
  return { ledger, clock, stubs, heard, calls: () => calls };
}

const CALL: ExchangeRequest = {
  owner: "o",
  first: true,
  role: "work",
  room: 1,
  have: [],
  asks: [],
  submitted: [],
  settled: [],
  leave: false,
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

  it("repeats a call that must happen once under the id of its first try, and gives each call another id", async () => {
    const action = { kind: "retry", filter: "{}", match: {}, rate: null, who: "x" } as never;
    const { ledger, heard } = platform((call) => (call <= 2 ? { retryable: call === 1 } : null));
    expect(await ledger.createAction(action)).toBe("ok");
    expect(await ledger.createAction(action)).toBe("ok");
    expect(heard).toEqual(["id1", "id1", "id1", "id2"].map((id) => [[action], id]));
  });

  it("adds no id to a call whose arguments say what is meant", async () => {
    const { ledger, heard } = platform(() => null);
    await ledger.exchange(CALL);
    expect(heard).toEqual([[[CALL], undefined]]);
  });

  it("never repeats a call that counts: the ledger may have heard it", async () => {
    const { ledger, calls } = platform(() => ({ retryable: true }));
    await expect(ledger.countRefusals([])).rejects.toBeInstanceOf(LedgerUnavailable);
    expect(calls()).toBe(1);
  });

  it("leaves an overloaded object alone", async () => {
    const { ledger, calls } = platform(() => ({ overloaded: true, retryable: true }));
    await expect(ledger.exchange(CALL)).rejects.toBeInstanceOf(LedgerUnavailable);
    expect(calls()).toBe(1);
  });
});
