import { createControlApi, understand } from "../api/control-api.ts";
import { asList, asObject, type Json, number, text, textOrNull } from "../api/json-fields.ts";
import type { Command } from "../arguments/command.ts";
import { readCount } from "../arguments/quantities.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { FILTER_FLAGS, readFilter } from "../steps/filter.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable, printable } from "../terminal/table.ts";

/** The most that one page of the API holds. */
const PAGE_MAX = 200;
const DEFAULT_LIMIT = 50;

export const jobsCommand: Command = {
  name: "jobs",
  description: "List jobs, the newest change first",
  operands: null,
  flags: {
    ...FILTER_FLAGS,
    limit: { type: "string", valueHint: "n", description: `Show at most so many. Default: ${DEFAULT_LIMIT}` },
  },
  examples: [
    "prewarm jobs --state dead --run run_4f1c",
    "prewarm jobs --search 'error:upstream_failed format:avif' --json",
  ],
  async run(args, context) {
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    const limit = args.text("limit");
    let left = limit === null ? DEFAULT_LIMIT : readCount(limit, "--limit", 1);
    const jobs: Json[] = [];
    for (let cursor: string | null = ""; cursor !== null && left > 0; ) {
      const paging = { limit: String(Math.min(left, PAGE_MAX)), ...(cursor === "" ? {} : { cursor }) };
      const page: Json = await api.call("GET", "jobs", { what: "jobs", query: { ...readFilter(args), ...paging } });
      const found: Json[] = understand("jobs", () => asList(page.jobs, "jobs").map((job) => asObject(job, "a job")));
      jobs.push(...found.slice(0, left));
      left -= found.length;
      cursor = textOrNull(page, "nextCursor");
    }
    if (report.json) report.document("prewarm.jobs/1", { jobs });
    else for (const line of understand("jobs", () => formatJobs(jobs))) report.data(line);
    return EXIT.ok;
  },
};

function formatJobs(jobs: readonly Json[]): string[] {
  const rows = jobs.map((job) => {
    const error = job.error === null ? "" : text(asObject(job.error, "error"), "code");
    return [
      text(job, "job"),
      text(job, "state"),
      text(job, "lane"),
      `${number(job, "attempts")}`,
      error,
      printable(text(job, "key")),
    ];
  });
  return formatTable(["JOB", "STATE", "LANE", "TRIES", "ERROR", "KEY"], rows);
}
