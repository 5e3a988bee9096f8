// `node bench/drain.ts [--runs N] [--case N] [--rounds N]`: how near a warming run on the local stack comes to its limit, what it asks of Ittybit, the
// ledger and the queue for each variant, and that it keeps within slots and rate. Everything is read from outside: the emulator's own
// record of its jobs and calls, and the consumer's log. On loopback calls take a few ms; `npm run bench -- simulate` has those of the platform.
// The last cases are pairs: the same variants by a minimal Worker (bench/minimal/worker.ts), in turn in the same run, and the CPU of the
// runtime for each. They tell what this machine bounds, and have no target: nothing may be built for them (decision 09).
import { parseArgs } from "node:util";
import { type Drain, type Measured, measure } from "./drain/measure.ts";
import { measureRounds, type Round, type Taken } from "./drain/paired.ts";
import { type Figure, median, report } from "./figures.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "3" },
    case: { type: "string" },
    rounds: { type: "string", default: "6" },
  },
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
});

interface Case extends Drain {
  name: string;
  /** Of the rate's share; at 500 slots this machine bounds it, so there is none. */
  atLeast?: number;
}

const DEFAULT_GATE = { variants: 600, slots: 50, perSecond: 20, atLeast: 0.9 };
const CASES: Case[] = [
  { name: "600 at 50 slots and 20/s, jobs of 2 s", ...DEFAULT_GATE, jobMs: { min: 2_000, max: 2_000 } },
  { name: "the same, job times ± 80 %", ...DEFAULT_GATE, jobMs: { min: 400, max: 3_600 } },
  {
    name: "3,000 at 500 slots and 500/s",
    variants: 3_000,
    slots: 500,
    perSecond: 500,
    jobMs: { min: 2_000, max: 2_000 },
  },
  {
    name: "the same, six an image",
    variants: 3_000,
    variantsPerImage: 6,
    slots: 500,
    perSecond: 500,
    jobMs: { min: 2_000, max: 2_000 },
  },
];
const PAIRS = [
  { name: "600 by the minimal Worker too, one an image", variants: 600, perImage: 1 },
  { name: "the same, six an image", variants: 600, perImage: 6 },
];

function roundFigures({ name }: (typeof PAIRS)[number], rounds: readonly Round[]): Figure[] {
  const ratios = (of: keyof Taken) => rounds.map(({ ours, minimal }) => ours[of] / minimal[of]);
  const typical = (of: keyof Taken) => median(rounds.map(({ minimal }) => minimal[of]));
  const cpu = `the minimal Worker's, ${typical("cpuMs").toFixed(2)} ms a variant here`;
  const rate = `the minimal Worker's, ${typical("perSecond").toFixed(0)} a second here`;
  return [
    { name: `${name}: CPU of the runtime`, to: cpu, ratios: ratios("cpuMs") },
    { name: "rate", to: rate, ratios: ratios("perSecond") },
  ];
}

function figuresOf({ name, atLeast }: Case, all: readonly Measured[]): Figure[] {
  const ratios = (of: keyof Measured): number[] => all.map((one) => one[of]);
  return [
    {
      name: `${name}: rate`,
      to: "the least of rate and slots / job time",
      ratios: ratios("share"),
      ...(atLeast === undefined ? {} : { atLeast }),
    },
    { name: "calls to Ittybit", to: "variants", ratios: ratios("calls"), atMost: 1.2 },
    { name: "calls to the ledger", to: "variants", ratios: ratios("exchanges"), atMost: 0.4 },
    { name: "messages", to: "variants", ratios: ratios("messages"), atMost: 0.02 },
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
for (const [at, one] of PAIRS.entries()) {
  if (values.case !== undefined && at + CASES.length !== Number(values.case)) continue;
  figures.push(...roundFigures(one, await measureRounds({ ...one, rounds: Number(values.rounds) })));
}
report("drain", figures);
