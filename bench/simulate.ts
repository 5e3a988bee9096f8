// `npm run bench -- simulate [--slots 50,500 --per-image 1,6 --workers N --grows --job-ms 2000 --jitter 0,0.8 --seconds 60 --seed 1]`: the real ledger and
// the real handlers in virtual time among the latencies of bench/simulate/modelled-world.ts, from 50 to 2,000 slots, and where the knee is:
// the most slots of which each still brings nine tenths of what one brings where they are few. Nothing is measured on the platform. The last two columns are times of
// this machine: the CPU that the ledger's one thread spends on a variant's calls, and
// how many a second it could serve. `--grows`: the queue begins with one worker and adds one whenever a batch completes while messages wait.
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
    grows: { type: "boolean", default: false },
    "job-ms": { type: "string", default: "2000" },
    jitter: { type: "string", default: "0,0.8" },
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
  },
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
});
const numbers = (list: string): number[] => list.split(",").map(Number);
const [workers, jobMs, seed] = [values.workers, values["job-ms"], values.seed].map(Number) as [number, number, number];
const cases = numbers(values.jitter).flatMap((jitter) =>
  numbers(values.slots).flatMap((slots) =>
    numbers(values["per-image"]).map((variantsPerImage) => ({ jitter, slots, variantsPerImage })),
  ),
);
const KNEE = 0.9;
/** 50 slots are what Prewarm begins with; their rate is 20 a second. */
const rateOf = (slots: number): number => (slots === 50 ? 20 : slots);
const variantsOf = (slots: number): number =>
  Math.ceil(Math.min(rateOf(slots), (1_000 * slots) / jobMs) * Number(values.seconds));

interface Row extends Drained {
  slots: number;
  perImage: number;
  jitter: number;
}

const rows: Row[] = [];
console.log(
  `Latencies ${JSON.stringify(LATENCIES)} ms ± 30 %, jobs of ${jobMs} ms, ${workers} handlers, seed ${seed}\n`,
);
console.log(
  "| jobs ± | slots | variants an image | /s | share | calls | exchanges | messages | notes | rows changed | ledger ms | ledger could |",
);
console.log("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
for (const { jitter, slots, variantsPerImage } of cases) {
  const gate = { slots, ratePerSecond: rateOf(slots) };
  const drained = await drain({
    ...gate,
    variants: variantsOf(slots),
    variantsPerImage,
    jobMs,
    jitter,
    workers,
    grows: values.grows,
    seed,
  });
  rows.push({ ...drained, slots, perImage: variantsPerImage, jitter });
  const { perSecond, share, calls, exchanges, messages, notes, rows: changed, ledgerMs } = drained;
  const cells = [perSecond.toFixed(1), share.toFixed(2), calls.toFixed(3), exchanges.toFixed(3), messages.toFixed(4)];
  const own = [notes.toFixed(3), changed.toFixed(2), ledgerMs.toFixed(2), `${Math.round(1_000 / ledgerMs)}/s`];
  console.log(`| ${[`${100 * jitter} %`, slots, variantsPerImage, ...cells, ...own].join(" | ")} |`);
}

/**
 * What is aimed at with the first gate's 50 slots, and from 400 slots on. With jobs of 2 s a slot costs some 0.4 s more, so 0.9 cannot be had
 * there. Where job times vary the calls are what is aimed at.
 */
function aimsOf({ slots, jitter }: Row): Record<"share" | "exchanges", { atLeast?: number; atMost?: number }> {
  if (jitter > 0) return { share: {}, exchanges: { atMost: 0.4 } };
  if (slots === 50) return { share: { atLeast: 0.95 }, exchanges: { atMost: 0.4 } };
  return slots >= 400 ? { share: { atLeast: 0.75 }, exchanges: { atMost: 0.25 } } : { share: {}, exchanges: {} };
}

function figuresOf(row: Row): Figure[] {
  const ratio = (of: keyof Drained): { ratios: number[] } => ({ ratios: [row[of]] });
  const name = `${row.slots} slots, ${row.perImage} an image${row.jitter > 0 ? `, job times ± ${100 * row.jitter} %` : ""}`;
  const { share, exchanges } = aimsOf(row);
  return [
    { name: `${name}: rate`, to: "the least of rate and slots / job time", ...ratio("share"), ...share },
    { name: "calls to Ittybit", to: "variants", ...ratio("calls"), atMost: 1.2 },
    { name: "calls to the ledger", to: "variants", ...ratio("exchanges"), ...exchanges },
    { name: "messages", to: "variants", ...ratio("messages"), atMost: 0.02 },
    { name: "most jobs at once", to: "slots", ...ratio("mostRunning"), atMost: 1 },
    { name: "most POSTs in a second", to: "rate and a full bucket", ...ratio("mostPosts"), atMost: 1.02 },
  ];
}

// Where slots are what is short, each should bring as much as with few of them.
const perSlot = rows
  .filter(({ slots, jitter }) => rateOf(slots) === slots && jitter === 0)
  .map((row) => ({ ...row, each: row.perSecond / row.slots }));
if (perSlot.length > 0) {
  const best = Math.max(...perSlot.map(({ each }) => each));
  const knee = Math.max(...perSlot.filter(({ each }) => each >= KNEE * best).map(({ slots }) => slots));
  console.log(
    `\nKnee: at ${knee} slots one still brings ${KNEE} of the most that any brings, ${best.toFixed(2)} a second.\n`,
  );
}
report("simulate", rows.flatMap(figuresOf));
