// `node bench/drain.ts [--runs N] [--case N]`: how near a warming run on the local stack comes to its limit, what it asks of Ittybit, the
// ledger and the queue for each variant, and that it keeps within slots and rate. Everything is read from outside: the emulator's own
// record of its jobs and calls, and the consumer's log. On loopback calls take a few ms; `npm run simulate` has those of the platform.
import { parseArgs } from "node:util";
import { type LocalStack, startLocalStack } from "./drain/local-stack.ts";
import { type Figure, report } from "./figures.ts";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "3" }, case: { type: "string" } },
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
});

interface Case {
  name: string;
  variants: number;
  slots: number;
  perSecond: number;
  jobMs: { min: number; max: number };
  /** Of the rate's share; null where the local queue, which runs one consumer at a time, is what bounds it. */
  atLeast: number | null;
}

const DEFAULT_GATE = { variants: 600, slots: 50, perSecond: 20, atLeast: 0.9 };
const CASES: Case[] = [
  { name: "600 at 50 slots and 20/s, jobs of 2 s", ...DEFAULT_GATE, jobMs: { min: 2_000, max: 2_000 } },
  { name: "the same, job times ± 80 %", ...DEFAULT_GATE, jobMs: { min: 400, max: 3_600 } },
  {
    ...{ name: "3,000 at 500 slots and 500/s", variants: 3_000, slots: 500, perSecond: 500 },
    ...{ jobMs: { min: 2_000, max: 2_000 }, atLeast: null },
  },
];
const LONGEST_MS = 180_000;
const LOOK_MS = 500;

/** Most of these times within any second. */
function mostInASecond(times: readonly number[]): number {
  let [most, from] = [0, 0];
  for (const [at, time] of times.entries()) {
    while ((times[from] ?? 0) <= time - 1_000) from += 1;
    most = Math.max(most, at - from + 1);
  }
  return most;
}

/** Jobs a second once every slot has been used: the first burst needs no slot to become free. */
function steadyPerSecond(times: readonly number[], burst: number): number {
  const steady = times.slice(burst);
  const [first, last] = [steady[0], steady.at(-1)];
  return first === undefined || last === undefined ? Number.NaN : (1_000 * (steady.length - 1)) / (last - first);
}

async function drained(stack: LocalStack, { variants }: Case): Promise<void> {
  const runs = await stack.warm(variants);
  const end = performance.now() + LONGEST_MS;
  for (;;) {
    const stored = (await Promise.all(runs.map((run) => stack.stored(run)))).reduce((sum, n) => sum + n, 0);
    if (stored === variants) return;
    if (performance.now() > end) throw new Error(`${stored} of ${variants} were stored within ${LONGEST_MS / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

interface Measured {
  share: number;
  calls: number;
  exchanges: number;
  messages: number;
  slots: number;
  rate: number;
}

async function measure(one: Case): Promise<Measured> {
  const { variants, slots, perSecond, jobMs } = one;
  const stack = await startLocalStack(jobMs);
  try {
    await stack.setGate(slots, perSecond);
    await drained(stack, one);
    const stats = stack.emulator.control.stats();
    const times = stack.emulator.control.jobs({ limit: 10 * variants }).map(({ createdAt }) => createdAt);
    times.sort((a, b) => a - b);
    const limit = Math.min(perSecond, (1_000 * slots) / ((jobMs.min + jobMs.max) / 2));
    const calls = Object.entries(stats.counts).filter(([name]) => /^(create|get|list) /.test(name));
    const work = stack.batches.filter(({ role }) => role === "work");
    return {
      share: steadyPerSecond(times, Math.max(slots, perSecond)) / limit,
      calls: calls.reduce((sum, [, n]) => sum + n, 0) / variants,
      exchanges: work.reduce((sum, { exchanges }) => sum + exchanges, 0) / variants,
      messages: work.length / variants,
      slots: stats.peakOpenJobs / slots,
      // A bucket of a second's tokens is full at first.
      rate: mostInASecond(times) / (2 * perSecond),
    };
  } finally {
    await stack.close();
  }
}

function figuresOf({ name, atLeast }: Case, all: readonly Measured[]): Figure[] {
  const ratios = (of: keyof Measured): number[] => all.map((one) => one[of]);
  return [
    {
      ...{ name: `${name}: rate`, to: "the least of rate and slots / job time", ratios: ratios("share") },
      ...(atLeast === null ? {} : { atLeast }),
    },
    { name: "calls to Ittybit", to: "variants", ratios: ratios("calls"), atMost: 1.2 },
    { name: "calls to the ledger", to: "variants", ratios: ratios("exchanges"), atMost: 0.4 },
    { name: "messages", to: "variants", ratios: ratios("messages"), atMost: 0.05 },
    { name: "most jobs at once", to: "slots", ratios: ratios("slots"), atMost: 1 },
    { name: "most POSTs in a second", to: "rate and a full bucket", ratios: ratios("rate"), atMost: 1.02 },
  ];
}

const figures: Figure[] = [];
for (const [at, one] of CASES.entries()) {
  if (values.case !== undefined && at !== Number(values.case)) continue;
  const all: Measured[] = [];
  for (let run = 0; run < Number(values.runs); run += 1) all.push(await measure(one));
  figures.push(...figuresOf(one, all));
}
report("drain", figures);
