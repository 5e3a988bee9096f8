import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readJob, readTime } from "./dialects.ts";

const FIXTURES = join(import.meta.dirname, "../../test/fixtures/ittybit");

/** The three answers of a documented dialect: to the POST, and to looks at a job that is done and at one that failed. */
function fixture(name: string): { created: unknown; done: unknown; failed: unknown } {
  const { exchanges } = JSON.parse(readFileSync(join(FIXTURES, `${name}.json`), "utf8")) as {
    exchanges: { body: unknown }[];
  };
  const [created, done, failed] = exchanges.map(({ body }) => body);
  return { created, done, failed };
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
    const documented = readdirSync(FIXTURES).filter((name) => /^[a-g]-/.test(name));
    expect(documented.sort()).toEqual(Object.keys(TABLE).map((name) => `${name}.json`));
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

  it("keeps flat metadata as text, also where a server made numbers of it", () => {
    expect(readJob({ id: "job_1", status: "queued", metadata: { gen: 7, nested: {}, key: "k" } })?.metadata).toEqual({
      gen: "7",
      key: "k",
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
