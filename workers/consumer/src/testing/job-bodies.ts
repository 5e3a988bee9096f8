import fc from "fast-check";
import type { IttybitJob, JobStatus } from "../ittybit/dialects.ts";

const SOURCE = "https://cdn.example.com/p.jpg";
const source = { id: "file_1", object: "source", kind: "image", type: "image/jpeg", url: SOURCE, width: 4000 };
const step = (kind: string, status: string, rest: object) => ({ id: "task_9", kind, status, ...rest });
const probe = step("probe", "succeeded", { output: { url: SOURCE } });

type Expected = Pick<IttybitJob, "id" | "status" | "output">;

const WORDS: Record<JobStatus, string[]> = {
  done: ["succeeded", "completed", "ready"],
  failed: ["failed", "error"],
  cancelled: ["cancelled"],
  pending: ["queued", "pending", "processing", "waiting", "validating", "finishing", "unheard-of"],
};

/** Every way of naming a result. */
const OUTPUTS: ((url: string) => object)[] = [
  (url) => ({ output: url }),
  (url) => ({ output: { url } }),
  (url) => ({ output: [{ url }] }),
  (url) => ({ output: { files: [{ url }] } }),
  (url) => ({ output: null, outputs: [{ url, kind: "source" }] }),
  (url) => ({ results: { url } }),
  (url) => ({ output: null, tasks: [probe, step("image", "succeeded", { output: { url } })] }),
  (url) => ({ steps: [probe, step("export", "completed", { output: { url } })] }),
];

/** Fields that say nothing about which job it is, how it goes or where its result is; tasks of the running job among them. */
const BESIDE: Record<string, fc.Arbitrary<unknown>> = {
  object: fc.constantFrom("job", "task", "response"),
  kind: fc.constantFrom("image"),
  input: fc.constantFrom(SOURCE, source, "med_1", null),
  inputs: fc.constantFrom([source], []),
  url: fc.constantFrom(SOURCE),
  options: fc.constantFrom({}, { width: 400, format: "webp" }),
  metadata: fc.constantFrom({}, { gen: "7" }, { gen: 7 }, null),
  error: fc.constantFrom(null, "no", { kind: "k", message: "m" }, {}),
  progress: fc.constantFrom(null, 0, 100),
  created_at: fc.constantFrom(1_780_000_000_000, 1_780_000_000),
  created: fc.constantFrom("2026-05-28T20:26:40.000Z"),
  finished_at: fc.constantFrom(null, 1_780_000_001_000),
  updated_at: fc.constantFrom(1_780_000_001_000, null),
  project_id: fc.constantFrom("proj_1"),
  meta: fc.constantFrom({ request_id: "r" }),
  links: fc.constantFrom({ self: "https://api.ittybit.com/jobs/x" }, {}),
};

/** A job of known fields in any order, and what must be read from it. */
export const permutedJob: fc.Arbitrary<{ body: object; expected: Expected }> = fc
  .record({
    id: fc.integer({ min: 1, max: 9 }).map((n) => `job_${n}`),
    status: fc.constantFrom<JobStatus>("done", "failed", "cancelled", "pending"),
    word: fc.nat(),
    output: fc.constantFrom(...OUTPUTS),
    beside: fc.record(BESIDE, { requiredKeys: [] }),
    order: fc.infiniteStream(fc.nat()),
  })
  .map(({ id, status, word, output, beside, order }) => {
    const words = WORDS[status];
    const url = status === "done" ? `https://store.example/${id}` : null;
    const said = { id, status: words[word % words.length], ...(url === null ? {} : output(url)) };
    const fields = Object.entries({ ...beside, ...said }).map((field) => ({ field, at: order.next().value as number }));
    const shuffled = fields.sort((a, b) => a.at - b.at).map(({ field }) => field);
    return { body: Object.fromEntries(shuffled), expected: { id, status, output: url } };
  });
