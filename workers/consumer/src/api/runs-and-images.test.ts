import { infoKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { accept, createApiWorld, endAll, exchange, key, VIEWER, warm, work } from "./testing/api-world.ts";

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
      // One job ends in ten seconds, and the two runs take turns.
      pace: { perSecond: 0.05, secondsLeft: 20, doneAt: world.deps.clock.now() + 20_000, why: null, jobsLeft: 1 },
      paid: { jobs: 1, amount: null },
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

it("finds runs by a part of their label, and by the time of their order", async () => {
  const world = createApiWorld();
  const at: number[] = [];
  for (const label of ["Autumn 2026", undefined, "100% of autumn", "Spring"]) {
    world.advance(60_000);
    at.push(world.deps.clock.now());
    await warm(world, [`${label}`], label === undefined ? {} : { label });
  }
  const found = async (query: string) => {
    const { body } = await world.json("GET", `/api/v1/runs?${query}`);
    return (body.runs as { label: string | null }[]).map(({ label }) => label);
  };
  expect(await found("label=AUTUMN")).toEqual(["100% of autumn", "Autumn 2026"]);
  expect(await found("label=%25")).toEqual(["100% of autumn"]);
  expect(await found(`from=${at[1]}&to=${at[2]}`)).toEqual(["100% of autumn", null]);
  expect(await found(`from=${at[1]}&label=autumn&state=open`)).toEqual(["100% of autumn"]);
  expect(await found(`to=${(at[0] ?? 0) - 1}`)).toEqual([]);
  expect((await world.call("GET", "/api/v1/runs?from=yesterday")).status).toBe(400);
});

describe("a run's outcome", () => {
  const runOf = async (
    world: ReturnType<typeof createApiWorld>,
    ids: string[],
    ending: Parameters<typeof endAll>[1],
  ) => {
    const run = await warm(world, ids);
    endAll(world, ending);
    return (await world.json("GET", `/api/v1/runs/${run}`)).body;
  };

  it("go first in their lane and take turns again, by operators only; each wait says so", async () => {
    const world = createApiWorld();
    const old = await warm(world, ["a"]);
    const run = await warm(world, ["b"]);
    world.advance(10_000);
    work(world, [key("a")], "stored");
    const promote = (first: boolean, token?: string, name = run) =>
      world.json("PATCH", `/api/v1/runs/${name}`, { body: { first }, ...(token === undefined ? {} : { token }) });
    const seen = async (name: string) => {
      const { body } = await world.json("GET", `/api/v1/runs/${name}`);
      return [
        (body.pace as { secondsLeft: number }).secondsLeft,
        (body.waitingFor as { text: string }).text.split(";")[0],
      ];
    };
    expect(await seen(run)).toEqual([30, "2 jobs wait, in turn with another run of bulk"]);
    expect((await promote(true, VIEWER)).status).toBe(403);
    const promoted = await promote(true);
    expect(promoted).toMatchObject({ status: 200, body: { lane: "bulk", first: world.deps.clock.now() } });
    expect(await seen(run)).toEqual([20, "2 jobs wait, first in bulk"]);
    expect(await seen(old)).toEqual([30, "1 job waits, after a run that goes first"]);
    expect((await promote(false)).body.first).toBe(null);
    expect(await seen(run)).toEqual([30, "2 jobs wait, in turn with another run of bulk"]);
    endAll(world, () => ["stored", ""]);
    expect([(await promote(true)).status, (await promote(true, undefined, "none")).status]).toEqual([409, 404]);
  });

  it("tells a run of missing originals from one that stored everything", async () => {
    const world = createApiWorld();
    const gone = await runOf(world, ["a", "b"], () => ["refused", "the original answered 404"]);
    expect(gone).toMatchObject({ state: "done", outcome: "failed", states: { stored: 0, refused: 4 } });
    expect(await runOf(world, ["c"], () => ["stored", ""])).toMatchObject({ outcome: "ok", who: "operator token 1" });
    const some = await runOf(world, ["d"], (of) => [of.includes("400") ? "stored" : "dead", "it failed"]);
    expect(some).toMatchObject({ outcome: "with failures", states: { stored: 1, dead: 1 } });
  });

  it("counts and keeps what was refused at the door, with its id", async () => {
    const world = createApiWorld();
    const run = await warm(world, ["../up", "fine"]);
    endAll(world, () => ["stored", ""]);
    expect((await world.json("GET", `/api/v1/runs/${run}`)).body).toMatchObject({
      rejectedTotal: 1,
      outcome: "with failures",
      states: { stored: 2 },
    });
    const { body } = await world.json("GET", `/api/v1/runs/${run}/rejected`, { token: VIEWER });
    expect(body).toMatchObject({ rejected: [{ index: 0, id: "../up", code: "id_invalid" }], nextCursor: null });
    const none = await warm(world, ["../only"]);
    expect((await world.json("GET", `/api/v1/runs/${none}`)).body).toMatchObject({ state: "done", outcome: "failed" });
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
    const [{ job } = { job: "" }] = body.variants as { job: string }[];
    expect((await world.json("GET", `/api/v1/jobs/${job}`)).body).toMatchObject({ key: stored, state: "stored" });
    expect((await world.json("DELETE", path)).status).toBe(202);
    expect(world.purges()).toEqual([id]);
    expect((await world.json("GET", path)).body.purging).toBe(true);
    expect((await world.call("GET", `/api/v1/images/${encodeURIComponent("../x")}`)).status).toBe(400);
    const thumb = await world.call("GET", `/api/v1/thumbs/albums/%C3%A9t%C3%A9%20100%25`, { token: VIEWER });
    expect([thumb.status, thumb.headers.get("Content-Type"), await thumb.text()]).toEqual([200, "image/webp", "12345"]);
    expect(thumb.headers.get("Cache-Control")).toBe("private, max-age=3600");
    expect((await world.call("GET", "/api/v1/thumbs/none")).status).toBe(404);
    const exact = (key: string) =>
      world.call("GET", `/api/v1/thumbs/${encodeURIComponent(id)}?key=${encodeURIComponent(key)}`, { token: VIEWER });
    expect([await (await exact(stored)).text(), (await exact(stored)).headers.get("Cache-Control")]).toEqual([
      "12345",
      "private, no-cache",
    ]);
    for (const key of [`none/${stored.split("/")[1]}`, "../secrets", stored.replace("400", "401")])
      expect((await exact(key)).status).toBe(404);
    const asPath = await world.json("GET", "/api/v1/images/albums/%C3%A9t%C3%A9%20100%25");
    expect(asPath.body).toMatchObject({ id, purging: true });
  });

  it("tell who asked for them and when, and what was paid before a purge and since", async () => {
    const world = createApiWorld({ budget: { per1000Jobs: 1.5 } });
    const id = "albums/été 100%";
    const path = `/api/v1/images/${encodeURIComponent(id)}`;
    const orders = async (of = path) => (await world.json("GET", `${of}/orders`, { token: VIEWER })).body;
    expect(await orders()).toEqual({ orders: [], variants: 0, jobs: 0, outdated: 0, amount: 0 });
    const run = await warm(world, [id, "another"], { label: "Catalogue 2027" });
    const began = world.deps.clock.now();
    world.advance(10_000);
    work(world, [key(id), key("another")], "stored");
    await world.json("DELETE", path);
    world.advance(3_600_000);
    const asked = world.deps.clock.now();
    exchange(world, "edge", { first: true, role: "urgent", asks: [{ key: key(id, 1200), at: asked }] });
    world.advance(10_000);
    accept(world, [key(id)]);
    work(world, [key(id)], "stored");
    const person = { run, label: "Catalogue 2027", hook: null, who: "operator token 1", lane: "bulk" };
    expect(await orders()).toMatchObject({
      orders: [
        { ...person, at: began, until: began, variants: 1 },
        { run: null, label: null, hook: null, who: null, lane: "live", at: asked, until: asked, variants: 1 },
        { run: "uploads", hook: null, who: null, lane: "upload", variants: 1 },
      ],
      variants: 2,
      jobs: 2,
      outdated: 1,
      amount: 0.003,
    });
    const asPath = "/api/v1/images/albums/%C3%A9t%C3%A9%20100%25";
    expect(await orders(asPath)).toEqual(await orders());
  });

  it("have the version that was announced last, by the ledger or else by their note", async () => {
    const world = createApiWorld();
    const versionOf = async (id: string) => (await world.json("GET", `/api/v1/images/${id}`)).body.v;
    const said = { width: 100, height: 50, type: "image/jpeg", bytes: 900, frames: 1, etag: null, lqip: null };
    for (const id of ["told", "forgotten"])
      await world.bucket.bucket.put(infoKey(id), JSON.stringify({ ...said, version: "1", stored: {}, others: [] }));
    await world.json("POST", "/api/v1/warm", { body: { items: [{ id: "told", v: "2" }] } });
    expect([await versionOf("told"), await versionOf("forgotten"), await versionOf("new")]).toEqual(["2", "1", null]);
  });

  it("have a focal point, which is set, shown, written into the audit log and taken back", async () => {
    const world = createApiWorld();
    const id = "albums/été 100%/focal";
    const path = `/api/v1/images/${encodeURIComponent(id)}`;
    const set = (body: unknown, to = path) => world.json("PUT", `${to}/focal`, { body });
    expect(await set({ focal: [0.25, 1] })).toEqual({ status: 202, body: { id, focal: [0.25, 1], changed: true } });
    // A path whose segments something in between has decoded.
    const decoded = `/api/v1/images/${id.split("/").map(encodeURIComponent).join("/")}`;
    expect(await set({ focal: [0.25, 1] }, decoded)).toMatchObject({ status: 202, body: { id, changed: false } });
    expect((await world.json("GET", path)).body.focal).toEqual([0.25, 1]);
    const { body } = await world.json("GET", "/api/v1/audit");
    expect(body.entries).toMatchObject([{ what: "image.focal", target: id, details: { focal: [0.25, 1] } }]);
    expect(await set({ focal: null })).toMatchObject({ status: 202, body: { focal: null, changed: true } });
    expect((await world.json("GET", path)).body.focal).toBeNull();
  });

  it.each([
    [{ focal: [0.5] }],
    [{ focal: [0.5, 0.5, 0.5] }],
    [{ focal: [-0.1, 0.5] }],
    [{ focal: [0.5, 1.5] }],
    [{ focal: ["0.5", 0.5] }],
    [{ focal: { x: 0.5, y: 0.5 } }],
    [{}],
    [{ focal: null, force: true }],
  ])("refuse the focal point %j and keep what they have", async (body) => {
    const world = createApiWorld();
    await world.json("PUT", "/api/v1/images/a/focal", { body: { focal: [0, 0] } });
    const answer = await world.json("PUT", "/api/v1/images/a/focal", { body });
    expect(answer).toMatchObject({ status: 400, body: { code: "body_invalid", status: 400 } });
    expect((await world.json("GET", "/api/v1/images/a")).body.focal).toEqual([0, 0]);
    const badId = await world.json("PUT", `/api/v1/images/${encodeURIComponent("../x")}/focal`, {
      body: { focal: null },
    });
    expect(badId).toMatchObject({ status: 400, body: { code: "id_invalid" } });
  });

  it("show every variant on one page, however short R2 makes them", async () => {
    const world = createApiWorld();
    const keys = Array.from({ length: 900 }, (_, n) => `a/${1_000 + n}-high.webp`);
    accept(world, keys);
    // Most are stored, and are made anew.
    for (const key of keys.filter((_, n) => n % 5 > 0)) await world.bucket.bucket.put(`variants/${key}`, "x");
    const seen: string[] = [];
    let pages = 0;
    for (let cursor: unknown = ""; cursor !== null; pages += 1) {
      const { body } = await world.json("GET", `/api/v1/images/a${cursor === "" ? "" : `?cursor=${String(cursor)}`}`);
      seen.push(...(body.variants as { key: string }[]).map(({ key }) => key));
      cursor = body.nextCursor;
    }
    expect(pages).toBe(2);
    expect(seen.sort()).toEqual(keys);
  });

  it("are browsed by what was stored last, by size, and by what failed most", async () => {
    const world = createApiWorld();
    await warm(world, ["a/one", "a/two", "b/bad"]);
    endAll(world, (of) => [of.startsWith("b") ? "dead" : "stored", "it failed"]);
    const ids = async (query: string) =>
      ((await world.json("GET", `/api/v1/images?${query}`, { token: VIEWER })).body.images as { id: string }[]).map(
        ({ id }) => id,
      );
    expect((await ids("sort=latest")).slice(0, 2).sort()).toEqual(["a/one", "a/two"]);
    expect((await ids("sort=failed"))[0]).toBe("b/bad");
    expect(await ids("search=TWO&sort=largest")).toEqual(["a/two"]);
    expect((await world.json("GET", "/api/v1/images?search=two")).body.images).toMatchObject([
      { id: "a/two", stored: 2, bytes: 2_468, failed: 0 },
    ]);
  });

  it("sign the links that an unsigned URL could not have", async () => {
    const world = createApiWorld();
    await world.json("POST", "/api/v1/warm", { body: { items: [{ id: "a", transforms: ["w=300&h=210"] }] } });
    const { body } = await world.json("GET", "/api/v1/images/a");
    expect((body.variants as { url: string }[])[0]?.url).toMatch(/&s=[\w-]{43}$/);
  });
});
