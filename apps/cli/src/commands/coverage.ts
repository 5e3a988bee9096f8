import { existsSync, rmSync } from "node:fs";
import { KeptReport, REPORT_NAME } from "@prewarm/control-schema/coverage";
import type { Config } from "@prewarm/shared/config";
import { recipesOf } from "@prewarm/shared/upload-recipe";
import { unusedOf } from "@prewarm/site-pages/page-fixes";
import { shareOf, type Tally } from "@prewarm/site-pages/tally";
import { type ControlApi, createControlApi } from "../api/control-api.ts";
import { type Arguments, type Command, TIMEOUT_FLAG } from "../arguments/command.ts";
import { loadConfig } from "../arguments/load-config.ts";
import { readDuration, readRate } from "../arguments/quantities.ts";
import { readControlSettings, readEdgeUrl, readSigningKeys } from "../arguments/settings.ts";
import { reportOf } from "../covered/fit-report.ts";
import { judgeSite } from "../covered/judge-site.ts";
import { type Coverage, coverageDocument, printCoverage } from "../covered/report-coverage.ts";
import { type Inventory, takeInventory } from "../covered/take-inventory.ts";
import type { Namer } from "../input/item.ts";
import { createNamer } from "../input/namer.ts";
import { launchBrowser, type PageBrowser } from "../pages/browser.ts";
import { createRecordStore, type RecordStore } from "../pages/page-record.ts";
import { readSite, type SiteSpec } from "../pages/read-site.ts";
import { MAX_PAGES, readSpec } from "../pages/read-spec.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT, type ExitCode, usageError } from "../platform/exit-codes.ts";
import { createComplaints } from "../send/complaints.ts";
import { warmFile } from "../steps/warm-file.ts";
import { createReport, type Report } from "../terminal/report.ts";

const RATE = 10;
const PAGE_TIMEOUT_S = 20;

export const coverageCommand: Command = {
  name: "coverage",
  description: "Say which of a site's image URLs are warm",
  more: "By template and page, and what would warm the others. It reads --html, --sitemap or, with neither, the pages of --site.",
  operands: null,
  flags: {
    html: { type: "string", valueHint: "folder|file", description: "Built pages and style sheets" },
    sitemap: { type: "string", valueHint: "url", description: "Every page of a sitemap or sitemap index" },
    site: {
      type: "string",
      valueHint: "url",
      description: "The site, or a page of it. With --html: where those pages will be served, for relative addresses",
    },
    warm: { type: "boolean", description: "Order what is missing, as far as uploads make it" },
    wait: { type: "boolean", description: "With --warm: wait until it is stored, and look again" },
    gate: { type: "boolean", description: "End with 1 when a URL is not warm or a page could not be read" },
    "fail-below": {
      type: "string",
      valueHint: "percent",
      description: "As --gate, but end with 1 only when a smaller share of the URLs is warm",
    },
    report: {
      type: "string",
      valueHint: "name",
      description: "Send the result to the control API, whose dashboard shows the last one of this name",
    },
    recipe: { type: "string", valueHint: "name", description: "What uploads make. Default: upload" },
    markdown: { type: "boolean", description: "Tables in Markdown, for a comment on a pull request" },
    browser: {
      type: "boolean",
      description: "Open each page in the headless browser of CHROMIUM too, for what only scripts ask for",
    },
    crawl: { type: "boolean", description: "Follow the site's links although it has a sitemap" },
    "max-pages": { type: "string", valueHint: "n", description: `Read at most so many pages. Default: ${MAX_PAGES}` },
    rate: { type: "string", valueHint: "n/s", description: `Read at most so many pages of a site. Default: ${RATE}/s` },
    "page-timeout": {
      type: "string",
      valueHint: "duration",
      description: `Longest that one page may take. Default: ${PAGE_TIMEOUT_S}s`,
    },
    resume: { type: "boolean", description: "Go on with the pages that an interrupted run of the same site has left" },
    "allow-empty": { type: "boolean", description: "A site without any image is fine, not an error" },
    timeout: TIMEOUT_FLAG,
  },
  examples: [
    "prewarm coverage --html dist --edge-url https://images.example.com",
    "prewarm coverage --html dist --warm --gate --wait --timeout 20m",
    "prewarm coverage --site https://www.example.com --fail-below 99.5 --report www",
    "prewarm coverage --html dist --markdown > coverage.md",
  ],
  graceful: true,
  async run(args, context) {
    const report = createReport(args, context);
    try {
      return await coverage(args, context, report);
    } finally {
      report.end();
    }
  },
};

/** What the steps of one run share. */
interface Covering {
  args: Arguments;
  context: Context;
  report: Report;
  config: Config;
  namer: Namer;
  api: ControlApi;
  url: string;
  imagesUrl: string;
  spec: SiteSpec;
  store: RecordStore;
  /** Warm URLs in percent; with fewer the command fails. Null: with any number it does not. */
  failBelow: number | null;
  /** Under which the result is reported; null: it is not. */
  reportName: string | null;
}

async function coverage(args: Arguments, context: Context, report: Report): Promise<ExitCode> {
  const config = await loadConfig(args, context);
  const edgeUrl = readEdgeUrl(args, context);
  const settings = readControlSettings(args, context);
  const spec = readSpec(args);
  if (args.flag("wait") && !args.flag("warm")) throw usageError("--wait belongs to --warm.");
  const covering: Covering = {
    args,
    context,
    report,
    config,
    spec,
    url: settings.url,
    imagesUrl: `${edgeUrl}/images/`,
    namer: createNamer(config, edgeUrl),
    api: createControlApi(settings, context),
    failBelow: readPercent(args),
    reportName: readReportName(args),
    store: createRecordStore(context.cwd, [spec, edgeUrl], args.flag("resume")),
  };
  try {
    const code = await cover(covering);
    covering.store.remove();
    return code;
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode === EXIT.usage) throw error;
    throw new CliError(
      error.exitCode,
      error.message,
      ...error.hints,
      "The pages that were read are kept: add --resume.",
    );
  }
}

function readPercent(args: Arguments): number | null {
  const text = args.text("fail-below");
  if (text === null) return args.flag("gate") ? 100 : null;
  const percent = /^\d{1,3}(?:\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (!(percent <= 100)) throw usageError(`--fail-below takes a share in percent, such as 99.5, not ${text}.`);
  return percent;
}

function readReportName(args: Arguments): string | null {
  const name = args.text("report");
  if (name !== null && !REPORT_NAME.test(name))
    throw usageError(`--report takes a name of at most 40 of a-z, 0-9 and -, not ${name}.`);
  return name;
}

async function cover(covering: Covering): Promise<ExitCode> {
  const { args, context, report, config, spec, store } = covering;
  const isCut = await readPages(covering);
  const inventory = await takeInventory(store);
  if (inventory.uses === 0) return finishEmpty(covering, inventory);
  const recipe = args.text("recipe") ?? "upload";
  if (recipesOf(config)[recipe] === undefined)
    throw usageError(`There is no recipe ${recipe}; there are ${Object.keys(recipesOf(config)).join(", ")}.`);
  const judge = (toWarm: string | null): Promise<Tally> =>
    judgeSite({
      config,
      recipe,
      api: covering.api,
      context,
      store,
      toWarm,
      keys: readSigningKeys(args, context),
      ...inventory,
      update: (done) =>
        report.update({ label: "looking up", unit: "images", done, total: null, failed: 0, throttled: 0 }),
    });
  const tally = args.flag("warm") ? await warmed(judge, covering) : await judge(null);
  if (tally.unchecked > 0)
    report.note(`${tally.unchecked} signed URLs count as signed rightly: SIGNING_KEYS, which would tell, is not set.`);
  report.end();
  const found: Coverage = {
    site: spec.site,
    config,
    ...inventory,
    tally,
    unused: unusedOf(tally.asked, recipe, config),
  };
  if (report.json) report.document("prewarm.coverage/1", coverageDocument(found));
  else printCoverage(report, found, args.flag("markdown"));
  await sendReport(found, isCut, covering);
  return codeOf(inventory, shareOf(tally.counts), covering);
}

function codeOf({ faults }: Inventory, share: number, { failBelow }: Covering): ExitCode {
  if (failBelow === null) return EXIT.ok;
  const isRead = faults.every(({ fault }) => fault.kind !== "failed");
  return isRead && share >= failBelow ? EXIT.ok : EXIT.failed;
}

async function sendReport(found: Coverage, isCut: boolean, { reportName: name, api, report }: Covering): Promise<void> {
  if (name === null) return;
  const given = { params: { name }, body: reportOf(found, isCut) };
  await api.call("PUT /api/v1/coverage/{name}", given, KeptReport, { what: `report ${name}` });
  report.note(`Reported as ${name}.`);
}

/** True: the site has more pages than were read. */
async function readPages({ args, context, report, namer, imagesUrl, spec, store }: Covering): Promise<boolean> {
  const rate = args.text("rate");
  const timeout = args.text("page-timeout");
  const timeoutMs = (timeout === null ? PAGE_TIMEOUT_S : readDuration(timeout, "--page-timeout")) * 1000;
  const browser = spec.browser ? await openBrowser(context, imagesUrl, timeoutMs) : null;
  try {
    return await readSite(spec, {
      context,
      namer,
      imagesUrl,
      store,
      browser,
      timeoutMs,
      note: report.note,
      rate: rate === null ? RATE : readRate(rate, "--rate"),
      update: (done, total, failed) =>
        report.update({ label: "reading", unit: "pages", done, total, failed, throttled: 0 }),
    });
  } finally {
    await browser?.close();
  }
}

function openBrowser({ env, uid }: Context, imagesUrl: string, timeoutMs: number): Promise<PageBrowser> {
  const path = env.CHROMIUM ?? "";
  if (path === "")
    throw usageError("--browser needs a headless browser.", "Set CHROMIUM to the path of Chromium or Chrome.");
  return launchBrowser({ path, isRoot: uid === 0, env, images: [imagesUrl], timeoutMs });
}

/** Judges, orders what is missing, and with --wait judges again when it is stored. */
async function warmed(judge: (toWarm: string | null) => Promise<Tally>, covering: Covering): Promise<Tally> {
  const { args, context, report, store, spec } = covering;
  const file = store.path("warm.ndjson");
  rmSync(file, { force: true });
  const before = await judge(file);
  if (before.unordered > 0)
    report.note(
      `${before.unordered} cold URLs are not ordered: they stand in data, scripts or links only, or name another version than was announced.`,
    );
  if (!existsSync(file)) return before;
  const timeout = args.text("timeout");
  const deadline =
    timeout === null ? Number.POSITIVE_INFINITY : context.clock.now() + readDuration(timeout, "--timeout") * 1000;
  const complaints = createComplaints(report.note, null);
  const label = `coverage of ${spec.site}`.slice(0, 200);
  await warmFile(file, { ...covering, complaints, deadline, label, waits: args.flag("wait") });
  complaints.end();
  rmSync(file, { force: true });
  return args.flag("wait") ? judge(null) : before;
}

/** A site without an image is an error, because its pages may have changed, unless it is said to be fine. */
function finishEmpty(covering: Covering, inventory: Inventory): ExitCode {
  const { args, report, spec, store } = covering;
  const { pages, faults } = inventory;
  const [first] = faults;
  const why = first === undefined ? "" : ` ${first.page}: ${first.fault.why}.`;
  if (!args.flag("allow-empty")) {
    store.remove();
    throw usageError(
      `No image of the edge is in ${pages.length} pages of ${spec.site}.${why}`,
      "Is --edge-url (or PREWARM_EDGE_URL) the address in the pages? Add --allow-empty where there may be none.",
    );
  }
  report.end();
  report.note(`No image of the edge is in ${pages.length} pages of ${spec.site}.${why}`);
  return codeOf(inventory, 100, covering);
}
