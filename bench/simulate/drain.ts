import { ModelledWorld, type WorldOptions } from "./modelled-world.ts";

export interface DrainOptions extends WorldOptions {
  variants: number;
  variantsPerImage: number;
}

export interface Drained {
  /** Variants a second, between a fifth and nine tenths of them. */
  perSecond: number;
  /** Of the least of rate and slots / job time. */
  share: number;
  /** For each variant. */
  calls: number;
  exchanges: number;
  messages: number;
  notes: number;
  rows: number;
  /** The ledger's own CPU time for its calls on this machine, ms for each variant. */
  ledgerMs: number;
  /** Of the slots, and of the rate with a full bucket. */
  mostRunning: number;
  mostPosts: number;
}

const LONGEST_MS = 3_600_000;

function keysOf({ variants, variantsPerImage }: DrainOptions): string[] {
  return Array.from({ length: variants }, (_, n) => {
    const image = Math.floor(n / variantsPerImage);
    return `image-${image}/${100 + 10 * (n % variantsPerImage)}-high.webp`;
  });
}

/** Warms so many variants, and measures. */
export async function drain(options: DrainOptions): Promise<Drained> {
  const { variants, slots, ratePerSecond, jobMs } = options;
  const world = new ModelledWorld(options);
  const { clock, storedAt, ittybit } = world;
  // A new ledger's bucket of tokens is empty.
  await clock.run(60_000);
  await clock.until(world.accept("bulk", keysOf(options)));
  const began = clock.now();
  while (storedAt.size < variants) {
    await clock.run(1_000);
    if (clock.now() - began > LONGEST_MS) throw new Error(`${storedAt.size} of ${variants} were stored within an hour`);
  }
  const times = [...storedAt.values()];
  const [first, last] = [Math.floor(variants * 0.2), Math.floor(variants * 0.9) - 1];
  const perSecond = (1_000 * (last - first)) / ((times[last] ?? 0) - (times[first] ?? 0));
  const { ledgerCalls, messages, notes, rows, ledgerMs } = world.counts;
  world.close();
  const { post, list, get } = ittybit.calls;
  return {
    perSecond,
    share: perSecond / Math.min(ratePerSecond, (1_000 * slots) / jobMs),
    calls: (post + list + get) / variants,
    exchanges: ledgerCalls / variants,
    messages: messages / variants,
    notes: notes / variants,
    rows: rows / variants,
    ledgerMs: ledgerMs / variants,
    mostRunning: ittybit.most.running / slots,
    mostPosts: ittybit.most.postsPerSecond / (2 * ratePerSecond),
  };
}
