import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { walksOf } from "@prewarm/shared/testing/slowness";
import { describe, expect, it } from "vitest";
import { readError, readJob, readPage, readTime } from "./dialects.ts";

const FIXTURES = join(import.meta.dirname, "../../test/fixtures/dialects");

type Fixture = Record<"created" | "done" | "failed", object>;

function fixture(name: string): Fixture {
  return JSON.parse(readFileSync(join(FIXTURES, `${name}.json`), "utf8")) as Fixture;
}

const TABLE = {
  "a-2024": {
    id: "tsk_abc123",
    output: "https://ittybit.net/out.webp",
    error: "could not read the input",
    created: "2024-11-02T10:00:00Z",
  },
  "b-2025-01": {
    id: "task_abc123",
    output: "https://you.ittybit.net/file_1.webp",
    error: "unsupported codec",
    created: "2025-05-02T10:00:00Z",
  },
  "c-2025-08": {
    id: "task_abc123",
    output: "https://you.ittybit.net/file_1.webp",
    error: "bad input",
    created: "2025-08-25T10:00:00Z",
  },
  "d-2025-09": {
    id: "task_abc123",
    output: "https://you.ittybit.net/out.webp",
    error: "404 from origin",
    created: 1760000000000,
  },
  "e-staging": {
    id: "task_abc123",
    output: "https://store.ittybit.net/org_1/out.webp",
    error: "the job ended cancelled",
    created: 1770000000000,
  },
  "f-reference": {
    id: "job_01h455vb4pex5vsknk084sn02q",
    output: "https://store.ittybit.net/org_123/out.webp",
    error: "the encoder gave up",
    created: 1780000000000,
  },
  "g-guide": { id: "task_xyz789", output: "https://cdn.ittybit.net/out.webp", error: "it did not work", created: null },
} as const;

describe("every dialect", () => {
  it("has a row in the table", () => {
    expect(readdirSync(FIXTURES).sort()).toEqual(Object.keys(TABLE).map((name) => `${name}.json`));
  });

  it.each(Object.entries(TABLE))("%s", (name, { id, output, error, created }) => {
    const bodies = fixture(name);
    const at = typeof created === "string" ? Date.parse(created) : created;
    expect(readJob(bodies.created)).toMatchObject({
      id,
      status: "pending",
      known: true,
      output: null,
      error: null,
      createdAt: at,
    });
    expect(readJob(bodies.done)).toMatchObject({ id, status: "done", known: true, output, error: null, createdAt: at });
    const failed = readJob(bodies.failed);
    expect(failed).toMatchObject({ id, output: null, known: true, error: { message: error } });
    expect(["failed", "cancelled"]).toContain(failed?.status);
  });
});

describe("readJob", () => {
  it.each(
    Object.entries({
      done: ["succeeded", "completed", "ready", "success", "complete", "done", "SUCCEEDED"],
      failed: ["failed", "error", "errored"],
      cancelled: ["cancelled", "canceled"],
      pending: ["pending", "waiting", "validating", "queued", "processing", "finishing"],
    }).flatMap(([status, words]) => words.map((word) => [word, status])),
  )("takes %s for %s", (word, status) => {
    expect(readJob({ id: "job_1", status: word })).toMatchObject({ status, known: true });
  });

  it.each(["transmogrifying", "", "toString", "__proto__", 7, null, undefined])(
    "takes the unknown status %s for pending",
    (status) => {
      expect(readJob({ id: "job_1", status })).toMatchObject({ status: "pending", known: false });
    },
  );

  it("falls back to the last finished encode or export, never to a probe's URL, which is the source's", () => {
    const task = (kind: string, url: string, status = "succeeded") => ({ kind, status, output: { url } });
    const source = "https://cdn.example.com/p.jpg";
    const job = { id: "job_1", status: "succeeded", kind: "image", output: null };
    const tasks = [task("probe", source), task("import", source), task("image", "https://s/1.webp")];
    expect(readJob({ ...job, tasks })?.output).toBe("https://s/1.webp");
    expect(readJob({ ...job, tasks: [...tasks, task("export", "https://s/2.webp")] })?.output).toBe("https://s/2.webp");
    expect(readJob({ ...job, tasks: [...tasks, task("export", "https://s/2.webp", "failed")] })?.output).toBe(
      "https://s/1.webp",
    );
    expect(readJob({ ...job, tasks: tasks.slice(0, 2) })?.output).toBeNull();
  });

  it.each(["s3://bucket/key", "file:///etc/passwd", "javascript:alert(1)", "", 7, {}])(
    "takes %s for no output",
    (output) => {
      expect(readJob({ id: "job_1", status: "succeeded", output })?.output).toBeNull();
    },
  );

  it("opens an event to the job in it, and never takes the event's id for the job's", () => {
    const event = {
      id: "evt_1",
      object: "event",
      kind: "task.succeeded",
      data: { id: "task_1", status: "succeeded", outputs: [{ url: "https://s/1" }] },
    };
    expect(readJob(event)).toMatchObject({ id: "task_1", status: "done", output: "https://s/1" });
  });

  it("keeps text metadata only", () => {
    expect(readJob({ id: "job_1", status: "queued", metadata: { gen: "7", nested: {}, n: 1 } })?.metadata).toEqual({
      gen: "7",
    });
    expect(readJob({ id: "job_1", status: "queued", metadata: [] })?.metadata).toEqual({});
  });

  it.each([null, [], "text", 7, {}, { id: "" }, { id: 7 }, { id: "has space" }, { id: "x".repeat(201) }, { data: [] }])(
    "finds no job in %j",
    (body) => {
      expect(readJob(body)).toBeNull();
    },
  );
});

describe("readTime", () => {
  it.each([
    [1_780_000_000_000, 1_780_000_000_000],
    [1_780_000_000, 1_780_000_000_000],
    ["2026-05-28T20:26:40.000Z", 1_780_000_000_000],
    [null, null],
    ["soon", null],
    [0, null],
    [Number.NaN, null],
  ])("reads %s", (value, expected) => {
    expect(readTime(value)).toBe(expected);
  });
});

describe("readError", () => {
  it.each([
    ['{"kind":"invalid_input","message":"no"}', { kind: "invalid_input", message: "no" }],
    ['{"message":"no"}', { kind: null, message: "no" }],
    ['{"meta":{},"data":null,"error":{"message":"no"},"links":{}}', { kind: null, message: "no" }],
    ['{"error":{"kind":"k","message":"no"}}', { kind: "k", message: "no" }],
    ['{"error":"no"}', { kind: null, message: "no" }],
    ["<html>502 Bad Gateway</html>", { kind: null, message: "HTTP 502" }],
    ["", { kind: null, message: "HTTP 502" }],
    ["[]", { kind: null, message: "HTTP 502" }],
  ])("reads %s", (text, expected) => {
    expect(readError(502, text)).toEqual(expected);
  });
});

describe("readPage", () => {
  const jobs = ["job_3", "job_2"].map((id) => ({ id, status: "queued" }));
  const asked = new URLSearchParams("limit=2");

  it.each<[string, unknown, Record<string, string>, string | null]>([
    [
      "a bare array with a Link",
      jobs,
      { link: '<https://api.ittybit.com/jobs?limit=2&after=job_2>; rel="next"' },
      "limit=2&after=job_2",
    ],
    [
      "a Link among others",
      jobs,
      { link: "</jobs?before=job_3>; rel=prev, </jobs?after=job_2>; rel=next" },
      "after=job_2",
    ],
    [
      "a Link to another host: its query only, and of that only what we know",
      jobs,
      { link: '<https://evil.example/x?after=job_2&key=1>; rel="next"' },
      "after=job_2",
    ],
    ["a bare array with Has-More", jobs, { "has-more": "true" }, "limit=2&after=job_2"],
    ["a bare array that says it is the last", jobs, { "has-more": "false" }, null],
    ["a full bare array that says nothing", jobs, {}, "limit=2&after=job_2"],
    ["a short bare array that says nothing", jobs.slice(1), {}, null],
    [
      "an envelope with numbered pages",
      { meta: { page: 1 }, data: jobs, links: { next: "https://api.ittybit.com/jobs?page=2&limit=2" } },
      {},
      "page=2&limit=2",
    ],
    ["an envelope at its last page", { data: jobs, links: { next: null } }, {}, null],
    ["an empty array", [], {}, null],
  ])("reads %s", (_name, body, headers, next) => {
    const page = readPage(body, new Headers(headers), asked);
    expect(page?.next).toBe(next);
    expect(page?.jobs.every(({ id }) => id.startsWith("job_"))).toBe(true);
  });

  it("leaves out what is no job, and is no page when there is no list", () => {
    expect(readPage([{}, null, ...jobs], new Headers(), asked)?.jobs).toHaveLength(2);
    expect(readPage({ id: "job_1", status: "queued" }, new Headers(), asked)).toBeNull();
    expect(readPage("no", new Headers(), asked)).toBeNull();
  });
});

it.each(["<", "=next<", "<a>;", ">; rel="])("reads a Link header made of %s at once", (piece) => {
  const headers = new Headers({ link: piece.repeat(32_000 / piece.length) });
  expect(walksOf(() => readPage([], headers, new URLSearchParams()))).toBeLessThan(5);
});
