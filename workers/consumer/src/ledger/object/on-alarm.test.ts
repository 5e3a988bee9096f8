import { describe, expect, it } from "vitest";
import { setup } from "../testing/setup.ts";
import { AlarmClock } from "./alarm-clock.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import { sendDue } from "./send-due.ts";

/** A ledger whose surroundings record what they are told; each can be made to fail. */
function surroundings() {
  const logged: string[] = [];
  const deps: Partial<LedgerDeps> = {
    log: (event, fields) => logged.push(`${event} ${fields?.duty ?? fields?.attempt ?? ""}`.trim()),
    // Of the timers only the pauses between two sends ring: nothing follows a change by itself, and nothing takes too long.
    sleep: (ms) => (ms < 100 || ms >= 5_000 ? new Promise(() => {}) : Promise.resolve()),
    purge: async () => {},
  };
  const world = setup({ gate: { concurrency: 1_000, burst: 1_000 } }, deps);
  return { ...world, sent: world.done.sent, logged };
}

describe("sendDue", () => {
  it("sends everything that may go, in batches the queue takes, live rows as uploads", async () => {
    const { ledger, steps, deps, claim, accept, sent } = surroundings();
    const batches: number[] = [];
    const { send } = deps;
    deps.send = async (messages) => {
      batches.push(messages.length);
      await send(messages);
    };
    for (let n = 0; n < 150; n += 1) accept(`i${n}/1-high.webp`);
    ledger.patchGate({ concurrency: 1 }, "test");
    claim("v", "x/1-high.webp", true);
    claim("v", "y/1-high.webp", true);
    ledger.patchGate({ concurrency: 1_000 }, "test");
    await sendDue(steps, deps);
    expect(batches).toEqual([100, 51]);
    expect(sent[0]).toMatchObject({ v: 1, keys: ["y/1-high.webp"], lane: "upload" });
  });

  it("tries a failing queue three times, then makes the rows due again", async () => {
    const { clock, steps, deps, row, accept, logged } = surroundings();
    accept("a/1-high.webp");
    deps.send = () => Promise.reject(new Error("overloaded"));
    await sendDue(steps, deps);
    expect(logged).toEqual(["ledger.send_failed 1", "ledger.send_failed 2", "ledger.send_failed 3"]);
    expect(row("a/1-high.webp")?.hold).toBe(clock.ms + 1_000);
  });
});

describe("the alarm's duties", () => {
  it("go on when one of them fails", async () => {
    const { clock, ledger, steps, deps, settle, submit, accept, granted, sent, logged } = surroundings();
    const gen = granted("o", "a/1-high.webp");
    submit("o", "a/1-high.webp", gen);
    settle("o", "a/1-high.webp", { kind: "pending", due: clock.ms + 60_000 });
    accept("b/1-high.webp");
    deps.purge = () => Promise.reject(new Error("R2"));
    ledger.purgeImage("c", null, "test");
    ledger.patchGate({ paused: { live: true } }, "test");
    clock.advance(121);
    const published: string[][] = [];
    deps.collect = () => Promise.reject(new Error("HTTP 500"));
    deps.publishGate = async (file) => void published.push(file.closed);
    await ledger.alarm();
    expect(logged).toEqual(["ledger.purge_failed", "ledger.duty_failed collect", "ledger.duty_failed purges"]);
    expect(sent.flatMap(({ keys }) => keys)).toContain("b/1-high.webp");
    expect(published).toEqual([["live"]]);
    clock.advance(121);
    expect(steps.purgesDue()).toHaveLength(1);
  });

  it("collect when nobody waits for the jobs, not while handlers do, and send what has ended", async () => {
    const { clock, ledger, deps, settle, submit, granted, sent } = surroundings();
    const asked: string[][] = [];
    deps.collect = async (open, observeEnded) => {
      asked.push(open.map(({ ittybitJob }) => ittybitJob));
      await observeEnded(["j"]);
      return { notBefore: clock.ms + 60_000 };
    };
    const gen = granted("o", "a/1-high.webp");
    submit("o", "a/1-high.webp", gen);
    await ledger.alarm();
    expect(asked).toEqual([]);
    settle("o", "a/1-high.webp", { kind: "pending", due: clock.ms + 60_000 });
    await ledger.alarm();
    expect(asked).toEqual([["j"]]);
    expect(sent.map(({ keys }) => keys)).toEqual([["a/1-high.webp"]]);
    // Ittybit asked for a pause: the collector keeps to it.
    clock.advance(30);
    await ledger.alarm();
    expect(asked).toHaveLength(1);
  });

  it("run a purge's looks to their end", async () => {
    const { clock, ledger, deps } = surroundings();
    const looks: string[] = [];
    deps.purge = async (task, goOn) => void looks.push(`${task.id} ${task.look} ${goOn()}`);
    ledger.purgeImage("a", null, "test");
    for (let minutes = 0; minutes < 60; minutes += 1) {
      clock.advance(60);
      await ledger.alarm();
    }
    expect(looks).toEqual(["a first true", "a second true"]);
  });
});

describe("housekeeping", () => {
  it("forgets stored rows after three days and other ends after thirty, and keeps counters true", async () => {
    const { clock, sql, ledger, row, settle, accept, granted, made } = surroundings();
    made("a/1-high.webp");
    granted("o", "b/1-high.webp");
    settle("o", "b/1-high.webp", { kind: "refused", code: "missing", until: clock.ms, message: "404" });
    accept("c/1-high.webp");
    ledger.patchGate({ paused: { bulk: true } }, "test");
    const keep = async (days: number) => {
      clock.advance(days * 86_400);
      await ledger.alarm();
      const counted = sql.exec("SELECT state, n FROM counters WHERE n <> 0 ORDER BY state");
      expect(counted).toEqual(sql.exec("SELECT state, count(*) AS n FROM jobs GROUP BY state ORDER BY state"));
      return ["a", "b", "c"].filter((id) => row(`${id}/1-high.webp`) !== null).join("");
    };
    expect(await keep(2)).toBe("abc");
    expect(await keep(2)).toBe("bc");
    expect(await keep(27)).toBe("c");
    expect(sql.exec("SELECT count(*) AS n FROM hist WHERE tier = 60000")).toEqual([{ n: 0 }]);
    expect(sql.exec("SELECT count(*) AS n FROM hist WHERE tier = 86400000")[0]?.n).toBeGreaterThan(0);
  });
});

describe("AlarmClock", () => {
  it("writes only to ring earlier, and only when that is worth a row", async () => {
    const set: number[] = [];
    const alarm = new AlarmClock({ getAlarm: async () => 5_000, setAlarm: async (at) => void set.push(Number(at)) });
    await alarm.load();
    for (const at of [6_000, 4_900, 4_000, 3_900, 1_000]) alarm.by(at);
    expect(set).toEqual([4_000, 1_000]);
    alarm.rang();
    alarm.by(9_000);
    expect(set).toEqual([4_000, 1_000, 9_000]);
  });
});
