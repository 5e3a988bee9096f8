// `npm run simulate [-- --slots 50,500 --per-image 1,6 --workers N --job-ms 2000 --jitter 0 --seconds 20 --seed 1]`: the real ledger and
// the real handlers in virtual time among the latencies of bench/simulate/modelled-world.ts, from 50 to 2,000 slots, and where the knee is:
// the most slots of which each still brings nine tenths of what one brings where they are few. Nothing is measured on the platform. The last two columns are times of
// this machine: the CPU that the ledger's one thread spends on a variant's calls, and
// how many a second it could serve.
import { parseArgs } from "node:util";
import { WORKERS_MAX } from "@prewarm/shared/limits";
import { type Figure, report } from "./figures.ts";
import { type Drained, drain } from "./simulate/drain.ts";
import { LATENCIES } from "./simulate/modelled-world.ts";

const { values } = parseArgs({
  options: {
    slots: { type: "string", default: "50,100,200,500,1000,2000" },
    "per-image": { type: "string", default: "1,6" },
    workers: { type: "string", default: String(WORKERS_MAX) },
    "job-ms": { type: "string", default: "2000" },
    jitter: { type: "string", default: "0" },
    seconds: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
  },
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
});
const numbers = (list: string): number[] => list.split(",").map(Number);
const [workers, jobMs, jitter, seed] = [values.workers, values["job-ms"], values.jitter, values.seed].map(Number) as [
  ...[number, number, number, number],
];
const KNEE = 0.9;
/** 50 slots are what Prewarm begins with; their rate is 20 a second. */
const rateOf = (slots: number): number => (slots === 50 ? 20 : slots);
const variantsOf = (slots: number): number =>
  Math.ceil(Math.min(rateOf(slots), (1_000 * slots) / jobMs) * Number(values.seconds));

interface Row extends Drained {
  slots: number;
  perImage: number;
}

const rows: Row[] = [];
console.log(
  `Latencies ${JSON.stringify(LATENCIES)} ms ± 30 %, jobs of ${jobMs} ms ± ${100 * jitter} %, ${workers} handlers, seed ${seed}\n`,
);
console.log(
  "| slots | variants an image | /s | share | calls | exchanges | messages | rows changed | ledger ms | ledger could |",
);
console.log("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
for (const slots of numbers(values.slots)) {
  for (const variantsPerImage of numbers(values["per-image"])) {
    const gate = { slots, ratePerSecond: rateOf(slots) };
    const drained = await drain({
      ...gate,
      variants: variantsOf(slots),
      variantsPerImage,
      jobMs,
      jitter,
      workers,
      seed,
    });
    rows.push({ ...drained, slots, perImage: variantsPerImage });
    const { perSecond, share, calls, exchanges, messages, rows: changed, ledgerMs } = drained;
    const cells = [perSecond.toFixed(1), share.toFixed(2), calls.toFixed(3), exchanges.toFixed(3), messages.toFixed(4)];
    const own = [changed.toFixed(2), ledgerMs.toFixed(2), `${Math.round(1_000 / ledgerMs)}/s`];
    console.log(`| ${[slots, variantsPerImage, ...cells, ...own].join(" | ")} |`);
  }
}

function figuresOf(slots: number): Figure[] {
  const all = rows.filter((row) => row.slots === slots);
  const ratios = (of: keyof Drained): number[] => all.map((row) => row[of]);
  return [
    { name: `${slots} slots: rate`, to: "the least of rate and slots / job time", ratios: ratios("share") },
    { name: "calls to Ittybit", to: "variants", ratios: ratios("calls"), atMost: 1.2 },
    { name: "calls to the ledger", to: "variants", ratios: ratios("exchanges") },
    { name: "messages", to: "variants", ratios: ratios("messages") },
    { name: "most jobs at once", to: "slots", ratios: ratios("mostRunning"), atMost: 1 },
    { name: "most POSTs in a second", to: "rate and a full bucket", ratios: ratios("mostPosts"), atMost: 1.02 },
  ];
}

// Where slots are what is short, each should bring as much as with few of them.
const perSlot = rows
  .filter(({ slots }) => rateOf(slots) === slots)
  .map((row) => ({ ...row, each: row.perSecond / row.slots }));
const best = Math.max(...perSlot.map(({ each }) => each));
const knee = Math.max(...perSlot.filter(({ each }) => each >= KNEE * best).map(({ slots }) => slots));
console.log(
  `\nKnee: at ${knee} slots one still brings ${KNEE} of the most that any brings, ${best.toFixed(2)} a second.\n`,
);
report("simulate", numbers(values.slots).flatMap(figuresOf));
