// Runs on any Node >= 18 without dependencies: installs what is missing, then hands over to the pinned Node.
//   node scripts/boot.mjs run FILE [args]   run a script of ours, in the repository
//   node scripts/boot.mjs here FILE [args]  the same, in the folder where npm was called
//   node scripts/boot.mjs bin NAME [args]   run an installed command
//   node scripts/boot.mjs install           only install
//   node scripts/boot.mjs pnpm [args]       run the pinned pnpm
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { takeLock } from "./boot-lock.mjs";
import { bringPnpm, ownEnvironment } from "./boot-pnpm.mjs";
import { nodeFault } from "./node-program.mjs";

/** Type stripping without a flag, which `run` needs, came with 22.18. */
const OLDEST_NODE = [22, 18];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const windows = process.platform === "win32";
const bins = join(root, "node_modules", ".bin");
const stampFile = join(root, "node_modules", ".boot-stamp");
const lockFile = join(root, ".boot-lock");
const read = (name) => readFileSync(join(root, name), "utf8");
const pnpmVersion = JSON.parse(read("package.json")).packageManager.split(/[@+]/)[1];

const stamp = createHash("sha256")
  .update([process.platform, process.arch, pnpmVersion, read("pnpm-lock.yaml"), read("pnpm-workspace.yaml")].join("\0"))
  .digest("hex");

function installed() {
  return existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
}

/** The program that runs now. */
let running = null;

/** Starts a program and passes its output on. Resolves with its exit code and the end of its output; never once a signal has ended it. */
function run(command, args, cwd) {
  const env = { ...process.env, CI: "true", npm_config_update_notifier: "false", NO_UPDATE_NOTIFIER: "1" };
  return new Promise((resolve) => {
    // A process group of its own: pnpm's command is a script that starts pnpm.
    const stdio = ["ignore", "pipe", "pipe"];
    const child = spawn(command, args, { cwd, stdio, shell: windows, env, detached: !windows });
    running = { child, isEnding: false };
    let output = "";
    const pass = (chunk) => {
      output = (output + chunk).slice(-20_000);
      process.stderr.write(chunk);
    };
    child.stdout.on("data", pass);
    child.stderr.on("data", pass);
    const end = (code, text) => {
      if (running.isEnding) return;
      running = null;
      resolve({ code, output: text });
    };
    child.on("error", (error) => end(1, `${output}${error.message}`));
    child.on("close", (code) => end(code ?? 1, output));
  });
}

/** Passes a signal on to what runs, and resolves when that has ended. The second signal does not wait. */
async function endRunning(signal) {
  if (running === null) return;
  const { child, isEnding } = running;
  running.isEnding = true;
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    if (windows) child.kill();
    else process.kill(-child.pid, isEnding ? "SIGKILL" : signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
  await ended;
}

function explain(output, code) {
  const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|network|fetch failed/i.test(output);
  return offline
    ? "[boot] The npm registry cannot be reached. The first start needs it once; connect and run the same command again."
    : `[boot] Installing failed (exit ${code}). Its output is above.`;
}

async function runInstall() {
  try {
    const command = await bringPnpm(root, pnpmVersion, run);
    const args = ["install", "--frozen-lockfile", "--reporter=append-only"];
    console.error(`[boot] first start: ${command} ${args.join(" ")}`);
    return await run(command, args, root);
  } catch (error) {
    return { code: 1, output: error.message };
  }
}

/** Ctrl-C must leave no lock behind, and no program that still installs. */
function endOnSignal(release) {
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
  const end = async (signal) => {
    await endRunning(signal);
    release();
    process.exit(codes[signal]);
  };
  for (const signal of Object.keys(codes)) process.on(signal, end);
  return () => {
    for (const signal of Object.keys(codes)) process.off(signal, end);
    release();
  };
}

/** Resolves with the fault, or null. */
async function installNow() {
  const started = Date.now();
  const { code, output } = await runInstall();
  if (code !== 0) return explain(output, code);
  const fault = nodeFault(root);
  if (fault !== null) return `[boot] ${fault}`;
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp);
  console.error(`[boot] installed in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return null;
}

async function install() {
  if (installed()) return;
  const release = await takeLock(lockFile, installed);
  if (release === null) return;
  const end = endOnSignal(release);
  try {
    const fault = installed() ? null : await installNow();
    if (fault === null) return;
    console.error(fault);
    process.exitCode = 1;
  } finally {
    end();
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

process.env = ownEnvironment(root, process.env);
const [mode, name, ...args] = process.argv.slice(2);
if (mode === "pnpm") {
  const command = await bringPnpm(root, pnpmVersion, run);
  const { status } = spawnSync(command, [name, ...args].filter(Boolean), {
    cwd: root,
    stdio: "inherit",
    shell: windows,
  });
  process.exit(status ?? 1);
}
await install();
if (process.exitCode !== 1 && mode !== "install") handOver(mode, name, args);
