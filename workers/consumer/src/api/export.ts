import type { Job } from "@prewarm/control-schema/jobs";
import type { JobFilter } from "../console/calls.ts";
import type { ApiDeps } from "./deps.ts";
import type { Asked, Resource } from "./endpoint.ts";
import { jobAnswer } from "./jobs.ts";
import { queryFilter } from "./search.ts";

/** Jobs of one call of the ledger. */
const PAGE = 1000;
const COLUMNS = [
  ...(["job", "id", "v", "transform", "format", "state", "lane", "run", "attempts", "error", "message"] as const),
  ...(["createdAt", "updatedAt", "storedAt", "bytes"] as const),
];

interface Print {
  type: string;
  head: string;
  job(job: Job): string;
}

function exported(ending: "csv" | "ndjson", print: Print) {
  return ({ query, c }: Pick<Asked<"GET /api/v1/jobs.csv">, "query" | "c">, deps: ApiDeps): Response => {
    const filter = queryFilter(query, deps.clock.now());
    c.header("Content-Type", `${print.type}; charset=utf-8`);
    c.header("Content-Disposition", `attachment; filename="jobs.${ending}"`);
    return c.body(streamOf(deps, filter, print));
  };
}

export const exports = {
  "GET /api/v1/jobs.csv": exported("csv", { type: "text/csv", head: `${COLUMNS.join(",")}\r\n`, job: csvLine }),
  "GET /api/v1/jobs.ndjson": exported("ndjson", {
    type: "application/x-ndjson",
    head: "",
    job: (job) => `${JSON.stringify(job)}\n`,
  }),
} satisfies Resource;

/** Page by page, as fast as it is read. An error in the middle breaks the answer off, so that it does not look whole. */
function streamOf({ ledger }: ApiDeps, filter: JobFilter, { head, job }: Print): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let cursor: string | null | undefined;
  return new ReadableStream({
    start: (controller) => controller.enqueue(encoder.encode(head)),
    async pull(controller) {
      const page = await ledger.listJobs({ filter, limit: PAGE, cursor: cursor ?? null });
      cursor = page.next;
      controller.enqueue(encoder.encode(page.jobs.map((one) => job(jobAnswer(one))).join("")));
      if (cursor === null) controller.close();
    },
  });
}

/** RFC 4180; times are ISO 8601. No cell can begin a formula, because a spreadsheet would run what a stranger put into an image's name. */
function csvLine(job: Job): string {
  return `${COLUMNS.map((column) => cell(textOf(job, column))).join(",")}\r\n`;
}

function textOf(job: Job, column: (typeof COLUMNS)[number]): string {
  if (column === "error") return job.error?.code ?? "";
  if (column === "message") return job.error?.message ?? "";
  const value = job[column];
  if (value === null) return "";
  return column.endsWith("At") ? new Date(Number(value)).toISOString() : String(value);
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
