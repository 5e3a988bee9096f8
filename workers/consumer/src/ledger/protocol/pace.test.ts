import { describe, expect, it } from "vitest";
import { setup } from "../testing/setup.ts";

/** 500 slots, more work than anybody can do, and a clock that is called every second by workers of this number. */
function busy() {
  const ledger = setup({ gate: { concurrency: 500, ratePerSecond: 500, burst: 500, monthlyJobs: null } });
  ledger.accept(...Array.from({ length: 2_000 }, (_, n) => `image-${n}/400-high.webp`));
  let next = 0;
  const at: string[] = [];
  /** Seconds until the first of them is to leave; null: nobody within a shift. */
  const shift = (workers: number): number | null => {
    while (at.length < workers) {
      next += 1;
      at.push(`worker-${next}`);
      ledger.call(`worker-${next}`);
    }
    for (let second = 1; second <= 20; second += 1) {
      ledger.clock.advance(1);
      ledger.steps.wakesDue();
      const [first = ""] = at;
      if (ledger.call(first).stay) continue;
      ledger.leave(first);
      at.shift();
      return second;
    }
    return null;
  };
  ledger.steps.wakesDue();
  return { shift };
}

describe("short shifts", () => {
  it("end while wake-ups stand in the queue, as long as that brings more workers", () => {
    const { shift } = busy();
    for (let workers = 1; workers < 12; workers += 1) expect(shift(workers)).toBeLessThanOrEqual(4);
  });

  it("are given up where only one worker comes at a time, as on the local stack", () => {
    const { shift } = busy();
    const shifts = Array.from({ length: 6 }, () => shift(1));
    expect(shifts.slice(0, 3).every((seconds) => seconds !== null && seconds <= 4)).toBe(true);
    expect(shifts.at(-1)).toBeNull();
  });
});

describe("workers are not called", () => {
  const KEY = "a/400-high.webp";
  const UNCLEAR = { kind: "unclear", failure: { code: "upstream_unreachable", message: "no answer" } } as const;

  it("for a POST to be asked again while its lane is closed, and the alarm sleeps", () => {
    const { clock, ledger, granted, settle, leave, steps } = setup();
    settle("o", granted("o", KEY), UNCLEAR);
    leave("o");
    ledger.patchGate({ paused: { bulk: true } }, "test");
    clock.advance(120);
    expect(steps.wakesDue()).toBe(0);
    expect(steps.nextAlarm()).toBeGreaterThanOrEqual(clock.ms + 500_000);
    ledger.patchGate({ paused: { bulk: false } }, "test");
    expect(steps.wakesDue()).toBe(1);
  });

  it("for a slow job until it is seen to end", () => {
    const { clock, granted, submit, leave, steps, ended } = setup();
    submit("o", granted("o", KEY), "j1");
    leave("o");
    clock.advance(3_600);
    expect(steps.wakesDue()).toBe(0);
    ended("j1");
    expect(steps.wakesDue()).toBe(1);
  });
});

describe("workers beyond what the gate wants", () => {
  it("are let go though they hold jobs, the youngest first", () => {
    const ledger = setup({ gate: { concurrency: 50, ratePerSecond: 20, burst: 20, monthlyJobs: null } });
    ledger.accept(...Array.from({ length: 200 }, (_, n) => `image-${n}/400-high.webp`));
    const owners = ["a", "b", "c", "d", "e"];
    for (const owner of owners) {
      expect(ledger.call(owner).give.length).toBeGreaterThan(0);
      ledger.clock.advance(0.01);
    }
    // Three bring through 20 a second.
    expect(owners.filter((owner) => ledger.call(owner).stay)).toEqual(["a", "b", "c", "d"]);
  });
});
