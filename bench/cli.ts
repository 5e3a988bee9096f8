// `npm run bench -- cli`: the published command line against the local stack. How long it takes to start, beside Node alone; to send a list of
// originals, beside a bare script that sends the same requests; and that a list which one SIGINT breaks off and `--resume` ends is
// accepted whole, in the memory that it began with. `--originals N` (default 50,000; a fifth of it where it is compared), `--rounds N` (default 5).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chunksAccepted, packPrewarm, run } from "./cli/run-prewarm.ts";
import { startLocalStack, TRANSFORMS } from "./drain/local-stack.ts";
import { type Figure, median, report } from "./figures.ts";

const { values } = parseArgs({
  options: { originals: { type: "string", default: "50000" }, rounds: { type: "string", default: "5" } },
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
});
const [originals, rounds] = [Number(values.originals), Number(values.rounds)];
const VARIANTS = TRANSFORMS.length;
const ASKED = TRANSFORMS.flatMap((transform) => ["--transform", transform]);
const STARTS = 10;

const cwd = mkdtempSync(join(tmpdir(), "prewarm-cli-"));
const stack = await startLocalStack({ jobMs: { min: 300, max: 300 } });
const env = { PREWARM_URL: stack.controlUrl, ADMIN_TOKEN: stack.token };
const program = await packPrewarm(join(cwd, "package"));
const prewarm = (args: readonly string[]) => run([program, ...args], { cwd, env });

function writeIds(name: string, count: number): string {
  const lines = Array.from({ length: count }, (_, n) => `${name}/${n}/picture.jpg\n`);
  const file = join(cwd, `${name}.txt`);
  writeFileSync(file, lines.join(""));
  return file;
}

async function starting(): Promise<Figure> {
  const ours: number[] = [];
  const node: number[] = [];
  for (let n = 0; n < STARTS; n += 1) {
    ours.push((await prewarm(["--version"])).ms);
    node.push((await run(["-e", "0"], { cwd, env })).ms);
  }
  const alone = median(node);
  const to = `Node alone, ${alone.toFixed(0)} ms here`;
  return { name: "start", to, ratios: ours.map((ms) => ms / alone) };
}

async function sending(): Promise<Figure> {
  const count = originals / 5;
  const ratios: number[] = [];
  let bare = 0;
  for (let round = 0; round < rounds; round += 1) {
    const sent = await prewarm(["warm", "--file", writeIds(`ours-${round}`, count), ...ASKED, "--quiet"]);
    const sender = join(import.meta.dirname, "cli/bare-sender.ts");
    const file = writeIds(`bare-${round}`, count);
    const beside = await run([sender, stack.controlUrl, stack.token, file, ...TRANSFORMS], { cwd, env });
    if (sent.code !== 0 || beside.code !== 0) throw new Error(`exit codes ${sent.code} and ${beside.code}`);
    bare = beside.ms;
    ratios.push(sent.ms / bare);
  }
  const to = `a bare script's time, ${bare.toFixed(0)} ms here`;
  return { name: `sending ${count} originals × ${VARIANTS}`, to, ratios, atMost: 1.5 };
}

/** Half of the chunks are accepted when the signal comes. */
async function resuming(): Promise<Figure[]> {
  const half = originals / 1_000 / 2;
  const file = writeIds("resumed", originals);
  const folder = mkdtempSync(join(cwd, "resumed-"));
  const stopWhen = () => chunksAccepted(folder) >= half;
  const first = await run([program, "warm", "--file", file, ...ASKED, "--quiet"], { cwd: folder, env, stopWhen });
  const second = await run([program, "warm", "--resume", "last", "--json"], { cwd: folder, env });
  const { run: name } = JSON.parse(second.stdout);
  const { total } = JSON.parse((await prewarm(["status", name, "--json"])).stdout);
  console.log(`Broken off with exit code ${first.code}, ended with ${second.code}: ${total} variants.\n`);
  return [
    {
      name: "broken off and resumed: variants of the run",
      to: "what the list has",
      ratios: [total / (originals * VARIANTS)],
      atLeast: 1,
      atMost: 1,
    },
    {
      name: `most memory over ${originals} originals`,
      to: "itself after a second",
      ratios: [first, second].map(({ peakMb, loadedMb }) => peakMb / loadedMb),
      atMost: 2,
    },
  ];
}

try {
  await prewarm(["pause", "bulk"]);
  const figures = [await starting(), await sending(), ...(await resuming())];
  console.log(`Load of the machine: ${loadavg().map(Math.round).join(", ")}.\n`);
  report("cli", figures);
} finally {
  await stack.close();
  rmSync(cwd, { recursive: true, force: true });
}
