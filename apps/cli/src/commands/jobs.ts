import { Job, JobPage } from "@prewarm/control-schema/jobs";
import * as z from "zod";
import { createControlApi } from "../api/control-api.ts";
import { getRun } from "../api/runs.ts";
import type { Command } from "../arguments/command.ts";
import { readCount } from "../arguments/quantities.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { FILTER_FLAGS, readFilter } from "../steps/filter.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

/** The most that one page of the API holds. */
const PAGE_MAX = 200;
const DEFAULT_LIMIT = 50;

const SeenJob = Job.pick({ job: true, state: true, lane: true, attempts: true, key: true, error: true });
const PAGE = JobPage.extend({ jobs: z.array(SeenJob) });

export const jobsCommand: Command = {
  name: "jobs",
  description: "List jobs with their states and errors",
  more: "Open ones and those that ended without a variant come first, then the last stored ones.",
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
    const run = args.text("run");
    // A run that is not there has no jobs either, and that would read as if all were well.
    if (run !== null) await getRun(api, run);
    const limit = args.text("limit");
    let left = limit === null ? DEFAULT_LIMIT : readCount(limit, "--limit", 1);
    const jobs: z.infer<typeof SeenJob>[] = [];
    for (let cursor: string | null = ""; cursor !== null && left > 0; ) {
      const paging = { limit: Math.min(left, PAGE_MAX), ...(cursor === "" ? {} : { cursor }) };
      const query = { ...readFilter(args), ...paging };
      const page: z.infer<typeof PAGE> = await api.call("GET /api/v1/jobs", { query }, PAGE, { what: "jobs" });
      jobs.push(...page.jobs.slice(0, left));
      left -= page.jobs.length;
      cursor = page.nextCursor;
    }
    if (report.json) report.document("prewarm.jobs/1", { jobs });
    else for (const line of formatJobs(jobs)) report.data(line);
    return EXIT.ok;
  },
};

function formatJobs(jobs: readonly z.infer<typeof SeenJob>[]): string[] {
  const rows = jobs.map(({ job, state, lane, attempts, error, key }) => [
    job,
    state,
    lane,
    `${attempts}`,
    error?.code ?? "",
    key,
  ]);
  return formatTable([["JOB", "STATE", "LANE", "TRIES", "ERROR", "KEY"], ...rows]);
}
