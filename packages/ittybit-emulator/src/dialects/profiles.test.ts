import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { bytesOf, PATIENTLY, setup, type World } from "../testing/setup.ts";

type Json = Record<string, unknown>;

async function bodyOf(response: Response): Promise<Json> {
  return (await response.json()) as Json;
}

/** Reads a job until `done` holds for it. */
async function until(world: World, path: string, done: (body: Json) => boolean): Promise<Json> {
  await expect.poll(async () => done(await bodyOf(await world.call(path))), PATIENTLY).toBe(true);
  return bodyOf(await world.call(path));
}

describe("profile guide", () => {
  it("goes from pending to completed with output.url, on /jobs and /tasks alike", async () => {
    const world = await setup({ profile: "guide" });
    const created = await world.create({ options: { width: 100, format: "jpg" } });
    const body = await bodyOf(created);
    expect([created.status, body]).toEqual([201, { id: expect.stringMatching(/^task_/), status: "pending" }]);
    const done = await until(world, `/jobs/${body.id}`, ({ status }) => status === "completed");
    expect(done).toEqual({ id: body.id, status: "completed", output: { url: expect.stringMatching(/^http/) } });
    expect(await bodyOf(await world.call(`/tasks/${body.id}`))).toEqual(done);
    expect(await (await world.call("/jobs")).json()).toEqual([done]);
    const image = await bytesOf(await fetch((done.output as { url: string }).url));
    expect(await sharp(image).metadata()).toMatchObject({ format: "jpeg", width: 100 });
  });

  it("takes POST /tasks as another name of /jobs", async () => {
    const { call, photo } = await setup({ profile: "guide" });
    const body = JSON.stringify({ input: photo, kind: "image" });
    const response = await call("/tasks", { method: "POST", headers: { "content-type": "application/json" }, body });
    expect([response.status, await response.json()]).toEqual([201, { id: expect.any(String), status: "pending" }]);
  });

  it("says why a job failed, and replays with the first body", async () => {
    const world = await setup({ profile: "guide", faults: [{ fault: { type: "failed", error: "no room" } }] });
    const key = { "idempotency-key": "k" };
    const { id } = await bodyOf(await world.create({}, key));
    const done = await until(world, `/jobs/${id}`, ({ status }) => status === "failed");
    expect(done).toEqual({ id, status: "failed", error: "no room" });
    const replay = await world.create({}, key);
    expect([replay.status, await replay.json()]).toEqual([200, { id, status: "pending" }]);
  });
});

describe("profile v2025", () => {
  it("speaks bare objects with inputs[], outputs[], its own words and Unix seconds", async () => {
    const world = await setup({ profile: "v2025" });
    const created = await world.create({ options: { width: 100, format: "webp" } });
    const body = await bodyOf(created);
    expect([created.status, body]).toMatchObject([
      201,
      { id: expect.stringMatching(/^task_/), object: "task", status: "waiting", outputs: [], error: null },
    ]);
    expect(body).not.toHaveProperty("output");
    const done = await until(world, `/tasks/${body.id}`, ({ status }) => status === "succeeded");
    expect(done).toMatchObject({
      inputs: [{ url: world.photo }],
      outputs: [{ kind: "source", type: "image/webp", url: expect.stringMatching(/^http/), width: 100, height: 75 }],
    });
    const { created_at, finished_at } = done as { created_at: number; finished_at: number };
    expect(Math.abs(created_at - Date.now() / 1000)).toBeLessThan(60);
    expect(Number.isInteger(created_at) && Number.isInteger(finished_at)).toBe(true);
    expect(await bodyOf(await world.call("/jobs/task_unknown"))).toMatchObject({ kind: "job_not_found" });
    const list = await world.call("/jobs?status=succeeded&limit=1");
    expect([await list.json(), list.headers.get("has-more")]).toEqual([[done], "false"]);
  });

  it("reads the old request: url and flat options", async () => {
    const { call, photo, emulator } = await setup({ profile: "v2025" });
    const body = JSON.stringify({ url: photo, kind: "image", width: 60, format: "webp", metadata: { a: "b" } });
    const response = await call("/tasks", { method: "POST", headers: { "content-type": "application/json" }, body });
    expect(response.status).toBe(201);
    expect(emulator.control.jobs()).toMatchObject([
      { input: photo, options: { width: 60, format: "webp" }, metadata: { a: "b" } },
    ]);
  });
});

describe("profile sdk", () => {
  const dataOf = (body: Json): Json => body.data as Json;
  const BARE = { "accept-version": "2025-08-20" };

  it("answers 200 with an envelope, files as objects and ISO times", async () => {
    const world = await setup({ profile: "sdk" });
    const created = await world.create({ options: { width: 100, format: "webp" } });
    const body = await bodyOf(created);
    expect(created.status).toBe(200);
    expect(Object.keys(body).toSorted()).toEqual(["data", "error", "links", "meta"]);
    expect(dataOf(body)).toMatchObject({ status: "pending", progress: 0, output: null, error: null });
    expect(dataOf(body).created).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    for (const absent of ["metadata", "finished", "tasks"]) expect(dataOf(body)).not.toHaveProperty(absent);
    const done = await until(world, `/jobs/${dataOf(body).id}`, (seen) => dataOf(seen).status === "completed");
    expect(dataOf(done)).toMatchObject({
      input: { object: "source", url: world.photo, width: 400, type: "image/jpeg" },
      output: { url: expect.stringMatching(/^http/), width: 100, height: 75 },
    });
  });

  it.each([BARE, { accept_version: "2025-08-20" }, { "accept-version": "latest" }])(
    "answers bare, lists and errors too, to %j",
    async (headers) => {
      const world = await setup({ profile: "sdk" });
      const created = await bodyOf(await world.create({}, headers as Record<string, string>));
      expect(created).toMatchObject({ id: expect.stringMatching(/^task_/), status: "pending" });
      const init = { headers: headers as Record<string, string> };
      expect(await (await world.call("/tasks", init)).json()).toMatchObject([{ id: created.id }]);
      expect(await bodyOf(await world.call("/jobs/task_unknown", init))).toEqual({ message: expect.any(String) });
    },
  );

  it("stays in the envelope for an older version", async () => {
    const world = await setup({ profile: "sdk" });
    expect(await bodyOf(await world.create({}, { "accept-version": "2025-07-01" }))).toHaveProperty("meta");
  });

  it("tells an error as text", async () => {
    const world = await setup({ profile: "sdk", faults: [{ fault: { type: "failed" } }] });
    const refused = await bodyOf(await world.call("/jobs/task_unknown"));
    expect(refused).toMatchObject({ data: null, error: { message: expect.any(String) } });
    const { id } = dataOf(await bodyOf(await world.create()));
    const body = await until(world, `/jobs/${id}`, (seen) => dataOf(seen).status === "failed");
    expect(dataOf(body)).toMatchObject({ output: null, error: "the encoder gave up" });
  });

  it("pages lists by number, with totals, and takes no notice of cursors", async () => {
    const world = await setup({ profile: "sdk" });
    for (let index = 0; index < 5; index += 1) await world.create({ options: { width: 10 + index } });
    const response = await world.call("/jobs?limit=2&page=2&after=task_whatever");
    expect(["link", "has-more", "limit"].filter((name) => response.headers.has(name))).toEqual([]);
    const second = await bodyOf(response);
    expect(second.meta).toEqual({ limit: 2, total: 5, page: 2, pages: 3 });
    const widths = (second.data as { options: { width: number } }[]).map(({ options }) => options.width);
    expect(widths).toEqual([12, 11]);
    const links = second.links as Record<string, string | null>;
    expect([links.prev, links.next]).toEqual(
      [1, 3].map((page) => `${world.emulator.apiUrl}/tasks?page=${page}&limit=2`),
    );
    const last = await bodyOf(await world.call("/jobs?limit=2&page=3"));
    expect([(last.data as unknown[]).length, (last.links as Json).next]).toEqual([1, null]);
  });
});

it.each([
  ["reference", null, 9_000, "succeeded"],
  ["v2025", null, 9_000, "failed"],
  ["sdk", null, 8_192, "completed"],
  ["reference", 500, 501, "failed"],
] as const)("profile %s with maxInputEdge %j takes an input of %i pixels: %s", async (profile, set, edge, status) => {
  const world = await setup({ profile, ...(set === null ? {} : { maxInputEdge: set }) });
  const wide = world.origin.put("/wide.png", await flat(edge, 8));
  await world.create({ input: wide });
  await expect.poll(() => world.emulator.control.stats().openJobs, PATIENTLY).toBe(0);
  const [job] = world.emulator.control.jobs();
  expect(job?.status).toBe(status === "completed" ? "succeeded" : status);
  if (status === "failed") expect(job?.error).toMatchObject({ kind: "input_too_large" });
});

async function flat(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: "#345" } })
    .png()
    .toBuffer();
}
