import { DeadGroup, DeadLetters, DeadMessage } from "@prewarm/control-schema/dead";
import { Job } from "@prewarm/control-schema/jobs";
import * as z from "zod";
import { createControlApi } from "../api/control-api.ts";
import type { Command } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { formatCount } from "../terminal/progress.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

/** Jobs of a group that are shown; `prewarm jobs` and the dashboard page through all of them. */
const JOBS_SHOWN = 50;

const DEAD = DeadLetters.pick({ total: true }).extend({
  groups: z.array(DeadGroup.pick({ fingerprint: true, code: true, message: true, count: true, lastAt: true })),
  jobs: z.array(Job.pick({ job: true, key: true })),
  messages: z.array(DeadMessage.pick({ queue: true, reason: true, at: true })),
});
type Dead = z.infer<typeof DEAD>;

export const deadCommand: Command = {
  name: "dead",
  description: "Dead letters by cause, the largest group first; or one group's jobs",
  operands: { hint: "[group]", description: "A group, as the list names it", min: 0, max: 1 },
  flags: {},
  examples: ["prewarm dead", "prewarm dead upstream_failed:1a2b3c --json"],
  async run(args, context) {
    const [group] = args.operands;
    const api = createControlApi(readControlSettings(args, context), context);
    const query = group === undefined ? {} : { fingerprint: group, limit: JOBS_SHOWN };
    const dead = await api.call("GET /api/v1/dead", { query }, DEAD, { what: "dead letters" });
    const report = createReport(args, context);
    const { total, groups, jobs, messages } = dead;
    if (report.json) report.document("prewarm.dead/1", { total, groups, jobs, messages });
    else for (const line of group === undefined ? formatGroups(dead) : formatJobs(dead)) report.data(line);
    if (group === undefined && groups.length > 0)
      report.note("Try a group again with: prewarm retry --fingerprint <group>");
    return EXIT.ok;
  },
};

function formatGroups({ groups, messages }: Dead): string[] {
  const rows = groups.map(({ fingerprint, count, code, lastAt, message }) => [
    fingerprint,
    formatCount(count),
    new Date(lastAt).toISOString().slice(0, 16),
    code,
    message,
  ]);
  const unread = messages.length === 0 ? [] : ["", `${messages.length} queue messages could not be read:`];
  return [
    ...(rows.length === 0
      ? ["There are no dead letters."]
      : formatTable([["GROUP", "COUNT", "LAST", "ERROR", "SAMPLE"], ...rows])),
    ...unread,
    ...messages.map(({ queue, reason, at }) => `${new Date(at).toISOString().slice(0, 16)}  ${queue}  ${reason}`),
  ];
}

function formatJobs({ jobs }: Dead): string[] {
  if (jobs.length === 0) return ["There is no dead letter in this group."];
  return formatTable([["JOB", "KEY"], ...jobs.map(({ job, key }) => [job, key])]);
}
