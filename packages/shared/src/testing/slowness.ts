/*
 * Whether hostile input makes code slow: by how much the time grows with the input, compared within one run. Time is the thread's own processor
 * time, so another process' turn is no part of it.
 */

/** Systems count a thread's time in steps of up to 10 ms, so shorter work is repeated until it comes to this. */
const COUNTED_MS = 50;
/** The garbage collector can only make a round slower, so the fastest round counts. */
const ROUNDS = 3;
const TIMES = 4;
/** Work in proportion to the input takes 4 times as long for 4 times the input; quadratic work takes 16 times as long. */
export const LINEAR_MAX = 8;

/** The processor time of this thread that one call of `work` takes, in ms. */
export function cpuMs(work: () => unknown): number {
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  const before = used();
  for (let calls = 1; ; calls++) {
    work();
    const ms = used() - before;
    if (ms >= COUNTED_MS) return ms / calls;
  }
}

/** How many times as long the work on an input of 4 times the size takes. `workOn(times)` prepares an input and returns the work on it. */
export function growthOf(workOn: (times: number) => () => unknown): number {
  const [small, large] = [workOn(1), workOn(TIMES)];
  const least = [small, large].map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++)
    for (const [index, work] of [small, large].entries()) least[index] = Math.min(least[index] ?? 0, cpuMs(work));
  const [smallMs = 0, largeMs = 0] = least;
  return largeMs / smallMs;
}
