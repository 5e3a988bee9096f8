import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JobQueue } from "../src/client.ts";
import { FAILURE, hangs, inTurn, job, objectWith, openJobs, pass } from "./testing/object-with.ts";
import { WITH_RECEIPTS } from "./testing/receipts.ts";
import { steer } from "./testing/steer.ts";

const NOW = 1_800_000_000_000;
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const refuses = () => inTurn({ kind: "failed", failure: FAILURE, permanent: true });
const named = ({ group, part }: { group: string; part: string }) => `${group}/${part}`;

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

describe("a job with a time", () => {
  it("is called once, not before its time, although the object was reset and nothing else calls it", async () => {
    const world = objectWith(inTurn());
    await world.queue.begin();
    world.queue.enqueue({ id: "e", jobs: [job("a/later", { payload: "x", at: NOW + HOUR }), job("a/now")] });
    await pass(HOUR / 2);
    const alarms = world.alarms;
    expect(world.queue.job(job("a/later"))).toMatchObject({ state: "waiting", dueAt: NOW + HOUR, payload: "x" });
    await world.reset();
    await pass(HOUR / 2 - 1);
    expect(world.calls.map(({ key }) => key)).toEqual(["a/now"]);
    expect(world.alarms - alarms).toBeLessThan(3);
    await pass(3_000);
    expect(world.calls.map(({ key, payload }) => `${key} ${payload}`)).toEqual(["a/now ", "a/later x"]);
    await pass(HOUR);
    expect(world.calls).toHaveLength(2);
    expect(openJobs(world)).toBe(0);
  });

  it("keeps its payload for as long as it waits, and an alarm that was lost is set again by the cron", async () => {
    const world = objectWith(inTurn());
    await world.queue.begin();
    world.queue.enqueue({ id: "e", jobs: [job("a/1", { payload: "x", at: NOW + 90 * DAY })] });
    for (let day = 1; day < 90; day += 1) {
      await pass(DAY);
      await world.queue.rearm();
    }
    expect(world.calls).toEqual([]);
    world.loseAlarm();
    await pass(DAY + 2 * MINUTE);
    expect(world.calls).toEqual([]);
    await world.queue.rearm();
    await pass(1_000);
    expect(world.calls.map(({ payload }) => payload)).toEqual(["x"]);
  });

  it("keeps its time when it is enqueued again, and gets another one after a cancel", async () => {
    const world = objectWith(inTurn());
    const { queue } = world;
    await queue.begin();
    queue.enqueue({ id: "e", jobs: [job("a/1", { payload: "first", at: NOW + HOUR })] });
    const again = [job("a/1", { payload: "second", at: NOW + MINUTE })];
    expect(queue.enqueue({ id: "e", jobs: again })).toEqual({ status: "repeat", accepted: 1, duplicates: 0 });
    expect(queue.enqueue({ id: "f", jobs: again, lane: "first" })).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(queue.job(job("a/1"))).toMatchObject({ payload: "first", dueAt: NOW + HOUR, lane: "first" });
    expect(queue.retry(job("a/1"))).toBe("conflict");
    await pass(HOUR / 2);
    expect(world.calls).toEqual([]);
    expect(queue.cancel(job("a/1"))).toBe("ok");
    expect(queue.job(job("a/1"))).toMatchObject({ state: "cancelled", dueAt: null });
    queue.enqueue({ id: "g", jobs: [job("a/1", { payload: "third", at: NOW + 2 * HOUR })] });
    await pass(HOUR);
    expect(world.calls).toEqual([]);
    await pass(HOUR);
    expect(world.calls.map(({ payload }) => payload)).toEqual(["third"]);
  });

  it("is never called after a cancel", async () => {
    const world = objectWith(inTurn());
    await world.queue.begin();
    world.queue.enqueue({ id: "e", jobs: [job("a/1", { payload: "x", at: NOW + HOUR })] });
    world.queue.cancel(job("a/1"));
    for (let hour = 0; hour < 48; hour += 1) {
      await pass(HOUR);
      await world.queue.rearm();
    }
    expect(world.calls).toEqual([]);
    expect(world.queue.job(job("a/1"))).toBeNull();
  });

  it("whose time has passed is due now, like a job without one", async () => {
    const world = objectWith(inTurn());
    world.queue.enqueue({ id: "e", jobs: [job("a/1", { at: NOW }), job("a/2", { at: NOW - DAY }), job("a/3")] });
    await pass(5_000);
    expect(world.calls).toHaveLength(3);
  });

  it("waits longer while its lane is paused", async () => {
    const world = objectWith(inTurn());
    await world.queue.begin();
    world.queue.enqueue({ id: "e", jobs: [job("a/1", { at: NOW + HOUR })] });
    world.queue.pause({ reason: "the service moves", until: NOW + 2 * HOUR });
    await pass(2 * HOUR - 1_000);
    expect(world.calls).toEqual([]);
    await pass(MINUTE);
    expect(world.calls).toHaveLength(1);
  });

  it.each([
    ["seconds", NOW / 1_000],
    ["microseconds", NOW * 1_000],
    ["no number", Number.NaN],
    ["eleven years ahead", NOW + 11 * 365 * DAY],
  ])("is refused with its whole enqueue: %s", (_name, at) => {
    const world = objectWith(inTurn());
    expect(() => world.queue.enqueue({ id: "e", jobs: [job("a/1"), job("a/2", { at })] })).toThrow(TypeError);
    expect(openJobs(world)).toBe(0);
    expect(world.queue.enqueue({ id: "e", jobs: [job("a/1")] })).toMatchObject({ status: "done", accepted: 1 });
  });
});

describe("a bad call throws a TypeError and costs the queue no memory:", () => {
  const many = Array.from({ length: 1_001 }, (_, n) => job(`a/${n}`));
  it.each([
    ["an empty id", { id: "", jobs: [job("a/1")] }],
    ["an empty group", { id: "e", jobs: [{ group: "", part: "1" }] }],
    ["a part that is too long", { id: "e", jobs: [{ group: "a", part: "x".repeat(1_025) }] }],
    ["a NUL", { id: "e", jobs: [{ group: "a", part: "1\0" }] }],
    ["half a character", { id: "e", jobs: [{ group: "a", part: "\ud800" }] }],
    ["a payload that is too large", { id: "e", jobs: [job("a/1", { payload: "ä".repeat(950_001) })] }],
    ["a key that stands twice", { id: "e", jobs: [job("a/1"), job("a/1", { payload: "x" })] }],
    ["more than 1,000 jobs", { id: "e", jobs: many }],
    ["a lane that the queue does not have", { id: "e", jobs: [job("a/1")], lane: "frist" }],
  ])("an enqueue with %s", (_name, request) => {
    const world = objectWith(inTurn());
    const { memory } = world.queue.transactions;
    expect(() => world.queue.enqueue(request)).toThrow(TypeError);
    expect(openJobs(world)).toBe(0);
    expect(world.queue.transactions.memory).toBe(memory);
  });

  it.each<[string, (queue: JobQueue) => unknown]>([
    ["a pause of a lane that the queue does not have", (queue) => queue.pause({ lane: "frist" })],
    ["a pause that has ended", (queue) => queue.pause({ until: NOW })],
    ["a resume of a lane that the queue does not have", (queue) => queue.resume("frist")],
    ["a count of a lane that the queue does not have", (queue) => queue.counts("frist")],
    ["a look at a lane that the queue does not have", (queue) => queue.closed("frist")],
    ["a retry of no key", (queue) => queue.retry({ group: "", part: "1" })],
    ["a cancel of no key", (queue) => queue.cancel({ group: "a", part: "" })],
  ])("%s", (_name, call) => {
    const { queue } = objectWith(inTurn());
    const { memory } = queue.transactions;
    expect(() => call(queue)).toThrow(TypeError);
    expect(queue.transactions.memory).toBe(memory);
    expect(queue.closed()).toBeNull();
  });

  it("a limit that is no number above 0", () => {
    expect(() => objectWith(inTurn(), { concurrency: 0 })).toThrow(TypeError);
    expect(() => objectWith(inTurn(), { ratePerSecond: Number.NaN })).toThrow(TypeError);
  });
});

it("enqueue answers full while the database has no room, but a repeat as before", () => {
  const world = objectWith(hangs);
  world.queue.enqueue({ id: "e", jobs: [job("a/1")] });
  world.bytes = 8.1e9;
  expect(world.queue.enqueue({ id: "f", jobs: [job("a/2")] })).toEqual({ status: "full", retryAfterSeconds: 3_600 });
  expect(world.queue.enqueue({ id: "e", jobs: [job("a/1")] })).toMatchObject({ status: "repeat", accepted: 1 });
  expect(openJobs(world)).toBe(1);
});

describe("job", () => {
  it("tells the state, the failures and the payload of a job, until it is done", async () => {
    const world = objectWith(inTurn({ kind: "failed", failure: { ...FAILURE, httpStatus: 500 } }, hangs));
    const odd = { group: 'a/b "c"', part: "ä/%2F" };
    world.queue.enqueue({ id: "e", jobs: [{ ...odd, payload: "x" }], run: "night" });
    expect(world.queue.job(odd)).toMatchObject({
      ...odd,
      state: "waiting",
      run: "night",
      attempts: 0,
      enqueuedAt: NOW,
    });
    await pass(500);
    expect(world.queue.job(odd)).toMatchObject({
      state: "retrying",
      attempts: 1,
      payload: "x",
      error: FAILURE,
      lane: "last",
      failures: [{ number: 1, httpStatus: 500, ...FAILURE, endedAt: expect.any(Number) }],
    });
    expect(world.queue.job(odd)?.dueAt).toBeGreaterThan(Date.now());
    expect(world.queue.retry(odd)).toBe("ok");
    await pass(500);
    expect(world.queue.job(odd)).toMatchObject({ state: "running", dueAt: null, attempts: 1 });
    expect(world.queue.retry(odd)).toBe("conflict");
    await pass(60_000);
    expect(world.queue.job(odd)).toBeNull();
    expect(world.calls.map(({ group, part }) => ({ group, part }))).toEqual([odd, odd, odd]);
  });

  it("tells of a dead letter, which a retry runs again under another key", async () => {
    const world = objectWith(refuses());
    world.queue.enqueue({ id: "e", jobs: [job("a/1", { payload: "x" })] });
    await pass(5_000);
    expect(world.queue.job(job("a/1"))).toMatchObject({ state: "dead", dueAt: null, attempts: 1, error: FAILURE });
    expect(world.queue.cancel(job("a/1"))).toBe("conflict");
    expect(world.queue.retry(job("a/1"))).toBe("ok");
    expect(world.queue.job(job("a/1"))).toMatchObject({ state: "waiting", attempts: 0, failures: [] });
    await pass(5_000);
    expect(world.calls.map(({ payload, attempt }) => `${payload} ${attempt}`)).toEqual(["x 1", "x 1"]);
    expect(new Set(world.keysOf("a/1")).size).toBe(2);
    expect(world.queue.retry(job("a/1"))).toBe("missing");
    expect(world.queue.cancel(job("a/1"))).toBe("missing");
    expect(world.sql.exec("SELECT count(*) AS n FROM attempts")).toEqual([{ n: 0 }]);
  });

  it("of a dead letter that is enqueued again has the payload of that, or none", async () => {
    const world = objectWith(refuses());
    world.queue.enqueue({ id: "e", jobs: [job("a/1", { payload: "x" })] });
    await pass(5_000);
    world.queue.enqueue({ id: "f", jobs: [job("a/1")] });
    expect(world.queue.job(job("a/1"))?.payload).toBe("");
  });

  it("is null for a dead letter of 31 days", async () => {
    const world = objectWith(refuses());
    await world.queue.begin();
    world.queue.enqueue({ id: "e", jobs: [job("a/1", { payload: "x" })] });
    await pass(29 * DAY);
    await world.queue.rearm();
    expect(world.queue.job(job("a/1"))?.payload).toBe("x");
    await pass(2 * DAY);
    await world.queue.rearm();
    expect(world.queue.job(job("a/1"))).toBeNull();
  });
});

it("forgets 2,000 calls with the longest ids, and the cron goes on", async () => {
  const world = objectWith(inTurn());
  await world.queue.begin();
  for (let n = 0; n < 2_000; n += 1) world.queue.enqueue({ id: `${n}-`.padEnd(1_024, "ä"), jobs: [job("a/1")] });
  await pass(15 * DAY);
  await world.queue.rearm();
  expect(world.sql.exec("SELECT count(*) AS n FROM inbox")).toEqual([{ n: 0 }]);
  expect(world.logs).toEqual([]);
});

describe("jobs", () => {
  const listed = (world: ReturnType<typeof objectWith>, query: Parameters<typeof world.queue.jobs>[0], limit = 100) => {
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const page = world.queue.jobs(query, { limit, cursor });
      expect(page.jobs.length).toBeLessThanOrEqual(limit);
      found.push(...page.jobs.map(named));
      cursor = page.cursor;
    } while (cursor !== null);
    return found.toSorted();
  };

  it("lists every job once, page by page, whether it is due or not", () => {
    const world = objectWith(hangs);
    const keys = Array.from({ length: 400 }, (_, n) => `g${n % 7}/${n}`);
    const jobs = keys.map((key, n) => job(key, n % 3 === 0 ? { at: NOW + HOUR } : {}));
    world.queue.enqueue({ id: "e", jobs });
    expect(listed(world, {}, 30)).toEqual(keys.toSorted());
    expect(listed(world, { group: "g3" }, 10)).toEqual(keys.filter((key) => key.startsWith("g3/")).toSorted());
    expect(listed(world, { group: "g" })).toEqual([]);
    expect(world.queue.jobs({}, { limit: 1_000 }).jobs).toHaveLength(100);
    expect(() => world.queue.jobs({}, { cursor: "x" })).toThrow(TypeError);
    expect(() => world.queue.jobs({}, { limit: Number.NaN })).toThrow(TypeError);
  });

  it("walks past at most 1,000 jobs a page", () => {
    const world = objectWith(hangs);
    for (const id of ["a", "b", "c"])
      world.queue.enqueue({ id, jobs: Array.from({ length: 1_000 }, (_, n) => job(`${id}${n}/1`)) });
    const page = world.queue.jobs({ group: "none" });
    expect(page).toEqual({ jobs: [], cursor: null });
    expect(world.queue.jobs({ run: "none" }).cursor).not.toBeNull();
    expect(listed(world, { group: "b7" })).toEqual(["b7/1"]);
    expect(listed(world, {})).toHaveLength(3_000);
  });

  it("lists by state, lane and run", async () => {
    const world = objectWith(inTurn({ kind: "failed", failure: FAILURE, permanent: true }, hangs), { concurrency: 1 });
    const { queue } = world;
    queue.enqueue({ id: "dead", jobs: [job("a/dead")], run: "first" });
    await pass(2_000);
    queue.enqueue({ id: "running", jobs: [job("a/running")], lane: "first", run: "second" });
    await pass(2_000);
    queue.enqueue({ id: "waiting", jobs: [job("a/waiting"), job("a/cancelled")], run: "third" });
    queue.cancel(job("a/cancelled"));
    for (const state of ["dead", "running", "waiting", "cancelled"] as const)
      expect(listed(world, { state })).toEqual([`a/${state}`]);
    expect(listed(world, { state: "retrying" })).toEqual([]);
    expect(listed(world, { lane: "first" })).toEqual(["a/running"]);
    expect(listed(world, { run: "third" })).toEqual(["a/cancelled", "a/waiting"]);
    expect(queue.counts()).toEqual({ waiting: 1, running: 1, retrying: 0, done: 0, dead: 1, cancelled: 1 });
    expect(queue.counts("first")).toMatchObject({ waiting: 0, running: 1, dead: 0 });
  });
});

describe("a run", () => {
  it("has the numbers of its jobs, also of those that are done, and is cancelled as a whole", async () => {
    const world = objectWith(inTurn(), { ratePerSecond: 10, burst: 1 });
    const { queue } = world;
    const jobs = Array.from({ length: 30 }, (_, n) => job(`a/${n}`));
    queue.enqueue({ id: "e", jobs, run: "night" });
    queue.enqueue({ id: "f", jobs: [job("a/29"), job("b/1", { at: NOW + HOUR })], run: "day" });
    expect(queue.run("night")).toMatchObject({ createdAt: NOW, endedAt: null, jobs: { waiting: 30 } });
    await pass(1_500);
    expect(queue.cancelRun("night")).toBe(true);
    await pass(10_000);
    const { jobs: counts, endedAt, cancelledAt } = queue.run("night") ?? {};
    expect(counts?.done).toBeGreaterThan(5);
    expect((counts?.done ?? 0) + (counts?.cancelled ?? 0)).toBe(30);
    expect([endedAt, cancelledAt]).toEqual([expect.any(Number), NOW + 1_500]);
    // Another run asked for it, too.
    expect(world.keysOf("a/29")).toHaveLength(1);
    for (const lane of ["last", "middle"] as const)
      expect(queue.enqueue({ id: lane, jobs: [job("a/31")], run: "night", lane })).toEqual({ status: "cancelled" });
    expect(queue.enqueue({ id: "e", jobs, run: "night" })).toMatchObject({ status: "repeat", accepted: 30 });
    expect(queue.cancelRun("none")).toBe(false);
    expect(queue.run("none")).toBeNull();
  });
});

describe("a pause", () => {
  it("lets running calls end and starts no other, until it is resumed; the gate tells its reason", async () => {
    const world = objectWith(inTurn());
    const { queue } = world;
    expect(queue.closed()).toBeNull();
    queue.pause({ reason: "the service moves" });
    expect(queue.closed()).toEqual({ code: "paused", reason: "the service moves", until: null });
    queue.enqueue({ id: "e", jobs: [job("a/1")] });
    await pass(HOUR);
    expect(world.calls).toEqual([]);
    queue.resume();
    await pass(1_000);
    expect(world.calls).toHaveLength(1);
  });

  it("of one lane holds up no other", async () => {
    const world = objectWith(inTurn());
    world.queue.pause({ lane: "last" });
    world.queue.enqueue({ id: "e", jobs: [job("a/1")], lane: "last" });
    world.queue.enqueue({ id: "f", jobs: [job("a/2")], lane: "middle" });
    await pass(5_000);
    expect(world.calls.map(({ key }) => key)).toEqual(["a/2"]);
    expect(world.queue.closed("middle")).toBeNull();
  });
});

it("after an older copy was put back nothing starts for two minutes, and then under another key", async () => {
  const world = objectWith(inTurn(hangs));
  world.queue.enqueue({ id: "e", jobs: [job("a/1")] });
  await pass(1_000);
  await world.reset();
  world.queue.restored(null);
  expect(world.queue.closed()).toMatchObject({ code: "restored", until: NOW + 1_000 + 2 * MINUTE });
  await pass(2 * MINUTE - 1_000);
  expect(world.calls).toHaveLength(1);
  await pass(MINUTE);
  expect(new Set(world.keysOf("a/1")).size).toBe(2);
});

it("the calls of the README answer what it says", async () => {
  const world = objectWith(refuses());
  world.queue.enqueue({ id: "e", jobs: [{ group: "ada", part: "1", payload: "x" }], run: "newsletter" });
  await pass(5_000);
  steer(world.queue);
  expect(world.queue.job({ group: "ada", part: "1" })?.state).toBe("cancelled");
  expect(world.queue.closed()).toBeNull();
});

it("a class of the user's writes its own table in the transaction in which a job ends", async () => {
  const world = objectWith(inTurn(), WITH_RECEIPTS);
  world.queue.enqueue({ id: "e", jobs: [job("a/1"), job("a/2")] });
  await pass(5_000);
  expect(world.sql.exec("SELECT count(*) AS n FROM receipts WHERE at > ?", NOW)).toEqual([{ n: 2 }]);
});
