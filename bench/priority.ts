// `node bench/priority.ts [--rows 100000] [--samples 20] [--case N]`: how long a viewer waits for a variant that also waits
// in bulk, and an upload for its six, behind a run of so many variants, against the same on an idle system: the real ledger and handlers
// in virtual time among the latencies of bench/simulate/modelled-world.ts, with 50 slots. With long jobs slots are what is short, at a low
// rate tokens. Only the ratios mean anything.
import { parseArgs } from "node:util";
import { WORKERS_MAX } from "@prewarm/shared/limits";
import { type Figure, quantile, report } from "./figures.ts";
import { ModelledWorld } from "./simulate/modelled-world.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "100000" },
    samples: { type: "string", default: "20" },
    case: { type: "string" },
  },
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
});
const [rows, samples] = [Number(values.rows), Number(values.samples)];
const CASES = [
  { name: "20/s, jobs of 2 s", ratePerSecond: 20, jobMs: 2_000, apartMs: 1_500 },
  // Seven jobs in eight seconds: what is measured alone must be less than the rate.
  { name: "2/s, jobs of 0.1 s", ratePerSecond: 2, jobMs: 100, apartMs: 4_000 },
];
type Case = (typeof CASES)[number];
/** Of the busy system's time to the idle one's, at the median and at p95. */
const TARGETS = { view: { median: 1.5, p95: 2 }, upload: { median: 2, p95: 2 } } as const;
const STEADY_MS = 20_000;
const LONGEST_MS = 120_000;
const WIDTHS = [100, 110, 120, 130, 140, 150];

const keysOf = (image: string): string[] => WIDTHS.map((width) => `${image}/${width}-high.webp`);

interface Waits {
  view: number[];
  upload: number[];
}

const newWorld = ({ ratePerSecond, jobMs }: Case, seed: number): ModelledWorld =>
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
async function measure(world: ModelledWorld, { apartMs }: Case, viewed: (n: number) => string): Promise<Waits> {
  const waits: Record<keyof Waits, Promise<number>[]> = { view: [], upload: [] };
  for (let n = 0; n < samples; n += 1) {
    const [key = ""] = keysOf(viewed(n));
    world.view(key);
    waits.view.push(msUntilStored(world, [key]));
    await world.clock.sleep(apartMs);
    const keys = keysOf(`upload-${n}`);
    await world.accept("upload", keys);
    waits.upload.push(msUntilStored(world, keys));
    await world.clock.sleep(apartMs);
  }
  return { view: await Promise.all(waits.view), upload: await Promise.all(waits.upload) };
}

async function idle(one: Case): Promise<Waits> {
  const world = newWorld(one, 1);
  await world.clock.run(60_000);
  const waits = await world.clock.until(measure(world, one, (n) => `viewed-${n}`));
  world.close();
  return waits;
}

async function busy(one: Case): Promise<Waits> {
  const world = newWorld(one, 2);
  const images = Math.ceil(rows / WIDTHS.length);
  await world.clock.run(60_000);
  const bulk = Array.from({ length: images }, (_, n) => keysOf(`bulk-${n}`)).flat();
  await world.clock.until(world.accept("bulk", bulk));
  await world.clock.run(STEADY_MS);
  // From the run's end: these wait until the last.
  const waits = await world.clock.until(measure(world, one, (n) => `bulk-${images - 1 - n}`));
  world.close();
  return waits;
}

const figures: Figure[] = [];
console.log("| time to ready, s | idle p50 | busy p50 | idle p95 | busy p95 |\n|---|--:|--:|--:|--:|");
for (const [at, one] of CASES.entries()) {
  if (values.case !== undefined && at !== Number(values.case)) continue;
  const [calm, loaded] = [await idle(one), await busy(one)];
  for (const lane of ["view", "upload"] as const) {
    const both = (q: number): [number, number] => [quantile(calm[lane], q), quantile(loaded[lane], q)];
    const seconds = [...both(0.5), ...both(0.95)].map((ms) => (ms / 1_000).toFixed(2));
    console.log(`| ${[`${lane}, ${one.name}`, ...seconds].join(" | ")} |`);
    const [before, after] = both(0.95);
    const ratios = loaded[lane].map((ms) => ms / quantile(calm[lane], 0.5));
    const { median, p95 } = TARGETS[lane];
    figures.push({ name: `${lane} behind ${rows} bulk rows, ${one.name}`, to: "idle median", ratios, atMost: median });
    figures.push({ name: `${lane}: p95, ${one.name}`, to: "idle p95", ratios: [after / before], atMost: p95 });
  }
}
console.log("");
report("priority", figures);
