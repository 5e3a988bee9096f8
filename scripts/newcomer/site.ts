// `npm run prove -- site [--node 22.23.5] [--keep]`: plays whoever has Node, npm and an empty folder. The packages are published to a registry
// on this machine, `npm create prewarm` makes a site, and every command of its README is run as it is written. Exits 1 when one fails, or when
// the first variant takes longer than a minute.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { FakeCloudflare, serveFakeCloudflare } from "../../apps/cli/test/testing/fake-cloudflare.ts";
import { freePort } from "../../dev/listen.ts";
import { startRegistry } from "./registry.ts";

const ROOT = join(import.meta.dirname, "../..");
/** From `npm create` to the first variant. */
const PROMISED_MS = 60_000;
const COMMAND_MS = 600_000;
/** A page of the newcomer's own. */
const PAGE = (edge: string) => `<img src="${edge}/images/hero.jpg?w=640&amp;f=webp">`;

/** A Worker of the newcomer's own (docs/install.md). */
const OWN_EDGE = `import { createEdge } from "prewarm/edge";
import site from "./prewarm.config.ts";

const edge = createEdge(site);
export default {
  async fetch(request, env, context) {
    const response = await edge.fetch(request, env, context);
    return new Response(response.body, { ...response, headers: { ...Object.fromEntries(response.headers), "x-mine": "1" } });
  },
};
`;

const { values } = parseArgs({
  options: {
    // A site needs a newer Node than this repository does: by default the pinned one, which runs this.
    node: { type: "string", default: process.versions.node },
    keep: { type: "boolean", default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), "prewarm-newcomer-"));
const home = join(folder, "empty");
const site = join(home, "my-images");
mkdirSync(home);
const ports = { edge: await freePort(0, true), control: await freePort(0, true) };
const edge = `http://localhost:${ports.edge}`;
const closers: (() => unknown)[] = [];
let failed = 0;
let began = performance.now();

/** That Node, from npm, before the machine's Node and npm: nothing of this repository. */
function pathWith(version: string): string {
  const own = (process.env.PATH ?? "").split(delimiter).filter((part) => !part.includes("node_modules"));
  const name = `node-${process.platform}-${process.arch}`;
  execFileSync("npm", ["install", "--prefix", join(folder, "node"), "--no-save", "--silent", `${name}@${version}`]);
  return [join(folder, "node", "node_modules", name, "bin"), ...own].join(delimiter);
}

function say(name: string, fault: string | null): void {
  if (fault !== null) failed += 1;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${fault === null ? "ok    " : "FAILED"} ${name} (${seconds} s)${fault === null ? "" : `\n${fault}`}`);
}

/** Runs a command, and takes note whether it ends well and prints what it should. */
async function play(command: string, { cwd = site, prints = /^/, more = {} }: PlayOptions = {}): Promise<void> {
  const child = spawn("bash", ["-ec", command], {
    cwd,
    timeout: COMMAND_MS,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...env, ...more } as NodeJS.ProcessEnv,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  const [code] = await once(child, "close");
  say(command, code === 0 && prints.test(said) ? null : `  exit code ${code}, not ${prints}\n${said}`);
}

interface PlayOptions {
  cwd?: string;
  prints?: RegExp;
  more?: Record<string, string>;
}

/** Starts `prewarm dev`, and waits for its sentence. */
async function startDev(command: string): Promise<void> {
  const child: ChildProcess = spawn("bash", ["-c", command], {
    cwd: site,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: env as NodeJS.ProcessEnv,
  });
  closers.push(() => child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, "SIGTERM"));
  const log = createWriteStream(join(folder, "dev.log"));
  const ready = new Promise<string | null>((resolve) => {
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        log.write(text);
        said += text;
        if (/^ready /m.test(said)) resolve(null);
      });
    child.on("close", (code) => resolve(`  it ended with ${code}\n${said}`));
    setTimeout(() => resolve(`  it is not ready\n${said}`), COMMAND_MS).unref();
  });
  say(command, await ready);
}

/** Opens the address as a viewer does, until it is the variant. */
async function firstVariant(): Promise<void> {
  const url = `${edge}/images/landscape.jpg?w=800`;
  for (;;) {
    const answer = await fetch(url, { redirect: "manual" }).catch(() => null);
    await answer?.body?.cancel();
    const isVariant = answer?.status === 200 && !answer.headers.get("cache-control")?.startsWith("private");
    const took = performance.now() - began;
    if (isVariant) return say("the first variant", took < PROMISED_MS ? null : `  later than ${PROMISED_MS / 1000} s`);
    if (took > 3 * PROMISED_MS) return say("the first variant", `  the last answer is ${answer?.status}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** The commands of the README, in order. */
function readmeCommands(): string[] {
  const readme = readFileSync(join(site, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/^```sh\n(.*?)^```/gms)].map(([, text = ""]) => text);
  return blocks.flatMap((text) => text.trim().split("\n"));
}

/** What only this run adds to a command of the README. */
function asRun(command: string): [command: string, options: PlayOptions] {
  const here = command.replaceAll("localhost:8787", `localhost:${ports.edge}`);
  if (/ (provision|deploy) /.test(here)) return [`${here} --yes`, { more: account }];
  // A deployed Worker does not run here: the local one is what the command asks.
  if (here.includes(" smoke "))
    return [`npx prewarm smoke small.jpg --url http://localhost:${ports.control} --edge-url ${edge}`, {}];
  return [here, {}];
}

const env: Record<string, string | undefined> = {
  HOME: process.env.HOME,
  LANG: process.env.LANG,
  TMPDIR: process.env.TMPDIR,
  PATH: pathWith(values.node),
  PORT: String(ports.edge),
  CONTROL_PORT: String(ports.control),
  npm_config_audit: "false",
};
let account: Record<string, string> = {};
async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void closeAll().finally(() => process.exit(1)));

try {
  const tarballs = join(folder, "tarballs");
  execFileSync(process.execPath, [join(ROOT, "scripts/pack/main.ts"), tarballs], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const registry = await startRegistry(folder, tarballs);
  closers.push(() => registry.close());
  env.npm_config_registry = registry.url;
  const cloudflare = await serveFakeCloudflare(new FakeCloudflare());
  closers.push(() => cloudflare.close());
  account = {
    CLOUDFLARE_API_BASE_URL: cloudflare.url,
    CLOUDFLARE_ACCOUNT_ID: "account",
    CLOUDFLARE_API_TOKEN: "token",
    ITTYBIT_API_KEY: "key-of-ittybit",
    // At a terminal provision makes them.
    ADMIN_TOKEN: "an-admin-token-of-32-characters!",
    SIGNING_KEYS: "a-signing-key-of-32-characters!!",
    HOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
  };
  began = performance.now();
  await play("node --version", { cwd: home });
  await play("npm create --yes prewarm@latest my-images -- --yes --ci", { cwd: home, prints: /npx prewarm dev/ });
  for (const command of readmeCommands()) {
    if (command.endsWith("prewarm dev")) {
      await startDev(command);
      await firstVariant();
    } else await play(...asRun(command));
  }
  mkdirSync(join(site, "dist"));
  writeFileSync(join(site, "dist/index.html"), PAGE(edge));
  await play("npx prewarm warm --html dist --wait", { prints: /1 item.*1 variant/s });
  for (const target of ["staging", "production"])
    for (const worker of ["edge", "consumer"]) {
      const file = `.prewarm/wrangler.${worker}.toml`;
      await play(`npx wrangler deploy -c ${file} -e ${target} --minify --dry-run`, { prints: /gzip: [\d.]+ KiB/ });
    }
  writeFileSync(join(site, "edge.ts"), OWN_EDGE);
  await play("npx prewarm print wrangler --worker edge > .prewarm/own.toml");
  await play("npx wrangler deploy -c .prewarm/own.toml -e staging --minify --dry-run --outdir own");
  // wrangler writes beside its file.
  await play("grep -l x-mine .prewarm/own/edge.js");
} catch (error) {
  say("the run", `  ${error instanceof Error ? error.stack : error}`);
} finally {
  await closeAll();
  if (!values.keep) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
console.log(failed === 0 ? "A newcomer with npm gets through." : `${failed} failed.`);
process.exit(failed === 0 ? 0 : 1);
