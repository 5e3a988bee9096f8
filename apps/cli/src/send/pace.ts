import type { Context } from "../platform/context.ts";

/** Resolves when `count` more may be sent, or at once when interrupted. */
type Pace = (count: number) => Promise<void>;

/** At most `perSecond` on average, counted from the first; null is as fast as the server takes it. A pause is not made up for. */
export function createPace(
  perSecond: number | null,
  { clock, sleep, interrupts }: Pick<Context, "clock" | "sleep" | "interrupts">,
): Pace {
  let free = Number.NEGATIVE_INFINITY;
  return async (count) => {
    if (perSecond === null) return;
    const now = clock.now();
    const start = Math.max(now, free);
    free = start + (count / perSecond) * 1000;
    if (start > now) await sleep(start - now, interrupts.stop);
  };
}
