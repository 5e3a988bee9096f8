// `npm run bench -- cold`: what a viewer waits for who comes first. Our edge answers with the original and has the variant made; beside it, in
// the same run: a Worker that makes the variant while its viewer waits, by the same Ittybit with jobs of 0.3 s; ipx from npm; and sharp
// by itself, which no server that renders can outrun. One photo of 12 megapixels under ever new ids, from one local server.
// Needs the npm registry, for ipx. `--samples N` (default 20), `--rounds N` of the herd (default 5).
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { startContenders } from "./cold/contenders.ts";
import { type Figure, median, report } from "./figures.ts";

const { values } = parseArgs({
  options: { samples: { type: "string", default: "20" }, rounds: { type: "string", default: "5" } },
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
});
const [samples, rounds] = [Number(values.samples), Number(values.rounds)];
const VIEWERS = 50;
/** Of these the first are not counted: isolates, connections and compiled code are new. */
const WARM_UP = 3;

type Times = Record<string, number[]>;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Runs each contender once a round, so that whatever else the machine does falls on all; ms by name. */
async function inTurn(
  names: readonly string[],
  count: number,
  measure: (name: string, round: number) => Promise<number>,
): Promise<Times> {
  const times: Times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < WARM_UP + count; round += 1) {
    for (const name of names) {
      const ms = await measure(name, round);
      if (round >= WARM_UP) times[name]?.push(ms);
    }
  }
  return times;
}

function figuresOf(what: string, times: Times, targets: Record<string, number>): Figure[] {
  const { prewarm: ours = [], ...others } = times;
  return Object.entries(others).map(([name, theirs]) => ({
    name: `${what}, beside ${name}`,
    to: `its median, ${median(theirs).toFixed(0)} ms here`,
    ratios: ours.map((ms) => ms / median(theirs)),
    ...(targets[name] === undefined ? {} : { atMost: targets[name] }),
  }));
}

const stage = await startContenders();
try {
  const { contenders, jobsMade } = stage;
  const names = Object.keys(contenders);
  const servers = names.filter((name) => name !== "sharp alone");
  const first = (name: string, id: string) => contenders[name]?.(id) ?? Promise.reject(new Error(name));

  const cold = await inTurn(names, samples, (name, round) => timed(() => first(name, `cold-${round}.jpg`)));
  const herdJobs: Times = { prewarm: [], "a waiting Worker": [] };
  const herd = await inTurn(servers, rounds, async (name, round) => {
    const before = jobsMade();
    const ms = await timed(() => Promise.all(Array.from({ length: VIEWERS }, () => first(name, `herd-${round}.jpg`))));
    if (name === "prewarm") await stage.untilStored(`herd-${round}.jpg`);
    if (round >= WARM_UP) herdJobs[name]?.push(jobsMade() - before);
    return ms;
  });
  await stage.untilStored("cold-0.jpg");
  const warm = await inTurn(servers, samples, (name) => timed(() => first(name, "cold-0.jpg")));

  const table = Object.entries({ cold, herd, warm }).flatMap(([what, times]) =>
    Object.entries(times).map(([name, all]) => `| ${what} | ${name} | ${median(all).toFixed(1)} |`),
  );
  console.log(["| first byte | of | median, ms |", "|---|---|--:|", ...table].join("\n"));
  console.log(`\nLoad of the machine: ${loadavg().map(Math.round).join(", ")}.\n`);
  report("cold", [
    ...figuresOf("first byte of what is not made yet", cold, { "sharp alone": 1, ipx: 1, "a waiting Worker": 0.5 }),
    ...figuresOf(`the slowest of ${VIEWERS} at once`, herd, { ipx: 1, "a waiting Worker": 1 }),
    { name: `jobs made for ${VIEWERS} at once`, to: "one", ratios: herdJobs.prewarm ?? [], atMost: 1 },
    { name: "the same by a waiting Worker", to: "one", ratios: herdJobs["a waiting Worker"] ?? [] },
    ...figuresOf("first byte of what is stored", warm, { ipx: 1 }),
  ]);
} finally {
  await stage.close();
}
