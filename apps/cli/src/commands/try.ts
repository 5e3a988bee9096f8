import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nameOfFolder, readSite } from "@prewarm/create-prewarm/new-site";
import { writeSite } from "@prewarm/create-prewarm/write-site";
import { DEFAULTS } from "@prewarm/shared/config";
import type { Arguments, Command } from "../arguments/command.ts";
import { readCount } from "../arguments/quantities.ts";
import { isWeb } from "../pages/read-site.ts";
import type { Context } from "../platform/context.ts";
import { type ExitCode, usageError } from "../platform/exit-codes.ts";
import { openInBrowser } from "../platform/open-in-browser.ts";
import { createReport, type Report } from "../terminal/report.ts";
import type { ShippedParts } from "../try/shipped-parts.ts";
import { startTrial, type Trial } from "../try/trial.ts";
import type { Visited } from "../try/visit.ts";
import { VERSION } from "../version.ts";

const PAGES = 10;

export const tryCommand: Command = {
  name: "try",
  description: "Show a site on this machine, its images by Prewarm",
  more:
    "A site on the web, a folder of built pages, or with neither a built-in site. A bar below each page has its bytes before and after: as it " +
    "stands, and with its images' markup changed. " +
    "Until Ctrl-C.",
  operands: { hint: "[url|folder]", description: "Your site; none: a built-in one", min: 0, max: 1 },
  flags: {
    pages: {
      type: "string",
      valueHint: "n",
      description: `Read at most so many pages by itself, a request a second. Default: ${PAGES}`,
    },
    write: { type: "boolean", description: "Write the files of a site into this folder, with what the visit found" },
    open: { type: "boolean", description: "Open the page in your browser" },
    private: { type: "boolean", description: "The site, or its images, may be in a private network" },
  },
  examples: ["prewarm try", "prewarm try https://www.example.com", "prewarm try dist --write"],
  graceful: true,
  async run(args, context) {
    if (args.flag("write") && existsSync(join(context.cwd, "prewarm.config.ts")))
      throw usageError("prewarm.config.ts is here already: this folder is a site.");
    const report = createReport(args, context);
    const folder = mkdtempSync(join(tmpdir(), "prewarm-try-"));
    try {
      return await show(folder, args, context, report);
    } finally {
      report.end();
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  },
};

async function show(folder: string, args: Arguments, context: Context, report: Report): Promise<ExitCode> {
  const { interrupts, cwd } = context;
  const [site = null] = args.operands;
  const pages = args.text("pages");
  const settings = {
    folder,
    site,
    note: report.note,
    allowsPrivate: args.flag("private"),
    pages: pages === null ? PAGES : readCount(pages, "--pages", 1),
  };
  if (site !== null && isWeb(site)) for (const line of proxyLines(context.env)) report.note(line);
  report.note(`Starting the local stack for ${site ?? "the built-in site"}.`);
  const trial = await startTrial(settings, context);
  try {
    const { url, stack } = trial;
    if (report.json) report.document("prewarm.try/1", { url, edge: stack.edge, control: stack.control });
    else report.data(url);
    if (args.flag("open")) openInBrowser(url);
    const visited = await Promise.race([trial.visited, trial.ended]);
    if (typeof visited === "object" && !interrupts.stop.aborted) {
      for (const line of linesOf(visited, trial)) report.note(line);
      if (args.flag("write")) for (const line of await writeFound(cwd, trial)) report.note(line);
      const shipped = await Promise.race([trial.shipped, trial.ended]);
      if (typeof shipped === "object" && !interrupts.stop.aborted)
        for (const line of asTheyStand(shipped)) report.note(line);
    }
    return await trial.ended;
  } finally {
    trial.close();
  }
}

/** Places that are named one by one. */
const UNREAD_SHOWN = 10;

function linesOf({ pages, unread, limit }: Visited, trial: Trial): string[] {
  const { images } = trial.state();
  const more = unread.length - UNREAD_SHOWN;
  return [
    `Read ${pages} ${pages === 1 ? "page" : "pages"} with ${images.length} images${limit === null ? "" : `, up to the limit of ${limit}`}. Ctrl-C ends this.`,
    ...unread.slice(0, UNREAD_SHOWN).map(({ place, why }) => `Not read: ${place}: ${why}`),
    ...(more > 0 ? [`Not read: ${more} more`] : []),
  ];
}

/** What an installation gives to the pages without a change of theirs. */
function asTheyStand({ pages, images, rewritten, old, services, forbidden }: ShippedParts): string[] {
  const named = services.length === 0 ? "" : ` (${services.join(", ")})`;
  const policies = `The policy of ${forbidden} ${forbidden === 1 ? "page" : "pages"} forbids images of another host: add the edge to its img-src.`;
  return [
    `As ${pages === 1 ? "the page stands" : "the pages stand"}, ${rewritten} of ${images} images get variants by the rewriter, and ` +
      `${old} by old addresses${named}. The others need their markup changed.`,
    ...(forbidden > 0 ? [policies] : []),
  ];
}

const PROXIES = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

function proxyLines(env: Context["env"]): string[] {
  const name = PROXIES.find((one) => env[one]);
  if (name === undefined) return [];
  return [`${name} is not used: this command asks each address itself, so that no page can lead it into your network.`];
}

/** The files of a site whose sources and widths are those of the visit; no file that is there is changed. */
async function writeFound(cwd: string, { names, widest }: Trial): Promise<string[]> {
  const originals = names.origin.startsWith("https:") ? `${names.origin}/{id}` : null;
  const given = { name: nameOfFolder(cwd), originals, host: null, ci: false, packages: null, yes: true };
  const site = await readSite(given, null, VERSION);
  const { written, kept } = writeSite(cwd, { ...site, hosts: names.hosts(), widths: widthsFor(widest()) });
  return [
    `Written: ${written.join(", ") || "nothing"}.`,
    ...kept.map((path) => `${path} was here and is as it was.`),
    ...(originals === null
      ? ["Say in prewarm.config.ts where your originals are: this visit was of local pages."]
      : []),
  ];
}

/** The default widths as far as the widest image needs them, at two pixels a CSS pixel; null: all of them. */
function widthsFor(widest: number): readonly number[] | null {
  const { widths } = DEFAULTS.pages;
  const last = widest === 0 ? -1 : widths.findIndex((px) => px >= 2 * widest);
  return last === -1 || last === widths.length - 1 ? null : widths.slice(0, last + 1);
}
