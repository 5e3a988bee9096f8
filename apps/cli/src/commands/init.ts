import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { InputError, nameOfFolder, readSite } from "@prewarm/create-prewarm/new-site";
import { type Written, writeFiles, writeSite } from "@prewarm/create-prewarm/write-site";
import type { Config } from "@prewarm/shared/config";
import { PACKAGES } from "@prewarm/shared/packages";
import type { Arguments, Command } from "../arguments/command.ts";
import { YES_FLAG } from "../arguments/command.ts";
import { loadConfig } from "../arguments/load-config.ts";
import { type Context, canAsk } from "../platform/context.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { rewriterFiles } from "../site/rewriter-files.ts";
import { createReport } from "../terminal/report.ts";
import { VERSION } from "../version.ts";

export const initCommand: Command = {
  name: "init",
  description: "Write the files of a site into this folder",
  more: "As npm create prewarm does into a new one.",
  operands: null,
  flags: {
    originals: { type: "string", valueHint: "url", description: "Where the originals are, with {id}" },
    host: { type: "string", valueHint: "host", description: "Host of image URLs in production" },
    ci: { type: "boolean", description: "A GitHub workflow that deploys to staging, too" },
    packages: {
      type: "string",
      valueHint: "dir",
      description: "Install from the tarballs of this folder, not from npm",
    },
    rewriter: { type: "boolean", description: "A Worker in front of the pages too, which rewrites their images" },
    pages: { type: "string", valueHint: "host", description: "With --rewriter: the host of the pages" },
    from: {
      type: "string",
      valueHint: "path",
      description: "With --rewriter: what the `src` of the pages' images begins with. Default: /uploads/",
    },
    yes: YES_FLAG,
  },
  examples: [
    "prewarm init",
    "prewarm init --yes --originals 'https://shop.example.com/originals/{id}' --host images.example.com",
    "prewarm init --rewriter --pages www.example.com --from /uploads/",
  ],
  async run(args, context) {
    const isSite = existsSync(join(context.cwd, "prewarm.config.ts"));
    const rewriter = readRewriter(args);
    if (isSite && rewriter === null) throw usageError("prewarm.config.ts is here already: this folder is a site.");
    const all: Written = { written: [], kept: [] };
    const add = ({ written, kept }: Written): void => {
      all.written.push(...written);
      all.kept.push(...kept);
    };
    const site = isSite ? null : await readGiven(args, context);
    const deploy = site === null ? (await loadConfig(args, context)).deploy : deployOf(site);
    if (site !== null) add(writeSite(context.cwd, site));
    if (rewriter !== null) add(writeFiles(context.cwd, rewriterFiles({ deploy }, rewriter.pages, rewriter.from)));
    const report = createReport(args, context);
    const name = site?.name ?? nameOfFolder(context.cwd);
    if (report.json) report.document("prewarm.init/1", { name, ...all });
    else for (const path of all.written) report.data(path);
    for (const path of all.kept) report.note(`${path} was here and is as it was`);
    if (all.kept.includes("package.json"))
      report.note(`Add the packages: npm install --save-dev ${PACKAGES.prewarm} ${PACKAGES.local}`);
    return EXIT.ok;
  },
};

/** Null: no rewriter is asked for. */
function readRewriter(args: Arguments): { pages: string; from: string } | null {
  const [pages, from] = [args.text("pages"), args.text("from") ?? "/uploads/"];
  if (!args.flag("rewriter")) return null;
  if (pages === null) throw usageError("--pages is missing.", "It is the host of your pages, such as www.example.com");
  if (!URL.canParse(`https://${pages}/`) || new URL(`https://${pages}/`).hostname !== pages)
    throw usageError(`--pages is no host: ${pages}`);
  return { pages, from };
}

/** As the written configuration has it; it cannot be loaded before the packages are installed. */
function deployOf({ host }: { host: string | null }): Config["deploy"] {
  return { staging: {}, production: host === null ? {} : { edge: host } };
}

async function readGiven(args: Arguments, context: Context) {
  const packages = args.text("packages");
  const given = {
    name: nameOfFolder(context.cwd),
    originals: args.text("originals"),
    host: args.text("host"),
    ci: args.flag("ci"),
    packages: packages === null ? null : resolve(context.cwd, packages),
    yes: args.flag("yes"),
  };
  try {
    return await readSite(given, canAsk(context) ? context.ask : null, VERSION);
  } catch (error) {
    throw error instanceof InputError ? usageError(error.message) : error;
  }
}
