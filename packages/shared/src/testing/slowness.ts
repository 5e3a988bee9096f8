/*
 * Whether hostile input makes code slow: by how much the time grows with the input, compared within one run. Time is the thread's own processor
 * time, so another process' turn is no part of it.
 */

/** Systems count a thread's time in steps of up to 10 ms, so shorter work is repeated until it comes to this. */
const COUNTED_MS = 50;
/** The garbage collector and a busy machine's caches can only make a round slower, so the fastest of so many counts. */
const ROUNDS = 10;
const TIMES = 4;
/** Work in proportion to the input takes 4 times as long for 4 times the input; quadratic work takes 16 times as long. */
export const LINEAR_MAX = 8;

/** The processor time that this thread has used so far, in ms. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** The processor time of this thread that one call of `work` takes, in ms. */
export function cpuMs(work: () => unknown): number {
  const before = threadMs();
  for (let calls = 1; ; calls++) {
    work();
    const ms = threadMs() - before;
    if (ms >= COUNTED_MS) return ms / calls;
  }
}

/**
 * How many times as long the work on an input of 4 times the size takes. Rounds end as soon as the growth is linear.
 * `workOn(times)` prepares an input and returns the work on it.
 */
export function growthOf(workOn: (times: number) => () => unknown): number {
  const [small, large] = [workOn(1), workOn(TIMES)];
  let [smallMs, largeMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let growth = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS && growth >= LINEAR_MAX; round++) {
    // The large one first: what the compiler has still to learn makes the growth larger, never smaller.
    largeMs = Math.min(largeMs, cpuMs(large));
    smallMs = Math.min(smallMs, cpuMs(small));
    growth = largeMs / smallMs;
  }
  return growth;
}
