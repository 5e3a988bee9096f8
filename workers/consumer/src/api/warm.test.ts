import { FULL_BYTES, SHED_BYTES } from "@prewarm/durable-queue";
import { describe, expect, it } from "vitest";
import { LedgerUnavailable } from "../ledger/ledger-unavailable.ts";
import { createApiWorld, jobsOf, work } from "./testing/api-world.ts";

const key = (id: string, width = 400) => `${encodeURIComponent(id)}/${width}-high.webp`;
const ndjson = { "Content-Type": "application/x-ndjson" };
const csv = { "Content-Type": "text/csv; charset=utf-8" };

describe("POST /api/v1/warm", () => {
  it("accepts items by the recipe `upload` and tells exact counts", async () => {
    const { json } = createApiWorld();
    const first = await json("POST", "/api/v1/warm", {
      body: { items: [{ id: "a" }, { id: "b/c d" }, { id: "a" }], label: "spring" },
    });
    expect(first).toMatchObject({
      status: 202,
      body: { accepted: 4, duplicates: 2, existing: 0, rejected: [], repeat: false },
    });
    const run = await json("GET", `/api/v1/runs/${first.body.run}`);
    expect(run.body).toMatchObject({
      label: "spring",
      lane: "bulk",
      state: "running",
      total: 4,
      states: { queued: 4 },
    });
    const jobs = await json("GET", "/api/v1/jobs");
    expect((jobs.body.jobs as { key: string }[]).map((job) => job.key).sort()).toEqual(
      [key("a"), key("a", 800), key("b/c d"), key("b/c d", 800)].sort(),
    );
  });

  it("refuses a line that is nested without end, and takes the others; of a JSON body, all of it", async () => {
    const { json } = createApiWorld();
    const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
    const headers = { "Content-Type": "application/x-ndjson" };
    const lines = { body: `{"id":"a"}\n{"id":"c","v":${deep(30_000)}}\n{"id":"b"}`, headers };
    const { status, body } = await json("POST", "/api/v1/warm", lines);
    expect(status).toBe(202);
    const rejected = [{ index: 1, code: "body_invalid", message: "The line's JSON is nested too deeply." }];
    expect(body).toMatchObject({ accepted: 4, rejected });
    const whole = await json("POST", "/api/v1/warm", { body: `{"items":[{"id":"a"},${deep(200_000)},{"id":"b"}]}` });
    expect(whole).toMatchObject({ status: 400, body: { code: "body_too_deep", limitLevels: 64 } });
  });

  it("makes presets, transforms and versions, and another recipe", async () => {
    const { json } = createApiWorld();
    const items = [
      { id: "a", presets: ["thumb"], transforms: ["w=750&f=auto"] },
      { id: "b", recipe: "wide", v: "7" },
    ];
    expect((await json("POST", "/api/v1/warm", { body: { items } })).body.accepted).toBe(3);
    const { body } = await json("GET", "/api/v1/jobs?search=id:b");
    expect(body.jobs).toMatchObject([
      { key: "b/@7/1600-high.webp", id: "b", v: "7", transform: "w=1600&q=high&f=webp", format: "webp" },
    ]);
  });

  it("rejects bad items one by one, with their places, and loses no other", async () => {
    const { json } = createApiWorld();
    const items = [
      { id: "../etc/passwd" },
      { id: "good" },
      { id: "logo.svg" },
      { id: "x", recipe: "none" },
      { id: "x", transforms: ["w=oops"] },
      { id: "x", colour: "red" },
      { nothing: true },
      null,
      { id: "x", recipe: "__proto__" },
    ];
    const { status, body } = await json("POST", "/api/v1/warm", { body: { items } });
    expect(status).toBe(202);
    expect(body.accepted).toBe(2);
    expect((body.rejected as { index: number; code: string }[]).map(({ index, code }) => [index, code])).toEqual([
      [0, "id_invalid"],
      [2, "media_type_unsupported"],
      [3, "transform_invalid"],
      [4, "transform_invalid"],
      [5, "body_invalid"],
      [6, "body_invalid"],
      [7, "body_invalid"],
      [8, "transform_invalid"],
    ]);
  });

  it("refuses what only a signed URL may ask for while none can be signed, and takes it with keys", async () => {
    const items = [{ id: "a", transforms: ["w=400", "w=301&h=211"] }];
    const warmed = (world: ReturnType<typeof createApiWorld>) =>
      world.json("POST", "/api/v1/warm", { body: { items } });
    expect((await warmed(createApiWorld())).body).toMatchObject({ accepted: 2, rejected: [] });
    expect((await warmed(createApiWorld({}, { signingKeys: [] }))).body).toMatchObject({
      accepted: 0,
      rejected: [
        { index: 0, code: "transform_invalid", message: expect.stringMatching(/^w=301&h=211: no URL .* SIGNING_KEYS/) },
      ],
    });
    const open = createApiWorld({}, { signingKeys: [] });
    const body = { items: [{ id: "a", presets: ["thumb"], transforms: ["w=800&h=600"] }] };
    expect((await open.json("POST", "/api/v1/warm", { body })).body).toMatchObject({ accepted: 2, rejected: [] });
  });

  it("refuses originals outside the sources", async () => {
    const { json } = createApiWorld({ sources: [{ prefix: "shop/", url: "https://cdn.example.com/{id}" }] });
    const { body } = await json("POST", "/api/v1/warm", { body: { items: [{ id: "other" }, { id: "shop/x" }] } });
    expect(body).toMatchObject({ accepted: 2, rejected: [{ index: 0, code: "source_unknown" }] });
  });

  it("refuses an item with the reason when a source's function fails, and accepts the others", async () => {
    const url = (id: string): string | null => {
      if (id === "own/b") throw new RangeError("no shelf for own/b");
      return id === "own/c" ? null : "https://cdn.example.com/a";
    };
    const world = createApiWorld({ sources: [{ prefix: "own/", url }] });
    const body = JSON.stringify({ items: [{ id: "own/a" }, { id: "own/b" }, { id: "own/c" }] });
    const answer = await world.json("POST", "/api/v1/warm", { body });
    expect(answer.body).toMatchObject({
      accepted: 2,
      rejected: [
        { index: 1, code: "source_unknown", message: expect.stringContaining("RangeError: no shelf for own/b") },
        { index: 2, code: "source_unknown" },
      ],
    });
  });

  it("reads NDJSON: objects, strings and bare ids, whatever its line ends", async () => {
    const { json } = createApiWorld();
    const body = '{"id":"a"}\r\n"b"\n\nc/d\n{"id":\n{"id":"e","recipe":"wide"}';
    const answer = await json("POST", "/api/v1/warm?label=lines", { body, headers: ndjson });
    expect(answer.body).toMatchObject({ accepted: 7, rejected: [{ index: 3, code: "body_invalid" }] });
  });

  it("reads CSV with quotes, several values and a byte-order mark", async () => {
    const { json } = createApiWorld();
    const body = '\uFEFFid,v,transforms\r\n"a, ""b""",1,w=400 w=800&f=avif\nplain,,\nshort\n"open';
    const answer = await json("POST", "/api/v1/warm", { body, headers: csv });
    expect(answer.body).toMatchObject({ accepted: 4, rejected: [{ index: 2 }, { index: 3 }] });
    const { body: jobs } = await json("GET", '/api/v1/jobs?search="a, "');
    expect((jobs.jobs as { id: string }[])[0]?.id).toBe('a, "b"');
  });

  it("refuses a CSV with a column nobody knows, other types, and no item at all", async () => {
    const { json, call } = createApiWorld();
    expect((await json("POST", "/api/v1/warm", { body: "id,colour\na,red", headers: csv })).body.code).toBe(
      "body_invalid",
    );
    expect((await call("POST", "/api/v1/warm", { body: "a", headers: { "Content-Type": "text/plain" } })).status).toBe(
      415,
    );
    expect((await call("POST", "/api/v1/warm", { body: { items: [] } })).status).toBe(400);
    expect((await call("POST", "/api/v1/warm", { body: "{" })).status).toBe(400);
    expect((await call("POST", "/api/v1/warm", { body: { items: [{ id: "a" }], forse: true } })).status).toBe(400);
  });

  it("writes rows while the body still streams, in chunks of at most 1,000 variants", async () => {
    const world = createApiWorld();
    const sizes: number[] = [];
    const accept = world.deps.ledger.acceptChunk;
    world.deps.ledger.acceptChunk = (chunk) => {
      sizes.push(chunk.images.reduce((sum, { keys }) => sum + keys.length, 0));
      return accept(chunk);
    };
    let sent = 0;
    let acceptedWhileOpen = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        acceptedWhileOpen = Math.max(acceptedWhileOpen, sizes.length);
        if (sent === 30) return controller.close();
        const lines = Array.from({ length: 100 }, (_, n) => `image-${sent * 100 + n}\n`).join("");
        sent += 1;
        controller.enqueue(new TextEncoder().encode(lines));
      },
    });
    const answer = await world.json("POST", "/api/v1/warm", { body, headers: ndjson });
    expect(answer.body.accepted).toBe(6000);
    expect(sizes).toEqual([1000, 1000, 1000, 1000, 1000, 1000]);
    expect(acceptedWhileOpen).toBeGreaterThanOrEqual(4);
  });

  it("answers a repeat under the same Idempotency-Key as before, and does nothing", async () => {
    const world = createApiWorld();
    const once = () =>
      world.json("POST", "/api/v1/warm", { body: { items: [{ id: "a" }] }, headers: { "Idempotency-Key": "k1" } });
    const first = await once();
    work(world, [key("a"), key("a", 800)], "dead");
    expect(await once()).toEqual({ status: 202, body: { ...first.body, repeat: true } });
    expect((await world.json("GET", "/api/v1/jobs?state=dead")).body.jobs).toHaveLength(2);
  });

  it("refuses another body under the same key", async () => {
    const { call } = createApiWorld();
    const send = (id: string) =>
      call("POST", "/api/v1/warm", { body: { items: [{ id }] }, headers: { "Idempotency-Key": "k1" } });
    expect((await send("a")).status).toBe(202);
    expect((await send("b")).status).toBe(422);
  });

  it("goes on after an interruption, with the sums of one whole request", async () => {
    const world = createApiWorld();
    const accept = world.deps.ledger.acceptChunk;
    const body = Array.from({ length: 2000 }, (_, n) => `image-${n}`).join("\n");
    const send = () => world.json("POST", "/api/v1/warm", { body, headers: { ...ndjson, "Idempotency-Key": "long" } });
    let calls = 0;
    world.deps.ledger.acceptChunk = (chunk) => {
      calls += 1;
      return calls > 2
        ? Promise.reject(new LedgerUnavailable("acceptChunk", new Error("the object was reset")))
        : accept(chunk);
    };
    expect((await send()).status).toBe(503);
    world.deps.ledger.acceptChunk = accept;
    expect(await send()).toMatchObject({ status: 202, body: { accepted: 4000, duplicates: 0, repeat: false } });
    expect((await world.json("GET", "/api/v1/stats")).body.states).toMatchObject({ queued: 4000 });
  });

  it("answers 429 with Retry-After above the backlog limit, and keeps what was accepted", async () => {
    const { call, json } = createApiWorld({ limits: { backlogMax: 3 } });
    expect((await call("POST", "/api/v1/warm", { body: { items: [{ id: "a" }] } })).status).toBe(202);
    const full = await call("POST", "/api/v1/warm", { body: { items: [{ id: "b" }] } });
    expect(full.status).toBe(429);
    expect(Number(full.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect((await json("GET", "/api/v1/stats")).body.open).toBe(2);
  });

  it("answers 507 with Retry-After while the ledger is nearly full, which the health sentence says first", async () => {
    const { call, json, sql } = createApiWorld();
    const health = async () => (await json("GET", "/api/v1/stats")).body.health;
    Object.defineProperty(sql, "bytes", { get: () => SHED_BYTES + 1 });
    expect((await call("POST", "/api/v1/warm", { body: { items: [{ id: "a" }] } })).status).toBe(202);
    expect(await health()).toMatchObject({ level: "warning", sentence: expect.stringContaining("5.0 GB of 10.0 GB") });
    const full = createApiWorld();
    Object.defineProperty(full.sql, "bytes", { get: () => FULL_BYTES + 1 });
    const refused = await full.call("POST", "/api/v1/warm", { body: { items: [{ id: "a" }] } });
    expect(refused.status).toBe(507);
    expect(refused.headers.get("Content-Type")).toBe("application/problem+json");
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect((await full.json("GET", "/api/v1/stats")).body.health).toMatchObject({
      level: "problem",
      sentence: "The ledger holds 8.0 GB of 10.0 GB: new bulk is refused. Views and uploads go on.",
    });
  });

  it("asks R2 for onlyMissing, and makes all anew with force", async () => {
    const world = createApiWorld();
    await world.bucket.bucket.put(`variants/${key("a")}`, "bytes");
    const warm = (more: object) => world.json("POST", "/api/v1/warm", { body: { items: [{ id: "a" }], ...more } });
    expect((await warm({ onlyMissing: true })).body).toMatchObject({ accepted: 1, existing: 1 });
    work(world, [key("a", 800)], "stored");
    // What is stored has no row: it is found in R2 when its turn comes.
    expect((await warm({})).body).toMatchObject({ accepted: 2, duplicates: 0, existing: 0 });
    work(world, [key("a"), key("a", 800)], "stored");
    expect((await warm({ force: true })).body).toMatchObject({ accepted: 2, duplicates: 0, existing: 0 });
    expect((await warm({ force: true, onlyMissing: true })).status).toBe(400);
  });

  it("takes another sourceEtag for a new original, and the first word about it for the one it has", async () => {
    const world = createApiWorld();
    const warm = (sourceEtag: string) =>
      world.json("POST", "/api/v1/warm", { body: { items: [{ id: "a", sourceEtag }] } });
    await world.json("POST", "/api/v1/warm", { body: { items: [{ id: "a" }] } });
    work(world, [key("a"), key("a", 800)], "stored");
    const floor = async (sourceEtag: string) => {
      expect((await warm(sourceEtag)).body).toMatchObject({ rejected: [] });
      const floor = Number(world.sql.exec("SELECT floor FROM images WHERE id = 'a'")[0]?.floor);
      const [job] = await jobsOf(world, "search=id:a");
      return { floor, sourceEtag: (await world.json("GET", `/api/v1/jobs/${job?.job}`)).body.sourceEtag };
    };
    expect(await floor("v1")).toEqual({ floor: 0, sourceEtag: "v1" });
    const second = await floor("v2");
    expect(second).toEqual({ floor: expect.toSatisfy((floor) => Number(floor) > 0), sourceEtag: "v2" });
    expect(await floor("v2")).toEqual(second);
  });
});

describe("POST /api/v1/warm?dryRun=1", () => {
  it("counts variants, what is there, jobs, bytes and price, and enqueues nothing", async () => {
    const world = createApiWorld({ budget: { per1000Jobs: 4 } });
    await world.bucket.bucket.put(`variants/${key("a")}`, "bytes");
    await world.json("POST", "/api/v1/warm", { body: { items: [{ id: "b" }] } });
    const { status, body } = await world.json("POST", "/api/v1/warm?dryRun=1", {
      body: { items: [{ id: "a" }, { id: "b" }, { id: "c" }, { id: ".." }] },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      dryRun: true,
      images: 3,
      variants: 6,
      existing: 1,
      duplicates: 2,
      jobs: 3,
      missing: [
        { id: "a", transform: "w=800&q=high&f=webp" },
        { id: "c", transform: "w=400&q=high&f=webp" },
        { id: "c", transform: "w=800&q=high&f=webp" },
      ],
      downloadBytes: 2000,
      exact: true,
    });
    expect(body.price).toEqual({ amount: 0.012, per1000Jobs: 4 });
    expect(body.rejectedTotal).toBe(1);
    expect((await world.json("GET", "/api/v1/stats")).body.open).toBe(2);
  });

  it("counts an original's bytes once for all its jobs, and not at all where nothing is to be made", async () => {
    const world = createApiWorld();
    for (const id of ["a", "b"]) await world.bucket.bucket.put(`variants/${key(id, 800)}`, "bytes");
    const bytes = async (query: string, items: object[]) => {
      const { body } = await world.json("POST", `/api/v1/warm?dryRun=1${query}`, { body: { items } });
      return [body.jobs, body.downloadBytes];
    };
    const one = { id: "a", transforms: ["w=800"] };
    expect(await bytes("", [one])).toEqual([0, 0]);
    expect(await bytes("&force=1", [one, { id: "a", transforms: ["w=400", "w=640"] }])).toEqual([3, 1000]);
    expect(await bytes("", [one, { id: "b", transforms: ["w=800", "w=400"] }])).toEqual([1, 1000]);
    // More images than are looked up.
    const many = Array.from({ length: 600 }, (_, n) => ({ id: `many/${n}`, transforms: ["w=400", "w=640"] }));
    expect(await bytes("", many)).toEqual([1200, 600_000]);
  });

  it("says unknown where nothing is configured or nobody tells", async () => {
    const { json } = createApiWorld({}, { sizeOf: async () => null });
    const { body } = await json("POST", "/api/v1/warm?dryRun=1", { body: { items: [{ id: "a" }] } });
    expect(body).toMatchObject({ price: "unknown", downloadBytes: null });
  });
});
