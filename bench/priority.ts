// `node bench/priority.ts`: how long a viewer waits for a variant that also waits in bulk, and an upload for its six, with 100,000 bulk
// rows waiting, against an idle system; by the real handlers, ledger and client against the emulator, with the gate's default settings.
// Time leaps while nothing is under way. Only the ratios mean anything. Fails above 2. `--rows N` (default 100,000) `--samples N` (12) `--rate N` (20) `--job-ms N` (2,000):
// with long jobs slots are what is short, with short ones tokens.
import { parseArgs } from "node:util";
import { storeKey } from "@prewarm/shared/variant-key";
import { askedOf, kindOf, VARIANTS_PER_IMAGE, warmedKeys } from "../test/world/soak/originals.ts";
import { createSoakWorld, type SoakWorld } from "../test/world/soak/soak-world.ts";

const TARGET = 2;
const STEADY_MS = 20_000;
const LONGEST_MS = 120_000;

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "100000" },
    samples: { type: "string", default: "12" },
    rate: { type: "string", default: "20" },
    "job-ms": { type: "string", default: "2000" },
  },
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
});
const rows = Number(values.rows);
const samples = Number(values.samples);
const jobMs = Number(values["job-ms"]);
const bulkImages = Math.ceil(rows / VARIANTS_PER_IMAGE);

interface Times {
  view: number[];
  upload: number[];
}

async function newWorld(): Promise<SoakWorld> {
  const concurrency = 50;
  const ratePerSecond = Number(values.rate);
  return createSoakWorld({
    ...{ images: bulkImages + 100 * samples, seed: 1, scale: 1, traced: false, concurrency, ratePerSecond },
    ...{ handlers: { live: 2, work: 6 }, jobMs: { min: 0.75 * jobMs, max: 1.25 * jobMs } },
    // As wrangler.consumer.toml closes them.
    batches: { max: 100, timeoutMs: 1_000 },
  });
}

async function msUntilStored({ clock, store }: SoakWorld, keys: readonly string[]): Promise<number> {
  const start = clock.now();
  while (keys.some((key) => !store.objects.has(storeKey(key)))) {
    if (clock.now() - start > LONGEST_MS) return LONGEST_MS;
    await clock.sleep(10);
  }
  return clock.now() - start;
}

/** Pictures from `first` on, in order; those whose original is missing are left out. */
function pictures(first: number, n: number): number[] {
  const found: number[] = [];
  for (let image = first; found.length < n; image += 1) if (kindOf(image) === "image") found.push(image);
  return found;
}

/** One view and one upload every few seconds, as they come. */
async function measure(world: SoakWorld, views: readonly number[], uploads: readonly number[]): Promise<Times> {
  const { clock } = world;
  const waits: { view: Promise<number>[]; upload: Promise<number>[] } = { view: [], upload: [] };
  for (const [at, image] of views.entries()) {
    const [key = ""] = warmedKeys(image);
    world.view(key);
    waits.view.push(msUntilStored(world, [key]));
    await clock.sleep(1_500);
    const upload = askedOf(uploads[at] ?? 0);
    await world.request({ run: "uploads", label: null, lane: "upload" }, [upload]);
    waits.upload.push(msUntilStored(world, upload.keys));
    await clock.sleep(1_500);
  }
  return { view: await Promise.all(waits.view), upload: await Promise.all(waits.upload) };
}

async function idle(): Promise<Times> {
  const world = await newWorld();
  const all = pictures(0, 2 * samples);
  const times = await measure(world, all.slice(0, samples), all.slice(samples));
  await world.close();
  return times;
}

async function busy(): Promise<{ times: Times; left: number }> {
  const world = await newWorld();
  await world.warm("bulk", pictures(0, bulkImages).map(askedOf));
  await world.clock.sleep(STEADY_MS);
  // From the run's end: these wait until the last.
  const views = pictures(bulkImages - 10 * samples, samples);
  const times = await measure(world, views, pictures(bulkImages + 50 * samples, samples));
  const left = world.progress().open;
  await world.close();
  return { times, left };
}

function quantile(numbers: readonly number[], q: number): number {
  return numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(q * numbers.length))] ?? 0;
}

const calm = await idle();
const { times: loaded, left } = await busy();
console.log(`${samples} views and uploads, ${left} bulk rows still waiting at the end\n`);
console.log(
  "| time to ready | idle p50 | busy p50 | ratio | idle p95 | busy p95 | ratio |\n|---|---|---|---|---|---|---|",
);
let worst = 0;
for (const lane of ["view", "upload"] as const) {
  const cells = [0.5, 0.95].map((q) => {
    const [before, after] = [quantile(calm[lane], q), quantile(loaded[lane], q)];
    worst = Math.max(worst, after / before);
    return `${(before / 1000).toFixed(2)} s | ${(after / 1000).toFixed(2)} s | ${(after / before).toFixed(2)}`;
  });
  console.log(`| ${lane} | ${cells.join(" | ")} |`);
}
if (worst > TARGET) console.error(`${worst.toFixed(2)} times as long as idle, more than ${TARGET}`);
process.exitCode = worst > TARGET ? 1 : 0;
