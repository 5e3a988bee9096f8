/** What came of work that was given a limited time. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; reason: "late" | "failed" };

const LATE: Outcome<never> = { ok: false, reason: "late" };
const FAILED: Outcome<never> = { ok: false, reason: "failed" };

/**
 * Runs `start` for at most `ms` milliseconds. Never rejects: bindings that throw, reject or hang become values. What comes late is
 * dropped, its rejection too.
 */
export function within<T>(start: () => Promise<T>, ms: number): Promise<Outcome<T>> {
  if (ms <= 0) return Promise.resolve(LATE);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(LATE), ms);
    const end = (outcome: Outcome<T>): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    try {
      start().then(
        (value) => end({ ok: true, value }),
        () => end(FAILED),
      );
    } catch {
      end(FAILED);
    }
  });
}
