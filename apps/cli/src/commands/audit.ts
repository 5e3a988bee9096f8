import { AuditEntry, AuditPage } from "@prewarm/control-schema/audit";
import * as z from "zod";
import { createControlApi } from "../api/control-api.ts";
import type { Command } from "../arguments/command.ts";
import { readCount } from "../arguments/quantities.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT } from "../platform/exit-codes.ts";
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
    limit: { type: "string", valueHint: "n", description: `Show at most so many. Default: ${DEFAULT_LIMIT}` },
  },
  examples: ["prewarm audit", "prewarm audit --search purge", "prewarm audit --limit 500 --json"],
  async run(args, context) {
    const limit = args.text("limit");
    let left = limit === null ? DEFAULT_LIMIT : readCount(limit, "--limit", 1);
    const api = createControlApi(readControlSettings(args, context), context);
    const entries: z.infer<typeof SeenEntry>[] = [];
    const search = args.text("search");
    for (let cursor: string | null = ""; cursor !== null && left > 0; ) {
      const query = {
        limit: Math.min(left, PAGE_MAX),
        ...(cursor === "" ? {} : { cursor }),
        ...(search === null ? {} : { search }),
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
