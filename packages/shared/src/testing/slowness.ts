/*
 * Whether hostile input makes code slow, measured by work of a known size in the same process and in the thread's own processor time: time in
 * which another process runs is no part of it, so a loaded machine judges as an idle one.
 */

const TEXT = "The quick brown fox jumps over the lazy dog. ".repeat(22_222);

/** Reads a megabyte of text letter by letter: about 1 ms. */
function walk(): number {
  let sum = 0;
  for (let index = 0; index < TEXT.length; index++) sum = Math.imul(sum, 31) + TEXT.charCodeAt(index);
  return sum;
}

/** Milliseconds of the fastest go: another process or the garbage collector can only make a go slower. */
export function leastMs(work: () => unknown, goes = 5): number {
  let least = Number.POSITIVE_INFINITY;
  for (let go = 0; go < goes; go++) {
    const started = performance.now();
    work();
    least = Math.min(least, performance.now() - started);
  }
  return least;
}

/** Systems count a thread's time in steps of up to 10 ms: what takes less is done again until it comes to this. */
const COUNTED_MS = 50;

/** The processor time of this thread that one go takes, in ms. */
function cpuMs(work: () => unknown): number {
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  const before = used();
  for (let goes = 1; ; goes++) {
    work();
    const ms = used() - before;
    if (ms >= COUNTED_MS) return ms / goes;
  }
}

let walkCpuMs: number | null = null;

/** How long `work` takes, in walks over a megabyte of text (1 is about a millisecond). */
export function walksOf(work: () => unknown): number {
  walkCpuMs ??= cpuMs(walk);
  return cpuMs(work) / walkCpuMs;
}

/** Milliseconds of one walk. */
export function walkMs(): number {
  return leastMs(walk);
}
