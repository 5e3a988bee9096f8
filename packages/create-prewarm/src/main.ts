#!/usr/bin/env node
import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { PACKAGES, SITE_NODE } from "@prewarm/shared/packages";
import manifest from "../package.json" with { type: "json" };
import { type Ask, InputError, readSite } from "./new-site.ts";
import { refuseUsedFolder, writeSite } from "./write-site.ts";

const HELP = `npm create prewarm@latest [name] -- [flags]

Writes a site of Prewarm into a new folder: package.json, prewarm.config.ts, .gitignore, README.md.

  --originals URL   where the originals are, with {id}
  --host HOST       host of image URLs in production, such as images.example.com
  --ci              a GitHub workflow that deploys to staging, too
  --packages DIR    install from the tarballs of DIR, not from npm
  -y, --yes         ask nothing, take the defaults
  -h, --help        show this`;

const OPTIONS = {
  originals: { type: "string" },
  host: { type: "string" },
  ci: { type: "boolean", default: false },
  packages: { type: "string" },
  yes: { type: "boolean", short: "y", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** As a site's Node must: its configuration is TypeScript. */
const readsTypeScript = Boolean(process.features.typescript);

async function create(argv: string[]): Promise<void> {
  const { values, positionals } = parse(argv);
  if (values.help) return console.log(HELP);
  const [name = null, ...more] = positionals;
  if (more.length > 0) throw new InputError(`One name is enough: ${positionals.join(" ")}.`);
  if (name !== null) refuseUsedFolder(resolve(name));
  const { originals = null, host = null, packages = null, ci, yes } = values;
  const site = await asking((ask) => readSite({ name, originals, host, packages, ci, yes }, ask, manifest.version));
  refuseUsedFolder(resolve(site.name));
  const { written } = writeSite(resolve(site.name), site);
  console.log(`${site.name} has ${written.join(", ")}. Next:\n`);
  console.log(`  cd ${site.name}\n  npm install\n  npx ${PACKAGES.prewarm} dev\n`);
  if (!readsTypeScript) console.log(`It needs Node ${SITE_NODE} or later. This is Node ${process.versions.node}.`);
}

function parse(argv: string[]) {
  try {
    return parseArgs({ args: argv, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new InputError(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
  }
}

/** Gives the work somebody to ask, if there is a terminal. */
async function asking<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return work(null);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await work((question) => lines.question(question));
  } finally {
    lines.close();
  }
}

try {
  await create(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`create-prewarm: ${error.message}`);
  process.exitCode = 2;
}
