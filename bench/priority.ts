// `node bench/priority.ts [--rows 100000] [--samples 20] [--rate 20] [--job-ms 2000]`: how long a viewer waits for a variant that also waits
// in bulk, and an upload for its six, behind a run of so many variants, against the same on an idle system: the real ledger and handlers
// in virtual time among the latencies of bench/simulate/modelled-world.ts, with the gate's first settings. With long jobs slots are what is short,
// with short ones tokens. Only the ratios mean anything.
import { parseArgs } from "node:util";
import { WORKERS_MAX } from "@prewarm/shared/limits";
import { type Figure, quantile, report } from "./figures.ts";
import { ModelledWorld } from "./simulate/modelled-world.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "100000" },
    samples: { type: "string", default: "20" },
    rate: { type: "string", default: "20" },
    "job-ms": { type: "string", default: "2000" },
  },
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
});
const [rows, samples, ratePerSecond, jobMs] = [values.rows, values.samples, values.rate, values["job-ms"]].map(
  Number,
) as [number, number, number, number];
/** Of the busy system's time to the idle one's. */
const TARGET = 2;
const STEADY_MS = 20_000;
const APART_MS = 1_500;
const LONGEST_MS = 120_000;
const WIDTHS = [100, 110, 120, 130, 140, 150];

const keysOf = (image: string): string[] => WIDTHS.map((width) => `${image}/${width}-high.webp`);

interface Waits {
  view: number[];
  upload: number[];
}

const newWorld = (seed: number): ModelledWorld =>
  new ModelledWorld({ slots: 50, ratePerSecond, jobMs, jitter: 0.25, workers: WORKERS_MAX, seed });

async function msUntilStored({ clock, storedAt }: ModelledWorld, keys: readonly string[]): Promise<number> {
  const start = clock.now();
  while (keys.some((key) => !storedAt.has(key))) {
    if (clock.now() - start > LONGEST_MS) throw new Error(`${keys.join(", ")}: not stored within two minutes`);
    await clock.sleep(10);
  }
  return clock.now() - start;
}

/** A view and an upload every few seconds. */
async function measure(world: ModelledWorld, viewed: (n: number) => string): Promise<Waits> {
  const waits: Record<keyof Waits, Promise<number>[]> = { view: [], upload: [] };
  for (let n = 0; n < samples; n += 1) {
    const [key = ""] = keysOf(viewed(n));
    world.view(key);
    waits.view.push(msUntilStored(world, [key]));
    await world.clock.sleep(APART_MS);
    const keys = keysOf(`upload-${n}`);
    await world.accept("upload", keys);
    waits.upload.push(msUntilStored(world, keys));
    await world.clock.sleep(APART_MS);
  }
  return { view: await Promise.all(waits.view), upload: await Promise.all(waits.upload) };
}

async function idle(): Promise<Waits> {
  const world = newWorld(1);
  await world.clock.run(60_000);
  const waits = await world.clock.until(measure(world, (n) => `viewed-${n}`));
  world.close();
  return waits;
}

async function busy(): Promise<Waits> {
  const world = newWorld(2);
  const images = Math.ceil(rows / WIDTHS.length);
  await world.clock.run(60_000);
  const bulk = Array.from({ length: images }, (_, n) => keysOf(`bulk-${n}`)).flat();
  await world.clock.until(world.accept("bulk", bulk));
  await world.clock.run(STEADY_MS);
  // From the run's end: these wait until the last.
  const waits = await world.clock.until(measure(world, (n) => `bulk-${images - 1 - n}`));
  world.close();
  return waits;
}

const [calm, loaded] = [await idle(), await busy()];
console.log("| time to ready, s | idle p50 | busy p50 | idle p95 | busy p95 |\n|---|--:|--:|--:|--:|");
const figures: Figure[] = [];
for (const lane of ["view", "upload"] as const) {
  const at = (q: number): [number, number] => [quantile(calm[lane], q), quantile(loaded[lane], q)];
  console.log(`| ${[lane, ...[...at(0.5), ...at(0.95)].map((ms) => (ms / 1_000).toFixed(2))].join(" | ")} |`);
  const ratios = loaded[lane].map((ms) => ms / quantile(calm[lane], 0.5));
  const [before, after] = at(0.95);
  figures.push({ name: `${lane} behind ${rows} bulk rows`, to: "idle median", ratios, atMost: TARGET });
  figures.push({ name: `${lane}: p95`, to: "idle p95", ratios: [after / before], atMost: TARGET });
}
console.log("");
report("priority", figures);
