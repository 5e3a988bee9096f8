import { nameOf, placeOf, putDoc } from "@prewarm/durable-queue";
import { nodeSql } from "@prewarm/durable-queue/testing";
import { defineConfig } from "@prewarm/shared/config";
import { deadKey, jobOfKey, keyOfJob, storeKey } from "@prewarm/shared/variant-key";
import { beforeEach, describe, expect, it } from "vitest";
import { passDone, takePass } from "../images/sweeps.ts";
import type { ExchangeRequest } from "../ledger/calls.ts";
import { chunkOf, type Wish } from "../ledger/testing/chunk-of.ts";
import { clientOf } from "../ledger/testing/client-of.ts";
import { testEngine } from "../ledger/testing/test-engine.ts";
import { createMemoryBucket, type MemoryBucket } from "../testing/memory-bucket.ts";
import { doctorTick, runDoctor } from "./run-doctor.ts";
import type { WrongNote } from "./wrong-notes.ts";

const HOUR = 3_600_000;
let now: number;
let world: ReturnType<typeof createWorld>;
beforeEach(() => {
  now = Date.UTC(2026, 10, 24);
  world = createWorld();
});

function createWorld() {
  const clock = { now: () => now, random: () => 0.5 };
  const config = defineConfig({
    sources: [{ prefix: "", url: "https://o.example/{id}" }],
    gate: { concurrency: 100_000, ratePerSecond: 100_000, burst: 100_000 },
    budget: { month: null },
  });
  const sql = nodeSql();
  const { engine } = testEngine(sql, { config, clock });
  const ledger = clientOf(engine);
  const memory: MemoryBucket = createMemoryBucket();
  const logs: { event: string; fields: unknown }[] = [];
  const mended: string[] = [];
  const deps = {
    bucket: memory.bucket,
    ledger,
    clock,
    mendNotes: async (wrong: readonly WrongNote[]) => void mended.push(...wrong.map(({ id }) => id)),
    log: (event: string, fields: unknown) => logs.push({ event, fields }),
  };
  const find = async (fix = false) => {
    const { findings, nextCursor } = await runDoctor(deps, { fix, cursor: "", who: "tester" });
    expect(nextCursor).toBeNull();
    // No handler has written notes here.
    const others = findings.filter(({ code }) => code !== "note_differs");
    return Object.fromEntries(others.map(({ code, count, fixed }) => [code, fixed ? `${count} fixed` : count]));
  };
  const order = (wish: Wish) => engine.acceptChunk(chunkOf(wish, { id: crypto.randomUUID(), chunk: 0, hash: "h" }));
  /** Purges an image; the second pass is still to come. */
  const purge = (id: string) => {
    const seq = Number(engine.purgeImage(id, null, "tester").purge);
    const pass = engine.transactions.write((tx) => takePass(tx, seq));
    if (pass === null) throw new Error("no purge was begun");
    engine.transactions.write((tx) => passDone(tx, pass, []));
  };
  return { sql, engine, order, purge, ledger, memory, deps, logs, mended, find };
}

const put = (key: string, gen: number | null) =>
  world.memory.bucket.put(storeKey(key), "bytes", {
    ...(gen === null
      ? {}
      : { customMetadata: { gen: String(gen), job: "j", width: "1", height: "1", "created-at": "1" } }),
  });
const miscount = (jobs: Record<string, number>) => {
  const counts = { jobs, used: {} };
  putDoc(world.sql, "counts", JSON.stringify(counts));
  world.engine.transactions.read((tx) => Object.assign(tx.memory.counters.state, counts));
};
const has = (key: string) => world.memory.objects.has(key);
const state = async (key: string) => (await world.ledger.lookUp([key]))[key] ?? null;
const states = (keys: string[]) => Promise.all(keys.map(state));

let owners = 0;
/** Accepts keys, or has them viewed, and stores them all, objects included. */
async function store(keys: string[], lane: "live" | "upload" = "upload"): Promise<void> {
  if (lane === "upload") world.order({ lane, keys });
  now += HOUR;
  owners += 1;
  const nothing = { have: [], asks: [], submitted: [], settled: [] };
  const call = (said: Partial<ExchangeRequest>) =>
    world.engine.exchange({
      owner: `o${owners}`,
      first: false,
      role: "work",
      room: 40,
      ...nothing,
      leave: false,
      ...said,
    });
  const asks = lane === "live" ? keys.map((key) => ({ key, at: now })) : [];
  const answer = call({ first: true, asks });
  const give = answer.status === "ok" ? answer.give.map((given) => ({ ...given, key: keyOfJob(given) })) : [];
  for (const { key, gen } of give) await put(key, gen);
  const present = (objectGen: number) => ({ kind: "present" as const, objectGen, bytes: 5, posted: false });
  call({ room: 0, leave: true, settled: give.map(({ id, gen }) => ({ id, gen, outcome: present(gen) })) });
  expect(give.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
  now += HOUR;
}

const A = ["a/400-high.webp", "a/800-high.webp"];
const nameOfKey = (key: string) => nameOf(placeOf(jobOfKey(key), "test"));

describe("doctor", () => {
  it("finds nothing where ledger and store agree, with objects that have no row and objects that are not ours", async () => {
    await store(A);
    await put("pruned/400-high.webp", 1);
    await put("guide/800-high.webp", null);
    await world.memory.bucket.put("variants/readme.txt", "hello");
    expect(await world.find(true)).toEqual({});
    expect([...world.memory.objects.keys()]).toHaveLength(5);
  });

  it("deletes what a new original or a purge has outdated, and neither touches what is being made again nor what counts", async () => {
    await store(A);
    await put("a/1200-high.webp", 1);
    world.order({
      lane: "upload",
      keys: A,
      originals: [{ id: "a", order: "2", sourceEtag: null }],
    });
    // Until the sweep has found them: it has them made again.
    expect(await world.find()).toEqual({});
    world.sql.exec("DELETE FROM sweeps");
    expect(await world.find()).toEqual({ object_below_floor: 1 });
    expect(await world.find(true)).toEqual({ object_below_floor: "1 fixed" });
    expect(has("variants/a/1200-high.webp")).toBe(false);
    expect(A.map((key) => has(storeKey(key)))).toEqual([true, true]); // served until their open rows overwrite them
    expect((await world.ledger.imageRows("a", [])).purging).toBe(false); // unlocked again
    expect(await world.find(true)).toEqual({});
  });

  it("keeps what a force would have replaced that was cancelled: the original is the same", async () => {
    await store(A);
    world.order({ lane: "bulk", keys: A, force: true });
    for (const key of A) world.engine.cancelJob(nameOfKey(key), "tester");
    expect(await states(A)).toEqual(["cancelled", "cancelled"]);
    expect(await world.find(true)).toEqual({});
    expect(A.map((key) => has(storeKey(key)))).toEqual([true, true]);
  });

  it("deletes an object that was put back from before a purge", async () => {
    world.purge("a");
    await store(A);
    await put(A[0] ?? "", 1);
    expect(await world.find(true)).toEqual({ object_below_floor: "1 fixed" });
    expect(A.map((key) => has(storeKey(key)))).toEqual([false, true]);
  });

  it("keeps the image locked while objects are deleted, so that nobody puts between decision and delete", async () => {
    now += HOUR;
    world.purge("a");
    await put(A[0] ?? "", 1);
    const given: number[] = [];
    const deletes = world.memory.bucket.delete.bind(world.memory.bucket);
    const view = (owner: string) => {
      const said = { have: [], asks: A.map((key) => ({ key, at: now })), submitted: [], settled: [], leave: false };
      const answer = world.engine.exchange({ owner, first: true, role: "urgent", room: 0, ...said });
      return answer.status === "ok" ? answer.give.length : 0;
    };
    world.memory.bucket.delete = async (keys) => {
      given.push(view("early"));
      return deletes(keys);
    };
    await world.find(true);
    expect(given.length).toBeGreaterThan(0);
    expect(given.filter((n) => n > 0)).toEqual([]);
    expect(view("late")).toBe(2);
  });

  it("keeps what was stored since it asked R2, though an older object of that name was listed", async () => {
    await store(A);
    world.order({ lane: "upload", keys: ["a/1200-high.webp"], originals: [{ id: "a", order: "2", sourceEtag: null }] });
    world.engine.cancelJob(nameOfKey("a/1200-high.webp"), "tester");
    world.sql.exec("DELETE FROM sweeps");
    now += HOUR;
    const list = world.memory.bucket.list.bind(world.memory.bucket);
    world.memory.bucket.list = async (options) => {
      const page = await list(options);
      if (page.objects.some(({ key }) => key === storeKey(A[0] ?? ""))) {
        world.memory.bucket.list = list;
        await store([A[0] ?? ""]);
      }
      return page;
    };
    // The walk ends with the time of a request, which has passed meanwhile.
    const { nextCursor } = await runDoctor(world.deps, { fix: true, cursor: "", who: "tester" });
    if (nextCursor !== null) await runDoctor(world.deps, { fix: true, cursor: nextCursor, who: "tester" });
    expect(A.map((key) => has(storeKey(key)))).toEqual([true, false]);
  });

  it("looks at every object and marker, however short R2 makes its pages", async () => {
    const many = Array.from({ length: 40 }, (_, n) => `many/${n + 100}-high.webp`);
    await store(many);
    for (const key of many) await world.memory.bucket.put(deadKey(key), "{}");
    expect(await world.find()).toEqual({ marker_stale: 40 });
    expect(world.memory.calls.filter((call) => call === "list variants/").length).toBeGreaterThan(2);
  });

  describe("while R2 deletes", () => {
    /** An object from before a purge, and deletes that end when the test says. */
    async function deleting() {
      await store(A.slice(0, 1));
      world.purge("a");
      const ended = Promise.withResolvers<void>();
      world.memory.bucket.delete = () => ended.promise;
      const calls: string[] = [];
      const { ledger } = world.deps;
      const doctorDone: typeof ledger.doctorDone = (locks) => {
        calls.push("doctorDone");
        return ledger.doctorDone(locks);
      };
      return { ended, calls, deps: { ...world.deps, ledger: { ...ledger, doctorDone } } };
    }

    it("does not tell the ledger that it is done", async () => {
      const { ended, calls, deps } = await deleting();
      const pass = runDoctor(deps, { fix: true, cursor: "", who: "tester" });
      await new Promise((resolve) => setImmediate(resolve));
      expect([calls, (await world.ledger.imageRows("a", [])).purging]).toEqual([[], true]);
      ended.resolve();
      await pass;
      expect([calls, (await world.ledger.imageRows("a", [])).purging]).toEqual([["doctorDone"], false]);
    });

    it("tells an error of R2, and leaves the image locked until the lock has run out", async () => {
      const { ended, calls, deps } = await deleting();
      ended.reject(new Error("R2 is out"));
      await expect(runDoctor(deps, { fix: true, cursor: "", who: "tester" })).rejects.toThrow("R2 is out");
      expect([calls, (await world.ledger.imageRows("a", [])).purging]).toEqual([[], true]);
    });
  });

  it("leaves an image to the purge that has locked it", async () => {
    await store(A);
    world.engine.purgeImage("a", null, "tester");
    expect(await world.find(true)).toEqual({});
    expect(has(storeKey(A[0] ?? ""))).toBe(true);
  });

  it("tells of notes that differ from R2, and mends twenty of a slice", async () => {
    await store(A);
    await world.memory.bucket.put("info/gone/_", "{}", { customMetadata: { listed: "1" } });
    now += HOUR;
    const find = async (fix: boolean) => (await runDoctor(world.deps, { fix, cursor: "", who: "tester" })).findings;
    expect(await find(false)).toMatchObject([
      { code: "note_differs", count: 2, fixed: false, examples: ["a", "gone"] },
    ]);
    expect(world.mended).toEqual([]);
    expect(await find(true)).toMatchObject([{ code: "note_differs", fixed: true }]);
    expect(world.mended).toEqual(["a", "gone"]);
    await store(Array.from({ length: 30 }, (_, n) => `many${n}/400-high.webp`));
    expect(await find(true)).toMatchObject([{ code: "note_differs", count: 32, fixed: false }]);
    expect(world.mended).toHaveLength(22);
  });

  it("deletes the marker of a variant that exists, and keeps those of dead ones and of missing originals", async () => {
    await store(A);
    await world.memory.bucket.put(deadKey(A[0] ?? ""), "{}");
    await world.memory.bucket.put("dead/a/_", "{}");
    await world.memory.bucket.put("dead/x/400-high.webp", "{}");
    expect(await world.find(true)).toEqual({ marker_stale: "1 fixed" });
    expect([...world.memory.objects.keys()].filter((key) => key.startsWith("dead/"))).toEqual([
      "dead/a/_",
      "dead/x/400-high.webp",
    ]);
  });

  it("counts anew where the counts lie, but for what was stored, of which there are no rows", async () => {
    await store(A);
    world.order({ lane: "bulk", keys: ["b/400-high.webp"] });
    miscount({ "0 2": 17, "2 2": 5, "5 1": 2 });
    expect(await world.find()).toEqual({ counters_differ: 2 });
    expect(world.engine.stats().counts.bulk.queued).toBe(17);
    expect(await world.find(true)).toEqual({ counters_differ: "2 fixed" });
    expect(world.engine.stats().counts.bulk).toMatchObject({ queued: 1, dead: 0 });
    expect(world.engine.stats().counts.upload.stored).toBe(2);
  });

  it("counts the members of a run anew: what has no row was stored, and no number stays below 0", async () => {
    await store(A); // in the run "test"
    world.order({ lane: "bulk", run: "r", keys: ["b/400-high.webp", "c/400-high.webp", "d/400-high.webp"] });
    world.engine.cancelJob(nameOfKey("d/400-high.webp"), "tester");
    const runOf = (id: string) => {
      const view = world.engine.getRun({ run: id });
      if (view === null) throw new Error(`no run ${id}`);
      return view;
    };
    const sound = { test: runOf("test"), r: runOf("r") };
    expect(sound.r.states).toMatchObject({ queued: 2, cancelled: 1, stored: 0 });
    expect(await world.find()).toEqual({});
    // As two engines on one database left them: ends that were counted twice, and ends that were lost.
    world.sql.exec("UPDATE runs SET states = '[-18,0,0,0,0,20,0]', open = 1 WHERE id = 'test'");
    world.sql.exec("UPDATE runs SET states = '[3,0,0,0,0,0,0]' WHERE id = 'r'");
    expect(runOf("test").states).toMatchObject({ queued: 0, stored: 2 });
    expect(await world.find()).toEqual({ counters_differ: 2 });
    expect(await world.find(true)).toEqual({ counters_differ: "2 fixed" });
    expect([runOf("test").states, runOf("r").states]).toEqual([sound.test.states, sound.r.states]);
    expect(runOf("test").state).toBe("done");
    expect(await world.find(true)).toEqual({});
  });

  it("shows no count below 0 before it has mended them", async () => {
    world.order({ lane: "bulk", keys: ["b/400-high.webp"] });
    miscount({ "0 2": -16, "6 1": -1 });
    const { counts } = world.engine.stats();
    expect([counts.bulk.queued, counts.upload.retrying]).toEqual([0, 0]);
    expect(await world.find(true)).toEqual({ counters_differ: "2 fixed" });
    expect(world.engine.stats().counts.bulk.queued).toBe(1);
  });

  it("gives back what is held under a lease that ended long ago", async () => {
    world.order({ lane: "bulk", keys: A });
    const said = { have: [], asks: [], submitted: [], settled: [], leave: false };
    world.engine.exchange({ owner: "ended", first: true, role: "work", room: 1, ...said });
    now += HOUR;
    expect(await world.find()).toEqual({ lease_expired: 1 });
    expect(await world.find(true)).toEqual({ lease_expired: "1 fixed" });
    // What the lease held is found once it is nobody's; what is blamed is due by itself.
    await world.find(true);
    expect(await world.find(true)).toEqual({});
    const answer = world.engine.exchange({ owner: "next", first: true, role: "work", room: 40, ...said });
    expect(answer).toMatchObject({ give: [{ phase: "standby" }] });
  });

  it("by cron: six slices a minute from where it stopped, a rest after the pass, an audit entry, and a failure that costs nothing", async () => {
    for (let n = 0; n < 6_500; n += 1) await put(`i${String(n).padStart(5, "0")}/400-high.webp`, 1);
    await store(["z/400-high.webp"]);
    await world.memory.bucket.put(deadKey("z/400-high.webp"), "{}");
    await doctorTick(world.deps);
    const reached = await world.ledger.doctorFrom();
    expect(reached).toBe("i05999/400-high.webp");
    world.memory.fails = () => true;
    await doctorTick(world.deps);
    world.memory.fails = () => false;
    // More notes are missing than a slice mends.
    expect(world.logs.map(({ event }) => event)).toEqual(["doctor.failed"]);
    expect(await world.ledger.doctorFrom()).toBe(reached);
    for (let slice = 0; slice < 100 && (await world.ledger.doctorFrom()) !== null; slice += 1)
      await doctorTick(world.deps);
    expect(await world.ledger.doctorFrom()).toBeNull();
    const lists = world.memory.calls.filter((call) => call.startsWith("list")).length;
    await doctorTick(world.deps);
    expect(world.memory.calls.filter((call) => call.startsWith("list"))).toHaveLength(lists);
    now += HOUR;
    expect(await world.ledger.doctorFrom()).toBe("");
    const { entries } = await world.ledger.listAudit({ limit: 10, cursor: null });
    expect(entries).toMatchObject([
      { who: "doctor", what: "doctor.fix", target: "marker_stale", details: { count: 1 } },
    ]);
  });

  it("by cron: notes the variants that no note of their image tells of, and says so", async () => {
    await put(A[0]!, 1);
    await doctorTick(world.deps);
    expect([world.mended, world.logs[0]?.event]).toEqual([["a"], "doctor.fixed"]);
  });

  it("lists the markers once for all slices of a minute", async () => {
    for (let n = 0; n < 5_500; n += 1) await put(`i${String(n).padStart(5, "0")}/400-high.webp`, 1);
    await doctorTick(world.deps);
    expect(await world.ledger.doctorFrom()).toBeNull();
    expect(world.memory.calls.filter((call) => call === "list dead/")).toHaveLength(1);
  });

  it("says how far the walk has come and when it ends: by what was ever stored, later by the last pass", async () => {
    const image = (n: number) => `i${String(n).padStart(5, "0")}/400-high.webp`;
    for (let n = 0; n < 15_000; n += 1) await put(image(n), 1);
    world.engine.transactions.write((tx) => tx.statistics.count("stored", 24_000));
    const rest = { walking: false, startedAt: null, looked: 0, expected: 24_000, endsAt: null, last: null };
    expect(await world.ledger.doctorWalk()).toMatchObject(rest);
    const began = now;
    await doctorTick(world.deps);
    const started = { walking: true, startedAt: began, restsUntil: null, last: null };
    // 18,000 objects are left, 6,000 a minute.
    expect(await world.ledger.doctorWalk()).toEqual({
      ...started,
      looked: 6_000,
      expected: 24_000,
      endsAt: now + 180_000,
    });
    now += 60_000;
    await doctorTick(world.deps);
    // R2 answers half as fast: the walk's own rate counts.
    now += 180_000;
    expect(await world.ledger.doctorWalk()).toMatchObject({ looked: 12_000, endsAt: now + 240_000 });
    await doctorTick(world.deps);
    const last = { objects: 15_000, tookMs: 240_000, endedAt: now };
    expect(await world.ledger.doctorWalk()).toMatchObject({ walking: false, restsUntil: now + HOUR, last });
    now += HOUR;
    await doctorTick(world.deps);
    expect(await world.ledger.doctorWalk()).toMatchObject({ looked: 6_000, expected: 15_000, endsAt: now + 90_000 });
    await world.ledger.restored("tester", {}, null);
    expect(await world.ledger.doctorWalk()).toMatchObject({ walking: false, expected: 15_000, restsUntil: 0, last });
  });

  it("walks the store once more when the operator has restored an older database: now, and when today's handlers have ended", async () => {
    await doctorTick(world.deps);
    expect(await world.ledger.doctorFrom()).toBeNull();
    await world.ledger.restored("tester", {}, null);
    expect(await world.ledger.doctorFrom()).toBe("");
    await doctorTick(world.deps);
    expect(await world.ledger.doctorFrom()).toBeNull();
    now += 16 * 60_000;
    expect(await world.ledger.doctorFrom()).toBe("");
    await doctorTick(world.deps);
    expect(await world.ledger.doctorFrom()).toBeNull();
  });
});
