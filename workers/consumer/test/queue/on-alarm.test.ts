import { within } from "@prewarm/durable-queue";
import { AlarmClock, runDuties, wake } from "@prewarm/durable-queue/testing";
import { describe, expect, it, vi } from "vitest";
import { publishGate } from "../../src/ledger/follow-ups.ts";
import type { LedgerDeps } from "../../src/ledger/ledger-deps.ts";
import { STORED, setup } from "../../src/ledger/testing/setup.ts";

const KEY = "a/1-high.webp";
/** One more than passes are made at once. */
const IDS = Array.from({ length: 61 }, (_, n) => `image ${n}`);

/** A ledger whose surroundings record what they are told; each can be made to fail. Nothing follows a change by itself. */
function surroundings(gate: Parameters<typeof setup>[0] = {}, other: Partial<LedgerDeps> = {}) {
  const logged: string[] = [];
  const more: Partial<LedgerDeps> = {
    log: (event, fields) => logged.push(`${event} ${fields?.duty ?? ""}`.trim()),
    ...other,
  };
  return { ...setup(gate, more), logged };
}

describe("wake-ups", () => {
  it("are for as many workers as there is work for, never one a key", async () => {
    const { transactions, deps, order, done } = surroundings();
    order({ keys: Array.from({ length: 1_000 }, (_, n) => `i${n}/1-high.webp`) });
    await wake(transactions, deps);
    expect(done.sent).toBeGreaterThan(0);
    expect(done.sent).toBeLessThanOrEqual(5);
    const { sent } = done;
    await wake(transactions, deps);
    expect(done.sent).toBe(sent);
  });

  it("are believed under way for thirty seconds, then sent again", async () => {
    const { clock, transactions, deps, accept, done } = surroundings();
    accept(KEY);
    await wake(transactions, deps);
    clock.advance(29);
    await wake(transactions, deps);
    expect(done.sent).toBe(1);
    clock.advance(2);
    await wake(transactions, deps);
    expect(done.sent).toBe(2);
  });

  it("that cannot be sent are sent by the next call", async () => {
    const { transactions, deps, accept, logged, done } = surroundings();
    accept(KEY);
    const { send } = deps;
    deps.send = () => Promise.reject(new Error("overloaded"));
    await wake(transactions, deps);
    expect(logged).toEqual(["queue.send_failed"]);
    deps.send = send;
    await wake(transactions, deps);
    expect(done.sent).toBe(1);
  });

  it("are none while nothing can run: the gate is closed, all slots are taken, or retries wait", async () => {
    const { ledger, transactions, deps, accept, done } = surroundings();
    ledger.patchGate({ paused: { bulk: true } }, "test");
    accept(KEY);
    await wake(transactions, deps);
    expect(done.sent).toBe(0);
  });

  it("are none for a worker that is here", async () => {
    const { transactions, deps, accept, call, done } = surroundings();
    accept(KEY);
    call("o");
    await wake(transactions, deps);
    expect(done.sent).toBe(0);
  });
});

describe("what follows a change", () => {
  it("wakes a worker for what an action has just ordered, not with the next alarm", async () => {
    const { ledger, order, done } = surroundings({}, { sleep: async () => {} });
    ledger.patchGate({ paused: { bulk: true } }, "test");
    order({ keys: [KEY] });
    ledger.cancelRun("test", "test");
    ledger.patchGate({ paused: { bulk: false } }, "test");
    const text = { run: null, id: null, format: null, error: null, text: [], fingerprint: null, jobs: null };
    const match = { states: ["cancelled" as const], lanes: [], ...text };
    ledger.createAction({ kind: "retry", filter: {}, match, rate: null, who: "test" });
    await expect.poll(() => done.sent).toBe(1);
  });
});

describe("the alarm's duties", () => {
  it("go on when one of them fails", async () => {
    const { clock, ledger, passes, deps, accept, logged, done } = surroundings();
    accept("b/1-high.webp");
    deps.sweep = () => Promise.reject(new Error("R2"));
    ledger.purgeImage("c", null, "test");
    ledger.patchGate({ paused: { live: true } }, "test");
    clock.advance(121);
    await ledger.alarm();
    expect(logged).toEqual(["queue.duty_failed sweeps"]);
    expect(done.sent).toBe(1);
    expect(done.gates.map(({ closed }) => closed)).toEqual([["live"]]);
    // The next pass waits for ten seconds.
    ledger.purgeImage("d", null, "test");
    await ledger.alarm();
    expect(logged).toHaveLength(1);
    clock.advance(10);
    await ledger.alarm();
    expect(logged).toHaveLength(2);
    clock.advance(121);
    expect(passes()).toMatchObject([{ id: "c" }, { id: "d" }]);
  });

  it("wait for nothing for ever: a gate file or a sweep that hangs is given up, and the next alarm is set", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const hung = () => new Promise<never>(() => undefined);
    const { clock, ledger, logged, done } = surroundings({}, { within, publishGate: hung, sweep: hung });
    ledger.patchGate({ paused: { live: true } }, "test");
    ledger.purgeImage("c", null, "test");
    clock.advance(121);
    const alarm = ledger.alarm();
    await vi.advanceTimersByTimeAsync(200_000);
    await alarm;
    vi.useRealTimers();
    expect(logged).toEqual(["queue.duty_failed outbox", "queue.duty_failed sweeps"]);
    expect(done.alarmAt).toBeGreaterThan(0);
  });

  it("make the passes of a purge, and of a new original, to their end", async () => {
    const { clock, ledger, deps, order } = surroundings();
    const made: string[] = [];
    deps.sweep = async ({ kind, id, pass }, goOn) => {
      made.push(`${kind} ${id} ${pass} ${goOn()}`);
      return [];
    };
    ledger.patchGate({ paused: { bulk: true } }, "test");
    ledger.purgeImage("a", null, "test");
    order({ keys: ["b/1-high.webp"], originals: [{ id: "b", order: "1", sourceEtag: null }] });
    for (let minutes = 0; minutes < 60; minutes += 1) {
      clock.advance(60);
      await ledger.alarm();
    }
    expect(made).toEqual(["delete a 1 true", "remake b 1 true", "delete a 2 true", "remake b 2 true"]);
  });

  it("make sixty passes at once, and take each when they make it: the cron makes none beside the alarm", async () => {
    const { clock, ledger, passes, deps, done } = surroundings();
    const made: string[] = [];
    deps.sweep = ({ id }) => {
      made.push(id);
      return new Promise<never>(() => undefined);
    };
    for (const id of IDS) ledger.purgeImage(id, null, "test");
    clock.advance(121);
    await ledger.alarm();
    expect(made).toEqual(IDS.slice(0, 60));
    expect(done.alarmAt).toBe(clock.ms + 10_000);
    await ledger.rearm();
    expect(made).toHaveLength(60);
    expect(passes()).toMatchObject([{ id: "image 60" }]);
    expect(passes()).toEqual([]);
  });

  it("make passes though R2 takes no gate file, and the next one when a pass has hung for 100 s", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const hung = () => new Promise<never>(() => undefined);
    const made: string[] = [];
    const sweep = ({ id }: { id: string }) => {
      made.push(id);
      return hung();
    };
    const { clock, ledger } = surroundings({}, { within, publishGate: hung, sweep });
    ledger.patchGate({ paused: { live: true } }, "test");
    for (const id of IDS) ledger.purgeImage(id, null, "test");
    void ledger.alarm();
    await vi.advanceTimersByTimeAsync(0);
    expect(made).toHaveLength(60);
    await vi.advanceTimersByTimeAsync(100_000);
    clock.advance(110);
    void ledger.alarm();
    await vi.advanceTimersByTimeAsync(0);
    vi.useRealTimers();
    expect(made[60]).toBe("image 60");
  });

  it("are set for the next pass of a sweep", async () => {
    const { clock, ledger, done } = surroundings();
    ledger.purgeImage("a", null, "test");
    await ledger.alarm();
    await ledger.alarm();
    expect(done.alarmAt).toBe(clock.ms + 16 * 60_000);
  });
});

describe("pruning", () => {
  it("forgets each end after its time, and keeps counts true", async () => {
    const { clock, ledger, row, job, settle, accept, granted, made, sql, leave, cancel } = surroundings();
    made(KEY);
    settle("o", granted("o", "b/1-high.webp"), { kind: "refused", code: "missing", until: clock.ms, message: "404" });
    accept("c/1-high.webp");
    cancel("c/1-high.webp");
    accept("d/1-high.webp");
    leave("o");
    leave("maker");
    const keep = async (days: number) => {
      clock.advance(days * 86_400);
      for (let round = 0; round < 2; round += 1) await ledger.rearm();
      clock.advance(3_600);
      await ledger.rearm();
      const { bulk } = ledger.stats().counts;
      expect(bulk.refused + bulk.cancelled + bulk.queued).toBe(sql.exec("SELECT * FROM jobs").length);
      return [job(KEY) !== null, row("b/1-high.webp") !== null, row("c/1-high.webp") !== null];
    };
    expect(await keep(0)).toEqual([true, true, true]);
    expect(await keep(1.5)).toEqual([true, false, false]);
    expect(await keep(2)).toEqual([false, false, false]);
    expect(row("d/1-high.webp")).not.toBeNull();
    expect(sql.exec("SELECT count(*) AS n FROM inbox")[0]?.n).toBe(4);
    await keep(31);
    expect(sql.exec("SELECT count(*) AS n FROM inbox")[0]?.n).toBe(0);
    await keep(401);
    expect(sql.exec("SELECT count(*) AS n FROM hist WHERE day < ?", clock.ms / 86_400_000 - 402)[0]?.n).toBe(0);
  });
});

/** An alarm that is set for a time, looked at now or, by `clock`, later. */
async function clockOf(at: number) {
  const set: (number | null)[] = [];
  const clock = { ms: 1_000, now: () => clock.ms };
  const storage = {
    getAlarm: async () => at,
    setAlarm: async (time: number | Date) => void set.push(Number(time)),
    deleteAlarm: async () => void set.push(null),
  };
  const alarm = new AlarmClock(storage, clock);
  await alarm.load();
  return { alarm, set, clock };
}

describe("AlarmClock", () => {
  it("writes only to ring earlier, and only when that is worth a row", async () => {
    const { alarm, set } = await clockOf(5_000);
    for (const at of [6_000, 4_900, 4_000, 3_900, null, 1_000]) alarm.by(at);
    expect(set).toEqual([4_000, 1_000]);
    alarm.rang();
    alarm.by(9_000);
    expect(set).toEqual([4_000, 1_000, 9_000]);
    alarm.at(null);
    alarm.at(null);
    expect(set.at(-1)).toBeNull();
    expect(set).toHaveLength(4);
  });

  it("takes an alarm that should have fired more than a minute and a half ago for lost, and sets another", async () => {
    const { alarm, set, clock } = await clockOf(5_000);
    clock.ms = 95_001;
    alarm.by(clock.ms + 5_000);
    expect(set).toEqual([100_001]);
    alarm.by(clock.ms + 5_000);
    expect(set).toHaveLength(1);
  });

  it("leaves an alarm alone that is due and may still fire: the platform may be a minute late", async () => {
    const { alarm, set, clock } = await clockOf(5_000);
    clock.ms = 95_000;
    alarm.by(clock.ms + 250);
    expect(set).toEqual([]);
  });
});

it("the edge hears with the cron that a lane is open again, though nothing waits and nobody calls", async () => {
  const { view, settle, leave, ledger, transactions, deps, done, clock } = setup({ budget: { month: 10 } });
  const [given] = view("viewer", "a/400-high.webp").give;
  settle("viewer", given!, STORED);
  leave("viewer");
  await publishGate(transactions, deps);
  expect(done.gates.map(({ closed }) => closed)).toEqual([["live"]]);
  clock.advance(86_400);
  await ledger.rearm();
  expect(done.gates.map(({ closed }) => closed)).toEqual([["live"], []]);
});

describe("a cancelled run of 12,000 jobs", () => {
  it("takes more than one alarm, so that calls come in between, and ends", async () => {
    const { ledger, order, transactions, deps } = surroundings();
    for (let from = 0; from < 12_000; from += 1_000)
      order({ run: "r", keys: Array.from({ length: 1_000 }, (_, n) => `i${from + n}/1-high.webp`) });
    ledger.cancelRun("r", "test");
    const queued = () => ledger.getRun({ run: "r" })?.states.queued ?? 0;
    let before = queued();
    let alarms = 0;
    for (; queued() > 0; alarms += 1) {
      await runDuties(transactions, deps, {});
      expect(before - queued()).toBeLessThanOrEqual(6_300);
      before = queued();
    }
    expect(alarms).toBe(2);
  });
});
