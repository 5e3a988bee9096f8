// `npm run docs` serves the documentation on PORT and follows edits; `npm run docs -- build --out DIR` builds it.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { emptied, stage, type Version, writeText } from "./stage.ts";

const HOME = resolve(import.meta.dirname, "..");
const ROOT = resolve(HOME, "../..");
const HELP = `The documentation as a site with search. The first use downloads VitePress.

  npm run docs                      serves the pages of the working tree on PORT (5173), and follows edits
  npm run docs -- build [flags]     writes them into a folder for any host of static files

Flags of build:
  --out DIR        the folder, relative to the repository; its content is deleted first (dist/docs)
  --base PATH      the path under which the host serves it (/)
  --version NAME   the name of the working tree's version in the switch of versions (main)
  --tag TAG        builds this tag too, as a version in a folder of its name; may repeat`;
const OPTIONS = {
  help: { type: "boolean", short: "h", default: false },
  /** The folder that the build fills. */
  out: { type: "string", default: "dist/docs" },
  /** The path under which a host serves the site. */
  base: { type: "string", default: "/" },
  /** The name of the working tree's version. */
  version: { type: "string", default: "main" },
  /** Tags that are built as well, each in a folder of its name. */
  tag: { type: "string", multiple: true, default: [] as string[] },
} as const;

/** Runs a program in the site's package, and ends this one when it fails. */
function run(program: string, args: string[], env: Record<string, string> = {}): void {
  const { status } = spawnSync(program, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...env } });
  if (status !== 0) process.exit(status ?? 1);
}

/** VitePress is no part of `npm start`'s install: the first use brings it. */
function vitepress(): string {
  const program = join(HOME, "node_modules/.bin/vitepress");
  if (!existsSync(program)) run("pnpm", ["install", "--frozen-lockfile", "--filter", "@prewarm/docs-site"]);
  return program;
}

/** The files of a tag, in a folder that the caller removes. */
function filesOf(tag: string): string {
  const folder = mkdtempSync(join(tmpdir(), "prewarm-docs-"));
  const archive = join(folder, "files.tar");
  run("git", ["archive", "--output", archive, tag]);
  run("tar", ["-xf", archive, "-C", folder]);
  return folder;
}

function build(values: { out: string; base: string; version: string; tag: string[] }): void {
  const out = emptied(resolve(values.out));
  const versions: Version[] = [
    { name: values.version, base: values.base },
    ...values.tag.map((name) => ({ name, base: `${values.base}${name}/` })),
  ];
  for (const version of versions) {
    const isHere = version.name === values.version;
    const root = isHere ? ROOT : filesOf(version.name);
    const folder = emptied(join(HOME, ".site", version.name));
    const { map, pages } = stage({ root, folder, version, versions });
    const to = isHere ? out : join(out, version.name);
    run(vitepress(), ["build", HOME, "--outDir", to], { DOCS_STAGE: folder });
    writeText(to, map, pages);
    if (!isHere) rmSync(root, { recursive: true });
  }
  console.log(`The documentation is in ${out}.`);
}

/** Serves the working tree's pages, and stages them again after each edit. */
function serve(): void {
  const program = vitepress();
  const folder = emptied(join(HOME, ".site/dev"));
  const version = { name: "main", base: "/" };
  const again = () => stage({ root: ROOT, folder, version, versions: [version] });
  again();
  watch(join(ROOT, "docs"), { recursive: true }, again);
  const env = { ...process.env, DOCS_STAGE: folder };
  const { PORT } = process.env;
  const server = spawn(program, ["dev", HOME, ...(PORT ? ["--port", PORT] : [])], { cwd: ROOT, stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => server.kill(signal));
  server.on("exit", (code) => process.exit(code ?? 0));
}

/** A word or a flag that this program does not know ends it with 2. */
function readArguments() {
  try {
    const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
    const [command = "serve", ...others] = positionals;
    if (others.length === 0 && (command === "serve" || command === "build")) return { command, values };
    console.error(`There is no command ${positionals.join(" ")}.`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
  console.error(`\n${HELP}`);
  process.exit(2);
}

const { command, values } = readArguments();
if (values.help) console.log(HELP);
else if (command === "serve") serve();
else build(values);
