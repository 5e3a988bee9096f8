// `node scripts/boot.mjs [COMMAND [args]]` installs what is missing, then runs an installed command, `node` (the pinned one) or `pnpm` (the same)
// in the repository. It needs Node 20 and npm only.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bins = ["scripts/pnpm/node_modules/.bin", "node_modules/.bin"].map((folder) => join(root, folder));
// npm puts the programs of folders above on the PATH; the npm beside this Node comes before them.
process.env.PATH = [...bins, dirname(process.execPath), process.env.PATH].join(delimiter);

const stamp = join(root, "node_modules", ".boot-stamp");
const pins = ["pnpm-lock.yaml", "pnpm-workspace.yaml", "scripts/pnpm/package-lock.json"];
const wanted = [process.platform, process.arch, ...pins.map((name) => readFileSync(join(root, name)))].join("\n");
const isInstalled = () => existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;

// The documentation's site has half as many packages as everything else, and only `npm run docs` needs them.
const INSTALL = ["install", "--frozen-lockfile", "--reporter=append-only", "--filter=!@prewarm/docs-site"];

/** Resolves with the exit code. The program ends at a signal, and with npm's shell: `sh -c` does not pass a SIGTERM on. */
function run(command, args, options) {
  const child = spawn(command, args, { cwd: root, shell: process.platform === "win32", stdio: "inherit", ...options });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill(), 500).unref();
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(console.error(`[boot] ${error.message}`) ?? 1));
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/**
 * What the program that listens on the port says first: a start that installs, its process id. Throws when it says
 * nothing for ten seconds.
 */
async function ownerOf(port) {
  for await (const said of connect({ port, host: "127.0.0.1", signal: AbortSignal.timeout(10_000) })) return `${said}`;
}

/** One install at a time: resolves with a server on this clone's own port. The system frees the port when the process ends, however it ends. */
async function lock() {
  const port = 20_000 + (createHash("sha256").update(root).digest().readUInt16BE() % 10_000);
  for (let tries = 0; ; tries += 1) {
    const server = createServer((socket) => socket.on("error", () => {}).end(`${process.pid}`));
    const error = await new Promise((resolve) => server.on("error", resolve).listen(port, "127.0.0.1", resolve));
    if (error === undefined) return server;
    if (error.code !== "EADDRINUSE") throw error;
    if (tries % 2_400 === 0) {
      const owner = await ownerOf(port).catch(() => "");
      const holder = /^\d+$/.test(owner) ? `Process ${owner}, another start,` : "Another program";
      console.error(
        `[boot] ${holder} holds port ${port}, this clone's lock. ${tries ? "End it." : "This start waits."}`,
      );
      if (tries > 0) process.exit(1);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function install() {
  // `tsc -b` does not notice that an installed package changed: without its build info it checks everything.
  const types = join(root, "node_modules/.cache/types");
  for (const path of [stamp, dirname(bins[0]), types]) rmSync(path, { recursive: true, force: true });
  // npm refuses a pnpm with another sha512 than that of scripts/pnpm/package-lock.json.
  console.error("[boot] Installing; this needs the npm registry.");
  // Without a network npm's own pauses and retries are minutes of silence.
  const impatient = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=1000"];
  const quiet = ["--no-save", "--ignore-scripts=false", "--no-audit", "--no-fund"];
  const npm = ["install", "--prefix=scripts/pnpm", ...quiet, ...impatient];
  const options = { env: { ...process.env, CI: "true" }, stdio: ["ignore", 2, 2] };
  const code = (await run("npm", npm, options)) || (await run(join(bins[0], "pnpm"), INSTALL, options));
  if (code === 0) return writeFileSync(stamp, wanted);
  console.error("[boot] Installing failed; the reason is above. The first start needs the npm registry.");
  process.exit(code);
}

if (!isInstalled()) {
  const held = await lock();
  if (!isInstalled()) await install();
  held.close();
}
if (!process.features.typescript && !existsSync(join(bins[1], "node"))) {
  console.error(`[boot] Node ${process.versions.node} runs no TypeScript: install Node 22.18 or later.`);
  process.exit(1);
}
const [command, ...args] = process.argv.slice(2);
if (command !== undefined) process.exit(await run(command, args));
