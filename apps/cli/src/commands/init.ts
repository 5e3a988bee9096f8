import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { InputError, nameOfFolder, readSite } from "@prewarm/create-prewarm/new-site";
import { writeSite } from "@prewarm/create-prewarm/write-site";
import { PACKAGES } from "@prewarm/shared/packages";
import type { Arguments, Command } from "../arguments/command.ts";
import { YES_FLAG } from "../arguments/command.ts";
import { type Context, canAsk } from "../platform/context.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { createReport } from "../terminal/report.ts";
import { VERSION } from "../version.ts";

export const initCommand: Command = {
  name: "init",
  description: "Write the files of a site into this folder, as npm create prewarm does into a new one",
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
    yes: YES_FLAG,
  },
  examples: [
    "prewarm init",
    "prewarm init --yes --originals 'https://shop.example.com/originals/{id}' --host images.example.com",
  ],
  async run(args, context) {
    if (existsSync(join(context.cwd, "prewarm.config.ts")))
      throw usageError("prewarm.config.ts is here already: this folder is a site.");
    const site = await readGiven(args, context);
    const { written, kept } = writeSite(context.cwd, site);
    const report = createReport(args, context);
    if (report.json) report.document("prewarm.init/1", { name: site.name, written, kept });
    else for (const path of written) report.data(path);
    for (const path of kept) report.note(`${path} was here and is as it was`);
    if (kept.includes("package.json"))
      report.note(`Add the packages: npm install --save-dev ${PACKAGES.prewarm} ${PACKAGES.local}`);
    return EXIT.ok;
  },
};

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
