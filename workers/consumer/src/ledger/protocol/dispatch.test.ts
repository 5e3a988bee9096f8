import { describe, expect, it } from "vitest";
import { setup, TRANSIENT } from "../testing/setup.ts";

const keys = (id: string, n: number) => Array.from({ length: n }, (_, index) => `${id}/${index + 1}-high.webp`);

describe("dispatch", () => {
  it("sends one original's keys together, at most 20 to a message", () => {
    const { steps, accept } = setup({ gate: { concurrency: 100, burst: 100 } });
    accept(...keys("a", 25), ...keys("b", 3));
    expect(steps.dispatch().map((message) => message.keys.length)).toEqual([20, 5, 3]);
  });

  it("sends no key twice while its message is believed under way, and again when the hold is over, later each time", () => {
    const { clock, steps, row, accept } = setup();
    accept("a/1-high.webp");
    expect(steps.dispatch()).toHaveLength(1);
    expect(steps.dispatch()).toEqual([]);
    clock.advance(60);
    expect(steps.dispatch()).toHaveLength(1);
    clock.advance(119);
    expect(steps.dispatch()).toEqual([]);
    clock.advance(1);
    expect(steps.dispatch()).toHaveLength(1);
    for (let sends = 3; sends < 12; sends += 1) {
      clock.advance(1_800);
      steps.dispatch();
    }
    expect(row("a/1-high.webp")?.hold).toBe(clock.ms + 1_800_000);
  });

  it("sends a row whose send failed again after a second", () => {
    const { clock, steps, accept } = setup();
    accept("a/1-high.webp");
    steps.unsend(steps.dispatch()[0]!.keys);
    expect(steps.dispatch()).toEqual([]);
    clock.advance(1);
    expect(steps.dispatch()).toHaveLength(1);
  });

  it("sends live before upload before bulk", () => {
    const { ledger, steps, claim, order } = setup({ gate: { concurrency: 1, burst: 1 } });
    claim("o", "z/1-high.webp", true);
    order({ lane: "bulk", keys: ["a/1-high.webp"] });
    order({ lane: "upload", keys: ["b/1-high.webp"] });
    expect(claim("p", "c/1-high.webp", true).do).toBe("parked");
    ledger.patchGate({ concurrency: 100, rate: { perSecond: 100, burst: 100 } }, "test");
    expect(steps.dispatch().map((message) => message.keys[0])).toEqual([
      "c/1-high.webp",
      "b/1-high.webp",
      "a/1-high.webp",
    ]);
  });

  it("takes runs in turn, so that a small one is not behind a large one", () => {
    const { steps, order } = setup({ gate: { concurrency: 40, burst: 40 } });
    for (const id of ["a", "b", "c", "d"]) order({ run: "large", lane: "bulk", keys: keys(id, 6) });
    order({ run: "small", lane: "bulk", keys: keys("e", 6) });
    const turns = steps.dispatch().map((message) => message.keys[0]?.[0]);
    expect(turns.indexOf("e")).toBeLessThan(2);
    expect(turns).toHaveLength(5);
  });

  it("sends no more than there are slots and tokens for, and the rest as they come free", () => {
    const { clock, ledger, steps, accept } = setup({ gate: { concurrency: 10, burst: 100 } });
    for (let n = 0; n < 30; n += 1) accept(`i${n}/1-high.webp`);
    expect(steps.dispatch()).toHaveLength(9); // a tenth is left to viewers
    expect(steps.dispatch()).toEqual([]);
    const { claims } = ledger.claim("o", [{ keys: ["i0/1-high.webp", "i1/1-high.webp"], live: false, at: clock.ms }]);
    expect(steps.dispatch()).toEqual([]);
    const gen = claims["i0/1-high.webp"]?.do === "run" ? claims["i0/1-high.webp"].gen : 0;
    ledger.settle("o", { "i0/1-high.webp": { kind: "stored", gen, bytes: 1, etag: "e", tookMs: 1 } });
    expect(steps.dispatch()).toHaveLength(1);
  });

  it("never has more than 200 messages under way", () => {
    const { steps, accept } = setup({ gate: { concurrency: 5_000, burst: 5_000 } });
    for (let n = 0; n < 500; n += 1) accept(`i${n}/1-high.webp`);
    let sent = 0;
    for (let round = 0; round < 5; round += 1) sent += steps.dispatch().length;
    expect(sent).toBe(200);
  });

  it("sends what Ittybit has while everything is paused, and nothing else, however long", () => {
    const { clock, ledger, steps, settle, submit, accept, granted } = setup();
    const gen = granted("o", "a/1-high.webp");
    submit("o", "a/1-high.webp", gen);
    settle("o", "a/1-high.webp", { kind: "pending", due: clock.ms + 1_000 });
    accept("b/1-high.webp");
    ledger.patchGate({ paused: { bulk: true } }, "test");
    clock.advance(1);
    expect(steps.dispatch().map((message) => message.keys)).toEqual([["a/1-high.webp"]]);
    for (let day = 0; day < 7; day += 1) {
      clock.advance(86_400);
      expect(steps.dispatch().flatMap((message) => message.keys)).not.toContain("b/1-high.webp");
    }
    expect(steps.nextAlarm()).toBeGreaterThan(clock.ms);
    ledger.patchGate({ paused: { bulk: false } }, "test");
    expect(steps.dispatch().flatMap((message) => message.keys)).toContain("b/1-high.webp");
    expect(ledger.stats().deadLetters).toBe(0);
  });

  it("lets the alarm rest while everything is paused, with whatever it was paused over", () => {
    const { clock, ledger, steps, settle, accept, granted } = setup();
    granted("o", "a/1-high.webp");
    settle("o", "a/1-high.webp", { kind: "unclear", failure: { code: "upstream_unclear", message: "timeout" } });
    accept("b/1-high.webp");
    ledger.patchGate({ paused: { live: true, upload: true, bulk: true } }, "test");
    clock.advance(600);
    steps.sweep();
    expect(steps.nextAlarm() - clock.ms).toBeGreaterThanOrEqual(3_600_000);
  });

  it("sends a retrying row when its wait is over", () => {
    const { clock, steps, settle, granted } = setup();
    granted("o", "a/1-high.webp");
    settle("o", "a/1-high.webp", TRANSIENT);
    expect(steps.dispatch()).toEqual([]);
    expect(steps.nextAlarm()).toBe(clock.ms + 1_000);
    clock.advance(1);
    expect(steps.dispatch()).toHaveLength(1);
  });

  it("sends suspects alone", () => {
    const { clock, ledger, steps, accept } = setup();
    accept(...keys("a", 3));
    ledger.claim("o", [{ keys: keys("a", 3), live: false, at: clock.ms }]);
    clock.advance(60);
    steps.sweep();
    expect(steps.dispatch().map((message) => message.keys.length)).toEqual([1, 1, 1]);
  });
});
