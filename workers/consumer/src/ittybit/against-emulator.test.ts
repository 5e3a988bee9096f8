import { type EmulatorOptions, startEmulator } from "@prewarm/ittybit-emulator/server";
import { systemClock } from "@prewarm/shared/clock";
import { describe, expect, it, onTestFinished } from "vitest";
import { createIttybit, type Ittybit } from "./client.ts";
import { jobOrder } from "./job-order.ts";

/* The product's client against every dialect and list shape of the local Ittybit. */

const PROFILES = ["reference", "guide", "sdk", "v2025"] as const;
const SHAPES = ["profile", "bare", "data", "object", "jobs", "tasks", "items", "results"] as const;

async function setup(options: EmulatorOptions, acceptVersion?: string) {
  const emulator = await startEmulator({
    seed: 1,
    jobMs: { min: 0, max: 0 },
    pixels: "tiny",
    tinySource: { width: 800, height: 600 },
    ...options,
  });
  onTestFinished(() => emulator.close());
  const version = acceptVersion === undefined ? {} : { acceptVersion };
  const ittybit = createIttybit({ baseUrl: emulator.apiUrl, apiKey: "k", fetch, clock: systemClock, ...version });
  return { emulator, ittybit };
}

function order(gen: number, again = false) {
  const transform = { width: 400, height: null, fit: null, pos: null, quality: "high", format: "webp" } as const;
  const input = "https://cdn.example.com/p.jpg";
  return jobOrder({
    ledger: "L1",
    gen,
    key: "k",
    transform,
    format: transform.format,
    focal: null,
    input,
    size: null,
    etag: null,
    alpha: false,
    again,
  });
}

async function made(ittybit: Ittybit, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let gen = 1; gen <= count; gen += 1) {
    const submission = await ittybit.submit(order(gen));
    expect(submission).toMatchObject({ kind: "made", replayed: false });
    if (submission.kind === "made") ids.push(submission.job.id);
  }
  return ids;
}

/** All jobs, page by page, oldest first where the service can. */
async function readAll(ittybit: Ittybit, limit: number): Promise<{ ids: string[]; calls: number }> {
  const ids: string[] = [];
  let page = await ittybit.list({ limit, order: "asc" });
  for (let calls = 1; ; calls += 1) {
    if (page.kind !== "page") throw new Error(page.kind);
    ids.push(...page.jobs.map(({ id }) => id));
    if (page.next === null) return { ids, calls };
    if (calls > 20) throw new Error("the list has no end");
    page = await ittybit.list({ next: page.next });
  }
}

describe.each(PROFILES)("profile %s", (profile) => {
  it("makes, replays, reads and lists a job", async () => {
    const { emulator, ittybit } = await setup({ profile });
    const [id = ""] = await made(ittybit, 1);
    await expect.poll(async () => await ittybit.get(id)).toMatchObject({ kind: "job", job: { id, status: "done" } });
    const look = await ittybit.get(id);
    expect(look.kind === "job" && look.job.output).toMatch(/^http/);
    expect(await ittybit.submit(order(1, true))).toMatchObject({ kind: "made", job: { id } });
    expect(await ittybit.list()).toMatchObject({ kind: "page", jobs: [{ id, status: "done" }], next: null });
    expect(emulator.control.stats().createdJobs).toBe(1);
  });

  it.each(SHAPES)("reads every job of the list shape %s, in few calls", async (listShape) => {
    const { ittybit } = await setup({ profile, listShape });
    const ids = await made(ittybit, 7);
    const all = await readAll(ittybit, 3);
    expect([...new Set(all.ids)]).toEqual(ids);
    // Where pages have numbers and the list does not say so, the first step by cursor is in vain.
    expect(all.calls).toBe(profile === "sdk" && listShape !== "profile" ? 4 : 3);
  });

  it("reads lists without headers and cursors to their end", async () => {
    const { ittybit } = await setup({ profile, listShape: "bare", listHeaders: false, listCursors: false });
    const ids = await made(ittybit, 7);
    const all = await readAll(ittybit, 3);
    expect(new Set(all.ids)).toEqual(new Set(ids));
    // The first step by cursor is in vain.
    expect(all.calls).toBeLessThanOrEqual(4);
  });

  it("says that there is no list", async () => {
    const { ittybit } = await setup({ profile, lists: false });
    expect(await ittybit.list()).toEqual({ kind: "noList" });
  });

  it("tells why a job failed", async () => {
    const error = { kind: "input_unreachable", message: "the input answered 404" };
    const { ittybit } = await setup({ profile, faults: [{ fault: { type: "failed", error } }] });
    const [id = ""] = await made(ittybit, 1);
    await expect
      .poll(() => ittybit.get(id))
      .toMatchObject({ job: { status: "failed", error: { message: error.message } } });
  });

  it.each([409, 422] as const)("takes %i to a repeated key for a job to look for", async (idempotencyConflict) => {
    const { ittybit } = await setup({ profile, idempotencyConflict });
    await made(ittybit, 1);
    const changed = { ...order(1, true), metadata: { ledger: "L1", gen: "1", etag: "another" } };
    expect(await ittybit.submit(changed)).toMatchObject({ kind: "unclear", lookFirst: true });
    expect(await ittybit.submit(order(1, true))).toMatchObject({ kind: "made" });
  });
});

describe("reading on from a job", () => {
  it.each(["reference", "guide", "v2025"] as const)("works in profile %s", async (profile) => {
    const { ittybit } = await setup({ profile });
    const ids = await made(ittybit, 6);
    const page = await ittybit.list({ after: ids[2] ?? "", order: "asc", limit: 100 });
    expect(page).toMatchObject({ kind: "page", next: null, ignoresCursors: false });
    expect(page.kind === "page" && page.jobs.map(({ id }) => id)).toEqual(ids.slice(3));
    expect(await ittybit.list({ after: "job_unknown", order: "asc" })).toEqual({ kind: "noCursor" });
  });

  it("says where it does not", async () => {
    const { ittybit } = await setup({ profile: "sdk" });
    const [first = ""] = await made(ittybit, 3);
    expect(await ittybit.list({ after: first, order: "asc" })).toMatchObject({ kind: "page", ignoresCursors: true });
  });
});

it("keeps reading a job whose service changes its dialect in between", async () => {
  const { emulator, ittybit } = await setup({});
  const ids: string[] = [];
  for (const [n, profile] of PROFILES.entries()) {
    emulator.control.configure({ profile });
    const submission = await ittybit.submit(order(n));
    if (submission.kind === "made") ids.push(submission.job.id);
  }
  await expect.poll(() => emulator.control.stats().openJobs).toBe(0);
  for (const profile of PROFILES) {
    emulator.control.configure({ profile });
    for (const [n, id] of ids.entries()) {
      expect(await ittybit.get(id)).toMatchObject({
        job: { id, status: "done", output: expect.stringMatching(/^http/) },
      });
      expect(await ittybit.submit(order(n, true))).toMatchObject({ kind: "made", job: { id } });
    }
    const page = await ittybit.list({ order: "asc" });
    expect(page.kind === "page" && page.jobs.map((job) => job.id)).toEqual(ids);
  }
  expect(emulator.control.stats().createdJobs).toBe(PROFILES.length);
});

it("reads the SDKs' bare answers where the version asks for them", async () => {
  const { ittybit } = await setup({ profile: "sdk" }, "2025-08-20");
  const ids = await made(ittybit, 7);
  const { ids: read } = await readAll(ittybit, 3);
  expect(new Set(read)).toEqual(new Set(ids));
});
