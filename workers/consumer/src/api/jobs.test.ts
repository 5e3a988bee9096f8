import { nameOf, placeOf } from "@prewarm/durable-queue";
import { printSpan } from "@prewarm/shared/job-search";
import { jobOfKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { createApiWorld, idsOf, type JobAnswer, jobsOf, key, START, warm, work } from "./testing/api-world.ts";

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
    expect(idsOf(await jobsOf(world, "search=hree/400-HIGH"))).toEqual(["three"]);
    expect(await jobsOf(world, "lane=live")).toEqual([]);
    expect(await jobsOf(world, "run=none")).toEqual([]);
    const [dead] = await jobsOf(world, "state=dead");
    expect(dead).toMatchObject({
      key: key("one"),
      state: "dead",
      error: { code: "upstream_failed", message: "the decoder said no" },
    });
  });

  it("finds by age and by attempts, whatever became of the job", async () => {
    const world = createApiWorld();
    await warm(world, ["old", "made"]);
    work(world, [key("old")], "dead");
    work(world, [key("made")], "stored");
    world.advance(3_600_000);
    await warm(world, ["new"]);
    const found = async (search: string) => idsOf(await jobsOf(world, `search=${encodeURIComponent(search)}`)).sort();
    expect(await found("age:>59m")).toEqual(["made", "old"]);
    expect(await found("age:<59m")).toEqual(["new"]);
    // Exactly an hour: neither older nor younger.
    expect([await found("age:>1h"), await found("age:<1h")]).toEqual([[], ["new"]]);
    expect(await found("age:>59m age:<61m state:dead")).toEqual(["old"]);
    expect(await found("age:>1m age:<1s")).toEqual([]);
    expect([await found("attempts:>0"), await found("attempts:1")]).toEqual([["old"], ["old"]]);
    expect([await found("attempts:<1 state:dead"), await found("attempts:>1")]).toEqual([[], []]);
    expect(await found("attempts:<1 state:stored")).toEqual(["made"]);
  });

  it("finds by the time of the last change: what was stored, died or was ordered in it", async () => {
    const world = createApiWorld();
    await warm(world, ["old", "made"]);
    world.advance(600_000);
    const then = START + 600_000;
    work(world, [key("old")], "dead");
    work(world, [key("made")], "stored");
    world.advance(600_000);
    await warm(world, ["new"]);
    const found = async (from: number, end: number) =>
      (await jobsOf(world, `search=at:${printSpan(from, end)}`)).map((job) => `${job.id} ${job.state}`).sort();
    expect(await found(START, START + 60_000)).toEqual(["made queued", "old queued"]);
    expect(await found(then, then + 60_000)).toEqual(["made stored", "old dead"]);
    expect(await found(then + 60_000, then + 660_000)).toEqual(["new queued", "new queued"]);
  });

  it.each(["age:1h", "at:14:05", "age:>1", "age:>x", "age:>1.5h", "attempts:>x", "attempts:=3"])(
    "refuses %s, with what the qualifier takes",
    async (search) => {
      const { status, body } = await createApiWorld().json("GET", `/api/v1/jobs?search=${encodeURIComponent(search)}`);
      expect([status, body.code, body.parameter]).toEqual([400, "parameter_invalid", "search"]);
      expect(body.detail).toContain(`${search.split(":")[0]}: takes `);
    },
  );

  it.each([
    "state=lost",
    "lane=slow",
    "search=format:bmp",
    "search=lane:slow",
    "search=foo:bar",
    "limit=0",
    "limit=9999",
    "cursor=",
  ])("refuses ?%s", async (query) => {
    const { status } = await createApiWorld().json("GET", `/api/v1/jobs?${query}`);
    expect(status).toBe(400);
  });

  it("refuses a parameter that it does not know, and names it: a misspelt filter would be none", async () => {
    for (const path of ["jobs?sate=dead", "runs?sate=open", "audit?limt=5", "history?teir=day", "causes?windw=5m"]) {
      const { status, body } = await createApiWorld().json("GET", `/api/v1/${path}`);
      const [, name] = /\?(\w+)/.exec(path) ?? [];
      expect([status, body.code, body.parameter]).toEqual([400, "parameter_invalid", name]);
    }
    const warmed = await createApiWorld().json("POST", "/api/v1/warm?dryrun=1", { body: { items: [{ id: "a" }] } });
    expect([warmed.status, warmed.body.parameter]).toEqual([400, "dryrun"]);
  });

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
      world.advance(1);
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
    // A search without an index reads a thousand rows and says that there may be more.
    const short = await world.json("GET", "/api/v1/jobs?search=nothing-like-it");
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

  it("is found by its name though nobody listed it, also when its row is gone, and is missed politely", async () => {
    const world = createApiWorld();
    await warm(world, ["unseen"]);
    const found = async () =>
      (await world.json("GET", `/api/v1/jobs/${nameOf(placeOf(jobOfKey(key("unseen")), "test"))}`)).body;
    expect(await found()).toMatchObject({ key: key("unseen"), state: "queued" });
    work(world, [key("unseen")], "stored");
    expect(await found()).toMatchObject({ key: key("unseen"), state: "stored", bytes: 1234, history: [] });
    expect((await world.call("GET", "/api/v1/jobs/ffffffffff0")).status).toBe(404);
    expect((await world.call("GET", "/api/v1/jobs/zzzzzzzzzzz")).status).toBe(404);
    expect((await world.call("GET", "/api/v1/jobs/zzz")).status).toBe(400);
  });
});
