/*
 * Whether hostile input makes code slow, measured by work of a known size in the same process: a loaded machine then judges as an idle one.
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

/** How long `work` takes, in walks over a megabyte of text (1 is about a millisecond). */
export function walksOf(work: () => unknown): number {
  const base = leastMs(walk);
  return leastMs(work, 3) / base;
}

/** Milliseconds of one walk. */
export function walkMs(): number {
  return leastMs(walk);
}
