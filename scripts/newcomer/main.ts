// `npm run newcomer`: clones this repository (HEAD) into an empty folder and plays whoever has Node 20 and npm and copies the pages' commands
// in their order, beside `npm start`. Exits 1 when one fails or prints something else than its page leads one to expect.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort } from "../../dev/listen.ts";
import { blockOf, blocksIn } from "./blocks.ts";

const ROOT = join(import.meta.dirname, "../..");
const START_MS = 600_000;
const BLOCK_MS = 120_000;

/** What a page takes for granted: the packed program on the PATH, lists of the reader's own, something that sends. */
const PRELUDE = `
prewarm() { npm run -s prewarm -- "$@"; }
send-the-mailing() { echo sent; }
last_run() { prewarm status --json | node -e 'process.stdin.on("data", (d) => (t += d)).on("end", () => console.log(JSON.parse(t).runs[0].run)); let t = ""'; }
`;
const LISTS = {
  "images.csv": "id\nhero.jpg\nfaces.jpg\n",
  "library.csv": "id\nsmall.jpg\n",
  "mailing-images.txt": "hero.jpg\nsmall.jpg\n",
};

const folder = mkdtempSync(join(tmpdir(), "prewarm-newcomer-"));
const clone = join(folder, "prewarm");
const ports = { edge: await freePort(0, true), control: await freePort(0, true) };

/** Nothing of this repository's own programs: the machine's Node and npm only. */
function bareEnvironment(): Record<string, string | undefined> {
  const path = (process.env.PATH ?? "").split(delimiter).filter((part) => !part.includes("node_modules"));
  const { HOME, LANG, TMPDIR, npm_config_registry } = process.env;
  return { HOME, LANG, TMPDIR, npm_config_registry, PATH: path.join(delimiter) };
}

/** The page's text with this run's ports, and with what the page says is printed by npm start. */
function asCopied(text: string): string {
  const read = (name: string): string => readFileSync(join(clone, ".wrangler/prewarm", name), "utf8").trim();
  return text
    .replaceAll("localhost:8787", `localhost:${ports.edge}`)
    .replaceAll("localhost:8788", `localhost:${ports.control}`)
    .replace("whsec_…", read("hook-secret"))
    .replaceAll("$ADMIN_TOKEN", read("admin-token"))
    .replaceAll("<run>", '"$(last_run)"');
}

function play(text: string): { code: number | null; said: string } {
  const env: Record<string, string | undefined> = {
    ...bareEnvironment(),
    PREWARM_URL: `http://localhost:${ports.control}`,
    PREWARM_EDGE_URL: `http://localhost:${ports.edge}`,
  };
  const script = `${PRELUDE}\n${asCopied(text)}`;
  const options = { cwd: clone, env: env as NodeJS.ProcessEnv, encoding: "utf8", timeout: BLOCK_MS } as const;
  const { status, stdout, stderr } = spawnSync("bash", ["-e", "-o", "pipefail", "-c", script], options);
  return { code: status, said: `${stdout}\n${stderr}` };
}

async function ready(start: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (const port of Object.values(ports))
    for (;;) {
      const answer = await fetch(`http://localhost:${port}/healthz`).catch(() => null);
      if (answer?.status === 200) break;
      if (start.exitCode !== null || Date.now() > deadline) throw new Error("npm start did not come up");
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
}

function end(start: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    start.on("close", () => resolve());
    if (start.pid !== undefined) process.kill(-start.pid, "SIGTERM");
  });
}

const cloned = spawnSync("git", ["clone", "--quiet", "--depth", "1", `file://${ROOT}`, clone], { stdio: "inherit" });
if (cloned.status !== 0) process.exit(1);
for (const [name, text] of Object.entries(LISTS)) writeFileSync(join(clone, name), text);

const began = performance.now();
const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(0)} s`;
const env: Record<string, string | undefined> = {
  ...bareEnvironment(),
  PORT: String(ports.edge),
  CONTROL_PORT: String(ports.control),
};
const start = spawn("npm", ["start"], {
  cwd: clone,
  env: env as NodeJS.ProcessEnv,
  detached: true,
  stdio: ["ignore", "ignore", "pipe"],
});
let complaints = "";
start.stderr.on("data", (text) => {
  complaints += text;
});
let failed = 0;
try {
  await ready(start);
  console.log(`ok    npm start (${seconds()})`);
  for (const block of blocksIn(clone)) {
    const known = blockOf(block);
    const name = `${block.page}: ${block.text.split("\n")[0]}`;
    if (known === undefined || "skip" in known.does) continue;
    const { code, said } = play(block.text);
    const missing = known.does.prints.filter((pattern) => !pattern.test(said));
    if (code === 0 && missing.length === 0) console.log(`ok    ${name} (${seconds()})`);
    else {
      failed += 1;
      console.log(`FAILED ${name}\n  exit code ${code}, without ${missing.join(", ") || "nothing"}\n${said}`);
    }
  }
} catch (error) {
  failed += 1;
  console.log(`FAILED npm start: ${error instanceof Error ? error.message : error}\n${complaints}`);
} finally {
  await end(start);
  rmSync(folder, { recursive: true, force: true });
}
console.log(failed === 0 ? "A newcomer gets through." : `${failed} failed.`);
process.exitCode = failed === 0 ? 0 : 1;
