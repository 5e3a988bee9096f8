// Runs on any Node >= 18 without dependencies: installs what is missing, then hands over to the pinned Node.
//   node scripts/boot.mjs run FILE [args]   run a script of ours, in the repository
//   node scripts/boot.mjs here FILE [args]  the same, in the folder where npm was called
//   node scripts/boot.mjs bin NAME [args]   run an installed command
//   node scripts/boot.mjs install           only install
//   node scripts/boot.mjs pnpm [args]       run the pinned pnpm
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeFault } from "./node-program.mjs";

/** Type stripping without a flag, which `run` needs, came with 22.18. */
const OLDEST_NODE = [22, 18];
const STALE_LOCK_MS = 600_000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const windows = process.platform === "win32";
const bins = join(root, "node_modules", ".bin");
const stampFile = join(root, "node_modules", ".boot-stamp");
const lockDir = join(root, ".boot-lock");
const read = (name) => readFileSync(join(root, name), "utf8");
const pnpmVersion = JSON.parse(read("package.json")).packageManager.split(/[@+]/)[1];

const stamp = createHash("sha256")
  .update([process.platform, process.arch, pnpmVersion, read("pnpm-lock.yaml"), read("pnpm-workspace.yaml")].join("\0"))
  .digest("hex");

function installed() {
  return existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
}

/** A pnpm of the pinned major on the PATH will do; else the pinned one. A corepack shim may be there and broken. */
function pnpmCommand() {
  const own = spawnSync("pnpm", ["--version"], {
    cwd: dirname(root), // outside, so that it does not read our pin
    encoding: "utf8",
    shell: windows,
    env: { ...process.env, COREPACK_ENABLE_DOWNLOAD_PROMPT: "0" },
  });
  const major = (version) => version.trim().split(".")[0];
  if (own.status === 0 && major(own.stdout) === major(pnpmVersion)) return ["pnpm"];
  return [pinnedPnpm()];
}

/** pnpm by a lockfile of its own, so that npm refuses bytes with another sha512 than the recorded one. */
function pinnedPnpm() {
  const folder = join(root, ".boot-cache", `pnpm-${pnpmVersion}`);
  const command = join(folder, "node_modules", ".bin", windows ? "pnpm.cmd" : "pnpm");
  if (existsSync(command)) return command;
  mkdirSync(folder, { recursive: true });
  for (const name of ["package.json", "package-lock.json"])
    copyFileSync(join(root, "scripts", "pnpm", name), join(folder, name));
  console.error(`[boot] first start: npm brings pnpm ${pnpmVersion}`);
  const args = ["install", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  const brought = spawnSync("npm", args, { cwd: folder, encoding: "utf8", shell: windows });
  // Its program is an optional dependency: npm leaves one with a wrong sum out without a word.
  const tried =
    brought.status === 0 ? spawnSync(command, ["--version"], { encoding: "utf8", shell: windows }) : brought;
  if (tried.status === 0) return command;
  rmSync(folder, { recursive: true, force: true });
  throw new Error(`${tried.stdout ?? ""}${tried.stderr ?? tried.error?.message ?? ""}`);
}

/** Two first starts at once must not install over each other. Returns false when the other one has done it. */
function takeLock() {
  for (let waits = 0; ; waits += 1) {
    try {
      mkdirSync(lockDir);
      return true;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (Date.now() - statSync(lockDir, { throwIfNoEntry: false })?.mtimeMs > STALE_LOCK_MS)
      rmSync(lockDir, { recursive: true, force: true });
    if (waits === 0) console.error("[boot] another install is under way, waiting for it");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    if (installed()) return false;
  }
}

function explain(output, code) {
  const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|network|fetch failed/i.test(output);
  console.error(
    offline
      ? "[boot] The npm registry cannot be reached. The first start needs it once; connect and run the same command again."
      : `[boot] Installing failed (exit ${code}). What pnpm said stands above.`,
  );
}

async function runInstall() {
  let command;
  try {
    [command] = pnpmCommand();
  } catch (error) {
    console.error(error.message);
    return { code: 1, tail: error.message };
  }
  const args = ["install", "--frozen-lockfile", "--reporter=append-only"];
  console.error(`[boot] first start: ${command} ${args.join(" ")}`);
  const env = { ...process.env, CI: "true", npm_config_update_notifier: "false", NO_UPDATE_NOTIFIER: "1" };
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], shell: windows, env });
    let tail = "";
    const pass = (chunk) => {
      tail = (tail + chunk).slice(-20_000);
      process.stderr.write(chunk);
    };
    child.stdout.on("data", pass);
    child.stderr.on("data", pass);
    child.on("error", (error) => resolve({ code: 1, tail: `${tail}${error.message}` }));
    child.on("close", (code) => resolve({ code, tail }));
  });
}

async function install() {
  if (installed() || !takeLock()) return;
  const started = Date.now();
  try {
    const { code, tail } = await runInstall();
    if (code !== 0) {
      explain(tail, code);
      process.exitCode = 1;
      return;
    }
    const fault = nodeFault(root);
    if (fault !== null) {
      console.error(`[boot] ${fault}`);
      process.exitCode = 1;
      return;
    }
    writeFileSync(stampFile, stamp);
    console.error(`[boot] installed in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  } finally {
    rmSync(lockDir, { recursive: true, force: true });
  }
}

function nodeToUse() {
  const pinned = join(bins, "node");
  if (!windows && existsSync(pinned) && spawnSync(pinned, ["-v"]).status === 0) return pinned;
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return process.execPath;
  console.error(
    `[boot] Node ${process.versions.node} is too old, and npm carries no pinned Node for ${process.platform}-${process.arch}: install Node ${OLDEST_NODE.join(".")} or later.`,
  );
  process.exit(1);
}

function handOver(mode, name, args) {
  const node = nodeToUse();
  const env = { ...process.env, PATH: [bins, dirname(node), process.env.PATH].join(delimiter) };
  // A person's paths are meant from where the person stands; npm runs every script in the repository and keeps the place in INIT_CWD.
  const here = mode === "here";
  if (here) env.PREWARM_CONFIG ??= join(root, "prewarm.config.ts");
  const options = { cwd: here ? (process.env.INIT_CWD ?? process.cwd()) : root, stdio: "inherit", env };
  const child =
    mode === "run" || here
      ? spawn(node, [join(root, name), ...args], options)
      : spawn(join(bins, name), args, { ...options, shell: windows });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  // npm runs us under `sh -c`, which dies of a SIGTERM without passing it on: leave when orphaned.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill("SIGTERM"), 500).unref();
  child.on("error", (error) => {
    console.error(`[boot] ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

const [mode, name, ...args] = process.argv.slice(2);
if (mode === "pnpm") {
  const command = pinnedPnpm();
  const { status } = spawnSync(command, [name, ...args].filter(Boolean), {
    cwd: root,
    stdio: "inherit",
    shell: windows,
  });
  process.exit(status ?? 1);
}
await install();
if (process.exitCode !== 1 && mode !== "install") handOver(mode, name, args);
