import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { permutedJob } from "../testing/job-bodies.ts";
import { type JobStatus, readJob } from "./dialects.ts";

/*
 * What a job may look like: the documented shapes of all dialects, mixtures of them, and what a server would plausibly do beside. The id is
 * `job_1` in all. Each row: what it is, the body, the status, the output, the error's message.
 */

const URL = "https://store.ittybit.net/org_1/out.webp";
const SOURCE = "https://cdn.example.com/p.jpg";
const file = { object: "file", kind: "image", type: "image/webp", url: URL, width: 400, height: 300 };
const source = { id: "file_1", object: "source", kind: "image", type: "image/jpeg", url: SOURCE, width: 4000 };
const job = { id: "job_1", object: "job", kind: "image", input: SOURCE, options: {}, metadata: {}, error: null };
const task = { id: "job_1", object: "task", kind: "image" };
const step = (kind: string, status: string, rest: object = {}) => ({ id: "task_9", kind, status, ...rest });
const probe = step("probe", "succeeded", { output: { url: SOURCE } });

type Row = [string, unknown, JobStatus, (string | null)?, (string | null)?];

const SHAPES: Row[] = [
  // F, the reference
  ["F queued", { ...job, status: "queued", output: null, tasks: [] }, "pending"],
  ["F processing, probe done", { ...job, status: "processing", output: null, tasks: [probe] }, "pending"],
  ["F succeeded", { ...job, status: "succeeded", output: URL, tasks: [probe] }, "done", URL],
  [
    "F succeeded, output in a task only",
    { ...job, status: "succeeded", output: null, tasks: [probe, step("image", "succeeded", { output: file })] },
    "done",
    URL,
  ],
  [
    "F succeeded, output in the export",
    { ...job, status: "succeeded", tasks: [probe, step("export", "succeeded", { output: file })] },
    "done",
    URL,
  ],
  ["F succeeded, s3 output", { ...job, status: "succeeded", output: "s3://bucket/key" }, "done", null],
  [
    "F failed",
    { ...job, status: "failed", error: { kind: "input_unreachable", message: "404" } },
    "failed",
    null,
    "404",
  ],
  ["F failed, error text", { ...job, status: "failed", error: "404" }, "failed", null, "404"],
  [
    "F failed, reason on the task",
    {
      ...job,
      status: "failed",
      tasks: [
        step("probe", "failed", { error: { message: "the input answered 404" } }),
        step("image", "cancelled", { error: { message: "sibling" } }),
      ],
    },
    "failed",
    null,
    "the input answered 404",
  ],
  [
    "F failed, two failed tasks: the last says why",
    {
      ...job,
      status: "failed",
      tasks: [step("probe", "failed", { error: "first" }), step("image", "failed", { error: "last" })],
    },
    "failed",
    null,
    "last",
  ],
  ["F failed without a reason", { ...job, status: "failed" }, "failed", null, "the job ended failed"],
  ["F cancelled", { ...job, status: "cancelled" }, "cancelled", null, "the job ended cancelled"],
  [
    "F waiting (a standalone task)",
    { ...task, input: source, output: null, status: "waiting", progress: null },
    "pending",
  ],
  // G, the guides
  ["G pending", { id: "job_1", status: "pending" }, "pending"],
  ["G completed", { id: "job_1", status: "completed", output: { url: URL } }, "done", URL],
  ["G failed", { id: "job_1", status: "failed", error: "no" }, "failed", null, "no"],
  ["G's words in F's shape", { ...job, status: "completed", output: URL }, "done", URL],
  ["F's words in G's shape", { id: "job_1", status: "succeeded", output: { url: URL } }, "done", URL],
  ["capitals", { id: "job_1", status: "SUCCEEDED", output: URL }, "done", URL],
  // D
  [
    "D validating",
    { ...task, status: "validating", inputs: [source], outputs: [], created_at: 1_760_000_000 },
    "pending",
  ],
  ["D finishing", { ...task, status: "finishing", outputs: [] }, "pending"],
  [
    "D succeeded",
    { ...task, status: "succeeded", inputs: [source], outputs: [{ kind: "source", type: "image/jpeg", url: URL }] },
    "done",
    URL,
  ],
  ["D ready, its own example", { ...task, status: "ready", outputs: [file] }, "done", URL],
  ["D outputs of text", { ...task, status: "succeeded", outputs: [URL] }, "done", URL],
  ["D failed", { ...task, status: "failed", outputs: [], error: { kind: "x", message: "m" } }, "failed", null, "m"],
  // C and B: input and output are objects, an error is text
  ["C pending", { ...task, status: "pending", input: source, output: null, error: null, progress: 0 }, "pending"],
  [
    "C completed",
    { ...task, status: "completed", input: source, output: file, created: "2025-08-25T10:00:00Z" },
    "done",
    URL,
  ],
  ["C completed, results", { ...task, status: "completed", results: file, project_id: "p" }, "done", URL],
  ["C failed", { ...task, status: "error", error: "bad input" }, "failed", null, "bad input"],
  ["B pending", { meta: { request_id: "r" }, data: { ...task, status: "pending" }, error: null, links: {} }, "pending"],
  [
    "B ready",
    { meta: {}, data: { ...task, status: "ready", output: file }, error: null, links: { self: "x" } },
    "done",
    URL,
  ],
  ["B failed", { meta: {}, data: { ...task, status: "failed", error: "no" }, error: null }, "failed", null, "no"],
  // A
  ["A waiting", { meta: {}, data: { id: "job_1", status: "waiting", input: "med_1" }, links: {} }, "pending"],
  ["A ready", { meta: {}, data: { id: "job_1", status: "ready", output: { kind: "image", url: URL } } }, "done", URL],
  // E
  [
    "E succeeded, output in a step",
    { ...task, status: "succeeded", steps: [probe, step("image", "succeeded", { output: file })] },
    "done",
    URL,
  ],
  [
    "E failed, reason on the step",
    { ...task, status: "failed", steps: [step("image", "failed", { error: "no" })] },
    "failed",
    null,
    "no",
  ],
  // Envelopes
  ["an envelope with an object of its own", { object: "response", data: { ...job, status: "queued" } }, "pending"],
  [
    "an envelope with a status of its own",
    { status: "ok", data: { ...job, status: "succeeded", output: URL } },
    "done",
    URL,
  ],
  ["an envelope with an id of its own", { id: "req_1", data: { ...job, status: "queued" } }, "pending"],
  ["{job}", { job: { ...job, status: "queued" } }, "pending"],
  ["{task}", { task: { ...task, status: "queued" } }, "pending"],
  ["{data: {job}}", { data: { job: { ...job, status: "queued" } } }, "pending"],
  // Events and webhooks
  [
    "D's event",
    { id: "evt_1", object: "event", kind: "task.succeeded", data: { ...task, status: "succeeded", outputs: [file] } },
    "done",
    URL,
  ],
  [
    "an event by type",
    { id: "evt_1", type: "job.failed", status: "failed", data: { ...job, status: "failed", error: { message: "m" } } },
    "failed",
    null,
    "m",
  ],
  // Outputs that no page shows
  ["a list of outputs under `output`", { ...job, status: "succeeded", output: [file] }, "done", URL],
  ["files under `output`", { ...job, status: "succeeded", output: { files: [file] } }, "done", URL],
  // Errors that no page shows
  ["failed with errors[]", { ...job, status: "failed", errors: [{ code: "x", detail: "d" }] }, "failed", null, "d"],
  ["failed with a reason", { ...job, status: "failed", reason: "r" }, "failed", null, "r"],
  [
    "failed with an error of unknown shape",
    { ...job, status: "failed", error: { http: 404 } },
    "failed",
    null,
    "http: 404",
  ],
  // And a word that nobody has documented
  ["an unknown word", { ...job, status: "transmogrifying", output: null }, "pending"],
];

describe("a job's shape", () => {
  it("is in the table once, for at least the 49 of the findings", () => {
    expect(new Set(SHAPES.map(([name]) => name)).size).toBe(SHAPES.length);
    expect(SHAPES.length).toBeGreaterThanOrEqual(49);
  });

  it.each(SHAPES)("%s", (_name, body, status, output = null, error = null) => {
    const read = readJob(body);
    expect(read).toMatchObject({ id: "job_1", status, output });
    expect(read?.error?.message ?? null).toBe(error);
    expect([SOURCE, null, "med_1"]).toContain(read?.input);
  });
});

const ENVELOPES: ((job: object) => object)[] = [
  (inner) => inner,
  (inner) => ({ data: inner }),
  (inner) => ({ meta: {}, data: inner, error: null, links: {} }),
  (inner) => ({ object: "response", status: "ok", data: inner }),
  (inner) => ({ id: "evt_1", object: "event", kind: "task.updated", data: inner, created_at: 1 }),
  (inner) => ({ type: "job.succeeded", data: inner }),
  (inner) => ({ job: inner }),
];

it("reads one job from any permutation of the known fields, in any envelope", () => {
  fc.assert(
    fc.property(permutedJob, fc.constantFrom(...ENVELOPES), ({ body, expected }, envelope) => {
      expect(readJob(envelope(body))).toMatchObject(expected);
    }),
    { numRuns: 2_000 },
  );
});
