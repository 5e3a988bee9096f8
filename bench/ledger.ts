import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "@prewarm/shared/config";
import type { Outcome, Submitted } from "../workers/consumer/src/ledger/api.ts";
import { LedgerCore } from "../workers/consumer/src/ledger/ledger.ts";
import { nodeSql } from "../workers/consumer/src/ledger/testing/node-sql.ts";

// claim + settle of 100 jobs, from an empty table to a million open rows, on disk: `node bench/ledger.ts [rows…]`.
// Flat means: p95 at the end within 1.5 times of p95 at the beginning.
const SIZES = process.argv.slice(2).map(Number);
if (SIZES.length === 0) SIZES.push(0, 100_000, 300_000, 1_000_000);
const ROUNDS = 200;
const BATCH = 100;

const folder = mkdtempSync(join(tmpdir(), "prewarm-bench-"));
const sql = nodeSql(join(folder, "ledger.sqlite"));
let ms = Date.UTC(2026, 10, 24);
const config = defineConfig({
  sources: [{ prefix: "", url: "https://originals.example/{id}" }],
  gate: { concurrency: 10_000, ratePerSecond: 10_000, burst: 10_000, monthlyJobs: null },
});
const core = new LedgerCore(sql, { config, clock: { now: () => ms, random: Math.random }, ledgerId: "bench" });

let image = 0;
function accept(variants: number): string[] {
  const keys: string[] = [];
  while (keys.length < variants) {
    // Ids of an upload system: scattered over the key space, six variants each.
    const id = `${(Math.imul(image + 1, 2_654_435_761) >>> 0).toString(36)}-${image}`;
    for (const width of [400, 800, 1200])
      for (const format of ["webp", "avif"]) keys.push(`${id}/${width}-high.${format}`);
    image += 1;
  }
  core.accept({ run: "bench", lane: "bulk", keys: keys.slice(0, variants) });
  return keys.slice(0, variants);
}

interface Times {
  accept: number[];
  claim: number[];
  submitted: number[];
  settle: number[];
  dispatch: number[];
  nextAlarm: number[];
}

function timed<T>(into: number[], work: () => T): T {
  const start = performance.now();
  const answer = work();
  into.push(performance.now() - start);
  return answer;
}

function round(times: Times, n: number): void {
  ms += 100;
  const keys = timed(times.accept, () => accept(BATCH));
  timed(times.dispatch, () => core.dispatch());
  timed(times.nextAlarm, () => core.nextAlarm());
  const owner = `owner-${n}`;
  const { claims } = timed(times.claim, () => core.claim(owner, [{ keys, live: false, at: ms }]));
  const jobs: Submitted[] = Object.entries(claims).flatMap(([key, claim]) =>
    claim.do === "run"
      ? [{ key, gen: claim.gen, job: crypto.randomUUID(), input: `https://originals.example/${key}` }]
      : [],
  );
  timed(times.submitted, () => core.submitted(owner, jobs));
  const outcomes: Record<string, Outcome> = {};
  for (const { key, gen } of jobs)
    outcomes[key] = { kind: "stored", gen, bytes: 20_000, etag: "0123456789abcdef0123456789abcdef", tookMs: 900 };
  timed(times.settle, () => core.settle(owner, outcomes));
}

function quantile(values: number[], q: number): number {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))] ?? Number.NaN;
}

let rows = 0;
const report: Record<string, string | number>[] = [];
let first = 0;
for (const size of SIZES) {
  for (; rows < size; rows += 1_000) accept(1_000);
  const times: Times = { accept: [], claim: [], submitted: [], settle: [], dispatch: [], nextAlarm: [] };
  for (let n = 0; n < ROUNDS; n += 1) round(times, n);
  const claimAndSettle = times.claim.map((claim, n) => claim + (times.settle[n] ?? 0));
  const p95 = quantile(claimAndSettle, 0.95);
  if (first === 0) first = p95;
  const shown = Object.fromEntries(
    Object.entries(times).map(([name, values]) => [`${name} p95`, Number(quantile(values, 0.95).toFixed(2))]),
  );
  report.push({
    "open rows": core.counts().open,
    ...shown,
    "claim+settle p50": Number(quantile(claimAndSettle, 0.5).toFixed(2)),
    "claim+settle p95": Number(p95.toFixed(2)),
    "to first": Number((p95 / first).toFixed(2)),
  });
}
console.log(
  `${BATCH} jobs a call, ${ROUNDS} rounds, times in ms; database ${(sql.bytes / 1e6).toFixed(0)} MB, Node ${process.version}`,
);
console.table(report);
sql.close();
rmSync(folder, { recursive: true });
