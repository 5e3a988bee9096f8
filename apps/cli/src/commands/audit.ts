import { AuditEntry, AuditPage } from "@prewarm/control-schema/audit";
import * as z from "zod";
import { createControlApi } from "../api/control-api.ts";
import type { Command } from "../arguments/command.ts";
import { readCount } from "../arguments/quantities.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

/** The most that one page of the API holds. */
const PAGE_MAX = 200;
const DEFAULT_LIMIT = 50;

const SeenEntry = AuditEntry.pick({ at: true, who: true, what: true, target: true, details: true });
const PAGE = AuditPage.extend({ entries: z.array(SeenEntry) });

export const auditCommand: Command = {
  name: "audit",
  description: "Acts of operators with name and time, the newest first",
  operands: null,
  flags: {
    search: { type: "string", valueHint: "text", description: "Only entries with this text: a name, an act, an id" },
    at: {
      type: "string",
      valueHint: "14:05",
      description: "Only the ten minutes around a time (UTC): 14:05 of the last 24 hours, or 2026-11-24T14:05",
    },
    limit: { type: "string", valueHint: "n", description: `Show at most so many. Default: ${DEFAULT_LIMIT}` },
  },
  examples: [
    "prewarm audit",
    "prewarm audit --search purge",
    "prewarm audit --at 14:05",
    "prewarm audit --limit 500 --json",
  ],
  async run(args, context) {
    const limit = args.text("limit");
    let left = limit === null ? DEFAULT_LIMIT : readCount(limit, "--limit", 1);
    const api = createControlApi(readControlSettings(args, context), context);
    const entries: z.infer<typeof SeenEntry>[] = [];
    const search = args.text("search");
    const at = args.text("at");
    const around = at === null ? {} : aroundTime(at, context.clock.now());
    for (let cursor: string | null = ""; cursor !== null && left > 0; ) {
      const query = {
        limit: Math.min(left, PAGE_MAX),
        ...(cursor === "" ? {} : { cursor }),
        ...(search === null ? {} : { search }),
        ...around,
      };
      const page: z.infer<typeof PAGE> = await api.call("GET /api/v1/audit", { query }, PAGE, { what: "the audit" });
      entries.push(...page.entries.slice(0, left));
      left -= page.entries.length;
      cursor = page.nextCursor;
    }
    const report = createReport(args, context);
    if (report.json) report.document("prewarm.audit/1", { entries });
    else for (const line of formatEntries(entries)) report.data(line);
    return EXIT.ok;
  },
};

/** Half of the time that `--at` shows, in ms. */
const AROUND_MS = 300_000;
const DAY_MS = 86_400_000;

function aroundTime(text: string, now: number): { from: number; to: number } {
  const today = new Date(now).toISOString().slice(0, 10);
  const isOfDay = /^\d\d:\d\d$/.test(text);
  const at = Date.parse(isOfDay ? `${today}T${text}Z` : /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) ? `${text}Z` : "");
  if (Number.isNaN(at))
    throw usageError(`--at ${text} is no time.`, "Write 14:05, or 2026-11-24T14:05. Times are UTC.");
  const past = isOfDay && at > now ? at - DAY_MS : at;
  return { from: past - AROUND_MS, to: past + AROUND_MS };
}

function formatEntries(entries: readonly z.infer<typeof SeenEntry>[]): string[] {
  const rows = entries.map(({ at, who, what, target, details }) => [
    new Date(at).toISOString().slice(0, 19),
    who,
    what,
    target ?? "",
    JSON.stringify(details),
  ]);
  return formatTable([["WHEN", "WHO", "WHAT", "TARGET", "DETAILS"], ...rows]);
}
