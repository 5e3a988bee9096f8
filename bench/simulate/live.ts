import { ModelledWorld } from "./modelled-world.ts";

export interface LiveOptions {
  views: number;
  jobMs: number;
  /** Job times vary by this share to either side. */
  jitter: number;
  seed: number;
}

export interface Lived {
  /** From the miss until the variant is stored, without the job's own time, ms. */
  beyond: number[];
  /** For each view. */
  ledgerCalls: number;
  messages: number;
  heads: number;
  rows: number;
  /** From the first call of the ledger to the last one, s: so long its object is awake. */
  awakeS: number;
}

/** The first views teach the ledger how long such a job takes. */
const LEARNING = 3;
/** So far apart that each view finds an idle ledger. */
const APART_MS = 60_000;

/** Views one after another on an idle system, each of another image, and measures them. */
export async function live({ views, jobMs, jitter, seed }: LiveOptions): Promise<Lived> {
  const world = new ModelledWorld({ slots: 50, ratePerSecond: 20, jobMs, jitter, workers: 20, seed });
  const { clock } = world;
  const beyond: number[] = [];
  let before = world.counts;
  let awakeMs = 0;
  await clock.run(APART_MS);
  for (let n = -LEARNING; n < views; n += 1) {
    if (n === 0) before = world.counts;
    const key = `viewed-${n + LEARNING}/400-high.webp`;
    const missedAt = clock.now();
    void world.view(key);
    await clock.run(APART_MS);
    const storedAt = world.storedAt.get(key);
    const calls = world.callsAt.filter((at) => at >= missedAt);
    if (n >= 0) awakeMs += Math.max(...calls) - Math.min(...calls);
    const job = world.ittybit.jobs.at(-1);
    if (storedAt === undefined || job === undefined) throw new Error(`${key} was not stored within a minute`);
    if (n >= 0) beyond.push(storedAt - missedAt - (job.endsAt - job.createdAt));
  }
  const after = world.counts;
  world.close();
  const each = (name: keyof typeof after): number => (after[name] - before[name]) / views;
  return {
    beyond,
    ledgerCalls: each("ledgerCalls"),
    messages: each("messages"),
    heads: each("heads"),
    rows: each("rows"),
    awakeS: awakeMs / views / 1_000,
  };
}
