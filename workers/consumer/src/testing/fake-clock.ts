import type { Clock } from "@prewarm/shared/clock";

/** Time that moves only when somebody sleeps or a test says so. */
interface FakeClock extends Clock {
  advance(ms: number): void;
  /** Resolves when the clock reaches the time; the earliest sleeper moves the clock once everybody else is idle. */
  sleep(ms: number): Promise<void>;
  /** Time stands still while this is under way: work of the real machine, such as encoding a picture. */
  during<T>(work: Promise<T>): Promise<T>;
}

/** Real turns of the event loop let go by before time moves: what is under way without sleeping gets to its end first. */
const IDLE_TURNS = 3;

export function createFakeClock(start = 1_800_000_000_000): FakeClock {
  let now = start;
  let pumping = false;
  let held = 0;
  const sleepers: { at: number; wake: () => void }[] = [];

  async function pump(): Promise<void> {
    if (pumping) return;
    pumping = true;
    while (sleepers.length > 0) {
      for (let turn = 0; turn < IDLE_TURNS; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        if (held > 0) turn = -1;
      }
      sleepers.sort((a, b) => a.at - b.at);
      const next = sleepers.shift();
      if (next === undefined) break;
      now = Math.max(now, next.at);
      next.wake();
    }
    pumping = false;
  }

  return {
    now: () => now,
    random: () => 0.5,
    advance(ms) {
      now += ms;
    },
    during(work) {
      held += 1;
      return work.finally(() => {
        held -= 1;
      });
    },
    sleep(ms) {
      return new Promise((wake) => {
        sleepers.push({ at: now + Math.max(0, ms), wake });
        void pump();
      });
    },
  };
}
