import { describe, expect, it } from "vitest";
import { setup, TRANSIENT } from "../testing/setup.ts";

const keys = (id: string, n: number) => Array.from({ length: n }, (_, index) => `${id}/${index + 1}-high.webp`);

describe("dispatch", () => {
  it("sends one original's keys together, at most 20 to a message", () => {
    const { core, accept } = setup({ gate: { concurrency: 100, burst: 100 } });
    accept(...keys("a", 25), ...keys("b", 3));
    expect(core.dispatch().map((message) => message.keys.length)).toEqual([20, 5, 3]);
  });

  it("sends no key twice while its message is believed under way, and again when the hold is over, later each time", () => {
    const { core, accept, clock, row } = setup();
    accept("a/1-high.webp");
    expect(core.dispatch()).toHaveLength(1);
    expect(core.dispatch()).toEqual([]);
    clock.advance(60);
    expect(core.dispatch()).toHaveLength(1);
    clock.advance(119);
    expect(core.dispatch()).toEqual([]);
    clock.advance(1);
    expect(core.dispatch()).toHaveLength(1);
    for (let sends = 3; sends < 12; sends += 1) {
      clock.advance(1_800);
      core.dispatch();
    }
    expect(row("a/1-high.webp")?.hold).toBe(clock.ms + 1_800_000);
  });

  it("sends a row whose send failed again after a second", () => {
    const { core, accept, clock } = setup();
    accept("a/1-high.webp");
    core.unsend(core.dispatch()[0]!.keys);
    expect(core.dispatch()).toEqual([]);
    clock.advance(1);
    expect(core.dispatch()).toHaveLength(1);
  });

  it("sends live before upload before bulk", () => {
    const { core, claim } = setup({ gate: { concurrency: 1, burst: 1 } });
    claim("o", "z/1-high.webp", true);
    core.accept({ run: null, lane: "bulk", keys: ["a/1-high.webp"] });
    core.accept({ run: null, lane: "upload", keys: ["b/1-high.webp"] });
    expect(claim("p", "c/1-high.webp", true).do).toBe("parked");
    core.patchGate({ concurrency: 100, rate: { perSecond: 100, burst: 100 } });
    expect(core.dispatch().map((message) => message.keys[0])).toEqual([
      "c/1-high.webp",
      "b/1-high.webp",
      "a/1-high.webp",
    ]);
  });

  it("takes runs in turn, so that a small one is not behind a large one", () => {
    const { core } = setup({ gate: { concurrency: 40, burst: 40 } });
    for (const id of ["a", "b", "c", "d"]) core.accept({ run: "large", lane: "bulk", keys: keys(id, 6) });
    core.accept({ run: "small", lane: "bulk", keys: keys("e", 6) });
    const order = core.dispatch().map((message) => message.keys[0]?.[0]);
    expect(order.indexOf("e")).toBeLessThan(2);
    expect(order).toHaveLength(5);
  });

  it("sends no more than there are slots and tokens for, and the rest as they come free", () => {
    const { core, accept, clock } = setup({ gate: { concurrency: 10, burst: 100 } });
    for (let n = 0; n < 30; n += 1) accept(`i${n}/1-high.webp`);
    expect(core.dispatch()).toHaveLength(9); // a tenth is left to viewers
    expect(core.dispatch()).toEqual([]);
    const { claims } = core.claim("o", [{ keys: ["i0/1-high.webp", "i1/1-high.webp"], live: false, at: clock.ms }]);
    expect(core.dispatch()).toEqual([]);
    const gen = claims["i0/1-high.webp"]?.do === "run" ? claims["i0/1-high.webp"].gen : 0;
    core.settle("o", { "i0/1-high.webp": { kind: "stored", gen, bytes: 1, etag: "e", tookMs: 1 } });
    expect(core.dispatch()).toHaveLength(1);
  });

  it("never has more than 200 messages under way", () => {
    const { core, accept } = setup({ gate: { concurrency: 5_000, burst: 5_000 } });
    for (let n = 0; n < 500; n += 1) accept(`i${n}/1-high.webp`);
    let sent = 0;
    for (let round = 0; round < 5; round += 1) sent += core.dispatch().length;
    expect(sent).toBe(200);
  });

  it("sends what Ittybit has while everything is paused, and nothing else, however long", () => {
    const { core, accept, granted, settle, clock } = setup();
    const gen = granted("o", "a/1-high.webp");
    core.submitted("o", [{ key: "a/1-high.webp", gen, job: "j", input: "u" }]);
    settle("o", "a/1-high.webp", { kind: "pending", due: clock.ms + 1_000 });
    accept("b/1-high.webp");
    core.patchGate({ paused: { bulk: true } });
    clock.advance(1);
    expect(core.dispatch().map((message) => message.keys)).toEqual([["a/1-high.webp"]]);
    for (let day = 0; day < 7; day += 1) {
      clock.advance(86_400);
      expect(core.dispatch().flatMap((message) => message.keys)).not.toContain("b/1-high.webp");
    }
    expect(core.nextAlarm()).toBeGreaterThan(clock.ms);
    core.patchGate({ paused: { bulk: false } });
    expect(core.dispatch().flatMap((message) => message.keys)).toContain("b/1-high.webp");
    expect(core.counts().deadLetters).toBe(0);
  });

  it("lets the alarm rest while everything is paused, with whatever it was paused over", () => {
    const { core, granted, settle, accept, clock } = setup();
    granted("o", "a/1-high.webp");
    settle("o", "a/1-high.webp", { kind: "unclear", failure: { code: "upstream_unclear", message: "timeout" } });
    accept("b/1-high.webp");
    core.patchGate({ paused: { live: true, upload: true, bulk: true } });
    clock.advance(600);
    core.sweep();
    expect(core.nextAlarm() - clock.ms).toBeGreaterThanOrEqual(3_600_000);
  });

  it("sends a retrying row when its wait is over", () => {
    const { core, granted, settle, clock } = setup();
    granted("o", "a/1-high.webp");
    settle("o", "a/1-high.webp", TRANSIENT);
    expect(core.dispatch()).toEqual([]);
    expect(core.nextAlarm()).toBe(clock.ms + 1_000);
    clock.advance(1);
    expect(core.dispatch()).toHaveLength(1);
  });

  it("sends suspects alone", () => {
    const { core, accept, clock } = setup();
    accept(...keys("a", 3));
    core.claim("o", [{ keys: keys("a", 3), live: false, at: clock.ms }]);
    clock.advance(60);
    core.sweep();
    expect(core.dispatch().map((message) => message.keys.length)).toEqual([1, 1, 1]);
  });
});
