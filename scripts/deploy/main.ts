import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { judgeSite } from "../site-faults.ts";
import { runCommand } from "./commands.ts";
import type { Release } from "./deploy.ts";
import { versionMessage } from "./release.ts";
import { pinnedWrangler } from "./wrangler.ts";

/** `npm run provision | deploy | smoke | rollback | destroy`: the only file here that knows the process. */

const ROOT = join(import.meta.dirname, "../..");
const terminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });

/** Asks on the terminal. What is typed at a secret is not shown. */
async function ask(question: string, shown = true): Promise<string> {
  process.stderr.write(question);
  const lines = createInterface({ input: process.stdin, output: shown ? process.stderr : nowhere, terminal: true });
  try {
    return await lines.question("");
  } finally {
    lines.close();
    if (!shown) process.stderr.write("\n");
  }
}

function git(...args: string[]): string {
  const { status, stdout } = spawnSync("git", args, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error("What is deployed is named by its commit: this folder is no git repository.");
  return stdout.trim();
}

function release(): Release {
  const { version }: { version: string } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const dirty = git("status", "--porcelain") === "" ? "" : "-dirty";
  return { tag: `${git("rev-parse", "--short=12", "HEAD")}${dirty}`, message: versionMessage(version) };
}

function runScript(...args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

process.exitCode = await runCommand(process.argv.slice(2), {
  wrangler: pinnedWrangler(process.env, (text) => process.stderr.write(text)),
  folder: ROOT,
  site: await judgeSite(),
  env: process.env,
  person: { tell: (line) => console.log(line), ask: terminal ? ask : null },
  askSecret: terminal ? (name) => ask(`${name}: `, false) : null,
  release,
  async buildDashboard() {
    if ((await runScript("dev/build-dashboard.ts")) !== 0)
      throw new Error("npm run build failed; what it says stands above.");
  },
  prewarm: (args) => runScript("apps/cli/src/main.ts", ...args),
});
