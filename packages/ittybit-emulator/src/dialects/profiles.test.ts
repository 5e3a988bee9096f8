import sharp from "sharp";
import { describe, expect, it } from "vitest";
import type { EmulatorOptions } from "../server.ts";
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
  const dataOf = (body: Json): Json => body.data as Json;

  async function done(options: EmulatorOptions = {}): Promise<{ world: World; created: Json; body: Json }> {
    const world = await setup({ profile: "v2025", ...options });
    const created = dataOf(await bodyOf(await world.create({ options: { width: 100, format: "webp" } })));
    const body = await until(
      world,
      `/jobs/${created.id}`,
      (body) => !/pending|process/.test(String(dataOf(body).status)),
    );
    return { world, created, body };
  }

  it("wraps everything in an envelope, with ISO times and outputs[]", async () => {
    const { created, body, world } = await done();
    expect(created).toMatchObject({ id: expect.stringMatching(/^task_/), status: "pending", outputs: [], error: null });
    expect(created.created).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(Object.keys(body).toSorted()).toEqual(["data", "error", "links", "meta"]);
    expect(dataOf(body)).toMatchObject({
      status: "ready",
      url: world.photo,
      outputs: [{ url: expect.stringMatching(/^http/), width: 100, height: 75, format: "webp" }],
    });
    const [output] = dataOf(body).outputs as { url: string }[];
    expect(await sharp(await bytesOf(await fetch(output?.url ?? ""))).metadata()).toMatchObject({ width: 100 });
  });

  it("tells seconds when asked to", async () => {
    const { body } = await done({ v2025Timestamps: "seconds" });
    const { created_at: created, finished_at: finished } = dataOf(body) as { created_at: number; finished_at: number };
    expect(Math.abs(created - Date.now() / 1000)).toBeLessThan(60);
    expect(Number.isInteger(created) && Number.isInteger(finished)).toBe(true);
  });

  it("wraps errors without a kind, and a failed job's status is error", async () => {
    const world = await setup({ profile: "v2025", faults: [{ fault: { type: "failed" } }] });
    const refused = await bodyOf(await world.call("/jobs/task_unknown"));
    expect(refused).toMatchObject({ data: null, error: { message: expect.any(String) } });
    const { id } = dataOf(await bodyOf(await world.create()));
    const body = await until(world, `/jobs/${id}`, (body) => dataOf(body).status === "error");
    expect(dataOf(body)).toMatchObject({ outputs: [], error: { message: "the encoder gave up" } });
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

  it("pages lists by number, with totals", async () => {
    const world = await setup({ profile: "v2025" });
    for (let index = 0; index < 5; index += 1) await world.create({ options: { width: 10 + index } });
    const second = await bodyOf(await world.call("/jobs?limit=2&page=2"));
    expect(second.meta).toEqual({ limit: 2, total: 5, page: 2, pages: 3 });
    const widths = (second.data as { options: { width: number } }[]).map(({ options }) => options.width);
    expect(widths).toEqual([12, 11]);
    const links = second.links as Record<string, string | null>;
    expect([links.prev, links.next]).toEqual(
      [1, 3].map((page) => `${world.emulator.apiUrl}/jobs?page=${page}&limit=2`),
    );
    const last = await bodyOf(await world.call("/jobs?limit=2&page=3"));
    expect([(last.data as unknown[]).length, (last.links as Json).next]).toEqual([1, null]);
  });
});
