import { describe, expect, it } from "vitest";
import { budgetLeft, refund, usedBy } from "../src/admission/budget.ts";
import {
  type Ask,
  admit,
  closeBreaker,
  closedFor,
  goalPerSecond,
  isFull,
  nextOpenAt,
  openBreaker,
  probeUnused,
  recordBad,
  recordGood,
  slotsOf,
  throttle,
} from "../src/admission/gate.ts";
import { type Gate, learnJobMs, newGateMemory, quantileMs } from "../src/memory/gate-memory.ts";
import { type GateState, limitsOf, newGate } from "../src/tables/gate-state.ts";
import { checkedConfig, type QueueConfig } from "../src/tables/queue-config.ts";
import { LANES, queueConfig } from "../src/testing/queue-config.ts";
import { useBook } from "../src/testing/use-book.ts";

const T0 = Date.UTC(2026, 10, 24, 12);

/** A gate whose bucket is full, unless `seconds` says for how long it has been filling. */
function gateOf(settings: Partial<QueueConfig["gate"]> = {}, seconds = 1_000, lanes = LANES): Gate {
  const config = checkedConfig(queueConfig({ concurrency: 50, ratePerSecond: 20, burst: 20, ...settings }, lanes));
  const gate = {
    state: newGate(T0),
    memory: newGateMemory(T0),
    use: useBook(),
    config,
    budget: config.gate.budget,
    service: "Ittybit",
    now: T0,
    random: () => 0.5,
  };
  gate.now += seconds * 1000;
  return gate;
}
/** A budget of so many jobs a month. `first`: the share of the first lane; `others`: that of the two others. */
function budget(month: number, first: { month: number; day?: number } = { month: 0.5, day: 0.1 }, others = 0.8) {
  return { budget: { month, shares: { first, others: { month: others } } } };
}

/** The same document after an eviction: written and read again, with nothing beside it. */
function evicted(gate: Gate): Gate {
  const state = JSON.parse(JSON.stringify(gate.state)) as GateState;
  return { ...gate, state, memory: newGateMemory(gate.now) };
}
const ask = (gate: Gate, more: Partial<Ask> = {}) =>
  admit(gate, { lane: "last", gen: 1, slots: { used: 0, unreported: 0 }, outranked: false, ...more });
const code = (gate: Gate, more: Partial<Ask> = {}) => {
  const answer = ask(gate, more);
  return "code" in answer ? answer.code : "go";
};
/** Until the first refusal, at one moment: how many go, and why no more. */
function drain(gate: Gate, more: Partial<Ask> = {}): { went: number; code: string } {
  for (let went = 0; went < 100_000; went += 1) {
    const answer = ask(gate, more);
    if ("code" in answer) return { went, code: answer.code };
  }
  throw new Error("no end");
}

const PAUSE = { who: "ops", since: T0, reason: null, until: null };

describe("the order of the gate", () => {
  it("is pause, budget, breaker, throttle, slot, token: the first that holds is said, and each mended shows the next", () => {
    const gate = gateOf({ ...budget(0), concurrency: 2 }, 0);
    gate.state.pauses = { last: PAUSE };
    openBreaker(gate, { status: 401, reason: "bad key" });
    throttle(gate, gate.now + 90_000);
    const full = { slots: { used: 2, unreported: 0 } };
    const mends: (() => void)[] = [
      () => Object.assign(gate.state, { pauses: {} }),
      () => Object.assign(gate, { budget: null }),
      () => closeBreaker(gate),
      () => Object.assign(gate, { now: gate.state.throttledUntil }),
      () => Object.assign(full, { slots: { used: 0, unreported: 0 } }),
      () => drain(gate),
    ];
    const said = [code(gate, full)];
    for (const mend of mends) {
      mend();
      said.push(code(gate, full));
    }
    expect(said).toEqual(["paused", "budget", "breaker", "throttled", "slots", "go", "tokens"]);
  });

  it("changes nothing when it says no", () => {
    const gate = gateOf({ concurrency: 2 });
    ask(gate);
    const before = JSON.stringify([gate.state, gate.memory]);
    expect(code(gate, { slots: { used: 2, unreported: 0 } })).toBe("slots");
    expect(code(gate, { outranked: true })).toBe("tokens");
    gate.state.pauses = { middle: PAUSE };
    expect(code(gate, { lane: "middle" })).toBe("paused");
    gate.state.pauses = {};
    expect(JSON.stringify([gate.state, gate.memory])).toBe(before);
  });

  it("says of a lane why nothing goes at all, and when the gate opens by itself", () => {
    const gate = gateOf(budget(10, { month: 0.5 }, 0));
    expect([closedFor(gate, "first"), closedFor(gate, "last")]).toEqual([
      null,
      { code: "budget", until: Date.UTC(2026, 11, 1) },
    ]);
    expect(nextOpenAt(gate)).toBe(Date.UTC(2026, 11, 1));
    throttle(gate, gate.now + 5_000);
    expect(nextOpenAt(gate)).toBe(gate.now + 5_000);
    gate.state.pauses = { first: PAUSE, middle: PAUSE, last: PAUSE };
    expect(nextOpenAt(gate)).toBeNull();
    gate.state.pauses.last = { ...PAUSE, until: gate.now + 60_000 };
    expect([closedFor(gate, "last"), nextOpenAt(gate)]).toEqual([
      { code: "paused", until: gate.now + 60_000 },
      gate.now + 60_000,
    ]);
    gate.now += 60_000;
    expect([closedFor(gate, "last")?.code, closedFor(gate, "first")?.code]).toEqual(["budget", "paused"]);
  });
});

describe("slots", () => {
  it("are left to other lanes by the background lane: what one a second needs, at least one, at most a tenth", () => {
    const left = (concurrency: number, jobMs: number) => {
      const gate = gateOf({ concurrency });
      for (let n = 0; n < 200; n += 1) learnJobMs(gate, jobMs);
      expect([slotsOf(gate, "first"), slotsOf(gate, "middle")]).toEqual([concurrency, concurrency]);
      return concurrency - slotsOf(gate, "last");
    };
    expect([left(50, 900), left(50, 2_900), left(50, 60_000), left(500, 9_800), left(10, 60_000)]).toEqual([
      1, 3, 5, 10, 1,
    ]);
    expect([left(1, 1_000), left(30, 60_000)]).toEqual([0, 3]);
  });

  it("are not asked of a generation that has its own", () => {
    const gate = gateOf({ concurrency: 2 });
    expect(code(gate, { slots: { used: 2, unreported: 0 } })).toBe("slots");
    expect(code(gate, { slots: null })).toBe("go");
    expect(code(gate, { slots: { used: 1, unreported: 0 } })).toBe("slots");
    expect(code(gate, { slots: { used: 1, unreported: 0 }, lane: "first" })).toBe("go");
  });

  it("of jobs that nobody has told fill half of a lane's at most: at concurrency 2 one of them stops no lane", () => {
    const gate = gateOf({ concurrency: 2 });
    expect(code(gate, { slots: { used: 1, unreported: 1 } })).toBe("go");
    expect(code(gate, { slots: { used: 2, unreported: 1 } })).toBe("slots");
    expect(code(gate, { slots: { used: 2, unreported: 2 }, lane: "first" })).toBe("go");
    expect(code(gate, { slots: { used: 3, unreported: 3 }, lane: "first" })).toBe("slots");
    expect(code(gateOf({ concurrency: 1 }), { slots: { used: 1, unreported: 1 }, lane: "first" })).toBe("slots");
  });

  it("never let more go than there are, while at most half of those taken are of jobs that nobody has told; else half as many again", () => {
    for (let concurrency = 1; concurrency <= 40; concurrency += 1) {
      const gate = gateOf({ concurrency });
      const half = Math.floor(concurrency / 2);
      for (let used = 0; used <= 2 * concurrency; used += 1)
        for (let unheard = 0; unheard <= used; unheard += 1)
          for (const lane of ["first", "last"] as const) {
            if (isFull(gate, lane, { used, unreported: unheard })) continue;
            expect(used + 1).toBeLessThanOrEqual(unheard <= half ? concurrency : concurrency + half);
          }
    }
  });
});

describe("tokens", () => {
  it("come as a burst, then one per interval, at most 300 ms ahead", () => {
    const gate = gateOf({ ratePerSecond: 10, burst: 5 });
    const times = Array.from({ length: 9 }, () => ask(gate, { lane: "first" }));
    const at = (ms: number) => ({ notBefore: gate.now + ms });
    expect(times).toEqual(
      [0, 0, 0, 0, 0, 100, 200, 300].map(at).concat([{ code: "tokens", until: gate.now + 400 } as never]),
    );
    gate.now += 100;
    expect(code(gate, { lane: "first" })).toBe("go");
    expect(code(gate, { lane: "first" })).toBe("tokens");
  });

  it("keep the rate over any length of time", () => {
    const gate = gateOf({ ratePerSecond: 7, burst: 3 });
    let went = 0;
    for (let ms = 0; ms < 60_000; ms += 40) {
      gate.now += 40;
      went += drain(gate, { lane: "first" }).went;
    }
    expect(went).toBeGreaterThanOrEqual(60 * 7);
    expect(went).toBeLessThanOrEqual(60 * 7 + 3 + 0.3 * 7);
  });

  it("are kept for other lanes by the background lane: a tenth of the burst", () => {
    const gate = gateOf({ ratePerSecond: 1, burst: 20, concurrency: 1_000 });
    expect(drain(gate)).toEqual({ went: 18, code: "tokens" });
    expect(drain(gate, { lane: "first" })).toEqual({ went: 2, code: "tokens" });
    const small = gateOf({ ratePerSecond: 1, burst: 1 });
    expect(drain(small).went).toBe(1);
  });

  it("start empty after an eviction and after a Retry-After", () => {
    const full = gateOf({ ratePerSecond: 1, burst: 10 });
    expect(drain(evicted(full), { lane: "first" }).went).toBe(0);
    throttle(full, full.now + 30_000);
    full.now += 30_000;
    expect(drain(full, { lane: "first" }).went).toBe(0);
    full.now += 1_000;
    expect(drain(full, { lane: "first" }).went).toBe(1);
  });
});

describe("budget", () => {
  it("lets a lane use a part of its share a day, and its share a month: the others have the rest", () => {
    const gate = gateOf(budget(40, { month: 0.5, day: 0.4 }, 1));
    const went: number[] = [];
    const until: (number | null)[] = [];
    for (let day = 0; day < 3; day += 1) {
      went.push(drain(gate, { lane: "first" }).went);
      until.push(closedFor(gate, "first")?.until ?? null);
      gate.now += 86_400_000;
    }
    expect(went).toEqual([8, 8, 4]);
    expect(until).toEqual([Date.UTC(2026, 10, 25), Date.UTC(2026, 10, 26), Date.UTC(2026, 11, 1)]);
    expect(drain(gate)).toEqual({ went: 20, code: "budget" });
  });

  it("gives a share at least one job a day, however small the budget, but none of nothing", () => {
    expect(drain(gateOf(budget(4)), { lane: "first" }).went).toBe(1);
    expect(drain(gateOf(budget(0)), { lane: "first" }).went).toBe(0);
  });

  it("keeps a share for another lane, stops hard, and begins anew with the month", () => {
    const gate = gateOf(budget(4, { month: 1 }, 0.5));
    expect([drain(gate, { lane: "middle" }), drain(gate, { lane: "first" })]).toEqual([
      { went: 2, code: "budget" },
      { went: 2, code: "budget" },
    ]);
    expect(closedFor(gate, "first")).toEqual({ code: "budget", until: Date.UTC(2026, 11, 1) });
    gate.now = Date.UTC(2026, 11, 1);
    expect([budgetLeft(gate, "first"), code(gate)]).toEqual([4, "go"]);
    expect(usedBy(gate)).toEqual({ last: 1 });
  });

  it("gives back what made no job, in the month it was taken", () => {
    const gate = gateOf();
    ask(gate);
    refund(gate, "last", "2026-10-24");
    expect(usedBy(gate).last).toBe(1);
    refund(gate, "last", "2026-11-24");
    expect(usedBy(gate).last).toBe(0);
  });

  it("is not asked for a repeated POST: its job is paid", () => {
    const gate = gateOf(budget(1, { month: 1 }));
    ask(gate, { lane: "first" });
    expect([code(gate, { lane: "first" }), code(gate, { lane: "first", slots: null })]).toEqual(["budget", "go"]);
    expect(usedBy(gate).first).toBe(1);
  });
});

describe("throttle", () => {
  it("closes every lane until its time, and never opens earlier for a shorter one", () => {
    const gate = gateOf();
    throttle(gate, gate.now + 20_000);
    throttle(gate, gate.now + 5_000);
    expect(ask(gate, { lane: "first" })).toEqual({ code: "throttled", until: gate.now + 20_000 });
    gate.now += 20_000;
    expect(code(gate)).toBe("go");
  });

  it("of more than an hour opens the breaker with Ittybit's date", () => {
    const gate = gateOf();
    const until = T0 + 10_000_000;
    throttle(gate, until);
    expect(gate.state.throttledUntil).toBe(0);
    expect(closedFor(gate, "first")).toEqual({ code: "breaker", until });
    expect(gate.state.breaker).toMatchObject({
      status: 429,
      reason: "Ittybit asks to wait until 2026-11-24T14:46:40.000Z.",
    });
    gate.now = until;
    expect(code(gate)).toBe("go");
  });
});

describe("breaker", () => {
  it("lets exactly one probe through when its wait is over, and closes when Ittybit takes the job", () => {
    const gate = gateOf();
    openBreaker(gate, { status: 401, reason: "bad key" });
    expect(ask(gate)).toEqual({ code: "breaker", until: gate.now + 30_000 });
    gate.now += 30_000;
    expect([code(gate, { gen: 7 }), code(gate, { gen: 8 })]).toEqual(["go", "breaker"]);
    recordGood(gate, 8);
    expect(gate.state.breaker.state).toBe("open");
    recordGood(gate, 7);
    expect([gate.state.breaker.state, code(gate, { gen: 8 })]).toEqual(["closed", "go"]);
  });

  it("opens again for twice as long when the probe fails, up to half an hour", () => {
    const gate = gateOf();
    const waits = Array.from({ length: 8 }, (_, gen) => {
      openBreaker(gate, { status: 402, reason: "pay" });
      const wait = gate.state.breaker.until - gate.now;
      gate.now += wait;
      expect(code(gate, { gen })).toBe("go");
      return wait / 1000;
    });
    expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1_800, 1_800]);
  });

  it("tries another when the probe's handler died, or when the probe asked Ittybit nothing", () => {
    const gate = gateOf();
    openBreaker(gate, { status: 402, reason: "pay" });
    gate.now += 30_000;
    ask(gate, { gen: 7 });
    probeUnused(gate, 8);
    expect(code(gate, { gen: 8 })).toBe("breaker");
    probeUnused(gate, 7);
    expect(code(gate, { gen: 8 })).toBe("go");
    gate.now += 60_000;
    expect(code(gate, { gen: 9 })).toBe("go");
  });

  it("takes no notice of late answers while it is open", () => {
    const gate = gateOf();
    openBreaker(gate, { status: 402, reason: "pay" });
    openBreaker(gate, { status: 500, reason: "late" });
    expect(gate.state.breaker).toMatchObject({ reason: "pay", openings: 1 });
  });

  it("opens when half of at least 20 answers in a minute are errors, not before", () => {
    const gate = gateOf();
    for (let n = 0; n < 10; n += 1) recordGood(gate, n);
    for (let n = 0; n < 9; n += 1) recordBad(gate, n, "HTTP 500");
    expect(gate.state.breaker.state).toBe("closed");
    recordBad(gate, 0, "HTTP 500");
    expect(gate.state.breaker).toMatchObject({ state: "open", until: gate.now + 30_000 });
    expect(gate.state.breaker.reason).toBe(
      "Ittybit is failing: 10 of 20 answers within a minute were errors; the last: HTTP 500",
    );

    const slow = gateOf();
    for (let n = 0; n < 40; n += 1) {
      slow.now += 10_000;
      recordBad(slow, n, "HTTP 500");
    }
    expect(slow.state.breaker.state).toBe("closed");
  });
});

describe("a breaker that an operator has closed", () => {
  it("stays closed over one bad answer, whatever was answered before", () => {
    const gate = gateOf();
    for (let n = 0; n < 20; n += 1) recordBad(gate, n, "HTTP 500");
    expect(gate.state.breaker.state).toBe("open");
    closeBreaker(gate);
    recordBad(gate, 20, "HTTP 500");
    expect(gate.state.breaker.state).toBe("closed");
  });
});

describe("pace", () => {
  it("learns how long jobs take, and forgets what is long ago", () => {
    const gate = gateOf();
    expect([quantileMs(gate, 0.5), quantileMs(gate, 0.02)]).toEqual([1_000, 40]);
    for (let n = 0; n < 500; n += 1) learnJobMs(gate, 9_000);
    expect(quantileMs(gate, 0.5)).toBeGreaterThan(8_000);
    const later = { ...gate, now: gate.now + 11_000 };
    for (let n = 0; n < 500; n += 1) learnJobMs(later, 300);
    expect(quantileMs(gate, 0.95)).toBeLessThan(501);
  });

  it("learns the times themselves: a first look at a bucket's edge would come too early", () => {
    const gate = gateOf();
    for (let n = 0; n < 100; n += 1) learnJobMs(gate, 1_990 + (n % 20));
    expect([0, 0.5, 0.98].map((q) => quantileMs(gate, q))).toEqual([1_990, 2_000, 2_009]);
  });

  it("aims at what slots or rate allow, whichever is less", () => {
    const gate = gateOf({ concurrency: 50, ratePerSecond: 20 });
    expect(goalPerSecond(gate)).toBe(20);
    for (let n = 0; n < 500; n += 1) learnJobMs(gate, 9_900);
    const s = quantileMs(gate, 0.5) / 1000;
    expect(goalPerSecond(gate)).toBeCloseTo(45 / (s + 0.3));
  });
});

describe("a limit", () => {
  const settings = (gate: Gate) => {
    const { concurrency, ratePerSecond, burst } = limitsOf(gate.state, gate.config);
    return [concurrency, ratePerSecond, burst];
  };

  it("that is automatic begins at 50 and 20 a second, keeps to its bounds, and bursts no more than a second's worth", () => {
    const gate = gateOf({
      concurrency: "auto",
      ratePerSecond: "auto",
      auto: { concurrency: { start: 50, min: 1, max: 1_000 }, ratePerSecond: { start: 20, min: 0.1, max: 8 } },
    });
    expect(settings(gate)).toEqual([50, 8, 8]);
    gate.state.auto.concurrency = { value: 7.9, why: "", since: 0 };
    gate.state.auto.ratePerSecond = { value: 0.5, why: "", since: 0 };
    expect(settings(gate)).toEqual([7, 0.5, 1]);
    gate.state.auto.concurrency = { value: 70_000, why: "", since: 0 };
    expect(settings(gate)[0]).toBe(1_000);
  });

  it("is what an operator pinned, and finds itself again when he says auto", () => {
    const gate = gateOf({ concurrency: "auto", ratePerSecond: 20 });
    gate.state.auto.concurrency = { value: 120, why: "", since: 0 };
    Object.assign(gate.state.overrides, { concurrency: 9, ratePerSecond: "auto" });
    expect(settings(gate)).toEqual([9, 20, 20]);
    gate.state.overrides.concurrency = "auto";
    expect(settings(gate)[0]).toBe(120);
  });

  it("that was found survives an eviction", () => {
    const gate = gateOf({ concurrency: "auto" });
    gate.state.auto.concurrency = { value: 120, why: "it grew", since: T0 };
    expect(settings(evicted(gate))[0]).toBe(120);
  });
});
