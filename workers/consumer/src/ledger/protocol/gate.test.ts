import { describe, expect, it } from "vitest";
import { newGate, settingsOf } from "../tables/gate-state.ts";
import { setup, T0 } from "../testing/setup.ts";
import { testConfig } from "../testing/setup-config.ts";
import { nextToken, recordBad, recordGood, slotLimit, takeToken, tokensBy } from "./gate.ts";

const UNCLEAR = { kind: "unclear", failure: { code: "upstream_unclear", message: "HTTP 500" } } as const;

describe("rate", () => {
  it("lets a burst through at once, then one per interval", () => {
    const gate = newGate(T0);
    const settings = settingsOf(gate, testConfig({ gate: { ratePerSecond: 2, burst: 3 } }));
    const times = Array.from({ length: 6 }, () => {
      const at = nextToken(gate, settings, T0);
      takeToken(gate, settings, T0);
      return at - T0;
    });
    expect(times).toEqual([0, 0, 0, 500, 1_000, 1_500]);
  });

  it("counts the tokens of the near future as they are then given", () => {
    const gate = newGate(T0);
    const settings = settingsOf(gate, testConfig({ gate: { ratePerSecond: 2, burst: 3 } }));
    for (const [taken, until, expected] of [
      [0, 0, 3],
      [2, 0, 1],
      [1, 0, 0],
      [0, 1_000, 2],
      [4, 1_000, 0],
    ] as const) {
      for (let n = 0; n < taken; n += 1) takeToken(gate, settings, T0);
      expect(tokensBy(gate, settings, T0, T0 + until)).toBe(expected);
    }
  });

  it("starts without a burst after a Retry-After", () => {
    const gate = { ...newGate(T0), throttledUntil: T0 + 10_000 };
    const settings = settingsOf(gate, testConfig({ gate: { ratePerSecond: 1, burst: 5 } }));
    const times = [0, 1, 2].map(() => {
      const at = nextToken(gate, settings, T0);
      takeToken(gate, settings, T0);
      return at - T0;
    });
    expect(times).toEqual([10_000, 11_000, 12_000]);
  });
});

describe("slots", () => {
  it.each([
    [1, 1],
    [2, 1],
    [10, 9],
    [50, 45],
    [55, 49],
  ])("of %i leaves bulk %i", (concurrency, bulk) => {
    const settings = settingsOf(newGate(T0), testConfig({ gate: { concurrency } }));
    expect([slotLimit(settings, 2), slotLimit(settings, 0), slotLimit(settings, 1)]).toEqual([
      bulk,
      concurrency,
      concurrency,
    ]);
  });
});

describe("breaker", () => {
  it("lets exactly one probe through when its wait is over, and closes when Ittybit takes the job", () => {
    const { clock, ledger, claim, settle, submit, accept, granted } = setup();
    granted("o", "a/1-high.webp");
    settle("o", "a/1-high.webp", { kind: "account", status: 401, message: "bad key" });
    accept("b/1-high.webp", "c/1-high.webp");
    expect(claim("p", "b/1-high.webp")).toEqual({ do: "parked", until: clock.ms + 30_000 });
    clock.advance(30);
    expect(ledger.getGate().breaker.state).toBe("half-open");
    const probe = claim("p", "b/1-high.webp");
    expect(probe.do).toBe("run");
    expect(claim("q", "c/1-high.webp").do).toBe("parked");
    submit("p", "b/1-high.webp", probe.do === "run" ? probe.gen : 0);
    expect(ledger.getGate().breaker.state).toBe("closed");
    expect(claim("q", "c/1-high.webp").do).toBe("run");
  });

  it("opens again for twice as long when the probe fails, and tries another when the probe's handler dies", () => {
    const { clock, ledger, claim, settle, accept, granted } = setup();
    granted("o", "a/1-high.webp");
    settle("o", "a/1-high.webp", { kind: "account", status: 402, message: "pay" });
    accept("b/1-high.webp", "c/1-high.webp");
    clock.advance(30);
    claim("p", "b/1-high.webp");
    settle("p", "b/1-high.webp", { kind: "account", status: 402, message: "pay" });
    expect(ledger.getGate().breaker.probeAt).toBe(clock.ms + 60_000);
    clock.advance(60);
    expect(claim("q", "b/1-high.webp").do).toBe("run");
    expect(claim("r", "c/1-high.webp").do).toBe("parked");
    clock.advance(60);
    expect(claim("r", "c/1-high.webp").do).toBe("run");
  });

  it("drops what a viewer would make, while the breaker is open", () => {
    const { claim, settle, granted } = setup();
    granted("o", "a/1-high.webp");
    settle("o", "a/1-high.webp", { kind: "account", status: 403, message: "no" });
    expect(claim("p", "b/1-high.webp", true)).toEqual({ do: "drop", reason: "closed" });
  });

  it("opens when half of at least 20 answers in a minute are errors, not before", () => {
    const gate = newGate(T0);
    for (let n = 0; n < 10; n += 1) recordGood(gate, n, T0);
    for (let n = 0; n < 9; n += 1) recordBad(gate, n, T0, "HTTP 500");
    expect(gate.breaker.state).toBe("closed");
    recordBad(gate, 0, T0, "HTTP 500");
    expect(gate.breaker).toMatchObject({ state: "open", until: T0 + 30_000 });
    expect(gate.breaker.reason).toBe(
      "Ittybit is failing: 10 of 20 answers within a minute were errors; the last: HTTP 500",
    );

    const slow = newGate(T0);
    for (let n = 0; n < 40; n += 1) recordBad(slow, n, T0 + n * 10_000, "HTTP 500");
    expect(slow.breaker.state).toBe("closed");
  });

  it("opens with Ittybit's own date when asked to wait for more than an hour", () => {
    const { clock, ledger, settle, granted } = setup();
    granted("o", "a/1-high.webp");
    settle("o", "a/1-high.webp", { kind: "throttled", until: clock.ms + 7_200_000 });
    expect(ledger.getGate()).toMatchObject({
      throttledUntil: null,
      breaker: {
        state: "open",
        status: 429,
        probeAt: clock.ms + 7_200_000,
        reason: "Ittybit asks to wait until 2026-11-24T14:00:00.000Z.",
      },
    });
  });

  it("can be closed by hand", () => {
    const { ledger, claim, settle, granted } = setup();
    granted("o", "a/1-high.webp");
    settle("o", "a/1-high.webp", { kind: "account", status: 401, message: "bad key" });
    ledger.patchGate({ breaker: { state: "closed" } }, "test");
    expect(claim("p", "a/1-high.webp").do).toBe("run");
  });

  it("lets a granted row without a job be the probe when no other waits", async () => {
    const { clock, steps, settle, granted, cancel } = setup();
    granted("o", "a/1-high.webp");
    settle("o", "a/1-high.webp", UNCLEAR);
    granted("p", "b/1-high.webp");
    settle("p", "b/1-high.webp", { kind: "account", status: 401, message: "bad key" });
    await cancel("b/1-high.webp");
    clock.advance(29);
    expect(steps.dispatch()).toEqual([]);
    clock.advance(1);
    expect(steps.dispatch().map(({ keys }) => keys)).toEqual([["a/1-high.webp"]]);
  });
});

describe("budget", () => {
  it("keeps a share for viewers, stops hard, says so, and begins anew with the month", () => {
    const { clock, ledger, steps, claim, accept } = setup({ gate: { monthlyJobs: 4, warmingShare: 0.5 } });
    accept("a/1-high.webp", "b/1-high.webp", "c/1-high.webp");
    expect(["a", "b", "c"].map((id) => claim(id, `${id}/1-high.webp`).do)).toEqual(["run", "run", "parked"]);
    expect(ledger.getGate().reasons.map(({ lane, code }) => `${lane} ${code}`)).toEqual([
      "upload budget",
      "bulk budget",
    ]);
    expect(["d", "e"].map((id) => claim(id, `${id}/1-high.webp`, true).do)).toEqual(["run", "run"]);
    expect(claim("f", "f/1-high.webp", true)).toEqual({ do: "drop", reason: "closed" });
    expect(ledger.getGate().budget).toMatchObject({
      used: 4,
      usedByLane: { live: 2, upload: 0, bulk: 2 },
      alert: 1,
      exhausted: { live: true, warming: true },
    });
    clock.ms = Date.UTC(2026, 11, 1);
    steps.sweep();
    expect(claim("c2", "c/1-high.webp").do).toBe("run");
    expect(ledger.getGate().budget).toMatchObject({ month: "2026-12", used: 1 });
  });

  it("counts a job that was never made back", () => {
    const { clock, ledger, settle, granted } = setup();
    granted("o", "a/1-high.webp");
    expect(ledger.getGate().budget.used).toBe(1);
    settle("o", "a/1-high.webp", { kind: "throttled", until: clock.ms + 1_000 });
    expect(ledger.getGate().budget.used).toBe(0);
  });
});

describe("the gate file", () => {
  it("is published when what the edge should know changes, and tried until it is", () => {
    const { clock, ledger, steps } = setup();
    steps.gateChanged();
    expect(steps.outboxDue()).toEqual([]);
    ledger.patchGate({ paused: { live: true } }, "test");
    steps.gateChanged();
    const [due] = steps.outboxDue();
    expect(JSON.parse(due!.body)).toEqual({
      closed: ["live"],
      reason: "Lane live is paused by an operator.",
      at: clock.ms,
    });
    expect(steps.outboxDue()).toEqual([]);
    clock.advance(2);
    expect(steps.outboxDue()).toHaveLength(1);
    steps.outboxDone("gate", due!.body);
    clock.advance(3_600);
    steps.gateChanged();
    expect(steps.outboxDue()).toEqual([]);
    ledger.patchGate({ paused: { live: false } }, "test");
    steps.gateChanged();
    expect(JSON.parse(steps.outboxDue()[0]!.body)).toMatchObject({ closed: [], reason: null });
  });
});
