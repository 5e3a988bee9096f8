import { signal } from "@preact/signals";
import { describe, expect, it } from "vitest";
import { Resource, type ResourceOptions, type Timers } from "../src/api/poll.ts";

/** Loads that end when told to, timers that run when told to, and a clock that goes on with each. */
function setup(everyMs: number | null = 1000, more: Partial<ResourceOptions<string>> = {}) {
  const loads: { answer(value: string): Promise<void>; fail(): Promise<void>; signal: AbortSignal }[] = [];
  const waiting = new Map<number, { run(): void; ms: number }>();
  let last = 0;
  let now = 77;
  const timers: Timers = {
    set: (run, ms) => {
      waiting.set(++last, { run, ms });
      return last;
    },
    clear: (timer) => waiting.delete(timer as number),
    now: () => now,
  };
  const live = signal(true);
  const used = signal(0);
  const news = signal(0);
  const load = (stop: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      const settle = (act: () => void) => async () => {
        act();
        await new Promise(setImmediate);
      };
      loads.push({
        signal: stop,
        answer: (value) => settle(() => resolve(value))(),
        fail: settle(() => reject(new Error("down"))),
      });
    });
  const resource = new Resource({ load, everyMs, live, used, news, timers, ...more });
  const tick = () => {
    const [entry] = waiting;
    if (!entry) return null;
    waiting.delete(entry[0]);
    now += entry[1].ms;
    entry[1].run();
    return entry[1].ms;
  };
  return { resource, loads, live, used, news, tick, waiting };
}

describe("createResource", () => {
  it("loads at once, then again after each answer", async () => {
    const { resource, loads, tick } = setup();
    await loads[0]?.answer("a");
    expect([resource.data.value, resource.loadedAt.value, tick(), loads.length]).toEqual(["a", 77, 1000, 2]);
  });

  it("never has two polls under way: the next waits for the answer", () => {
    const { loads, waiting } = setup();
    expect([loads.length, waiting.size]).toEqual([1, 0]);
  });

  it("keeps what was shown while another page loads and when it fails", async () => {
    const { resource, loads } = setup();
    await loads[0]?.answer("page 1");
    void resource.follow(() => Promise.reject(new Error("gone")));
    expect([resource.data.value, resource.busy.value]).toEqual(["page 1", true]);
    await new Promise(setImmediate);
    expect([resource.data.value, resource.error.value?.message]).toEqual(["page 1", "gone"]);
  });

  it("drops an answer that a newer question has overtaken", async () => {
    const { resource, loads } = setup();
    void resource.refresh();
    await loads[1]?.answer("new");
    await loads[0]?.answer("old");
    expect([resource.data.value, loads[0]?.signal.aborted]).toEqual(["new", true]);
  });

  it("asks a failing server ever less often, at most every 30 s, and at its pace again once it answers", async () => {
    const { loads, tick } = setup();
    const pauses: (number | null)[] = [];
    for (let round = 0; round < 7; round++) {
      await loads[round]?.fail();
      pauses.push(tick());
    }
    await loads[7]?.answer("back");
    expect([...pauses, tick()]).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 1000]);
  });

  it("asks more rarely while nothing changes, and at once when somebody uses the page", async () => {
    const { loads, tick, used } = setup();
    const pauses: (number | null)[] = [];
    for (let round = 0; round < 7; round++) {
      await loads[round]?.answer("a");
      pauses.push(tick());
    }
    await loads[7]?.answer("a");
    used.value += 1;
    expect([...pauses, loads.length]).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 9]);
    await loads[8]?.answer("b");
    used.value += 1;
    expect([tick(), loads.length]).toEqual([1000, 10]);
  });

  it("pauses no longer than it is told while nothing changes, and tells of each change", async () => {
    let changes = 0;
    const onChange = () => {
      changes += 1;
    };
    const { loads, tick } = setup(1000, { calmestMs: 4000, onChange });
    const pauses: (number | null)[] = [];
    for (let round = 0; round < 5; round++) {
      await loads[round]?.answer("a");
      pauses.push(tick());
    }
    expect([...pauses, changes]).toEqual([1000, 2000, 4000, 4000, 4000, 0]);
    await loads[5]?.answer("b");
    expect([tick(), changes]).toEqual([1000, 1]);
  });

  it("asks within four paces of its last answer once there is news, and keeps a shorter pause", async () => {
    const { loads, news, tick } = setup();
    for (let round = 0; round < 5; round++) {
      await loads[round]?.answer("a");
      news.value += 1;
      expect(tick()).toBe([1000, 2000, 4000, 4000, 4000][round]);
    }
  });

  it("can be asked again by a function that was handed on", async () => {
    const { resource, loads } = setup();
    const { refresh } = resource;
    void refresh();
    await loads[1]?.answer("again");
    expect(resource.data.value).toBe("again");
  });

  it("stops when not live, and loads at once when live again", async () => {
    const { loads, live, waiting } = setup();
    await loads[0]?.answer("a");
    live.value = false;
    expect(waiting.size).toBe(0);
    live.value = true;
    expect(loads.length).toBe(2);
  });

  it("does not go on when an answer comes after the pause", async () => {
    const { resource, loads, live, waiting } = setup();
    live.value = false;
    await loads[0]?.answer("a");
    expect([resource.data.value, waiting.size]).toEqual(["a", 0]);
  });

  it("loads once when told no pace, and not again on becoming live", async () => {
    const { loads, live, waiting } = setup(null);
    await loads[0]?.answer("a");
    live.value = false;
    live.value = true;
    expect([loads.length, waiting.size]).toEqual([1, 0]);
  });

  it("asks no more after an answer that is final, and again for another query", async () => {
    const { resource, loads, live, waiting } = setup(1000, { isFinal: (data) => data === "done" });
    await loads[0]?.answer("running");
    expect(waiting.size).toBe(1);
    void resource.refresh();
    await loads[1]?.answer("done");
    live.value = false;
    live.value = true;
    expect([loads.length, waiting.size]).toEqual([2, 0]);
    void resource.follow(() => Promise.resolve("another"));
    await new Promise(setImmediate);
    expect([resource.data.value, waiting.size]).toEqual(["another", 1]);
  });

  it("takes nothing after it was closed", async () => {
    const { resource, loads, waiting } = setup();
    resource.close();
    await loads[0]?.answer("late");
    expect([resource.data.value, waiting.size, loads[0]?.signal.aborted]).toEqual([null, 0, true]);
  });
});
