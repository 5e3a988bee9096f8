import { describe, expect, it } from "vitest";
import type { Outcome } from "../contract.ts";
import { PERMANENT, setup, TRANSIENT } from "../testing/setup.ts";

const KEY = "a/400-high.webp";
const UNCLEAR: Outcome = {
  kind: "unclear",
  failure: { code: "upstream_unclear", message: "timeout" },
  input: "https://o/a",
};

/** A row under lease, and what a test wants to see of it. */
function underLease(options: Parameters<typeof setup>[0] = {}) {
  const world = setup(options);
  const gen = world.granted("o", KEY);
  return { ...world, gen, tell: () => world.submit("o", KEY, gen, "j1") };
}

describe("settle", () => {
  it("says lost to who owns nothing, whose lease is over, or whose generation is another", () => {
    const { clock, row, settle, stored, gen } = underLease();
    expect(settle("p", KEY, stored(gen))).toBe("lost");
    expect(settle("o", KEY, stored(gen + 1))).toBe("lost");
    expect(settle("o", "b/1-high.webp", stored(gen))).toBe("lost");
    clock.advance(60);
    expect(settle("o", KEY, stored(gen))).toBe("lost");
    expect(row(KEY)).toMatchObject({ state: 1, owner: "o" });
  });

  it("asks who stored under a purge to delete, and forgets the row when that is done", () => {
    const { row, settle, tell, stored, purge, gen } = underLease();
    tell();
    purge("a");
    expect(settle("o", KEY, stored(gen))).toBe("delete");
    expect(settle("o", KEY, stored(gen))).toBe("delete");
    expect(settle("o", KEY, { kind: "purged" })).toBe("ok");
    expect(row(KEY)).toBeNull();
  });

  it("deletes a row under a purge whatever else came of it, its job into abandoned", () => {
    const { clock, row, settle, tell, abandoned, purge, gen } = underLease();
    tell();
    purge("a");
    expect(settle("o", KEY, { kind: "pending", due: clock.ms })).toBe("ok");
    expect(row(KEY)).toBeNull();
    expect(abandoned()).toEqual([{ gen, job: "j1", until: clock.ms + 600_000 }]);
  });

  it("keeps an order that was given after the purge began", () => {
    const { clock, row, settle, accept, purge, gen } = underLease();
    purge("a");
    accept(KEY);
    settle("o", KEY, { kind: "stopped" });
    expect(row(KEY)).toMatchObject({ state: 0, intent: 0, again: 0, due: clock.ms });
    expect(row(KEY)?.gen).toBeGreaterThan(gen);
  });

  it("makes anew what a force or a new original has overtaken, even when stored", () => {
    const { row, settle, tell, order, stored, gen } = underLease();
    tell();
    order({ lane: "bulk", keys: [KEY], force: true });
    expect(settle("o", KEY, stored(gen))).toBe("ok");
    expect(row(KEY)).toMatchObject({ state: 0, again: 0, owner: null });
    expect(row(KEY)?.gen).toBeGreaterThan(row(KEY)?.floor ?? 0);
  });

  it("cancels what was to be made anew and cancelled", async () => {
    const { row, settle, tell, order, stored, cancel, gen } = underLease();
    tell();
    order({ lane: "bulk", keys: [KEY], force: true });
    await cancel(KEY);
    settle("o", KEY, stored(gen));
    expect(row(KEY)).toMatchObject({ state: 5, owner: null });
  });

  it("stores, even when a cancel came too late, and frees the slot", async () => {
    const { clock, row, settle, tell, stored, abandoned, cancel, slots, gen } = underLease();
    tell();
    await cancel(KEY);
    expect(settle("o", KEY, stored(gen))).toBe("ok");
    expect(row(KEY)).toMatchObject({ state: 3, bytes: 10, etag: "e", storedAt: clock.ms, granted: 0, intent: 0 });
    expect(slots()).toBe(0);
    expect(abandoned()).toEqual([]);
  });

  it("cancels under an intent, the job into abandoned", async () => {
    const { clock, row, settle, tell, abandoned, cancel, gen } = underLease();
    tell();
    await cancel(KEY);
    settle("o", KEY, { kind: "pending", due: clock.ms });
    expect(row(KEY)).toMatchObject({ state: 5, owner: null });
    expect(abandoned()).toMatchObject([{ gen }]);
  });

  it("waits for a pending job without counting an attempt", () => {
    const { clock, row, settle, tell } = underLease();
    tell();
    settle("o", KEY, { kind: "pending", due: clock.ms + 7_000 });
    expect(row(KEY)).toMatchObject({
      state: 1,
      due: clock.ms + 7_000,
      attempts: 0,
      owner: null,
      granted: 1,
      ittybitJob: "j1",
    });
  });

  it("closes the gate until Retry-After exactly, without counting an attempt", () => {
    const { clock, ledger, row, claim, settle, gen } = underLease();
    settle("o", KEY, { kind: "throttled", until: clock.ms + 90_000 });
    expect(row(KEY)).toMatchObject({ state: 0, gen, due: clock.ms + 90_000, attempts: 0, granted: 0 });
    expect(claim("p", "b/1-high.webp", true)).toEqual({ do: "parked", until: clock.ms + 90_000 });
    expect(ledger.getGate().throttledUntil).toBe(clock.ms + 90_000);
    clock.advance(89);
    expect(claim("p", "c/1-high.webp", true)).toMatchObject({ do: "run", notBefore: clock.ms + 1_000 });
  });

  it("keeps the slot when a later handler is throttled: the first one's POST may have made a job", () => {
    const { clock, row, claim, settle, gen } = underLease();
    clock.advance(60);
    expect(claim("p", KEY)).toMatchObject({ do: "run", gen, granted: "again" });
    settle("p", KEY, { kind: "throttled", until: clock.ms + 5_000 });
    expect(row(KEY)).toMatchObject({ granted: 2, gen });
  });

  it("opens the breaker for an account's refusal, without counting an attempt", () => {
    const { ledger, row, settle, gen } = underLease();
    settle("o", KEY, { kind: "account", status: 402, message: "Payment required" });
    expect(row(KEY)).toMatchObject({ state: 0, gen, attempts: 0, granted: 0 });
    expect(ledger.getGate().breaker).toMatchObject({ state: "open", status: 402, reason: "Payment required" });
  });

  it("asks again under the same generation and input when the answer was unclear", async () => {
    const { clock, row, claim, settle, attempts, gen } = underLease();
    settle("o", KEY, UNCLEAR);
    expect(row(KEY)).toMatchObject({ state: 2, gen, attempts: 1, unclear: 1, granted: 1 });
    clock.advance(60);
    expect(claim("p", KEY)).toMatchObject({ do: "run", gen, granted: "again", input: "https://o/a", attempts: 1 });
    expect(await attempts(KEY)).toMatchObject([{ number: 1, code: "upstream_unclear", message: "timeout" }]);
  });

  it("gives a generation up at its sixth unclear answer", () => {
    const { clock, row, claim, settle, gen } = underLease({ limits: { maxAttempts: 20 } });
    settle("o", KEY, UNCLEAR);
    for (let time = 2; time <= 6; time += 1) {
      clock.advance(3_600);
      claim(`o${time}`, KEY);
      expect(row(KEY)?.gen).toBe(gen);
      settle(`o${time}`, KEY, UNCLEAR);
    }
    expect(row(KEY)?.gen).toBeGreaterThan(gen);
    expect(row(KEY)).toMatchObject({ state: 2, unclear: 0, granted: 0 });
  });

  it("retries a failed job under a new generation, after a random wait", async () => {
    const { clock, row, settle, tell, abandoned, attempts, gen } = underLease();
    tell();
    settle("o", KEY, TRANSIENT);
    expect(row(KEY)).toMatchObject({ state: 2, attempts: 1, due: clock.ms + 1_000, granted: 0, ittybitJob: null });
    expect(row(KEY)?.gen).toBeGreaterThan(gen);
    expect(abandoned()).toEqual([]);
    expect(await attempts(KEY)).toMatchObject([{ httpStatus: 500, kind: "internal", ittybitJob: "j1", tookMs: 0 }]);
  });

  it("is dead at once when permanent, and after the configured number of attempts otherwise", async () => {
    const first = underLease();
    first.settle("o", KEY, PERMANENT);
    expect(first.row(KEY)).toMatchObject({ state: 4, attempts: 1, deadUntil: first.clock.ms + 86_400_000 });

    const { clock, ledger, claim, settle, job } = underLease({ limits: { maxAttempts: 2 } });
    settle("o", KEY, TRANSIENT);
    clock.advance(60);
    claim("p", KEY);
    settle("p", KEY, TRANSIENT);
    expect(await job(KEY)).toMatchObject({ state: "dead", attempts: 2, error: { code: "upstream_failed" } });
    expect(ledger.stats()).toMatchObject({ deadLetters: 1, counts: { bulk: { queued: 0, dead: 1 } } });
  });

  it("ends a refused original dead, but as no dead letter", async () => {
    const { clock, ledger, settle, job } = underLease();
    settle("o", KEY, { kind: "refused", code: "unsupported", until: clock.ms + 1, message: "a PDF" });
    expect(await job(KEY)).toMatchObject({
      state: "dead",
      error: { code: "unsupported", message: "a PDF" },
      attempts: 0,
    });
    expect(ledger.stats()).toMatchObject({ deadLetters: 0, counts: { bulk: { dead: 1 } }, gate: { slots: 0 } });
  });

  it("makes anew what a view found gone", () => {
    const { clock, row, claim, settle, made } = setup();
    const gen = made(KEY);
    clock.advance(1);
    claim("o", KEY, true);
    settle("o", KEY, { kind: "gone" });
    expect(row(KEY)).toMatchObject({ state: 0, due: clock.ms, owner: null });
    expect(row(KEY)?.gen).toBeGreaterThan(gen);
  });

  it.each([
    ["the first handler before its POST", "first", []],
    ["a later handler: the earlier job may run", "again", ["abandoned"]],
  ])("takes an object that was there already, found by %s", (_who, granted, left) => {
    const { clock, ledger, row, claim, settle, abandoned } = underLease();
    let owner = "o";
    if (granted === "again") {
      clock.advance(60);
      claim("p", KEY);
      owner = "p";
    }
    settle(owner, KEY, { kind: "present", bytes: 5, etag: "e", objectGen: 1, posted: false });
    expect(row(KEY)).toMatchObject({ state: 3, bytes: 5, granted: 0 });
    expect(abandoned().map(() => "abandoned")).toEqual(left);
    expect(ledger.getGate().budget.used).toBe(granted === "first" ? 0 : 1);
  });

  it("clears owner, hold and crashes whatever came", () => {
    const { clock, row, claim, settle } = underLease();
    clock.advance(60);
    claim("p", KEY);
    settle("p", KEY, { kind: "pending", due: clock.ms });
    expect(row(KEY)).toMatchObject({ owner: null, hold: 0, sends: 0, crashes: 0 });
  });

  it("renews the lease of what the owner still holds", () => {
    const { clock, ledger, claim, settle, accept } = setup();
    accept(KEY, "b/1-high.webp");
    ledger.claim("o", [{ keys: [KEY, "b/1-high.webp"], live: false, at: clock.ms }]);
    clock.advance(50);
    settle("o", KEY, { kind: "pending", due: clock.ms });
    clock.advance(50);
    expect(claim("p", "b/1-high.webp")).toEqual({ do: "duplicate" });
    expect(ledger.renew("o")).toBe("ok");
    expect(ledger.renew("nobody")).toBe("lost");
  });
});
