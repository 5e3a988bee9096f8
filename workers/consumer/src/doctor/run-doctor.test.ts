import { defineConfig } from "@prewarm/shared/config";
import { jobHash } from "@prewarm/shared/job";
import { deadKey, parseVariantKey, storeKey } from "@prewarm/shared/variant-key";
import { beforeEach, describe, expect, it } from "vitest";
import { chunkOf, type Wish } from "../ledger/testing/chunk-of.ts";
import { clientOf } from "../ledger/testing/client-of.ts";
import { nodeSql } from "../ledger/testing/node-sql.ts";
import { testEngine } from "../ledger/testing/test-engine.ts";
import { createMemoryBucket, type MemoryBucket } from "../testing/memory-bucket.ts";
import { doctorTick, runDoctor } from "./run-doctor.ts";

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
    gate: { concurrency: 100_000, ratePerSecond: 100_000, burst: 100_000, monthlyJobs: null },
  });
  const sql = nodeSql();
  const { engine, done } = testEngine(sql, { config, clock });
  const ledger = clientOf(engine);
  const memory: MemoryBucket = createMemoryBucket();
  const logs: { event: string; fields: unknown }[] = [];
  const deps = {
    bucket: memory.bucket,
    ledger,
    clock,
    log: (event: string, fields: unknown) => logs.push({ event, fields }),
  };
  const find = async (fix = false) => {
    const { findings, nextCursor } = await runDoctor(deps, { fix, cursor: "", who: "tester" });
    expect(nextCursor).toBeNull();
    return Object.fromEntries(findings.map(({ code, count, fixed }) => [code, fixed ? `${count} fixed` : count]));
  };
  const order = (wish: Wish) => engine.acceptChunk(chunkOf(wish, { id: crypto.randomUUID(), chunk: 0, hash: "h" }));
  /** Begins a purge, whose first look is still to come. */
  const purge = (id: string) => {
    engine.purgeImage(id, null, "tester");
    const task = done.purges.at(-1);
    if (task === undefined) throw new Error("no purge was begun");
    return task;
  };
  return { sql, engine, order, purge, ledger, memory, deps, logs, find };
}

const put = (key: string, gen: number | null) =>
  world.memory.bucket.put(storeKey(key), "bytes", {
    ...(gen === null
      ? {}
      : { customMetadata: { gen: String(gen), job: "j", width: "1", height: "1", "created-at": "1" } }),
  });
const has = (key: string) => world.memory.objects.has(key);
const state = async (key: string) => (await world.ledger.lookUp([key]))[key] ?? null;
const states = (keys: string[]) => Promise.all(keys.map(state));

/** Accepts (or views) keys and stores them all, objects included. */
async function store(keys: string[], lane: "live" | "upload" = "upload"): Promise<void> {
  if (lane === "upload") world.order({ lane, keys });
  const { claims } = world.engine.claim("o", [{ keys, live: lane === "live", at: now }]);
  for (const [key, claim] of Object.entries(claims)) {
    if (claim.do !== "run") throw new Error(`${key} ${claim.do}`);
    await put(key, claim.gen);
    world.engine.settle("o", { [key]: { kind: "stored", gen: claim.gen, bytes: 5, etag: "e", tookMs: 1 } });
  }
  now += HOUR;
}

const A = ["a/400-high.webp", "a/800-high.webp"];

describe("doctor", () => {
  it("finds nothing where ledger and store agree, with objects that have no row and objects that are not ours", async () => {
    await store(A);
    await put("pruned/400-high.webp", 1);
    await put("guide/800-high.webp", null);
    await world.memory.bucket.put("variants/readme.txt", "hello");
    expect(await world.find(true)).toEqual({});
    expect([...world.memory.objects.keys()]).toHaveLength(5);
  });

  it("orders a variant anew whose object is gone, behind all that somebody waits for", async () => {
    await store(A);
    await store(["seen/400-high.webp"], "live");
    world.memory.objects.clear();
    expect(await world.find()).toEqual({ row_without_object: 3 });
    expect(await state(A[0] ?? "")).toBe("stored");
    expect(await world.find(true)).toEqual({ row_without_object: "3 fixed" });
    expect(await states(A)).toEqual(["queued", "queued"]);
    expect(await state("seen/400-high.webp")).toBe("queued");
    expect(world.engine.stats().counts.bulk.queued).toBe(3);
    expect(await world.find(true)).toEqual({});
  });

  it("leaves alone what was stored after R2 was listed", async () => {
    await store(A);
    world.memory.objects.clear();
    now -= HOUR - 2_000;
    expect(await world.find(true)).toEqual({});
  });

  it("deletes what a new original or a purge has outdated, and neither touches what is being made again nor what counts", async () => {
    await store(A);
    await put("a/1200-high.webp", 1); // its row was pruned
    world.order({
      lane: "upload",
      keys: A.slice(0, 1),
      originals: [{ id: "a", order: "2", sourceEtag: null }],
    });
    expect(await world.find()).toEqual({ object_below_floor: 1 });
    expect(await world.find(true)).toEqual({ object_below_floor: "1 fixed" });
    expect(has("variants/a/1200-high.webp")).toBe(false);
    expect(A.map((key) => has(storeKey(key)))).toEqual([true, true]); // served until their open rows overwrite them
    expect((await world.ledger.imageRows("a")).purging).toBe(false); // unlocked again
    expect(await world.find(true)).toEqual({});
  });

  it("keeps what a force would have replaced that was cancelled: the original is the same", async () => {
    await store(A);
    world.order({ lane: "bulk", keys: A, force: true });
    for (const key of A) await world.engine.cancelJob(await jobHash(key), "tester");
    expect(await world.find(true)).toEqual({});
    expect(A.map((key) => has(storeKey(key)))).toEqual([true, true]);
  });

  it("makes a stored variant again whose object was put back from before a purge", async () => {
    world.engine.steps.purgeEnd(world.purge("a"));
    await store(A);
    await put(A[0] ?? "", 1);
    expect(await world.find(true)).toEqual({ object_below_floor: "1 fixed", row_without_object: "1 fixed" });
    expect(A.map((key) => has(storeKey(key)))).toEqual([false, true]);
    expect(await states(A)).toEqual(["queued", "stored"]);
  });

  it("keeps the image locked while objects are deleted, so that nobody puts between decision and delete", async () => {
    world.engine.steps.purgeEnd(world.purge("a"));
    await put(A[0] ?? "", 1);
    const answers: string[] = [];
    const deletes = world.memory.bucket.delete.bind(world.memory.bucket);
    world.memory.bucket.delete = async (keys) => {
      answers.push(world.engine.claim("viewer", [{ keys: A, live: true, at: now }]).claims[A[0] ?? ""]?.do ?? "none");
      return deletes(keys);
    };
    await world.find(true);
    expect(answers).toEqual(["parked"]);
    expect(world.engine.claim("viewer", [{ keys: A, live: true, at: now }]).claims[A[0] ?? ""]?.do).toBe("run");
  });

  it("leaves an image to the purge that has locked it", async () => {
    await store(A);
    world.purge("a");
    expect(await world.find(true)).toEqual({});
    expect(has(storeKey(A[0] ?? ""))).toBe(true);
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

  it("counts anew where the counters lie", async () => {
    await store(A);
    world.sql.exec("UPDATE counters SET n = 17 WHERE state = 3");
    world.sql.exec("INSERT INTO counters (state, lane, n) VALUES (4, 2, 5)");
    expect(await world.find()).toEqual({ counters_differ: 2 });
    expect(world.engine.stats().counts.upload.stored).toBe(17);
    expect(await world.find(true)).toEqual({ counters_differ: "2 fixed" });
    expect(world.engine.stats().counts.upload.stored).toBe(2);
    expect(world.engine.stats().counts.bulk.dead).toBe(0);
  });

  it("gives back what a lost or long ended claim owns, and frees slots that leaked", async () => {
    world.order({ lane: "bulk", keys: A });
    world.engine.claim("ended", [{ keys: A.slice(0, 1), live: false, at: now }]);
    world.engine.claim("lost", [{ keys: A.slice(1), live: false, at: now }]);
    world.sql.exec("DELETE FROM claims WHERE owner = 'lost'");
    world.sql.exec("INSERT INTO abandoned (gen, ittybit_job, until) VALUES (1, NULL, ?)", now - HOUR);
    now += HOUR;
    expect(await world.find()).toEqual({ owner_unknown: 1, claim_expired: 1, slot_leaked: 1 });
    expect(await world.find(true)).toEqual({
      owner_unknown: "1 fixed",
      claim_expired: "1 fixed",
      slot_leaked: "1 fixed",
    });
    expect(world.sql.exec("SELECT owner FROM jobs WHERE owner IS NOT NULL")).toEqual([]);
    expect(world.engine.getGate().slots).toBe(2);
    expect(await world.find(true)).toEqual({});
  });

  it("walks in slices by pages of R2 and of rows, and a pass finds every fault exactly once", async () => {
    const keys = Array.from({ length: 3_300 }, (_, n) => `i${String(n).padStart(5, "0")}/400-high.webp`);
    expect(keys.every((key) => parseVariantKey(key) !== null)).toBe(true);
    for (let at = 0; at < keys.length; at += 1000) world.order({ lane: "bulk", keys: keys.slice(at, at + 1000) });
    world.sql.exec("UPDATE jobs SET state = 3, stored_at = ?, gen = seq", now);
    world.sql.exec("UPDATE counters SET state = 3");
    for (const [n, key] of keys.entries()) if (n % 3 > 0 && n < 2_500) await put(key, 2 ** 52);
    now += HOUR;
    const gone = keys.filter((_, n) => n % 3 === 0 || n >= 2_500).length;
    expect(await world.find()).toEqual({ row_without_object: gone });
    expect(await world.find(true)).toEqual({ row_without_object: `${gone} fixed` });
    expect(await world.find(true)).toEqual({});
  });

  it("by cron: one slice a minute from where it stopped, a rest after the pass, an audit entry, and a failure that costs nothing", async () => {
    for (let n = 0; n < 1_500; n += 1) await put(`i${String(n).padStart(5, "0")}/400-high.webp`, 1);
    await store(["z/400-high.webp"]);
    await world.memory.bucket.delete(storeKey("z/400-high.webp"));
    await doctorTick(world.deps);
    expect(await world.ledger.doctorFrom()).toBe("i00999/400-high.webp");
    world.memory.fails = () => true;
    await doctorTick(world.deps);
    world.memory.fails = () => false;
    expect(world.logs.map(({ event }) => event)).toEqual(["doctor.failed"]);
    await doctorTick(world.deps);
    expect(await state("z/400-high.webp")).toBe("queued");
    expect(await world.ledger.doctorFrom()).toBeNull();
    const lists = world.memory.calls.filter((call) => call.startsWith("list")).length;
    await doctorTick(world.deps);
    expect(world.memory.calls.filter((call) => call.startsWith("list"))).toHaveLength(lists);
    now += HOUR;
    expect(await world.ledger.doctorFrom()).toBe("");
    const { entries } = await world.ledger.listAudit({ limit: 10, cursor: null });
    expect(entries).toMatchObject([
      { who: "doctor", what: "doctor.fix", target: "row_without_object", details: { count: 1 } },
    ]);
  });
});
