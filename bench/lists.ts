import { nodeSql } from "@prewarm/durable-queue/testing/node-sql";
import { systemClock } from "@prewarm/shared/clock";
import { defineConfig } from "@prewarm/shared/config";
import { applySearch, emptyFilter } from "../workers/consumer/src/api/search.ts";
import type { Ledger } from "../workers/consumer/src/ledger/ledger.ts";
import { chunkOf } from "../workers/consumer/src/ledger/testing/chunk-of.ts";
import { testEngine } from "../workers/consumer/src/ledger/testing/test-engine.ts";
import { type Figure, median, report } from "./figures.ts";

// First page of each filter of the dashboard, and the overview, over many open rows against few: `node bench/lists.ts [few] [many]`. 1 is flat.
const [few = 1_000, many = 1_000_000] = process.argv
  .slice(2)
  .filter((argument) => argument !== "--")
  .map(Number);
const SEARCHES = [
  "",
  "state:queued",
  "state:refused",
  "state:dead",
  "state:processing",
  "lane:bulk",
  "lane:live",
  "format:avif",
  "format:png",
  "id:photo",
  "id:photo-77",
  "id:nobody",
  "nothing-like-it",
  "error:upstream_failed",
  "run:bench",
];
const ROUNDS = 30;
const config = defineConfig({ sources: [{ prefix: "", url: "https://originals.example/{id}" }] });

function ledgerOf(rows: number): Ledger {
  const sql = nodeSql(":memory:");
  const { engine } = testEngine(sql, { config, clock: systemClock });
  for (let made = 0; made < rows; made += 1_000) {
    const keys = Array.from({ length: 1_000 }, (_, n) => `photo-${made + n}/800-high.${n % 2 === 0 ? "webp" : "avif"}`);
    engine.acceptChunk(chunkOf({ run: "bench", keys }, { id: "bench", chunk: made, hash: "h" }));
  }
  return engine;
}

async function timesOf(act: () => unknown): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = performance.now();
    await act();
    times.push(performance.now() - started);
  }
  return times;
}

const [small, large] = [ledgerOf(few), ledgerOf(many)];
const figures: Figure[] = [];
async function compare(name: string, act: (ledger: Ledger) => unknown): Promise<void> {
  const before = median(await timesOf(() => act(small)));
  const ratios = (await timesOf(() => act(large))).map((ms) => ms / before);
  figures.push({ name: `${name}, ${many} rows`, to: `${few} rows, ${before.toFixed(2)} ms here`, ratios });
}
for (const search of SEARCHES) {
  const filter = applySearch(emptyFilter(), search, 0);
  await compare(search || "no filter", (ledger) => ledger.listJobs({ filter, cursor: null, limit: 50 }));
}
await compare("overview", (ledger) => ledger.stats());
report("lists", figures);
