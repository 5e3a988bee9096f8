import type { QueueHost } from "@prewarm/durable-queue";
import { describe, expect, it } from "vitest";
import { ANY_JOB } from "../console/calls.ts";
import { clientOf } from "../ledger/testing/client-of.ts";
import type { DirectLedger } from "../ledger/testing/direct-calls.ts";
import { testEngine } from "../ledger/testing/test-engine.ts";
import { type ApiWorld, accept, createApiWorld, exchange, granted, START, VIEWER } from "./testing/api-world.ts";

const DAY_MS = 86_400_000;

interface Line {
  call?: string;
  body?: object;
  end?: number;
  id?: string;
  run?: string;
  label?: string;
  lane?: string;
  force?: boolean;
}

async function exported(world: ApiWorld): Promise<Line[]> {
  const answer = await world.call("GET", "/api/v1/ledger/export");
  expect(answer.headers.get("Content-Type")).toBe("application/x-ndjson");
  const lines = (await answer.text()).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Line);
}

/** Makes the calls that the lines name, and warms what the others name as `prewarm warm --file` does. */
async function tell(world: ApiWorld, lines: readonly Line[]): Promise<void> {
  for (const { call, body, end, run = "rest", label, lane = "bulk", force = false, ...item } of lines) {
    if (end !== undefined) continue;
    const [method = "", path = ""] = (call ?? "POST /api/v1/warm").split(" ");
    const warm = { items: [item], lane, force, ...(label === undefined ? {} : { label }) };
    const query = call === undefined ? `?run=${run}` : "";
    const { status, body: said } = await world.json(method, `${path}${query}`, { body: body ?? warm });
    expect([status, said.rejected ?? []], JSON.stringify(said)).toEqual([call?.startsWith("PATCH") ? 200 : 202, []]);
  }
}

/** What an export must keep: the open jobs with their runs, points, removals, and the month's jobs by day. */
function known({ sql, ledger }: ApiWorld) {
  const { jobs } = ledger.listJobs({ filter: OPEN, cursor: null, limit: 1_000 });
  const labels = new Map(sql.exec("SELECT id, label FROM runs").map(({ id, label }) => [id, label]));
  return {
    jobs: jobs.map(({ key, lane, run }) => ({ key, lane, run, label: labels.get(run) ?? null })).sort(byKey),
    focals: sql.exec("SELECT id, x, y FROM focals WHERE x IS NOT NULL ORDER BY id"),
    removals: sql.exec("SELECT id, json_extract(body, '$.reason') AS reason FROM removals ORDER BY id"),
    budget: ledger.getGate().budget.usedByLane,
    today: ledger.getGate().budget.usedToday,
  };
}

const OPEN = { ...ANY_JOB, states: ["queued" as const, "processing" as const, "retrying" as const] };
const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);

/** A ledger that knows something of each kind. Its ids have what shells, URLs and JSON treat as their own. */
async function filled(): Promise<ApiWorld> {
  const world = createApiWorld();
  await world.json("POST", "/api/v1/warm?run=run_spring", {
    body: { items: [{ id: "a b/'\"$é.jpg", v: "7" }, { id: "plain" }], label: 'spring "sale"' },
  });
  accept(world, ["up/400-high.webp", "up/800-high.webp"]);
  // A day ago an upload's job was paid, and today a viewer's.
  granted(world, "worker", ["up/400-high.webp"]);
  world.advance(DAY_MS);
  exchange(world, "viewer", {
    role: "urgent",
    first: true,
    room: 40,
    asks: [{ key: "seen/400-high.webp", at: START + DAY_MS }],
  });
  await world.json("PUT", "/api/v1/images/plain/focal", { body: { focal: [0.25, 0.75] } });
  await world.json("POST", "/api/v1/images/u%2F7%3F.jpg/remove", { body: { reason: 'asked \\ by "her"' } });
  return world;
}

describe("an export of the ledger", () => {
  it("told to another ledger by the calls that it names gives the same work, points, removals and spending", async () => {
    const world = await filled();
    const lines = await exported(world);
    const other = createApiWorld();
    other.advance(DAY_MS);
    await tell(other, lines);
    const before = known(world);
    expect(before.jobs).toHaveLength(7);
    expect([before.budget, before.today]).toEqual([{ live: 1, upload: 1, bulk: 0 }, 1]);
    const viewed = (job: (typeof before.jobs)[number]) =>
      job.lane === "live" ? { ...job, lane: "upload" as const, run: "rest" } : job;
    expect(known(other)).toEqual({ ...before, jobs: before.jobs.map(viewed) });
    // Whoever breaks off begins again.
    await tell(other, lines);
    expect(known(other)).toEqual({ ...before, jobs: before.jobs.map(viewed) });
  });

  it("says at its end how many lines it has, and is told by the audit log", async () => {
    const world = await filled();
    const lines = await exported(world);
    expect(lines.at(-1)).toEqual({ end: lines.length - 1 });
    const { entries } = (await world.json("GET", "/api/v1/audit")).body as { entries: { what: string }[] };
    expect(entries[0]?.what).toBe("ledger.export");
  });

  it("has a job once that is touched meanwhile, and no job that is cancelled", async () => {
    const world = createApiWorld();
    const ids = Array.from({ length: 1_500 }, (_, n) => ({ id: `i${n}`, transforms: ["w=400&f=webp"] }));
    await world.json("POST", "/api/v1/warm", { body: { items: ids } });
    const gone = Array.from({ length: 800 }, (_, n) => ({ id: `gone${n}` }));
    await world.json("POST", "/api/v1/warm?run=gone", { body: { items: gone } });
    // It cancels 2,000 jobs at once.
    await world.json("DELETE", "/api/v1/runs/gone");
    const slice = world.deps.ledger.exportSlice;
    world.deps.ledger.exportSlice = async (cursor) => {
      const answer = await slice(cursor);
      // A worker takes 40 jobs of any place after each slice.
      exchange(world, `worker after ${cursor}`, { first: true, room: 40 });
      return answer;
    };
    const owed = (await exported(world)).filter(({ id }) => id !== undefined);
    expect(owed.map(({ id }) => id).sort()).toEqual(ids.map(({ id }) => id).sort());
  });

  it("has what is made again made again: an older object in R2 does not stand for it", async () => {
    const world = createApiWorld();
    const warm = (sourceEtag: string) =>
      world.json("POST", "/api/v1/warm", { body: { items: [{ id: "new", sourceEtag }, { id: "plain" }] } });
    await warm("v1");
    await warm("v2");
    const force = (await exported(world)).filter(({ id }) => id !== undefined).map(({ id, force }) => [id, force]);
    expect(Object.fromEntries(force)).toEqual({ new: true, plain: undefined });
  });

  it("counts no day of another month, and none to come", async () => {
    const world = createApiWorld();
    const jobs = { live: 5, upload: 5, bulk: 5 };
    const spent = { "2026-10-31": jobs, "2026-11-23": jobs, "2026-11-25": jobs };
    await world.json("PATCH", "/api/v1/gate", { body: { spent } });
    expect(world.ledger.getGate().budget).toMatchObject({ usedByLane: jobs, usedToday: 0 });
  });

  it("is for those who may copy", async () => {
    const world = createApiWorld();
    expect((await world.call("GET", "/api/v1/ledger/export", { token: VIEWER })).status).toBe(403);
  });
});

describe("the platform's bookmarks", () => {
  /** A platform that keeps bookmarks: what an object of it is asked. `drops`: the first call is heard, and its connection drops with the restart. */
  function platform({ keeps = true, drops = false } = {}) {
    const asked: string[] = [];
    const world = createApiWorld();
    const { engine, host } = testEngine(world.sql, world.deps, { sleep: async () => undefined });
    let now = "b-now";
    const bookmarks: QueueHost["bookmarks"] = {
      now: async () => now,
      at: async (time) => `b-${time}`,
      restoreNext: async (bookmark) => {
        asked.push(`to ${bookmark}`);
        return now;
      },
      restart: () => {
        now = "b-restarted";
      },
    };
    if (keeps) host.bookmarks = bookmarks;
    const isDropped = () => drops && asked.length === 1;
    world.deps.ledger = {
      ...clientOf(dropping(engine, isDropped)),
      restored: async (who, how, before) => void asked.push(`${who} ${JSON.stringify(how)} ${before?.purges.length}`),
    };
    return { ...world, asked };
  }

  /** Its calls are heard, and their connections drop after an answer for which this holds. */
  function dropping(engine: DirectLedger, isDropped: () => boolean): DirectLedger {
    return new Proxy(engine, {
      get:
        (target, name) =>
        async (...args: unknown[]) => {
          const answer: unknown = await (Reflect.get(target, name) as (...args: unknown[]) => unknown).apply(
            target,
            args,
          );
          if (isDropped()) throw Object.assign(new Error("Network connection lost."), { retryable: true });
          return answer;
        },
    });
  }

  it("put it back to a time or a bookmark, after which it is told that it was restored", async () => {
    const world = platform();
    const at = "2026-11-24T11:00:00Z";
    expect(await world.json("POST", "/api/v1/ledger/restore", { body: { at } })).toMatchObject({
      status: 200,
      body: { bookmark: `b-${Date.parse(at)}`, undo: "b-now" },
    });
    await world.json("POST", "/api/v1/ledger/restore", { body: { bookmark: "b-7" } });
    expect(world.asked).toEqual([
      `to b-${Date.parse(at)}`,
      `operator token 1 {"bookmark":"b-${Date.parse(at)}","undo":"b-now"} 0`,
      "to b-7",
      'operator token 1 {"bookmark":"b-7","undo":"b-restarted"} 0',
    ]);
  });

  it("are told as of before the restart, though the call was made again after it", async () => {
    const world = platform({ drops: true });
    const { body } = await world.json("POST", "/api/v1/ledger/restore", { body: { at: "2026-11-24T11:00:00Z" } });
    expect(world.asked.slice(0, 2)).toEqual([`to ${String(body.bookmark)}`, `to ${String(body.bookmark)}`]);
    expect(body.undo).toBe("b-now");
  });

  it.each([{ at: "2026-11-24T13:00:00Z" }, { at: "yesterday" }, {}, { bookmark: "" }])(
    "are not asked for %j",
    async (body) => {
      const world = platform();
      expect((await world.call("POST", "/api/v1/ledger/restore", { body })).status).toBe(400);
      expect(world.asked).toEqual([]);
    },
  );

  it("are said to be missing where the platform keeps none", async () => {
    const answer = await platform({ keeps: false }).call("POST", "/api/v1/ledger/restore", { body: { bookmark: "b" } });
    expect(answer.status).toBe(503);
  });
});
