import type { Interrupts } from "./context.ts";

/**
 * One Ctrl-C arrives more than once: the terminal sends it to the whole process group, and npm and our launcher pass it on as well. A
 * signal within this many ms of the last counted one belongs to the same key press.
 */
const SAME_PRESS_MS = 300;

interface InterruptSource extends Interrupts {
  /** To be called for every signal. */
  signal(): void;
}

/** `graceful` tells whether the command can finish what it has begun. If so, the first Ctrl-C only stops it; if not, it ends it. */
export function createInterrupts(now: () => number, graceful: () => boolean): InterruptSource {
  const stop = new AbortController();
  const end = new AbortController();
  let last = Number.NEGATIVE_INFINITY;
  return {
    stop: stop.signal,
    now: end.signal,
    signal() {
      const at = now();
      if (at - last < SAME_PRESS_MS) return;
      last = at;
      if (stop.signal.aborted || !graceful()) end.abort();
      stop.abort();
    },
  };
}
