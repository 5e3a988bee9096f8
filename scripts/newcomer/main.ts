// `npm run prove -- newcomer [PAGE…]`: clones this repository (HEAD) into an empty folder and plays whoever has Node 20 and npm and copies the pages'
// commands in their order, beside `npm start`. With pages' names it plays these only. Exits 1 when a command fails or prints something else than
// its page leads one to expect.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort, listen } from "../../dev/listen.ts";
import { type Block, blockOf, blocksIn } from "./blocks.ts";
import { type Program, runToEnd, startProgram } from "./program.ts";

const ROOT = join(import.meta.dirname, "../..");
const START_MS = 600_000;
const BLOCK_MS = 120_000;

/** What a page takes for granted: the packed program on the PATH, something that sends. */
const PRELUDE = `
prewarm() { npm run -s prewarm -- "$@"; }
send-the-mailing() { echo sent; }
last_run() { prewarm status --json | node -e 'process.stdin.on("data", (d) => (t += d)).on("end", () => console.log(JSON.parse(t).runs[0].run)); let t = ""'; }
`;
/** The reader's own files: lists, and a built page. */
const FILES = {
  "images.csv": "id\nhero.jpg\nfaces.jpg\n",
  "library.csv": "id\nsmall.jpg\n",
  "mailing-images.txt": "hero.jpg\nsmall.jpg\n",
  "dist/index.html": '<img src="https://images.example.com/images/small.jpg?w=320&amp;f=auto" alt="">',
};

const folder = mkdtempSync(join(tmpdir(), "prewarm-newcomer-"));
const clone = join(folder, "prewarm");

/** A stack that the commands act on. */
interface Stack {
  edge: number;
  control: number;
  stateDir: string;
}

/** Nothing of this repository's own programs: the machine's Node and npm only. */
function bareEnvironment(): Record<string, string | undefined> {
  const path = (process.env.PATH ?? "").split(delimiter).filter((part) => !part.includes("node_modules"));
  const { HOME, LANG, TMPDIR, npm_config_registry } = process.env;
  return { HOME, LANG, TMPDIR, npm_config_registry, PATH: path.join(delimiter) };
}

async function newStack(stateDir: string): Promise<Stack> {
  return { edge: await freePort(0, true), control: await freePort(0, true), stateDir };
}

const EMULATOR_PORT = String(await freePort(0, true));

/** The page's text with this run's ports and folders, and with what the page says is printed by npm start. */
function asCopied(text: string, stack: Stack, sitemap: string): string {
  const read = (name: string): string => readFileSync(join(clone, stack.stateDir, name), "utf8").trim();
  return text
    .replaceAll("localhost:8787", `localhost:${stack.edge}`)
    .replaceAll("localhost:8788", `localhost:${stack.control}`)
    .replaceAll("9911", EMULATOR_PORT)
    .replaceAll("/tmp/drill", join(folder, "drill"))
    .replaceAll("https://staging.example.com/sitemap.xml", sitemap)
    .replace("whsec_…", () => read("hook-secret"))
    .replaceAll("$ADMIN_TOKEN", () => read("admin-token"))
    .replaceAll("<run>", '"$(last_run)"');
}

function play(text: string, stack: Stack): Promise<{ code: number | null; said: string }> {
  const env = {
    ...bareEnvironment(),
    PREWARM_URL: `http://localhost:${stack.control}`,
    PREWARM_EDGE_URL: `http://localhost:${stack.edge}`,
    STATE_DIR: stack.stateDir,
  };
  return runToEnd(`${PRELUDE}\n${text}`, { cwd: clone, env, timeoutMs: BLOCK_MS });
}

/** Starts what does not end: lines of a page, or `npm start` itself. Resolves when it is ready. */
function start(text: string, stack: Stack, ready: RegExp): Promise<Program> {
  const env = {
    ...bareEnvironment(),
    PORT: String(stack.edge),
    CONTROL_PORT: String(stack.control),
    STATE_DIR: stack.stateDir,
  };
  return startProgram(text, { cwd: clone, env, ready, timeoutMs: START_MS });
}

/** Serves the reader's sitemap: one picture. */
async function serveSitemap(stack: Stack): Promise<{ url: string; close(): void }> {
  const loc = `http://localhost:${stack.edge}/images/small.jpg?w=640&amp;f=webp`;
  const text = `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url><loc>https://staging.example.com/</loc><image:image><image:loc>${loc}</image:loc></image:image></url></urlset>`;
  const server = createServer((_request, response) => void response.end(text));
  return { url: `http://localhost:${await listen(server, 0)}/sitemap.xml`, close: () => server.close() };
}

const began = performance.now();
const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(0)} s`;
let failed = 0;

function fail(name: string, said: string): void {
  failed += 1;
  console.log(`FAILED ${name}\n${said}`);
}

/** The blocks of a page, on the stack that runs already; a block that starts one moves the rest of the page to it. */
async function playPage(
  blocks: readonly { page: string; text: string; does: Block["does"] }[],
  main: Stack,
): Promise<void> {
  let stack = main;
  const sitemap = await serveSitemap(main);
  const programs: Program[] = [];
  try {
    for (const { page, text, does } of blocks) {
      if ("skip" in does) continue;
      const lines = text.split("\n");
      const count = does.starts?.lines ?? 0;
      const name = `${page}: ${lines[0]}`;
      if (does.starts !== undefined) {
        stack = await newStack(`.wrangler/${page.replaceAll(/\W/g, "-")}`);
        const first = asCopied(lines.slice(0, count).join("\n"), stack, sitemap.url);
        programs.push(await start(first, stack, does.starts.ready));
      }
      const { code, said } = await play(asCopied(lines.slice(count).join("\n"), stack, sitemap.url), stack);
      const missing = does.prints.filter((pattern) => !pattern.test(said));
      if (code === 0 && missing.length === 0) console.log(`ok    ${name} (${seconds()})`);
      else fail(name, `  exit code ${code}, without ${missing.join(", ") || "nothing"}\n${said}`);
    }
  } catch (error) {
    fail(blocks[0]?.page ?? "", String(error));
  } finally {
    for (const program of programs) await program.end();
    sitemap.close();
  }
}

async function main(only: readonly string[]): Promise<void> {
  const cloned = spawnSync("git", ["clone", "--quiet", "--depth", "1", `file://${ROOT}`, clone], { stdio: "inherit" });
  if (cloned.status !== 0) throw new Error("git clone failed");
  mkdirSync(join(clone, "dist"));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(clone, name), text);
  const stack = await newStack(".wrangler/prewarm");
  const program = await start("npm start", stack, /^ready edge=/m);
  console.log(`ok    npm start (${seconds()})`);
  try {
    const blocks = blocksIn(clone).flatMap((block) => ({
      ...block,
      does: blockOf(block)?.does ?? { skip: "not told" },
    }));
    for (const [page, own] of Map.groupBy(blocks, (block) => block.page))
      if (only.length === 0 || only.includes(page)) await playPage(own, stack);
  } finally {
    await program.end();
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  fail("npm start", String(error));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(failed === 0 ? "A newcomer gets through." : `${failed} failed.`);
process.exitCode = failed === 0 ? 0 : 1;
