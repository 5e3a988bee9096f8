import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ExchangeAnswer, ExchangeRequest } from "../src/calls.ts";
import { type JobKey, KEY_MAX_CHARS } from "../src/job-key.ts";
import { recount } from "../src/operate/examine.ts";
import type { RunJob } from "../src/runner/run-job.ts";
import { runJobs } from "../src/runner/run-jobs.ts";
import { DEAD } from "../src/tables/row.ts";
import { FAILURE, hangs, inTurn, job, objectWith, openJobs, pass } from "./testing/object-with.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

describe("a runner", () => {
  it("makes every job once, under a key of its own, and leaves", async () => {
    const world = objectWith(inTurn());
    const keys = Array.from({ length: 100 }, (_, n) => `r/${n}`);
    world.queue.enqueue({ id: "a", jobs: keys.map((key) => job(key)) });
    await pass(10_000);
    expect(world.calls.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
    expect(new Set(world.calls.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(100);
    expect(world.calls[0]?.idempotencyKey).toMatch(/^pw-name\d-*-\d+$/);
    expect(openJobs(world)).toBe(0);
    expect(world.sql.exec("SELECT * FROM owners")).toEqual([]);
    expect(world.sql.exec("SELECT * FROM claims")).toEqual([]);
    expect(world.logs).toEqual([]);
  });

  it("makes no more calls at once, and none faster, than the limits say", async () => {
    const beginnings: number[] = [];
    const world = objectWith(
      async () => {
        beginnings.push(Date.now());
        await new Promise((resolve) => setTimeout(resolve, 900));
        return { kind: "done" };
      },
      { concurrency: 6, ratePerSecond: 4, burst: 2 },
    );
    world.queue.enqueue({ id: "a", jobs: Array.from({ length: 40 }, (_, n) => job(`r/${n}`)) });
    await pass(30_000);
    expect(beginnings).toHaveLength(40);
    expect(world.most).toBeLessThanOrEqual(6);
    expect(world.most).toBeGreaterThanOrEqual(3);
    for (const at of beginnings) {
      const within = beginnings.filter((other) => other >= at && other < at + 5_000).length;
      expect(within).toBeLessThanOrEqual(2 + 5 * 4);
    }
  });

  it("counts each slot of calls that last longer than ten seconds", async () => {
    const world = objectWith(hangs, { concurrency: 4, callMs: 25_000 });
    world.queue.enqueue({ id: "a", jobs: Array.from({ length: 40 }, (_, n) => job(`r/${n}`)), lane: "middle" });
    await pass(24_000);
    expect(world.most).toBe(4);
  });
});

it("a job costs at most 10 ms of CPU", async () => {
  const world = objectWith(inTurn(), { concurrency: 500, ratePerSecond: 1_000, burst: 100 });
  const count = 1_000;
  const before = process.threadCpuUsage();
  world.queue.enqueue({ id: "a", jobs: Array.from({ length: count }, (_, n) => job(`r/${n}`, { payload: "x" })) });
  await pass(20_000);
  const { user, system } = process.threadCpuUsage(before);
  expect(world.calls).toHaveLength(count);
  expect((user + system) / 1_000 / count).toBeLessThan(10);
});

describe("a repeat has the same key", () => {
  it("after a reset in the middle of the call, at once, without blame", async () => {
    const world = objectWith(inTurn(hangs));
    world.queue.enqueue({ id: "a", jobs: [job("r/1")] });
    await pass(1_000);
    expect(world.calls).toHaveLength(1);
    await world.reset();
    await pass(1_000);
    const [first, second] = world.calls;
    expect(world.calls).toHaveLength(2);
    expect(second?.idempotencyKey).toBe(first?.idempotencyKey);
    expect(second?.attempt).toBe(1);
    expect(openJobs(world)).toBe(0);
  });

  it("after a call without an answer, which is an attempt; its slot is free meanwhile", async () => {
    const world = objectWith(inTurn(hangs, hangs));
    world.queue.enqueue({ id: "a", jobs: [job("r/1")] });
    await pass(20_900);
    expect(world.calls).toHaveLength(1);
    expect(world.slots()).toBe(0);
    await pass(60_000);
    expect(new Set(world.keysOf("r/1")).size).toBe(1);
    expect(world.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(openJobs(world)).toBe(0);
  });

  it("after a call that throws, until the attempts are used up; a dead letter has no slot", async () => {
    const world = objectWith(async () => {
      throw new TypeError("network connection lost");
    });
    world.queue.enqueue({ id: "a", jobs: [job("r/1")] });
    await pass(120_000);
    expect(world.calls).toHaveLength(4);
    expect(new Set(world.keysOf("r/1")).size).toBe(1);
    expect(world.slots()).toBe(0);
    expect(world.sql.exec("SELECT attempts, error FROM jobs")).toEqual([
      { attempts: 4, error: '{"code":"unclear","message":"TypeError: network connection lost"}' },
    ]);
  });

  it("after `later`, which is no attempt, holds no slot and stops no other job", async () => {
    const world = objectWith(inTurn({ kind: "later", ms: 5_000 }));
    world.queue.enqueue({ id: "a", jobs: [job("r/1")] });
    await pass(1_000);
    expect(world.slots()).toBe(0);
    world.queue.enqueue({ id: "b", jobs: [job("r/2")] });
    await pass(1_000);
    expect(world.calls.map(({ key }) => key)).toEqual(["r/1", "r/2"]);
    await pass(15_000);
    expect(world.calls.map(({ key, attempt }) => `${key} ${attempt}`)).toEqual(["r/1 1", "r/2 1", "r/1 1"]);
    expect(new Set(world.keysOf("r/1")).size).toBe(1);
  });

  it("after `throttled`, which is no attempt and stops all jobs until then", async () => {
    const world = objectWith(inTurn({ kind: "throttled", ms: 5_000 }));
    world.queue.enqueue({ id: "a", jobs: [job("r/1")] });
    await pass(500);
    world.queue.enqueue({ id: "b", jobs: [job("r/2")] });
    await pass(3_000);
    expect(world.calls.map(({ key }) => key)).toEqual(["r/1"]);
    await pass(30_000);
    expect(world.calls.map(({ key, attempt }) => `${key} ${attempt}`).toSorted()).toEqual(["r/1 1", "r/1 1", "r/2 1"]);
    expect(new Set(world.keysOf("r/1")).size).toBe(1);
  });
});

describe("a clear failure", () => {
  it("is a dead letter at once when it is permanent", async () => {
    const world = objectWith(inTurn({ kind: "failed", failure: FAILURE, permanent: true }));
    world.queue.enqueue({ id: "a", jobs: [job("r/1")] });
    await pass(600_000);
    expect(world.calls).toHaveLength(1);
    expect(world.sql.exec("SELECT attempts FROM jobs WHERE due IS NULL")).toEqual([{ attempts: 1 }]);
    expect(world.slots()).toBe(0);
  });
});

describe("a runner that is told to stop", () => {
  it("aborts the call of a cancelled job, which ends cancelled and frees its slot", async () => {
    const world = objectWith(inTurn(hangs));
    world.queue.enqueue({ id: "a", jobs: [job("r/1")] });
    await pass(1_000);
    expect(world.queue.cancel(job("r/1"))).toBe("ok");
    await pass(1_000);
    expect(world.calls[0]?.signal.aborted).toBe(true);
    await pass(60_000);
    expect(world.calls).toHaveLength(1);
    expect(world.slots()).toBe(0);
    expect(openJobs(world)).toBe(0);
  });
});

describe("a runner that the queue does not want any more", () => {
  const key = { group: "r", part: "1" };
  const given = { id: 1, gen: 7, name: "n", run: null, ...key, floor: 0, urgent: false, notBefore: 0, grantedAt: 0 };
  const more = {
    first: true,
    attempts: 0,
    touched: false,
    job: null,
    sight: null,
    unfetchedSince: null,
    beforeRestore: false,
  };
  const go = { ...given, ...more, phase: "admitted" as const };
  const goes = { status: "ok" as const, queueId: "q", stop: [], again: 300, more: false, stay: true };
  const runner = (...answers: (ExchangeAnswer | Error)[]) => {
    const requests: ExchangeRequest[] = [];
    const signals: AbortSignal[] = [];
    const exchange = async (request: ExchangeRequest) => {
      requests.push(request);
      const next = answers.shift();
      if (next === undefined || next instanceof Error) throw next ?? new Error("no further answer");
      return next;
    };
    const run: RunJob = (job) => {
      signals.push(job.signal);
      return hangs(job);
    };
    const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
    const ended = runJobs({ exchange, owner: "o", clock: { now: () => Date.now() }, sleep, run });
    return { requests, signals, ended: ended.then(() => "left", String) };
  };

  it("numbers its calls, and gives back what it never got, as when an answer was lost", async () => {
    const { requests, ended } = runner({ ...goes, give: [], stop: [{ id: 1, gen: 7 }] }, { ...goes, give: [] });
    await pass(1_000);
    expect(await ended).toBe("Error: no further answer");
    expect(requests.map(({ seq, settled }) => [seq, settled.map(({ id, outcome }) => [id, outcome.kind])])).toEqual([
      [1, []],
      [2, [[1, "wait"]]],
      [3, []],
    ]);
  });

  it("takes nothing more when it is to leave, returns what has not begun, and waits for its calls", async () => {
    const early = { ...go, id: 2, part: "2", notBefore: Date.now() + 250 };
    const leaving = { ...goes, stay: false, give: [go, early, { ...go, id: 3, phase: "standby" as const }] };
    const { requests, signals, ended } = runner(leaving, leaving, ...Array(200).fill({ ...goes, give: [] }));
    await pass(10_000);
    expect(signals).toHaveLength(1);
    expect(requests[1]).toMatchObject({ room: 0, have: [{ id: 1, phase: "admitted" }] });
    await pass(30_000);
    expect(await ended).toBe("left");
    const settled = requests.flatMap(({ settled }) => settled);
    expect(settled.map(({ id, outcome }) => `${id} ${outcome.kind}`).slice(0, 2)).toEqual(["2 wait", "3 wait"]);
    expect(settled.find(({ id }) => id === 1)).toMatchObject({
      outcome: { kind: "retry", generation: "same", external: "ended" },
    });
    expect(requests.at(-1)).toMatchObject({ leave: true });
  });
});

describe("enqueue", () => {
  it("keeps a payload with its job: the first one of an open key", async () => {
    const world = objectWith(inTurn(hangs, { kind: "done" }));
    world.queue.enqueue({ id: "a", jobs: [job("r/1", { payload: "first" }), job("r/2")] });
    world.queue.enqueue({ id: "b", jobs: [job("r/1", { payload: "second" })] });
    world.queue.enqueue({ id: "a", jobs: [job("r/1", { payload: "third" })] });
    await pass(40_000);
    const told = world.calls.map(({ key, payload }) => `${key} ${payload}`);
    expect(told.toSorted()).toEqual(["r/1 first", "r/1 first", "r/2 "]);
  });

  it("keeps the payload of a dead letter, and replaces it when the key is accepted again", async () => {
    const world = objectWith(inTurn({ kind: "failed", failure: FAILURE, permanent: true }));
    world.queue.enqueue({ id: "a", jobs: [job("r/1", { payload: "first" })] });
    await pass(5_000);
    expect(world.queue.job(job("r/1"))?.payload).toBe("first");
    world.queue.enqueue({ id: "b", jobs: [job("r/1", { payload: "second" })] });
    expect(world.queue.job(job("r/1"))?.payload).toBe("second");
    await pass(5_000);
    world.queue.enqueue({ id: "c", jobs: [job("r/1")] });
    expect(world.queue.job(job("r/1"))?.payload).toBe("");
  });

  it("accepts nothing of a call that fails", () => {
    const world = objectWith(inTurn());
    const jobs = [job("r/1"), job("r/2", { payload: "x".repeat(2_100_000) })];
    expect(() => world.queue.enqueue({ id: "a", jobs })).toThrow("bytes");
    expect(openJobs(world)).toBe(0);
  });
});

describe("a key", () => {
  const hostile = [
    "a/b.c",
    'say "hi"',
    "50% %2F",
    "back\\slash\\",
    "it's, [null]",
    "\t\n\u0001",
    "é/😀",
    "ä".repeat(350),
  ];
  const pairs = hostile.flatMap((group) => hostile.map((part) => ({ group, part })));
  const text = ({ group, part }: JobKey) => JSON.stringify([group, part]);

  it("is any text, and of its call, its payload, its dead letter and its retry", async () => {
    const world = objectWith(
      inTurn(...pairs.map(() => ({ kind: "failed" as const, failure: FAILURE, permanent: true }))),
    );
    world.queue.enqueue({ id: "a", jobs: pairs.map((key) => ({ ...key, payload: text(key) })) });
    expect(
      world.sql
        .exec("SELECT * FROM jobs")
        .map((raw) => JSON.stringify([raw.grp, raw.part]))
        .toSorted(),
    ).toEqual(pairs.map(text).toSorted());
    await world.reset();
    expect(world.queue.transactions.read((tx) => recount(tx, false))).toEqual({ lanes: 0, runs: [] });
    await pass(30_000);
    const rows = world.queue.transactions.read((tx) => tx.rows.loadKeys(pairs));
    expect(rows.map((row) => `${row.state} ${text(row)}`)).toEqual(pairs.map((key) => `${DEAD} ${text(key)}`));
    world.queue.enqueue({ id: "b", jobs: pairs.map((key) => ({ ...key, payload: text(key) })) });
    await pass(30_000);
    const told = world.calls.map((job) => [text(job), job.payload]);
    expect(told.toSorted()).toEqual([...pairs, ...pairs].map((key) => [text(key), text(key)]).toSorted());
    expect(openJobs(world)).toBe(0);
  });

  it("is a group and a part, so that no other group and part make the same one", async () => {
    const world = objectWith(inTurn());
    const pairs = [
      { group: "a/b", part: "c" },
      { group: "a", part: "b/c" },
      { group: "ab", part: "c" },
      { group: "a", part: "bc" },
      { group: "1:a", part: "b" },
      { group: "1", part: ":ab" },
    ];
    expect(world.queue.enqueue({ id: "a", jobs: pairs })).toMatchObject({ accepted: 6, duplicates: 0 });
    const groupOf = (group: string) =>
      world.queue.transactions.read((tx) => tx.rows.loadGroup(group).map(text).toSorted());
    expect(groupOf("a")).toEqual(['["a","b/c"]', '["a","bc"]']);
    await pass(10_000);
    expect(world.calls.map(text).toSorted()).toEqual(pairs.map(text).toSorted());
  });

  it("of a thousand jobs at once may be as long as it can be", async () => {
    const world = objectWith(inTurn());
    const jobs = Array.from({ length: 1_000 }, (_, n) => ({
      group: "g",
      part: `${n}`.padEnd(KEY_MAX_CHARS, "\u0001"),
    }));
    expect(world.queue.enqueue({ id: "a", jobs })).toMatchObject({ accepted: 1_000 });
    expect(world.queue.transactions.read((tx) => recount(tx, false))).toEqual({ lanes: 0, runs: [] });
    await world.reset();
    const found = world.queue.transactions.read((tx) => tx.rows.loadGroup("g").map(({ part }) => part));
    expect(found.toSorted()).toEqual(jobs.map(({ part }) => part).toSorted());
  });

  it.each([
    ["empty", ""],
    ["too long", "x".repeat(KEY_MAX_CHARS + 1)],
    ["with half a surrogate pair", "\ud800"],
    ["with a NUL", "a\0b"],
  ])("%s is refused, and so is all that comes with it", (_, bad) => {
    const world = objectWith(inTurn());
    const good = { group: "g", part: "p" };
    for (const key of [
      { group: bad, part: "p" },
      { group: "g", part: bad },
    ])
      expect(() => world.queue.enqueue({ id: "a", jobs: [good, key] })).toThrow(TypeError);
    expect(openJobs(world)).toBe(0);
  });
});
