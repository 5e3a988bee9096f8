import { Action } from "@prewarm/control-schema/actions";
import { AuditEntry, AuditPage } from "@prewarm/control-schema/audit";
import { EventDelivery, EventPage } from "@prewarm/control-schema/events";
import { type HookDelivery, Hooks } from "@prewarm/control-schema/hooks";
import * as z from "zod";
import { type ControlApi, createControlApi } from "../api/control-api.ts";
import { seeOutlook } from "../api/outlook.ts";
import type { Arguments, Command } from "../arguments/command.ts";
import { readCount, readTime } from "../arguments/quantities.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { formatPerImage } from "../send/format-outlook.ts";
import { formatCount } from "../terminal/progress.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

const DEFAULT_LIMIT = 50;

/** What a log says: the JSON document, the same for a person, and remarks on stderr. */
interface Said {
  document: Record<string, unknown>;
  lines: string[];
  notes: string[];
}

interface Asked {
  args: Arguments;
  api: ControlApi;
  /** Most entries. */
  limit: number;
  /** Unix ms. */
  now: number;
}

const LOGS = { audit: readAudit, actions: readActions, events: readEvents, hooks: readHooks } as const;
type Log = keyof typeof LOGS;
const NAMES = Object.keys(LOGS) as Log[];

export const logCommand: Command = {
  name: "log",
  description: "List operators' acts, bulk actions, events or hook calls",
  more:
    "The newest come first. `audit`: acts with name and time. `actions`: retries and cancels of many jobs. `events`: outgoing events " +
    "with the endpoints' answers. `hooks`: deliveries of upload systems with their results.",
  operands: { hint: `[${NAMES.join("|")}]`, description: "Which log. Default: audit", min: 0, max: 1, options: NAMES },
  flags: {
    search: {
      type: "string",
      valueHint: "text",
      description: "Of audit: entries with this text: a name, an act, an id",
    },
    at: {
      type: "string",
      valueHint: "14:05",
      description: "Of audit: the ten minutes around a time (UTC): 14:05 of the last 24 hours, or 2026-11-24T14:05",
    },
    limit: { type: "string", valueHint: "n", description: `Show at most so many. Default: ${DEFAULT_LIMIT}` },
  },
  examples: [
    "prewarm log",
    "prewarm log --search purge --limit 500 --json",
    "prewarm log --at 14:05",
    "prewarm log hooks",
  ],
  async run(args, context) {
    const [operand = "audit"] = args.operands;
    const log = NAMES.find((name) => name === operand);
    if (log === undefined) throw usageError(`“${operand}” is no log; there are ${NAMES.join(", ")}.`);
    const stray = (["search", "at"] as const).find((flag) => log !== "audit" && args.text(flag) !== null);
    if (stray !== undefined) throw usageError(`--${stray} belongs to prewarm log audit.`);
    const limit = args.text("limit");
    const api = createControlApi(readControlSettings(args, context), context);
    const most = limit === null ? DEFAULT_LIMIT : readCount(limit, "--limit", 1);
    const { document, lines, notes } = await LOGS[log]({ args, api, limit: most, now: context.clock.now() });
    const report = createReport(args, context);
    if (report.json) report.document(`prewarm.${log}/1`, document);
    else for (const line of lines) report.data(line);
    for (const note of notes) report.note(note);
    return EXIT.ok;
  },
};

/** To the second, UTC. */
function timeOf(at: number): string {
  return new Date(at).toISOString().slice(0, 19);
}

/** The most that one page of the API holds. */
const AUDIT_PAGE_MAX = 200;

const SeenEntry = AuditEntry.pick({ at: true, who: true, what: true, target: true, details: true });
const AUDIT = AuditPage.extend({ entries: z.array(SeenEntry) });

async function readAudit({ args, api, limit, now }: Asked): Promise<Said> {
  const entries: z.infer<typeof SeenEntry>[] = [];
  const [search, at] = [args.text("search"), args.text("at")];
  const chosen = { ...(search === null ? {} : { search }), ...(at === null ? {} : aroundTime(at, now)) };
  for (let cursor: string | null = ""; cursor !== null && entries.length < limit; ) {
    const paging = { limit: Math.min(limit - entries.length, AUDIT_PAGE_MAX), ...(cursor === "" ? {} : { cursor }) };
    const query = { ...paging, ...chosen };
    const page: z.infer<typeof AUDIT> = await api.call("GET /api/v1/audit", { query }, AUDIT, { what: "the audit" });
    entries.push(...page.entries.slice(0, limit - entries.length));
    cursor = page.nextCursor;
  }
  const rows = entries.map(({ at, who, what, target, details }) => [
    ...[timeOf(at), who, what, target ?? "", JSON.stringify(details)],
  ]);
  return {
    document: { entries },
    lines: formatTable([["WHEN", "WHO", "WHAT", "TARGET", "DETAILS"], ...rows]),
    notes: [],
  };
}

/** Half of the time that `--at` shows, in ms. */
const AROUND_MS = 300_000;
const DAY_MS = 86_400_000;

function aroundTime(text: string, now: number): { from: number; to: number } {
  const { at, isOfDay } = readTime(text, "--at", now);
  const past = isOfDay && at > now ? at - DAY_MS : at;
  return { from: past - AROUND_MS, to: past + AROUND_MS };
}

const SeenAction = Action.pick({
  action: true,
  kind: true,
  state: true,
  total: true,
  done: true,
  who: true,
  filter: true,
});
const ACTIONS = z.object({ actions: z.array(SeenAction) });

async function readActions({ api, limit }: Asked): Promise<Said> {
  const page = await api.call("GET /api/v1/actions", {}, ACTIONS, { what: "actions" });
  const actions = page.actions.slice(0, limit);
  const rows = actions.map(({ action, kind, state, done, total, who, filter }) => [
    ...[action, kind, state, `${formatCount(done)}/${formatCount(total)}`, who, JSON.stringify(filter)],
  ]);
  const lines = formatTable([["ACTION", "KIND", "STATE", "DONE", "WHO", "FILTER"], ...rows]);
  const isRunning = actions.some(({ state }) => state === "running");
  return { document: { actions }, lines, notes: isRunning ? ["Stop one that runs: prewarm cancel <action>"] : [] };
}

/** The most that the API lists. */
const EVENTS_MAX = 1_000;

const SeenEvent = EventDelivery.pick({
  at: true,
  type: true,
  state: true,
  tries: true,
  status: true,
  said: true,
  endpoint: true,
});
const EVENTS = z.object({
  endpoints: z.array(EventPage.shape.endpoints.element.pick({ url: true })),
  events: z.array(SeenEvent),
});

async function readEvents({ api, limit }: Asked): Promise<Said> {
  const query = { limit: Math.min(EVENTS_MAX, limit) };
  const { endpoints, events } = await api.call("GET /api/v1/events", { query }, EVENTS, { what: "the events" });
  const rows = events.map(({ at, type, state, tries, status, said, endpoint }) => [
    ...[timeOf(at), type, state, String(tries), status === null ? "" : String(status), endpoint, said ?? ""],
  ]);
  const head = ["WHEN", "EVENT", "STATE", "TRIES", "STATUS", "ENDPOINT", "ANSWER"];
  const lines = events.length === 0 ? ["No event was sent."] : formatTable([head, ...rows]);
  const notes = endpoints.length === 0 ? ["The configuration names no endpoint, so no event is sent."] : [];
  return { document: { endpoints, events }, lines, notes };
}

const COUNTS = ["accepted", "duplicates", "existing", "purged", "ignored", "rejected"] as const;

const SeenHook = Hooks.shape.hooks.element
  .pick({ name: true, fault: true, jobsPerImage: true })
  .partial({ jobsPerImage: true });
const HOOKS = Hooks.extend({ hooks: z.array(SeenHook) });

async function readHooks({ api, limit }: Asked): Promise<Said> {
  const seen = await api.call("GET /api/v1/hooks", {}, HOOKS, { what: "the hooks" });
  const deliveries = seen.deliveries.slice(0, limit);
  const lines = formatDeliveries(deliveries);
  return { document: { hooks: seen.hooks, deliveries }, lines, notes: await noteHooks(seen.hooks, api) };
}

/** Of each hook its fault, or what a picture of it takes of the budget. */
async function noteHooks(hooks: readonly z.infer<typeof SeenHook>[], api: ControlApi): Promise<string[]> {
  const takes = hooks.some(({ fault, jobsPerImage }) => fault === null && jobsPerImage);
  const outlook = takes ? await seeOutlook(0, api) : null;
  return hooks.flatMap(({ name, fault, jobsPerImage }) => {
    if (fault !== null) return [`The hook ${name} takes nothing: ${fault}`];
    return jobsPerImage && outlook !== null ? [formatPerImage(name, jobsPerImage, outlook.left)] : [];
  });
}

/** Variants of its first images that failed. */
function failedOf({ images }: HookDelivery): number {
  return images.reduce((sum, { states: { dead = 0, refused = 0 } }) => sum + dead + refused, 0);
}

function formatDeliveries(deliveries: readonly HookDelivery[]): string[] {
  if (deliveries.length === 0) return ["Nothing was delivered."];
  const rows = deliveries.map((one) => [
    timeOf(one.at),
    one.hook,
    one.n > 1 ? `${one.verdict} × ${one.n}` : one.verdict,
    [...COUNTS.map((name) => [one[name], name] as const), [failedOf(one), "failed"] as const]
      .filter(([n]) => n > 0)
      .map(([n, name]) => `${n} ${name}`)
      .join(", "),
    one.why ?? one.images.find(({ error }) => error !== null)?.error?.message ?? "",
  ]);
  return formatTable([["WHEN", "HOOK", "VERDICT", "WHAT CAME OF IT", "WHY"], ...rows]);
}
