import { describe, expect, it } from "vitest";
import { type ApiWorld, createApiWorld, VIEWER, work } from "./testing/api-world.ts";

interface JobAnswer {
  job: string;
  key: string;
  id: string;
  state: string;
  error: { code: string; message: string } | null;
}

const key = (id: string, width = 400) => `${id}/${width}-high.webp`;
const warm = async (world: ApiWorld, ids: string[], more: object = {}) => {
  const { body } = await world.json("POST", "/api/v1/warm", { body: { items: ids.map((id) => ({ id })), ...more } });
  return String(body.run);
};
const jobsOf = async (world: ApiWorld, query: string) => {
  const { body } = await world.json("GET", `/api/v1/jobs?${query}`);
  return body.jobs as unknown as JobAnswer[];
};
const idsOf = (jobs: JobAnswer[]) => [...new Set(jobs.map(({ id }) => id))].sort();

describe("GET /api/v1/jobs", () => {
  it("filters by several states, lanes, run and every qualifier", async () => {
    const world = createApiWorld();
    const run = await warm(world, ["one", "two"]);
    await warm(world, ["three"]);
    work(world, [key("one")], "dead", "the decoder said no");
    work(world, [key("two")], "stored");
    expect(idsOf(await jobsOf(world, "state=dead&state=stored"))).toEqual(["one", "two"]);
    expect(idsOf(await jobsOf(world, `run=${run}`))).toEqual(["one", "two"]);
    expect(idsOf(await jobsOf(world, `search=run:${run}`))).toEqual(["one", "two"]);
    expect(idsOf(await jobsOf(world, "search=id:thr"))).toEqual(["three"]);
    expect(idsOf(await jobsOf(world, "search=hre"))).toEqual(["three"]);
    expect(idsOf(await jobsOf(world, "search=error:DECODER"))).toEqual(["one"]);
    expect(idsOf(await jobsOf(world, "search=error:upstream_failed%20format:webp"))).toEqual(["one"]);
    expect(await jobsOf(world, "search=format:avif")).toEqual([]);
    expect(await jobsOf(world, "lane=live")).toEqual([]);
    expect(await jobsOf(world, "run=none")).toEqual([]);
    const [dead] = await jobsOf(world, "state=dead");
    expect(dead).toMatchObject({
      key: key("one"),
      state: "dead",
      error: { code: "upstream_failed", message: "the decoder said no" },
    });
  });

  it.each(["state=lost", "lane=slow", "search=format:bmp", "search=lane:slow", "limit=0", "limit=9999", "cursor="])(
    "judges ?%s",
    async (query) => {
      const { status } = await createApiWorld().json("GET", `/api/v1/jobs?${query}`);
      expect(status).toBe(query === "cursor=" ? 200 : 400);
    },
  );

  it.each(["' OR 1=1 --", "%", "_", '"', "\\", "<script>", "__proto__", "a".repeat(400)])(
    "takes %s for text",
    async (text) => {
      const world = createApiWorld();
      await warm(world, ["plain"]);
      for (const search of [text, `id:${text}`, `error:${text}`]) {
        const { status, body } = await world.json("GET", `/api/v1/jobs?search=${encodeURIComponent(search)}`);
        expect([status, body.jobs]).toEqual([200, []]);
      }
    },
  );

  it("pages without skipping or repeating, also while rows come in", async () => {
    const world = createApiWorld();
    await warm(
      world,
      Array.from({ length: 25 }, (_, n) => `image-${n}`),
    );
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const { body } = await world.json("GET", `/api/v1/jobs?limit=7${cursor === "" ? "" : `&cursor=${cursor}`}`);
      seen.push(...(body.jobs as unknown as JobAnswer[]).map((job) => job.key));
      cursor = body.nextCursor as string | null;
      await warm(world, [`late-${seen.length}`]);
    }
    expect(new Set(seen).size).toBe(50);
    expect(seen).toHaveLength(50);
  });

  it("finds the newest failures below many rows that only wait", async () => {
    const world = createApiWorld();
    await warm(world, ["bad"]);
    work(world, [key("bad"), key("bad", 800)], "dead");
    await warm(
      world,
      Array.from({ length: 6000 }, (_, n) => `later-${n}`),
    );
    expect(idsOf(await jobsOf(world, "state=dead"))).toEqual(["bad"]);
    const { body } = await world.json("GET", "/api/v1/dead");
    expect(body.total).toBe(2);
    // A filter without an index reads 10,000 rows and says that there may be more.
    const short = await world.json("GET", "/api/v1/jobs?state=cancelled");
    expect(short.body.jobs).toEqual([]);
    expect(short.body.nextCursor).not.toBeNull();
  });
});

describe("one job", () => {
  it("shows attempts, links and its image's etag; retry and cancel act and are audited", async () => {
    const world = createApiWorld();
    await warm(world, ["photo"]);
    work(world, [key("photo")], "dead", "broken");
    const [dead] = await jobsOf(world, "state=dead");
    const path = `/api/v1/jobs/${dead?.job}`;
    const { body } = await world.json("GET", path);
    expect(body).toMatchObject({
      originalUrl: "https://cdn.example.com/originals/photo",
      variantUrl: "https://images.example.com/images/photo?w=400&q=high&f=webp",
      history: [{ number: 1, code: "upstream_failed", message: "broken" }],
    });
    expect((await world.call("POST", `${path}/cancel`)).status).toBe(409);
    expect((await world.json("POST", `${path}/retry`)).body.state).toBe("queued");
    expect((await world.call("POST", `${path}/retry`)).status).toBe(409);
    expect((await world.json("POST", `${path}/cancel`)).body.state).toBe("cancelled");
    const audit = await world.json("GET", "/api/v1/audit");
    const entries = audit.body.entries as { what: string; who: string }[];
    expect(entries.slice(0, 2)).toMatchObject([
      { what: "job.cancel", who: "operator token 1" },
      { what: "job.retry", who: "operator token 1" },
    ]);
  });

  it("is found by the hash of its key though nobody listed it, and is missed politely", async () => {
    const world = createApiWorld();
    await warm(world, ["unseen"]);
    const { jobHash } = await import("@prewarm/shared/job");
    const { body } = await world.json("GET", `/api/v1/jobs/${await jobHash(key("unseen"))}`);
    expect(body.key).toBe(key("unseen"));
    expect((await world.call("GET", "/api/v1/jobs/ffffffffffffffff")).status).toBe(404);
    expect((await world.call("GET", "/api/v1/jobs/zzz")).status).toBe(400);
  });
});

describe("dead letters", () => {
  it("are grouped by cause, and a group can be listed and retried at a rate", async () => {
    const world = createApiWorld();
    await warm(world, ["a", "b", "c"]);
    work(world, [key("a"), key("b")], "dead", "job job_8f3a21bc failed after 17 ms");
    work(world, [key("c")], "dead", "job job_77c00d12 failed after 3 ms");
    work(world, [key("c", 800)], "dead", "out of memory");
    const { body } = await world.json("GET", "/api/v1/dead");
    const groups = body.groups as unknown as { fingerprint: string; count: number; formats: object }[];
    expect(groups.map(({ count }) => count)).toEqual([3, 1]);
    expect(groups[0]?.formats).toEqual({ webp: 3 });
    const fingerprint = groups[0]?.fingerprint ?? "";
    const listed = await world.json("GET", `/api/v1/dead?fingerprint=${fingerprint}&limit=2`);
    expect(listed.body.jobs).toHaveLength(2);
    const rest = await world.json(
      "GET",
      `/api/v1/dead?fingerprint=${fingerprint}&limit=2&cursor=${listed.body.nextCursor}`,
    );
    expect(rest.body.jobs).toHaveLength(1);

    const preview = await world.json("POST", "/api/v1/actions", {
      body: { action: "retry", filter: { fingerprint }, dryRun: true },
    });
    expect(preview).toMatchObject({ status: 200, body: { dryRun: true, total: 3, exact: true } });
    const made = await world.json("POST", "/api/v1/actions", {
      body: { action: "retry", filter: { fingerprint }, rate: 1 },
    });
    expect(made).toMatchObject({
      status: 202,
      body: { kind: "retry", total: 3, done: 0, state: "running", who: "operator token 1" },
    });
    const path = `/api/v1/actions/${made.body.action}`;
    world.operator.runActions();
    expect((await world.json("GET", path)).body).toMatchObject({ done: 1, state: "running" });
    expect(world.operator.runActions()).toBe(world.deps.clock.now() + 1000);
    expect((await world.json("GET", path)).body.done).toBe(1);
    for (let n = 0; n < 4; n += 1) {
      world.advance(1000);
      world.operator.runActions();
    }
    expect((await world.json("GET", path)).body).toMatchObject({ done: 3, skipped: 0, state: "done" });
    expect(idsOf(await jobsOf(world, "state=dead"))).toEqual(["c"]);
  });

  it("show messages that nobody could read", async () => {
    const world = createApiWorld();
    await world.deps.ledger.recordDead([
      { queue: "prewarm-live", messageId: "m1", body: "[]", reason: "no message", at: 5, attempts: 3 },
    ]);
    const { body } = await world.json("GET", "/api/v1/dead");
    expect(body.messages).toEqual([{ id: "m1", queue: "prewarm-live", reason: "no message", body: "[]", at: 5 }]);
  });
});

describe("actions", () => {
  it("stop half-way, keep what is done, and act on named jobs only", async () => {
    const world = createApiWorld();
    await warm(world, ["a", "b"]);
    const [first] = await jobsOf(world, "search=id:a");
    const one = await world.json("POST", "/api/v1/actions", {
      body: { action: "cancel", filter: { jobs: [first?.job] } },
    });
    world.operator.runActions();
    expect((await world.json("GET", `/api/v1/actions/${one.body.action}`)).body).toMatchObject({
      total: 1,
      done: 1,
      state: "done",
    });
    const slow = await world.json("POST", "/api/v1/actions", { body: { action: "cancel", filter: {}, rate: 1 } });
    expect(slow.body.total).toBe(3);
    world.operator.runActions();
    const stopped = await world.json("DELETE", `/api/v1/actions/${slow.body.action}`);
    world.advance(10_000);
    world.operator.runActions();
    expect(stopped.body).toMatchObject({ state: "cancelled", done: 1 });
    expect((await world.json("GET", "/api/v1/stats")).body.states).toMatchObject({ queued: 2, cancelled: 2 });
    const { body } = await world.json("GET", "/api/v1/actions");
    expect((body.actions as { state: string }[]).map(({ state }) => state)).toEqual(["cancelled", "done"]);
  });

  it("leave alone what was ordered after they were made", async () => {
    const world = createApiWorld();
    await warm(world, ["a"]);
    await world.json("POST", "/api/v1/actions", { body: { action: "cancel", filter: {} } });
    await warm(world, ["b"]);
    world.operator.runActions();
    expect(idsOf(await jobsOf(world, "state=queued"))).toEqual(["b"]);
  });

  it("refuse what matches nothing, or cannot be acted on", async () => {
    const world = createApiWorld();
    const send = (body: object) => world.json("POST", "/api/v1/actions", { body });
    expect((await send({ action: "retry", filter: {} })).status).toBe(409);
    expect((await send({ action: "retry", filter: { state: "stored" } })).status).toBe(409);
    expect((await send({ action: "purge", filter: {} })).status).toBe(400);
    expect((await send({ action: "retry", filter: { nonsense: 1 } })).status).toBe(400);
  });
});

describe("runs", () => {
  it("are listed newest first, tell their progress, and can be cancelled", async () => {
    const world = createApiWorld();
    const first = await warm(world, ["a"], { label: "first" });
    const second = await warm(world, ["b"], { label: "second" });
    world.advance(10_000);
    work(world, [key("a")], "stored");
    expect((await world.json("GET", `/api/v1/runs/${first}`)).body).toMatchObject({
      done: 1,
      total: 2,
      ratePerSecond: 0.1,
      etaSeconds: 10,
    });
    const cancelled = await world.json("DELETE", `/api/v1/runs/${second}`);
    expect(cancelled).toMatchObject({ status: 202, body: { state: "cancelled", states: { cancelled: 2 } } });
    const { body } = await world.json("GET", "/api/v1/runs?limit=1");
    expect((body.runs as { label: string }[])[0]?.label).toBe("second");
    const next = await world.json("GET", `/api/v1/runs?limit=1&cursor=${body.nextCursor}`);
    expect((next.body.runs as { label: string }[])[0]?.label).toBe("first");
    expect((await world.json("GET", "/api/v1/runs?state=open")).body.runs).toHaveLength(1);
    expect((await world.call("GET", "/api/v1/runs/none")).status).toBe(404);
    expect((await world.call("DELETE", "/api/v1/runs/none")).status).toBe(404);
  });
});

describe("images", () => {
  it("join what R2 holds with what waits, and purge", async () => {
    const world = createApiWorld();
    const id = "albums/été 100%";
    const path = `/api/v1/images/${encodeURIComponent(id)}`;
    await warm(world, [id]);
    const stored = `${encodeURIComponent(id)}/400-high.webp`;
    await world.bucket.bucket.put(`variants/${stored}`, "12345", {
      customMetadata: { gen: "1", job: "j", width: "400", height: "300", "created-at": "7" },
    });
    work(world, [stored], "stored");
    const { body } = await world.json("GET", path);
    expect(body).toMatchObject({ id, purging: false });
    expect(body.variants).toMatchObject([
      {
        key: stored,
        state: "stored",
        bytes: 5,
        width: 400,
        url: "https://images.example.com/images/albums/%C3%A9t%C3%A9%20100%25?w=400&q=high&f=webp",
      },
      { state: "queued", bytes: null },
    ]);
    expect((await world.json("DELETE", path)).status).toBe(202);
    expect(world.purges.map((task) => task.id)).toEqual([id]);
    expect((await world.json("GET", path)).body.purging).toBe(true);
    expect((await world.call("GET", `/api/v1/images/${encodeURIComponent("../x")}`)).status).toBe(400);
  });

  it("sign the links that an unsigned URL could not have", async () => {
    const world = createApiWorld();
    await world.json("POST", "/api/v1/warm", { body: { items: [{ id: "a", transforms: ["w=300&h=200"] }] } });
    const { body } = await world.json("GET", "/api/v1/images/a");
    expect((body.variants as { url: string }[])[0]?.url).toMatch(/&s=[\w-]{43}$/);
  });
});

describe("gate, stats and history", () => {
  it("change what is named, show it, and refuse nonsense", async () => {
    const world = createApiWorld();
    const patch = (body: object) => world.json("PATCH", "/api/v1/gate", { body });
    expect(
      (await patch({ paused: { bulk: true }, rate: 5, concurrency: 7, budget: { monthlyJobs: 10 } })).body,
    ).toMatchObject({
      paused: { live: false, upload: false, bulk: true },
      rate: { perSecond: 5 },
      concurrency: 7,
      budget: { monthlyJobs: 10, used: 0 },
      reasons: [{ lane: "bulk", code: "paused" }],
    });
    for (const bad of [
      { paused: { all: true } },
      { rate: 0 },
      { concurrency: 0.5 },
      { budget: { warmingShare: 2 } },
      { breaker: { state: "open" } },
      { x: 1 },
    ]) {
      expect((await patch(bad)).status).toBe(400);
    }
    expect((await world.json("GET", "/api/v1/gate")).body.concurrency).toBe(7);
    const { body } = await world.json("GET", "/api/v1/audit");
    expect(body.entries).toMatchObject([{ what: "gate.patch", details: { rate: 5 } }]);
  });

  it("say in a sentence how things are", async () => {
    const world = createApiWorld();
    const health = async () => (await world.json("GET", "/api/v1/stats", { token: VIEWER })).body.health;
    expect(await health()).toEqual({ level: "ok", sentence: "Healthy: nothing waits.", since: null });
    await warm(world, ["a"]);
    await world.json("PATCH", "/api/v1/gate", { body: { paused: { bulk: true } } });
    expect(await health()).toMatchObject({ level: "warning", sentence: "Paused by an operator: bulk. 2 jobs wait." });
    await world.json("PATCH", "/api/v1/gate", { body: { paused: { bulk: false } } });
    const { claims } = world.core.claim("o", [{ keys: [key("a")], live: false, at: world.deps.clock.now() }]);
    expect(claims[key("a")]?.do).toBe("run");
    world.core.settle("o", { [key("a")]: { kind: "account", status: 402, message: "billing" } });
    expect(await health()).toMatchObject({
      level: "problem",
      sentence:
        "Ittybit answers 402: billing. Everything waits since 12:00 UTC; viewers get originals. One job is tried at 12:00 UTC.",
    });
  });

  it("tell numbers that equal the rows, and queues where the platform has them", async () => {
    const queues = {
      "prewarm-live": {
        metrics: async () => ({ backlogCount: 3, backlogBytes: 9, oldestMessageTimestamp: new Date(0) }),
      },
      "prewarm-work": {},
      "prewarm-dead": { metrics: async () => Promise.reject(new Error("out")) },
    };
    const world = createApiWorld({}, { queues });
    await warm(world, ["a", "b"]);
    work(world, [key("a")], "stored");
    work(world, [key("b")], "dead");
    world.advance(60_000);
    const { body } = await world.json("GET", "/api/v1/stats");
    expect(body).toMatchObject({
      states: { queued: 2, stored: 1, dead: 1 },
      lanes: { bulk: { queued: 2, stored: 1, dead: 1 }, live: { queued: 0 } },
      open: 2,
      deadLetters: 1,
      oldest: { bulk: 60_000, live: null },
      rates: { storedPerSecond: 1 / 300, failureRatio: 0.5 },
      ledger: { rows: 4 },
      queues: {
        "prewarm-live": { backlogCount: 3, oldestMessageAt: null },
        "prewarm-work": null,
        "prewarm-dead": null,
      },
    });
  });

  it("keep three tiers, whose newest parts agree", async () => {
    const world = createApiWorld();
    await warm(world, ["a"]);
    work(world, [key("a")], "stored");
    world.operator.sample();
    for (const [tier, length] of [
      ["minute", 60],
      ["hour", 24],
      ["day", 30],
    ] as const) {
      const { body } = await world.json("GET", `/api/v1/history?tier=${tier}`);
      const buckets = body.buckets as unknown as {
        stored: number;
        filling: boolean;
        open: number;
        run: { p50: number };
      }[];
      expect(buckets).toHaveLength(length);
      expect(buckets.at(-1)).toMatchObject({ stored: 1, accepted: 2, filling: true, open: 1 });
      expect(buckets.at(-1)?.run.p50).toBeGreaterThan(0);
      expect(buckets.slice(0, -1).every(({ stored, filling }) => stored === 0 && !filling)).toBe(true);
    }
  });
});

describe("a ledger that is out of reach", () => {
  it("is told as 503 with Retry-After, and the reason stays in the log", async () => {
    const world = createApiWorld();
    world.deps.ledger.stats = () => Promise.reject(new Error("secret internals"));
    const answer = await world.call("GET", "/api/v1/stats");
    expect(answer.status).toBe(503);
    expect(answer.headers.get("Retry-After")).toBe("5");
    expect(await answer.text()).not.toContain("secret internals");
    expect(world.logs.map(({ event }) => event)).toContain("ledger.unreachable");
  });
});
