import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import sharp from "sharp";
import { readSettings } from "../../../dev/settings.ts";
import { type Stack, startStack } from "../../../dev/stack.ts";

/*
 * The figures of docs/bulk.md: 100,000 originals × 6 variants are accepted by the local stack from the command line, which is stopped by
 * one SIGINT in the middle and resumed; then as many variants as `DRAIN` says are made and stored. Prints a table.
 *   node apps/cli/scripts/measure-bulk.ts [originals] [variants to drain]
 */
const [ORIGINALS = 100_000, DRAIN = 1000] = process.argv.slice(2).map(Number);
/** The recipe `upload` has this many transforms. */
const VARIANTS = 6;
const MAIN = join(import.meta.dirname, "../src/main.ts");
const SAMPLE_EVERY_MS = 100;

interface Measured {
  code: number | null;
  seconds: number;
  /** Resident memory of the command line, in MB. */
  startMb: number;
  peakMb: number;
  endMb: number;
  stdout: string;
}

const cwd = mkdtempSync(join(tmpdir(), "prewarm-bulk-"));
const originals = await startOriginals();
const settings = readSettings({ STATE_DIR: join(cwd, "state"), ORIGINALS_URL: `${originals.url}/{id}` });
const stack = await startStack({
  ...settings,
  port: 0,
  controlPort: 0,
  watch: false,
  // Flat pictures of the right size: what is measured is the way through ledger, queue and store, not libvips.
  emulator: { pixels: "tiny", tinySource: { width: 3000, height: 2000 } },
});
try {
  await measure(stack);
} finally {
  await stack.close();
  originals.server.close();
  rmSync(cwd, { recursive: true, force: true });
}

async function measure({ controlUrl }: Stack): Promise<void> {
  await writeIds(join(cwd, "ids.txt"));
  await run(["pause", "bulk"], controlUrl);
  // Half of the chunks are accepted when the signal comes.
  const stopAt = Math.floor(ORIGINALS / 1000 / 2);
  const first = await run(["warm", "--file", "ids.txt", "--label", "bulk", "--quiet"], controlUrl, stopAt);
  const second = await run(["warm", "--resume", "last", "--json"], controlUrl);
  const sent = JSON.parse(second.stdout);
  const status = JSON.parse((await run(["status", sent.run, "--json"], controlUrl)).stdout);
  const seconds = first.seconds + second.seconds;
  const rate = Math.round((ORIGINALS * VARIANTS) / seconds);
  console.log(
    `| accepted | ${sent.accepted} of ${ORIGINALS * VARIANTS} variants, ${sent.duplicates} twice, exit codes ${first.code} and ${second.code} |`,
  );
  console.log(`| the run holds | ${status.total} variants |`);
  console.log(`| time | ${first.seconds.toFixed(1)} s + ${second.seconds.toFixed(1)} s, ${rate} variants/s |`);
  for (const [name, one] of Object.entries({ "before the signal": first, resumed: second }))
    console.log(
      `| memory ${name} | ${one.startMb} MB after 1 s, ${one.peakMb} MB at most, ${one.endMb} MB at the end |`,
    );
  await drain(controlUrl, sent.run);
}

/** One picture under every name: a hundred thousand files are not what is measured. */
async function startOriginals() {
  const background = { r: 90, g: 120, b: 150 };
  const picture = await sharp({ create: { width: 3000, height: 2000, channels: 3, background } })
    .jpeg()
    .toBuffer();
  const server = createServer((request, response) => {
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const start = Number(range?.[1] ?? 0);
    const end = range?.[2] ? Math.min(Number(range[2]), picture.length - 1) : picture.length - 1;
    const part = { "content-length": end - start + 1, "content-range": `bytes ${start}-${end}/${picture.length}` };
    response.writeHead(range === null ? 200 : 206, { "content-type": "image/jpeg", etag: '"one"', ...part });
    response.end(request.method === "HEAD" ? undefined : picture.subarray(start, end + 1));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Opens the lane until so many variants are stored, then closes it and cancels the rest. */
async function drain(controlUrl: string, runId: string): Promise<void> {
  const started = performance.now();
  await run(["resume", "bulk"], controlUrl);
  let stored = 0;
  while (stored < DRAIN && performance.now() - started < 300_000) {
    // Asked once a second: a process of ours each time, and it should not be what is measured.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    stored = JSON.parse((await run(["status", runId, "--json"], controlUrl)).stdout).states.stored;
  }
  const seconds = (performance.now() - started) / 1000;
  await run(["cancel", runId], controlUrl);
  console.log(
    `| drained | ${stored} variants stored in ${seconds.toFixed(1)} s, ${(stored / seconds).toFixed(1)} a second |`,
  );
}

async function writeIds(path: string): Promise<void> {
  const file = createWriteStream(path);
  for (let from = 0; from < ORIGINALS; from += 10_000) {
    const count = Math.min(10_000, ORIGINALS - from);
    const lines = Array.from({ length: count }, (_, index) => `library/${from + index}/picture.jpg\n`);
    if (!file.write(lines.join(""))) await once(file, "drain");
  }
  file.end();
  await finished(file);
}

/** Runs the command line; with `stopAt`, sends it SIGINT when so many chunks are accepted. */
async function run(args: readonly string[], controlUrl: string, stopAt = Number.POSITIVE_INFINITY): Promise<Measured> {
  const env = { ...process.env, PREWARM_URL: controlUrl, ADMIN_TOKEN: settings.adminToken };
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
  const started = performance.now();
  let stdout = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  const samples: number[] = [];
  let signalled = false;
  const timer = setInterval(() => {
    samples.push(residentMb(child));
    if (signalled || chunksAccepted() < stopAt) return;
    signalled = true; // a second one would end it at once
    child.kill("SIGINT");
  }, SAMPLE_EVERY_MS);
  const [code] = await once(child, "close");
  clearInterval(timer);
  const known = samples.filter((megabytes) => megabytes > 0);
  const startMb = known[1000 / SAMPLE_EVERY_MS] ?? known.at(-1) ?? 0;
  return {
    code,
    seconds: (performance.now() - started) / 1000,
    startMb,
    peakMb: Math.max(...known, 0),
    endMb: known.at(-1) ?? 0,
    stdout,
  };
}

function residentMb({ pid }: ChildProcess): number {
  try {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Math.round(Number(kilobytes ?? 0) / 1000);
  } catch {
    return 0; // it has just ended
  }
}

function chunksAccepted(): number {
  const directory = join(cwd, ".prewarm");
  if (!existsSync(directory)) return 0;
  const name = readdirSync(directory).find((each) => each.endsWith(".json"));
  return name === undefined ? 0 : JSON.parse(readFileSync(join(directory, name), "utf8")).chunks;
}
