import type { Stats } from "@prewarm/control-schema/stats";
import { JOB_ERRORS } from "@prewarm/shared/job-errors";
import { describe, expect, it } from "vitest";
import { takePass } from "../images/sweeps.ts";
import { dueSweeps } from "../images/tables/sweeps.ts";
import type { GateView } from "../ledger/calls.ts";
import { LedgerUnavailable } from "../ledger/ledger-unavailable.ts";
import {
  ADMIN,
  createApiWorld,
  endAll,
  exchange,
  granted,
  jobsOf,
  key,
  runActions,
  VIEWER,
  warm,
  work,
} from "./testing/api-world.ts";

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

  it("pin an automatic limit, let it find itself again, and change the burst without touching the rate", async () => {
    const world = createApiWorld();
    const limits = async (body?: object) =>
      (await world.json(body ? "PATCH" : "GET", "/api/v1/gate", body ? { body } : {})).body
        .limits as GateView["limits"];
    expect(await limits()).toEqual({
      rate: { mode: "auto", value: 20, min: 0.1, max: 1000, why: null, since: null },
      concurrency: { mode: "auto", value: 50, min: 1, max: 1000, why: null, since: null },
    });
    expect((await limits({ concurrency: 7, rate: { burst: 3 } })).concurrency).toMatchObject({
      mode: "pinned",
      value: 7,
    });
    expect((await limits()).rate.mode).toBe("auto");
    expect((await limits({ rate: { perSecond: 4 } })).rate).toMatchObject({ mode: "pinned", value: 4, min: null });
    expect(await limits({ concurrency: "auto", rate: "auto" })).toMatchObject({
      rate: { mode: "auto", value: 20 },
      concurrency: { mode: "auto", value: 50 },
    });
    const { body } = await world.json("GET", "/api/v1/gate");
    expect(body.rate).toEqual({ perSecond: 20, burst: 3 });
    const metrics = await world.call("GET", "/metrics", { token: VIEWER });
    expect(await metrics.text()).toContain('prewarm_limit_automatic{limit="rate"} 1');
  });

  it("count events since the beginning, as counters beside the gauges", async () => {
    const world = createApiWorld();
    const counters = async () => {
      const text = await (await world.call("GET", "/metrics", { token: VIEWER })).text();
      return text.split("\n").filter((line) => /^prewarm_\w+_total /.test(line));
    };
    expect(await counters()).toHaveLength(8);
    await warm(world, ["a", "b"]);
    work(world, [key("a")], "stored");
    work(world, [key("b")], "dead");
    const all = [
      "prewarm_accepted_total 4",
      "prewarm_stored_total 1",
      "prewarm_dead_total 1",
      "prewarm_failed_total 1",
    ];
    expect(await counters()).toEqual(expect.arrayContaining(all));
    // A retry takes the dead letter away, and not that there was one.
    await world.json("POST", "/api/v1/actions", { body: { action: "retry", filter: { state: ["dead"] } } });
    runActions(world);
    expect((await jobsOf(world, "state=dead")).length).toBe(0);
    expect(await counters()).toEqual(expect.arrayContaining(all));
  });

  it("say in a sentence how things are", async () => {
    const world = createApiWorld();
    const health = async () => (await world.json("GET", "/api/v1/stats", { token: VIEWER })).body.health;
    expect(await health()).toEqual({ level: "ok", sentence: "Healthy: nothing waits.", since: null });
    await warm(world, ["a"]);
    await world.json("PATCH", "/api/v1/gate", { body: { paused: { bulk: true } } });
    expect(await health()).toMatchObject({
      level: "warning",
      sentence: "bulk is paused by operator token 1 since 2026-11-24T12:00Z. 2 jobs wait.",
    });
    await world.json("PATCH", "/api/v1/gate", { body: { paused: { bulk: false } } });
    const outcome = { kind: "account" as const, status: 402, message: "billing" };
    const settled = granted(world, "o", [key("a")]).map(({ id, gen }) => ({ id, gen, outcome }));
    expect(settled).toHaveLength(1);
    exchange(world, "o", { settled });
    expect(await health()).toMatchObject({
      level: "problem",
      sentence:
        "Ittybit answers 402: billing. Everything waits since 2026-11-24T12:00Z; viewers get originals. One job is tried in 30 s.",
    });
  });

  it("say that no result can be fetched, and name the host and its answer, which is none of Ittybit's", async () => {
    const world = createApiWorld();
    await warm(world, ["a"]);
    const message = "store.example.net answered HTTP 403 (application/xml)";
    const unfetched = { code: "output_private", status: 403, message };
    const outcome = { kind: "pending" as const, due: 0, unfetched };
    const settled = granted(world, "o", [key("a")]).map(({ id, gen }) => ({ id, gen, outcome }));
    exchange(world, "o", { submitted: settled.map(({ id, gen }) => ({ id, gen, job: "j" })), settled });
    const { body } = await world.json("GET", "/api/v1/stats", { token: VIEWER });
    expect(body.health).toMatchObject({
      level: "problem",
      sentence: `No result can be fetched: ${message}. Everything waits since 2026-11-24T12:00Z; viewers get originals. One job is tried in 5 s.`,
    });
  });

  it("say for how long a ledger that was put back hands nothing out, and that nothing is stuck", async () => {
    const world = createApiWorld();
    await warm(world, ["a"]);
    world.advance(600_000);
    world.ledger.restored("operator");
    world.advance(30_000);
    const stats = async () => (await world.json("GET", "/api/v1/stats")).body as unknown as Stats;
    const { troubles, health } = await stats();
    expect(troubles.map(({ code }) => code)).toEqual(["restored"]);
    expect(health).toMatchObject({
      level: "warning",
      sentence:
        "The ledger was put back to an earlier state: deletes and jobs from before are waited for until 2026-11-24T12:12Z. 2 jobs wait for another 90 s; viewers get originals.",
    });
    world.advance(91_000);
    expect((await stats()).troubles.map(({ code }) => code)).toEqual(["stuck"]);
  });

  it("say how many sweeps are late and by how long, one that is being made again too", async () => {
    const world = createApiWorld();
    for (const id of ["a", "b"]) world.ledger.purgeImage(id, null, "operator");
    const late = async () => {
      const { troubles } = (await world.json("GET", "/api/v1/stats")).body as unknown as Stats;
      return troubles.find(({ key }) => key === "sweeps");
    };
    world.advance(300_000);
    expect(await late()).toBeUndefined();
    world.advance(420_000);
    const [seq = 0] = world.ledger.transactions.read(({ sql, now }) => dueSweeps(sql, now, 1));
    expect(world.ledger.transactions.write((tx) => takePass(tx, seq))).not.toBeNull();
    expect(await late()).toMatchObject({
      part: "store",
      level: "problem",
      sentence:
        "2 sweeps of a purge, removal or new original are late, the oldest by 12 min: R2 still has old objects.",
    });
  });

  it("say that Ittybit is slow, in every place that says why something waits; nothing is closed for it", async () => {
    const world = createApiWorld();
    await warm(world, ["a", "b", "c", "d", "e", "f"]);
    for (const id of ["a", "b", "c", "d", "e"]) {
      world.advance(1_000);
      const submitted = granted(world, id, [key(id)]).map(({ id: row, gen }) => ({ id: row, gen, job: `job-${id}` }));
      expect(submitted).toHaveLength(1);
      exchange(world, id, { submitted, leave: true });
    }
    world.advance(660_000);
    const sentence = "Ittybit is slow: 5 of 5 jobs there began more than 10 min ago and have not ended.";
    const { body } = await world.json("GET", "/api/v1/stats");
    expect(body.health).toMatchObject({ level: "warning", sentence });
    expect(body.gate).toMatchObject({
      breaker: { state: "closed" },
      reasons: [{ lane: null, code: "slow", message: sentence, until: null }],
    });
    expect(granted(world, "f", [key("f")])).toHaveLength(1);
  });

  it("warn of everything at once, the worst first, each with its cause and the page where that stands", async () => {
    const world = createApiWorld();
    const ids = Array.from({ length: 12 }, (_, n) => `wrong/${n}`);
    await warm(world, ["a", "b", "c", ...ids]);
    endAll(world, (of) => {
      if (of.startsWith("c/")) return null;
      if (/^wrong.*11\//.test(of)) return ["refused", "the jpeg header is damaged"];
      return of.startsWith("wrong") ? ["refused", "the original answered 404"] : ["dead", "encoder out of memory"];
    });
    await world.json("PATCH", "/api/v1/gate", { body: { paused: { upload: { reason: "a migration" } } } });
    const { body } = await world.json("GET", "/api/v1/stats");
    expect(body.troubles).toMatchObject([
      {
        level: "warning",
        code: "failing",
        link: "/jobs/causes?window=5m",
        since: null,
        sentence:
          '100 % of 4 attempts failed in the last five minutes: 4 jobs with "encoder out of memory" (upstream_failed), all webp.',
      },
      {
        level: "warning",
        code: "paused",
        part: "gate",
        link: "/steering",
        since: world.deps.clock.now(),
        sentence: "upload is paused by operator token 1 since 2026-11-24T12:00Z (a migration). 0 jobs wait.",
      },
      {
        level: "warning",
        code: "refusing",
        part: "originals",
        host: "cdn.example.com",
        since: null,
        past: true,
        sentence: expect.stringMatching(
          /^24 of 28 variants of the run run_\w+ were refused: most often, 22 jobs with "the original answered 404" \(missing\), all webp, all below wrong\/\.$/,
        ),
        cure: JOB_ERRORS.missing?.cure,
      },
      {
        level: "warning",
        code: "died",
        part: "ittybit",
        link: "/jobs/causes?window=1h",
        since: null,
        past: true,
        sentence: '4 jobs died within the hour: 4 jobs with "encoder out of memory" (upstream_failed), all webp.',
      },
    ]);
    expect(body.health).toMatchObject({ level: "warning", sentence: expect.stringContaining("encoder out of memory") });
  });

  it("say what today and the month so far come to, at this price", async () => {
    const world = createApiWorld({ budget: { per1000Jobs: 2 } });
    await warm(world, ["a", "b"]);
    endAll(world, () => ["stored", ""]);
    const stats = async () => (await world.json("GET", "/api/v1/stats")).body as unknown as Stats;
    expect((await stats()).spent).toEqual({ month: 0.008, today: 0.008, per1000Jobs: 2 });
    world.advance(86_400_000);
    await warm(world, ["c"]);
    endAll(world, () => ["stored", ""]);
    const { spent, budget } = await stats();
    expect([budget.used, budget.usedToday, spent]).toEqual([6, 2, { month: 0.012, today: 0.004, per1000Jobs: 2 }]);
    const unpriced = { month: null, today: null, per1000Jobs: null };
    expect((await createApiWorld().json("GET", "/api/v1/stats")).body.spent).toEqual(unpriced);
  });

  it("tell no end of the work while a part of it may not go", async () => {
    const world = createApiWorld();
    await warm(world, ["a", "b"]);
    world.advance(10_000);
    work(world, [key("a")], "refused", "gone");
    const stats = async () => (await world.json("GET", "/api/v1/stats")).body as unknown as Stats;
    const eta = async () => (await stats()).pace.all.secondsLeft;
    expect(await eta()).toBe(30);
    world.advance(59_000);
    expect(await eta()).toBe(30);
    await world.json("PATCH", "/api/v1/gate", { body: { paused: { bulk: true } } });
    expect(await eta()).toBeNull();
  });

  it("tell no end of work that has just come, from the rate of when there was none", async () => {
    const world = createApiWorld();
    await warm(world, ["a"]);
    work(world, [key("a")], "stored");
    world.advance(50_000);
    await warm(world, ["b", "c", "d"]);
    const body = (await world.json("GET", "/api/v1/stats")).body as unknown as Stats;
    expect(body.rates.endedPerSecond).toBeGreaterThan(0);
    expect([body.pace.all.secondsLeft, body.health.sentence]).toEqual([null, expect.not.stringContaining("done at")]);
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
    world.advance(60_000);
    work(world, [key("a")], "stored");
    work(world, [key("b")], "dead");
    const { body } = await world.json("GET", "/api/v1/stats");
    expect(body).toMatchObject({
      states: { queued: 2, stored: 1, dead: 1 },
      lanes: { bulk: { queued: 2, stored: 1, dead: 1 }, live: { queued: 0 } },
      open: 2,
      deadLetters: 1,
      waitingSince: { bulk: world.deps.clock.now() - 60_000, live: null },
      rates: { storedPerSecond: 1 / 60, endedPerSecond: 2 / 60, attempts: { failed: 1, all: 2 } },
      pace: { all: { secondsLeft: 60 } },
      ledger: { rows: 3 },
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
    await world.ledger.rearm();
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
    world.deps.ledger.stats = () => Promise.reject(new LedgerUnavailable("stats", new Error("secret internals")));
    const answer = await world.call("GET", "/api/v1/stats");
    expect(answer.status).toBe(503);
    expect(answer.headers.get("Retry-After")).toBe("5");
    expect(await answer.text()).not.toContain("secret internals");
    expect(world.logs.map(({ event }) => event)).toContain("ledger.unreachable");
  });
});

it("the audit log is searched by who, what, its target and its details, page by page", async () => {
  const world = createApiWorld({}, { adminTokens: [ADMIN, "anna:annas-token"] });
  for (let rate = 1; rate <= 5; rate += 1)
    await world.json("PATCH", "/api/v1/gate", { body: { rate }, ...(rate % 2 === 0 ? { token: "annas-token" } : {}) });
  await world.json("DELETE", "/api/v1/images/Photos%2Fharbour");
  const found = async (query: string) => {
    const { body } = await world.json("GET", `/api/v1/audit?${query}`);
    return { whats: (body.entries as { what: string }[]).map(({ what }) => what), next: body.nextCursor };
  };
  expect((await found("search=ANNA")).whats).toEqual(["gate.patch", "gate.patch"]);
  expect((await found("search=photos/harbour")).whats).toHaveLength(1);
  expect((await found("search=%22before%22")).whats).toHaveLength(5);
  const first = await found("search=gate.patch&limit=3");
  expect(first.whats).toHaveLength(3);
  expect(await found(`search=gate.patch&limit=3&cursor=${first.next}`)).toMatchObject({
    whats: ["gate.patch", "gate.patch"],
  });
  expect((await found("search=%25")).whats).toEqual([]);
  const long = await world.json("GET", `/api/v1/audit?search=${"a".repeat(201)}`);
  expect([long.status, long.body.code]).toEqual([400, "parameter_invalid"]);
});
