import type { EmulatorClock } from "../clock.ts";

export interface FakeClock extends EmulatorClock {
  /** Moves time on, running every timer that falls due on the way, in order. */
  tick(ms: number): void;
}

/** Time that moves only when told; chance from a fixed value. */
export function createFakeClock(start: number, chance = 0.5): FakeClock {
  let now = start;
  let timers: { at: number; run: () => void }[] = [];
  return {
    now: () => now,
    random: () => chance,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    tick(ms) {
      const end = now + ms;
      for (;;) {
        const next = timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers = timers.filter((timer) => timer !== next);
        now = next.at;
        next.run();
      }
      now = end;
    },
  };
}
