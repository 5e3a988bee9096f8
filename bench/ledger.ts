import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "@prewarm/shared/config";
import type { Outcome, Submitted } from "../workers/consumer/src/ledger/contract.ts";
import { chunkOf } from "../workers/consumer/src/ledger/testing/chunk-of.ts";
import { nodeSql } from "../workers/consumer/src/ledger/testing/node-sql.ts";
import { testEngine } from "../workers/consumer/src/ledger/testing/test-engine.ts";

// claim + settle of 100 jobs over ledgers of several sizes, on disk: `node bench/ledger.ts [open rows…]`. The ledgers take turns, so that
// whatever else the machine does hits all of them alike. Flat means: p95 of the largest within 1.5 times of the empty one's.
const SIZES = process.argv.slice(2).map(Number);
if (SIZES.length === 0) SIZES.push(0, 100_000, 1_000_000);
const ROUNDS = 300;
const BATCH = 100;
const CALLS = ["accept", "dispatch", "nextAlarm", "claim", "submitted", "settle"] as const;
type Times = Record<(typeof CALLS)[number], number[]>;

const folder = mkdtempSync(join(tmpdir(), "prewarm-bench-"));
const config = defineConfig({
  sources: [{ prefix: "", url: "https://originals.example/{id}" }],
  gate: { concurrency: 10_000, ratePerSecond: 10_000, burst: 10_000, monthlyJobs: null },
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
  const times: Times = { accept: [], dispatch: [], nextAlarm: [], claim: [], submitted: [], settle: [] };
  let image = 0;
  const accept = (variants: number): string[] => {
    const keys: string[] = [];
    for (; keys.length < variants; image += 1) {
      const id = `${(Math.imul(image + 1, 2_654_435_761) >>> 0).toString(36)}-${image}`;
      for (const width of [400, 800, 1200]) keys.push(`${id}/${width}-high.webp`, `${id}/${width}-high.avif`);
    }
    const delivery = { id: "bench", chunk: image, hash: "h" };
    ledger.acceptChunk(chunkOf({ run: "bench", keys: keys.slice(0, variants) }, delivery));
    return keys.slice(0, variants);
  };
  for (let rows = 0; rows < size; rows += 1_000) accept(Math.min(1_000, size - rows));
  const round = (n: number): void => {
    ms += 100;
    const keys = timed(times.accept, () => accept(BATCH));
    timed(times.dispatch, () => ledger.steps.dispatch());
    timed(times.nextAlarm, () => ledger.steps.nextAlarm());
    const owner = `owner-${n}`;
    const { claims } = timed(times.claim, () => ledger.claim(owner, [{ keys, live: false, at: ms }]));
    const jobs = Object.entries(claims).map(([key, claim]): Submitted => {
      if (claim.do !== "run") throw new Error(`${key}: ${claim.do}`);
      return { key, gen: claim.gen, ittybitJob: crypto.randomUUID(), input: `https://originals.example/${key}` };
    });
    timed(times.submitted, () => ledger.submitted(owner, jobs));
    const outcomes: Record<string, Outcome> = {};
    for (const { key, gen } of jobs)
      outcomes[key] = { kind: "stored", gen, bytes: 20_000, etag: "e".repeat(32), tookMs: 900 };
    timed(times.settle, () => ledger.settle(owner, outcomes));
  };
  return { size, ledger, sql, times, round };
}

function quantile(values: number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Number((sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN).toFixed(2));
}

const ledgers = SIZES.map(build);
for (let n = 0; n < ROUNDS; n += 1) for (const ledger of ledgers) ledger.round(n);

let first: number | null = null;
const report = ledgers.map(({ ledger, sql, times }) => {
  const both = times.claim.map((claim, n) => claim + (times.settle[n] ?? 0));
  const p95 = quantile(both, 0.95);
  first ??= p95;
  const calls = Object.fromEntries(CALLS.map((call) => [`${call} p95`, quantile(times[call], 0.95)]));
  return {
    "open rows": ledger.stats().rows,
    MB: Math.round(sql.bytes / 1e6),
    ...calls,
    "claim+settle p50": quantile(both, 0.5),
    "claim+settle p95": p95,
    "to first": Number((p95 / first).toFixed(2)),
  };
});
console.log(`${BATCH} jobs a call, ${ROUNDS} rounds, times in ms; Node ${process.version}`);
console.table(report);
for (const { sql } of ledgers) sql.close();
rmSync(folder, { recursive: true });
