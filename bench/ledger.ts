// `node bench/ledger.ts [open rows…]`: one worker's calls over ledgers of several sizes, on disk. Each round accepts 40 variants, takes them,
// is told to go, says that they are submitted and stored. The ledgers take turns, so that whatever else the machine does hits all of them
// alike. Flat means: a round over a million rows takes at most half as long again as over an empty ledger.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Assignment } from "@prewarm/durable-queue";
import { CLAIMS_MAX } from "@prewarm/durable-queue";
import { nodeSql, wakesDue } from "@prewarm/durable-queue/testing";
import { defineConfig } from "@prewarm/shared/config";
import type { ExchangeRequest } from "../workers/consumer/src/ledger/calls.ts";
import { chunkOf } from "../workers/consumer/src/ledger/testing/chunk-of.ts";
import { nextAlarmOf } from "../workers/consumer/src/ledger/testing/next-alarm-of.ts";
import { testEngine } from "../workers/consumer/src/ledger/testing/test-engine.ts";
import { type Figure, median, quantile, report } from "./figures.ts";

const SIZES = process.argv
  .slice(2)
  .filter((argument) => argument !== "--")
  .map(Number);
if (SIZES.length === 0) SIZES.push(0, 100_000, 1_000_000);
const ROUNDS = 200;
const CHUNK = 1_000;
/** Of the larger ledger's time to the empty one's. */
const FLAT = 1.5;
const CALLS = ["accept", "take", "ready", "submitted", "stored", "wakesDue", "nextAlarm"] as const;
type Times = Record<(typeof CALLS)[number], number[]>;

const folder = mkdtempSync(join(tmpdir(), "prewarm-bench-"));
const config = defineConfig({
  sources: [{ prefix: "", url: "https://originals.example/{id}" }],
  gate: { concurrency: 10_000, ratePerSecond: 10_000, burst: 10_000 },
  budget: { month: null },
});

function timed<T>(into: number[], work: () => T): T {
  const start = performance.now();
  const answer = work();
  into.push(performance.now() - start);
  return answer;
}

/** A ledger with this many open rows, whose ids are those of an upload system: scattered over the key space, six variants each. */
function build(size: number) {
  const sql = nodeSql(join(folder, `${size}.sqlite`));
  let ms = Date.UTC(2026, 10, 24);
  const { engine: ledger } = testEngine(sql, { config, clock: { now: () => ms, random: Math.random } });
  const times = Object.fromEntries(CALLS.map((call) => [call, []])) as unknown as Times;
  let image = 0;
  const accept = (variants: number): void => {
    const keys: string[] = [];
    for (; keys.length < variants; image += 1) {
      const id = `${(Math.imul(image + 1, 2_654_435_761) >>> 0).toString(36)}-${image}`;
      for (const width of [400, 800, 1200]) keys.push(`${id}/${width}-high.webp`, `${id}/${width}-high.avif`);
    }
    const delivery = { id: "bench", chunk: image, hash: "h" };
    ledger.acceptChunk(chunkOf({ run: "bench", keys: keys.slice(0, variants) }, delivery));
  };
  for (let rows = 0; rows < size; rows += CHUNK) accept(Math.min(CHUNK, size - rows));
  let worker = 0;
  let first = true;
  const call = (said: Partial<ExchangeRequest>): Assignment[] => {
    const rest = {
      owner: `worker-${worker}`,
      first,
      role: "work" as const,
      room: CLAIMS_MAX,
      have: [],
      asks: [],
      leave: false,
    };
    first = false;
    const answer = ledger.exchange({ ...rest, submitted: [], settled: [], ...said });
    if (answer.status !== "ok") throw new Error("the lease was lost");
    return answer.give;
  };
  const round = (): void => {
    ms += 1_000;
    timed(times.accept, () => accept(CLAIMS_MAX));
    const standby = timed(times.take, () => call({}));
    const have = standby.map(({ id, gen }) => ({ id, gen, phase: "ready" as const }));
    const go = timed(times.ready, () => call({ have, room: 0 })).filter(({ phase }) => phase === "admitted");
    if (go.length === 0) throw new Error("nothing went");
    const jobs = go.map(({ id, gen }) => ({ id, gen, job: `job_${gen}` }));
    const left = have.filter(({ id }) => go.every((one) => one.id !== id));
    timed(times.submitted, () => call({ have: left, room: 0, submitted: jobs }));
    const outcome = { kind: "stored", bytes: 20_000, tookMs: 900 } as const;
    const settled = go.map(({ id, gen }) => ({ id, gen, outcome }));
    timed(times.stored, () => call({ have: left, room: 0, settled }));
    // What it still holds goes back, so that each round takes anew.
    call({ leave: true });
    worker += 1;
    first = true;
    timed(times.wakesDue, () => ledger.transactions.read(wakesDue));
    timed(times.nextAlarm, () => ledger.transactions.read(nextAlarmOf));
  };
  return { size, sql, times, round };
}

const ledgers = SIZES.map(build);
for (let n = 0; n < ROUNDS; n += 1) for (const ledger of ledgers) ledger.round();

console.log(`${ROUNDS} rounds of ${CLAIMS_MAX}, p95 in ms on this machine, Node ${process.version}`);
console.table(
  ledgers.map(({ size, sql, times }) => ({
    "open rows": size,
    MB: Math.round(sql.bytes / 1e6),
    ...Object.fromEntries(CALLS.map((name) => [name, Number(quantile(times[name], 0.95).toFixed(2))])),
  })),
);
const [empty, ...larger] = ledgers;
/** A round's calls by a worker, all together. */
const rounds = ({ take, ready, submitted, stored }: Times): number[] =>
  take.map((ms, n) => ms + (ready[n] ?? 0) + (submitted[n] ?? 0) + (stored[n] ?? 0));
const figures = larger.map(({ size, times }): Figure => {
  const before = empty === undefined ? [] : rounds(empty.times);
  const ratios = rounds(times).map((ms, n) => ms / (before[n] ?? Number.NaN));
  return { name: `a worker's calls over ${size} rows`, to: `the same over ${empty?.size ?? 0}`, ratios, atMost: FLAT };
});
const accepted = larger.map(({ size, times }): Figure => {
  const ratios = times.accept.map((ms) => ms / median(empty?.times.accept ?? []));
  return { name: `accepting ${CLAIMS_MAX} beside ${size} rows`, to: `the same beside ${empty?.size ?? 0}`, ratios };
});
report("ledger", [...figures, ...accepted]);
for (const { sql } of ledgers) sql.close();
rmSync(folder, { recursive: true });
