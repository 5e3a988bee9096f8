// `node bench/calls.ts`: calls to Ittybit per variant while 10 batches of 100 are in flight at once and a job takes 2 s, by the real
// handlers, ledger, collector and client against the emulator; beside them one-by-one polling of the same jobs. Fails above 1.3.
// `--job-ms N` (default 2,000) `--batches N` (10) `--size N` (100).
import { parseArgs } from "node:util";
import { askedOf, idOf, kindOf, VARIANTS_PER_IMAGE } from "../test/world/soak/originals.ts";
import { createSoakWorld } from "../test/world/soak/soak-world.ts";
import { createIttybit } from "../workers/consumer/src/ittybit/client.ts";
import type { AcceptImage } from "../workers/consumer/src/ledger/contract.ts";

const TARGET = 1.3;
/** Where a poller without lists looks: first and then at this pace. */
const POLL_MS = 1_000;

const { values } = parseArgs({
  options: {
    "job-ms": { type: "string", default: "2000" },
    batches: { type: "string", default: "10" },
    size: { type: "string", default: "100" },
  },
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
});
const jobMs = Number(values["job-ms"]);
const total = Number(values.batches) * Number(values.size);

interface Calls {
  total: number;
  create: number;
  get: number;
  list: number;
}

function callsOf(counts: Record<string, number>): Calls {
  const sum = (route: string): number =>
    Object.entries(counts).reduce((n, [name, count]) => (name.startsWith(`${route} `) ? n + count : n), 0);
  const [create, get, list] = [sum("create"), sum("get"), sum("list")];
  return { total: create + get + list, create, get, list };
}

function line(name: string, { total: calls, create, get, list }: Calls): string {
  const per = (n: number): string => (n / total).toFixed(3);
  return `| ${name} | ${per(calls)} | ${per(create)} | ${per(get)} | ${per(list)} |`;
}

/** Time is not scaled: what is counted depends on how long an answer takes beside a job. */
async function newWorld() {
  return createSoakWorld({
    ...{ images: 2 * Math.ceil(total / VARIANTS_PER_IMAGE), seed: 1, scale: 1, traced: false },
    ...{ handlers: { live: 1, work: Number(values.batches) }, jobMs: { min: jobMs, max: jobMs } },
    ...{ concurrency: 2 * total, ratePerSecond: total },
    // As wrangler.consumer.toml closes them; a message holds the six variants of one image.
    batches: { max: Math.ceil(Number(values.size) / VARIANTS_PER_IMAGE), timeoutMs: 1_000 },
  });
}

/** Pictures with so many variants in all. */
function imagesOf(variants: number): AcceptImage[] {
  const images: AcceptImage[] = [];
  for (let image = 0, left = variants; left > 0; image += 1) {
    if (kindOf(image) !== "image") continue;
    const asked = askedOf(image);
    images.push({ ...asked, keys: asked.keys.slice(0, left) });
    left -= asked.keys.length;
  }
  return images;
}

async function ours(): Promise<Calls> {
  const world = await newWorld();
  await world.warm("calls", imagesOf(total));
  const startedAt = performance.now();
  while (world.progress().stored < total) {
    await world.clock.sleep(100);
    if (performance.now() - startedAt > 300_000) throw new Error("not stored within five minutes");
  }
  const calls = callsOf((await world.upstream.stats()).counts);
  await world.close();
  return calls;
}

async function oneByOne(): Promise<Calls> {
  const world = await newWorld();
  const { upstream, clock } = world;
  const ittybit = createIttybit({ baseUrl: upstream.apiUrl, apiKey: "soak-key", fetch, clock });
  const input = `${upstream.originUrl}/${idOf(0)}`;
  let next = 0;
  async function one(): Promise<void> {
    next += 1;
    const made = await ittybit.submit({
      ...{ input, options: { width: 400, format: "webp", quality: "high" }, metadata: {} },
      idempotencyKey: `one-by-one-${next}`,
    });
    if (made.kind !== "made") throw new Error(`the submission was ${made.kind}`);
    for (;;) {
      await clock.sleep(POLL_MS);
      const look = await ittybit.get(made.job.id);
      if (look.kind === "job" && look.job.status === "done") return;
    }
  }
  await Promise.all(Array.from({ length: total }, one));
  const calls = callsOf((await upstream.stats()).counts);
  await world.close();
  return calls;
}

const [mine, baseline] = [await ours(), await oneByOne()];
console.log(`${values.batches} batches of ${values.size}, jobs of ${jobMs} ms; calls to Ittybit per variant\n`);
console.log("| | all | POST | GET /jobs/{id} | GET /jobs |\n|---|---|---|---|---|");
console.log(line("Prewarm", mine));
console.log(line("one by one, each second", baseline));
const perVariant = mine.total / total;
if (perVariant > TARGET) console.error(`${perVariant.toFixed(3)} calls per variant, more than ${TARGET}`);
process.exitCode = perVariant > TARGET ? 1 : 0;
