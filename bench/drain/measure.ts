import { type BatchLine, type LocalStack, startLocalStack } from "./local-stack.ts";

/** A warming run on the local stack, and what bounds it. */
export interface Drain {
  variants: number;
  /** Default: each of an image of its own. */
  variantsPerImage?: number;
  slots: number;
  perSecond: number;
  jobMs: { min: number; max: number };
}

const LONGEST_MS = 300_000;
const LOOK_MS = 250;

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

/** Warms, and waits until all is stored. `from`: the number of the first image. */
export async function drained(
  stack: LocalStack,
  { variants, variantsPerImage = 1 }: Pick<Drain, "variants" | "variantsPerImage">,
  from = 0,
): Promise<void> {
  const results = () => Number(stack.emulator.control.stats().counts["output 200"] ?? 0);
  const before = results();
  const runs = await stack.warm(variants / variantsPerImage, variantsPerImage, from);
  const end = performance.now() + LONGEST_MS;
  for (;;) {
    // A question costs the stack time, so the first one comes once all results are fetched.
    while (results() - before < variants && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const stored = (await Promise.all(runs.map((run) => stack.stored(run)))).reduce((sum, n) => sum + n, 0);
    if (stored === variants) return;
    if (performance.now() > end) throw new Error(`${stored} of ${variants} were stored within ${LONGEST_MS / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Of the limit, for each variant, or of what is allowed. */
export interface Measured {
  share: number;
  calls: number;
  exchanges: number;
  messages: number;
  slots: number;
  rate: number;
}

/** The lines of all workers that posted these variants. Each says what it did when it leaves. */
async function linesOfWorkers({ batches }: LocalStack, variants: number): Promise<BatchLine[]> {
  const end = performance.now() + LONGEST_MS;
  for (;;) {
    const work = batches.filter(({ role }) => role === "work");
    const posted = work.reduce((sum, line) => sum + line.posted, 0);
    if (posted >= variants) return work;
    if (performance.now() > end) throw new Error(`the workers that left had posted ${posted} of ${variants} variants`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

export async function measure(one: Drain): Promise<Measured> {
  const { variants, slots, perSecond, jobMs } = one;
  const stack = await startLocalStack({ jobMs });
  try {
    await stack.setGate(slots, perSecond);
    await drained(stack, one);
    const stats = stack.emulator.control.stats();
    const times = stack.emulator.control.jobs({ limit: 10 * variants }).map(({ createdAt }) => createdAt);
    times.sort((a, b) => a - b);
    const limit = Math.min(perSecond, (1_000 * slots) / ((jobMs.min + jobMs.max) / 2));
    const calls = Object.entries(stats.counts).filter(([name]) => /^(create|get|list) /.test(name));
    const work = await linesOfWorkers(stack, variants);
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
