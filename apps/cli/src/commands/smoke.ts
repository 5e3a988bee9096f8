import { Purge } from "@prewarm/control-schema/images";
import { DryRun, Rejection, WarmAnswer } from "@prewarm/control-schema/warm";
import { type Config, defineConfig } from "@prewarm/shared/config";
import { formatId } from "@prewarm/shared/image-id";
import * as z from "zod";
import { type ControlApi, createControlApi } from "../api/control-api.ts";
import { askReadyz } from "../api/readyz.ts";
import { type Arguments, type Command, TIMEOUT_FLAG } from "../arguments/command.ts";
import { findConfig } from "../arguments/load-config.ts";
import { readDuration } from "../arguments/quantities.ts";
import { readControlSettings, readEdgeUrl } from "../arguments/settings.ts";
import { checkItem } from "../input/item.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT, type ExitCode, usageError } from "../platform/exit-codes.ts";
import { interrupted, sendRequest } from "../platform/http-request.ts";
import { plainUrl, signUrl } from "../steps/sign-url.ts";
import { waitForRun } from "../steps/wait-for-run.ts";
import { createReport, type Report } from "../terminal/report.ts";

const DEFAULT_TIMEOUT = "2m";
/** Between two looks at what a purge has left, in ms. */
const LOOK_MS = 500;

const WARMED = WarmAnswer.pick({ run: true }).extend({
  rejected: z.array(Rejection.pick({ code: true, message: true })),
});
const PURGE = Purge.pick({ state: true });
const COUNTED = DryRun.pick({ existing: true });

/** One thing that a working deployment does. Resolves with what was seen; throws with what was not. */
interface Check {
  name: string;
  look(): Promise<string>;
}

interface Site {
  api: ControlApi;
  args: Arguments;
  context: Context;
  report: Report;
  control: string;
  headers: Record<string, string>;
  edge: string;
  config: Config;
  id: string;
  /** The variant that is made: the narrowest, in the first format. */
  query: string;
  deadline: number;
}

export const smokeCommand: Command = {
  name: "smoke",
  description: "Warm, view and purge one image of a deployment",
  more: "It reads /readyz too.",
  operands: { hint: "<id>", description: "An image kept for this: all its variants are purged", min: 1, max: 1 },
  flags: { timeout: { ...TIMEOUT_FLAG, description: `Give up after this long. Default: ${DEFAULT_TIMEOUT}` } },
  examples: [
    "prewarm smoke probe.jpg --to staging",
    "prewarm smoke probe.jpg --url https://control.example.com --edge-url https://images.example.com",
  ],
  async run(args, context) {
    const site = await readSite(args, context);
    const seen: { check: string; state: "ok" | "fault"; text: string; cure: string | null }[] = [];
    let code: ExitCode = EXIT.ok;
    for (const { name, look } of checksOf(site)) {
      const outcome = await look().then(
        (text) => ({ state: "ok" as const, text, cure: null }),
        (error: unknown) => {
          code = codeOf(error);
          const text = error instanceof Error ? error.message : String(error);
          return { state: "fault" as const, text, cure: cureOf(error, name === "edge" || name === "view", args) };
        },
      );
      seen.push({ check: name, ...outcome });
      if (!site.report.json) site.report.data(`${outcome.state.padEnd(5)} ${name.padEnd(8)} ${outcome.text}`);
      if (!site.report.json && outcome.cure !== null) site.report.data(`${" ".repeat(15)}${outcome.cure}`);
      // What comes after depends on it.
      if (outcome.state === "fault") break;
    }
    if (site.report.json) site.report.document("prewarm.smoke/1", { checks: seen });
    return code;
  },
};

/** Ctrl-C and bad tokens keep their own codes; whatever else was not as it should be is 1. */
function codeOf(error: unknown): ExitCode {
  if (!(error instanceof CliError)) return EXIT.failed;
  return error.exitCode === EXIT.interrupted || error.exitCode === EXIT.auth ? error.exitCode : EXIT.failed;
}

/** What to do where a Worker does not answer. `isEdge`: it is the edge, else the consumer. */
function cureOf(error: unknown, isEdge: boolean, args: Arguments): string | null {
  if (!(error instanceof CliError) || error.exitCode !== EXIT.unreachable) return null;
  const names = isEdge ? "--edge-url or PREWARM_EDGE_URL" : "--url or PREWARM_URL";
  const to = args.text("to");
  if (to === null) return `Deployed? prewarm deploy. Local? prewarm dev. Another address: ${names}.`;
  const setting = `${isEdge ? "edge" : "control"} in deploy.${to} of prewarm.config.ts`;
  return `Deployed? prewarm deploy --to ${to}. Another address: ${setting}, else ${names}.`;
}

async function readSite(args: Arguments, context: Context): Promise<Site> {
  const [given = ""] = args.operands;
  // Without one the defaults name a variant that nearly every site can make.
  const config = (await findConfig(args, context)) ?? defineConfig({ sources: [] });
  const settings = readControlSettings(args, context);
  return {
    api: createControlApi(settings, context),
    args,
    context,
    report: createReport(args, context),
    control: settings.url,
    headers: settings.headers,
    edge: readEdgeUrl(args, context),
    config,
    id: readId(given),
    query: `w=${config.ladder[0]}&f=${config.formats[0]}`,
    deadline: context.clock.now() + readDuration(args.text("timeout") ?? DEFAULT_TIMEOUT, "--timeout") * 1000,
  };
}

function readId(id: string): string {
  try {
    return checkItem({ id }).id;
  } catch (error) {
    throw usageError(`${id}: ${error instanceof Error ? error.message : error}`);
  }
}

function checksOf(site: Site): Check[] {
  return [
    { name: "readyz", look: () => ready(site) },
    { name: "edge", look: () => alive(site) },
    { name: "warm", look: () => warm(site) },
    { name: "stored", look: () => untilStored(site, 1, "R2 holds the variant") },
    { name: "view", look: () => view(site) },
    { name: "purge", look: () => purge(site) },
    {
      name: "purged",
      look: () => untilStored(site, 0, "R2 holds it no more; edges follow within 60 s"),
    },
  ];
}

async function ready({ context, control, headers }: Site): Promise<string> {
  const { status, text } = await askReadyz(context, control, { headers, signal: context.interrupts.now });
  if (status === 200) return `ready${versionIn(text)}`;
  throw new Error(`${control}/readyz answers ${status}: ${text.slice(0, 1000)}`);
}

function versionIn(text: string): string {
  try {
    const { version, ledger } = JSON.parse(text);
    if (typeof version?.tag !== "string" || version.tag === "") return "";
    const older =
      typeof ledger?.tag === "string" && ledger.tag !== version.tag ? `, the ledger still ${ledger.tag}` : "";
    return `, version ${version.tag}${older}`;
  } catch {
    return "";
  }
}

async function alive({ context, edge, deadline }: Site): Promise<string> {
  const { status } = await sendRequest(context, { method: "GET", url: `${edge}/healthz` }, { deadline });
  if (status !== 200) throw new Error(`${edge}/healthz answers ${status}: is it the edge's address?`);
  return `${edge} answers`;
}

async function warm({ api, context, report, id, query, deadline }: Site): Promise<string> {
  const body = itemBody(id, query, { force: true, label: "smoke" });
  const { run, rejected } = await api.call("POST /api/v1/warm", { body }, WARMED, { what: "warming", deadline });
  const [refused] = rejected;
  if (refused !== undefined) throw new Error(`${id} is refused: ${refused.message} (${refused.code})`);
  const { done, total, states } = await waitForRun(run, { api, context, progress: report, deadline, maxErrors: null });
  if (states.stored === 0)
    throw new Error(`no variant was stored: ${JSON.stringify(states)}; prewarm jobs --run ${run}`);
  return `${done} of ${total} variant made`;
}

async function view({ args, context, config, edge, id, query, deadline }: Site): Promise<string> {
  const image = { base: edge, path: `/images/${formatId(id)}`, query };
  const url = config.access === "private" ? await signUrl(image, null, config, { args, context }) : plainUrl(image);
  const { status, headers } = await sendRequest(context, { method: "GET", url }, { deadline });
  const type = headers.get("content-type") ?? "nothing";
  const told = headers.get("cache-status");
  if (status === 200 && type.startsWith("image/")) return `${type}; ${told ?? ""}`;
  throw new Error(`${edge}/images/${formatId(id)} answers ${status}, ${type}: ${told ?? "without Cache-Status"}`);
}

async function purge({ api, id, deadline }: Site): Promise<string> {
  const sending = { what: `purging ${id}`, deadline };
  const { state } = await api.call("DELETE /api/v1/images/{id}", { params: { id } }, PURGE, sending);
  return state;
}

/** Looks until R2 holds so many of the variant: a dry run asks it. */
async function untilStored(site: Site, expected: 0 | 1, seen: string): Promise<string> {
  const { api, context, id, query, deadline } = site;
  for (;;) {
    const given = { query: { dryRun: "1" as const }, body: itemBody(id, query, {}) };
    const { existing } = await api.call("POST /api/v1/warm", given, COUNTED, { what: "looking", deadline });
    if (existing === expected) return seen;
    if (context.clock.now() > deadline)
      throw new Error(
        `R2 holds ${existing} of the variant, not ${expected}: does the other Worker, or another environment, use this bucket?`,
      );
    await context.sleep(LOOK_MS, context.interrupts.stop);
    if (context.interrupts.stop.aborted) throw interrupted();
  }
}

function itemBody(id: string, query: string, options: Record<string, unknown>) {
  const data = JSON.stringify({ items: [{ id, transforms: [query] }], ...options });
  return { contentType: "application/json" as const, data };
}
