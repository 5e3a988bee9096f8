import { printSpan } from "@prewarm/shared/job-search";
import { describe, expect, it } from "vitest";
import { createApiWorld, idsOf, jobsOf, key, runActions, START, warm, work } from "./testing/api-world.ts";

describe("dead letters", () => {
  it("are grouped by cause, and a cause's jobs can be listed and retried at a rate", async () => {
    const world = createApiWorld();
    await warm(world, ["a", "b", "c"]);
    work(world, [key("a"), key("b")], "dead", "job job_8f3a21bc failed after 17 ms");
    work(world, [key("c")], "dead", "job job_77c00d12 failed after 3 ms");
    work(world, [key("c", 800)], "dead", "out of memory");
    const { body } = await world.json("GET", "/api/v1/causes");
    const causes = body.causes as unknown as { cause: string; count: number; formats: object }[];
    expect(causes.map(({ count }) => count)).toEqual([3, 1]);
    expect(causes[0]?.formats).toEqual({ webp: 3 });
    const search = `cause:${causes[0]?.cause}`;
    const path = `/api/v1/jobs?state=dead&search=${search}&limit=2`;
    const listed = await world.json("GET", path);
    expect(listed.body.jobs).toHaveLength(2);
    const rest = await world.json("GET", `${path}&cursor=${listed.body.nextCursor}`);
    expect(rest.body.jobs).toHaveLength(1);

    const preview = await world.json("POST", "/api/v1/actions", {
      body: { action: "retry", filter: { search }, dryRun: true },
    });
    expect(preview).toMatchObject({ status: 200, body: { dryRun: true, total: 3, exact: true } });
    const made = await world.json("POST", "/api/v1/actions", {
      body: { action: "retry", filter: { search }, rate: 1 },
    });
    expect(made).toMatchObject({
      status: 202,
      body: { kind: "retry", total: 3, done: 0, state: "running", who: "operator token 1" },
    });
    const action = `/api/v1/actions/${made.body.action}`;
    runActions(world);
    expect((await world.json("GET", action)).body).toMatchObject({ done: 1, state: "running" });
    expect(runActions(world)).toBe(world.deps.clock.now() + 1000);
    expect((await world.json("GET", action)).body.done).toBe(1);
    for (let n = 0; n < 4; n += 1) {
      world.advance(1000);
      runActions(world);
    }
    expect((await world.json("GET", action)).body).toMatchObject({ done: 3, skipped: 0, state: "done" });
    expect(idsOf(await jobsOf(world, "state=dead"))).toEqual(["c"]);
  });

  it("are no refused jobs: those have a count, a filter and a cause of their own, and are tried again by name", async () => {
    const world = createApiWorld();
    await warm(world, ["gone", "bad"]);
    work(world, [key("gone"), key("gone", 800)], "refused", "the original answered 404");
    work(world, [key("bad")], "dead");
    const stats = async () => (await world.json("GET", "/api/v1/stats")).body;
    expect(await stats()).toMatchObject({ states: { refused: 2, dead: 1 }, deadLetters: 1 });
    const refused = await jobsOf(world, "state=refused&search=error:404");
    expect(refused.map(({ id, error }) => [id, error?.code])).toEqual([
      ["gone", "missing"],
      ["gone", "missing"],
    ]);
    const retry = (filter: object) => world.json("POST", "/api/v1/actions", { body: { action: "retry", filter } });
    expect((await retry({ state: "dead" })).body.total).toBe(1);
    runActions(world);
    expect(await stats()).toMatchObject({ states: { refused: 2, dead: 0 } });
    expect((await world.json("POST", `/api/v1/jobs/${refused[0]?.job}/retry`)).body.state).toBe("queued");
    expect((await retry({ state: "refused" })).body.total).toBe(1);
    runActions(world);
    expect(await stats()).toMatchObject({ states: { refused: 0, queued: 4 } });
  });

  it("stand with refused and retrying jobs among the causes, each with what it means and what to do", async () => {
    const world = createApiWorld();
    await warm(world, ["p/gone", "p/bad"]);
    work(world, [key("p/gone"), key("p/gone", 800)], "refused", "the original answered 404");
    work(world, [key("p/bad")], "dead", "out of memory");
    const { body } = await world.json("GET", "/api/v1/causes?window=5m");
    const causes = body.causes as unknown as { code: string; cure: string }[];
    expect(causes).toMatchObject([
      { code: "missing", count: 2, states: { refused: 2 }, prefixes: [{ prefix: "p/", count: 2 }] },
      { code: "upstream_failed", count: 1, states: { dead: 1 }, sample: { id: "p/bad" } },
    ]);
    expect(causes.map(({ cure }) => cure)).toEqual([
      expect.stringContaining("Upload the original"),
      expect.stringContaining("Read the message"),
    ]);
    expect((await world.json("GET", "/api/v1/causes?window=1w")).status).toBe(400);
  });

  it("are no messages that nobody could read, which stand beside the causes", async () => {
    const world = createApiWorld();
    await world.deps.ledger.recordDead([{ queue: "prewarm-live", id: "m1", body: "[]", reason: "no message", at: 5 }]);
    const { body } = await world.json("GET", "/api/v1/causes");
    expect(body.unreadable).toEqual([{ id: "m1", queue: "prewarm-live", reason: "no message", body: "[]", at: 5 }]);
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
    runActions(world);
    expect((await world.json("GET", `/api/v1/actions/${one.body.action}`)).body).toMatchObject({
      total: 1,
      done: 1,
      state: "done",
    });
    const slow = await world.json("POST", "/api/v1/actions", {
      body: { action: "cancel", filter: {}, all: true, rate: 1 },
    });
    expect(slow.body.total).toBe(3);
    runActions(world);
    const stopped = await world.json("DELETE", `/api/v1/actions/${slow.body.action}`);
    world.advance(10_000);
    runActions(world);
    expect(stopped.body).toMatchObject({ state: "cancelled", done: 1 });
    expect((await world.json("GET", "/api/v1/stats")).body.states).toMatchObject({ queued: 2, cancelled: 2 });
    const { body } = await world.json("GET", "/api/v1/actions");
    expect((body.actions as { state: string }[]).map(({ state }) => state)).toEqual(["cancelled", "done"]);
  });

  it("leave alone what was ordered after they were made", async () => {
    const world = createApiWorld();
    await warm(world, ["a"]);
    await world.json("POST", "/api/v1/actions", { body: { action: "cancel", filter: {}, all: true } });
    world.advance(1);
    await warm(world, ["b"]);
    runActions(world);
    expect(idsOf(await jobsOf(world, "state=queued"))).toEqual(["b"]);
  });

  it.each([
    ["an undefined run", { run: undefined }],
    ["empty lists", { state: [], lane: [] }],
    ["a search without a word", { search: " " }],
  ])("refuse a filter that matches every job by accident: %s", async (_, filter) => {
    const world = createApiWorld();
    await warm(world, ["a", "b"]);
    for (const action of ["cancel", "retry"]) {
      const send = (more: object) => world.json("POST", "/api/v1/actions", { body: { action, filter, ...more } });
      const { status, body } = await send({});
      expect([status, body.code, body.detail]).toEqual([400, "body_invalid", expect.stringContaining('"all": true')]);
      expect((await send({ dryRun: true })).status).toBe(200);
    }
    expect((await world.json("GET", "/api/v1/actions")).body.actions).toEqual([]);
    expect(idsOf(await jobsOf(world, "state=queued"))).toEqual(["a", "b"]);
  });

  it("refuse what matches nothing, or cannot be acted on", async () => {
    const world = createApiWorld();
    const send = (body: object) => world.json("POST", "/api/v1/actions", { body });
    expect((await send({ action: "retry", filter: {}, all: true })).status).toBe(409);
    expect((await send({ action: "retry", filter: { state: "stored" } })).status).toBe(409);
    expect((await send({ action: "purge", filter: {} })).status).toBe(400);
    expect((await send({ action: "retry", filter: { nonsense: 1 } })).status).toBe(400);
  });
});

it("an action by age counts and takes what was so old when it was ordered, and nothing that grew older meanwhile", async () => {
  const world = createApiWorld();
  await warm(world, ["old"]);
  world.advance(3_600_000);
  await warm(world, ["new"]);
  const ask = (body: object) => world.json("POST", "/api/v1/actions", { body });
  const filter = { search: "age:>30m" };
  expect((await ask({ action: "cancel", filter, dryRun: true })).body).toMatchObject({ total: 2, exact: true });
  const made = await ask({ action: "cancel", filter, rate: 1 });
  expect(made.body).toMatchObject({ total: 2, filter });
  world.advance(7_200_000);
  for (let n = 0; n < 4; n += 1) {
    runActions(world);
    world.advance(1000);
  }
  expect(idsOf(await jobsOf(world, "state=cancelled"))).toEqual(["old"]);
  expect(idsOf(await jobsOf(world, "state=queued"))).toEqual(["new"]);
});

describe("an action that an operator has agreed to", () => {
  const post = (world: ReturnType<typeof createApiWorld>, body: object) =>
    world.json("POST", "/api/v1/actions", { body });
  const agree = async (world: ReturnType<typeof createApiWorld>, request: object) => {
    const { body } = await post(world, { ...request, dryRun: true });
    return { at: body.at, total: body.total };
  };

  it("keeps to the time of its search: what failed at another time is not retried", async () => {
    const world = createApiWorld();
    await warm(world, ["a", "b"]);
    work(world, [key("a")], "dead", "out of memory");
    world.advance(3_600_000);
    const from = START + 3_600_000;
    work(world, [key("b")], "dead", "out of memory");
    const request = { action: "retry", filter: { state: "dead", search: `at:${printSpan(from, from + 60_000)}` } };
    const agreed = await agree(world, request);
    expect((await post(world, { ...request, agreed })).body).toMatchObject({ total: 1 });
    runActions(world);
    expect(idsOf(await jobsOf(world, "state=dead"))).toEqual(["a"]);
  });

  it("retries the jobs that were counted, and leaves alone and counts those that failed since", async () => {
    const world = createApiWorld();
    await warm(world, ["a", "b", "c"]);
    work(world, [key("a"), key("b")], "dead", "out of memory");
    const retry = { action: "retry", filter: {} };
    const agreed = await agree(world, retry);
    expect(agreed).toEqual({ at: world.deps.clock.now(), total: 2 });
    world.advance(1_000);
    work(world, [key("c")], "dead", "out of memory");
    const { status, body } = await post(world, { ...retry, agreed });
    expect([status, body.total, body.agreed]).toEqual([202, 2, { ...agreed, left: 1 }]);
    for (let n = 0; n < 3; n += 1) {
      runActions(world);
      world.advance(1_000);
    }
    expect(idsOf(await jobsOf(world, "state=dead"))).toEqual(["c"]);
    const { body: seen } = await world.json("GET", `/api/v1/actions/${body.action}`);
    expect(seen).toMatchObject({ done: 2, skipped: 0, state: "done", agreed: { left: 1 } });
  });

  it("cancels the jobs that were ordered when they were counted, however they fare since", async () => {
    const world = createApiWorld();
    await warm(world, ["a", "b"]);
    const cancel = { action: "cancel", filter: { lane: "bulk" } };
    const agreed = await agree(world, cancel);
    world.advance(1_000);
    await warm(world, ["c"]);
    work(world, [key("a")], "stored");
    const { body } = await post(world, { ...cancel, agreed });
    expect([body.total, body.agreed]).toEqual([3, { ...agreed, left: 2 }]);
    runActions(world);
    expect(idsOf(await jobsOf(world, "state=queued"))).toEqual(["c"]);
  });

  it("may be over everything, because its count was seen", async () => {
    const world = createApiWorld();
    await warm(world, ["a"]);
    const cancel = { action: "cancel", filter: {} };
    const agreed = await agree(world, cancel);
    expect(await post(world, { ...cancel, agreed })).toMatchObject({ status: 202, body: { total: agreed.total } });
  });

  it("is refused when more jobs match than were agreed to", async () => {
    const world = createApiWorld();
    await warm(world, ["a", "b"]);
    const at = world.deps.clock.now();
    const { status, body } = await post(world, {
      action: "cancel",
      filter: { lane: "bulk" },
      agreed: { at, total: 3 },
    });
    expect([status, body.code, body.detail]).toEqual([
      409,
      "conflict",
      "4 jobs match, and you agreed to 3: count again.",
    ]);
    expect(idsOf(await jobsOf(world, "state=queued"))).toEqual(["a", "b"]);
  });
});
