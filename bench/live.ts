// `node bench/live.ts [--samples 20] [--modelled]`: how long after its job's own time a viewer's variant is there on an idle local stack, read from outside:
// from the miss until the edge answers with the variant, asked every few ms. The first views teach the ledger how long such a job takes.
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { startLocalStack } from "./drain/local-stack.ts";
import { msUntilReady } from "./drain/ms-until-ready.ts";
import { type Figure, quantile, report } from "./figures.ts";
import { live } from "./simulate/live.ts";

const { values } = parseArgs({
  options: { samples: { type: "string", default: "20" }, modelled: { type: "boolean", default: false } },
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
});
/** Beyond the job itself. */
const TARGET_MS = 700;
const LEARNING = 3;
const LOOK_MS = 20;

async function beyondJob(jobMs: number): Promise<number[]> {
  const stack = await startLocalStack({ jobMs: { min: jobMs, max: jobMs } });
  try {
    const beyond: number[] = [];
    for (let n = 0; n < LEARNING + Number(values.samples); n += 1)
      beyond.push((await msUntilReady(`${stack.edgeUrl}/images/viewed-${n}.jpg?w=400&f=webp`, LOOK_MS)) - jobMs);
    return beyond.slice(LEARNING);
  } finally {
    await stack.close();
  }
}

/** The same in virtual time, among the latencies of bench/simulate/modelled-world.ts: with the queue's and the calls' own times. */
async function modelled(): Promise<Figure[]> {
  console.log(
    "| modelled: job, s | beyond it, p50, ms | p95, ms | calls of the ledger | ledger awake, s | heads and reads of R2 | messages |",
  );
  console.log("|--:|--:|--:|--:|--:|--:|--:|");
  const figures: Figure[] = [];
  for (const [jobMs, jitter] of [
    [300, 0],
    [2_000, 0],
    [2_000, 0.3],
  ] as const) {
    const { beyond, ledgerCalls, awakeS, heads, messages } = await live({ views: 40, jobMs, jitter, seed: 1 });
    const [p50 = 0, p95 = 0] = [0.5, 0.95].map((q) => Math.round(quantile(beyond, q)));
    const name = `${jobMs / 1_000}${jitter > 0 ? ` ± ${100 * jitter} %` : ""}`;
    console.log(
      `| ${[name, p50, p95, ledgerCalls.toFixed(1), awakeS.toFixed(2), heads.toFixed(1), messages.toFixed(1)].join(" | ")} |`,
    );
    figures.push({ name: `modelled, beyond a job of ${name} s, p95`, to: "1 s", ratios: [p95 / 1_000], atMost: 1 });
    if (jobMs === 2_000 && jitter === 0) {
      figures.push({ name: "modelled, p50", to: "0.7 s", ratios: [p50 / TARGET_MS], atMost: 1 });
      figures.push({ name: "modelled, calls of the ledger", to: "8", ratios: [ledgerCalls / 8], atMost: 1 });
    }
  }
  return figures;
}

const figures: Figure[] = await modelled();
if (values.modelled) {
  report("live", figures);
  process.exit();
}
console.log("| job, s | beyond it, p50, ms | p95, ms |\n|--:|--:|--:|");
for (const jobMs of [300, 2_000]) {
  const beyond = await beyondJob(jobMs);
  console.log(`| ${[jobMs / 1_000, ...[0.5, 0.95].map((q) => Math.round(quantile(beyond, q)))].join(" | ")} |`);
  const ratios = beyond.map((ms) => ms / TARGET_MS);
  figures.push({ name: `a view beyond its job of ${jobMs / 1_000} s`, to: "0.7 s", ratios, atMost: 1 });
}
console.log(`\nLoad of the machine: ${loadavg().map(Math.round).join(", ")}.\n`);
report("live", figures);
