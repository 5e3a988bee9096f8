/** What came of work that was given a limited time. */
export type TimedResult<T> = { ok: true; value: T } | { ok: false; reason: "late" | "failed" };

const LATE: TimedResult<never> = { ok: false, reason: "late" };
const FAILED: TimedResult<never> = { ok: false, reason: "failed" };

/**
 * Runs `start` for at most `ms` milliseconds. Never rejects: bindings that throw, reject or hang become values. A late result is
 * dropped, and so is a late rejection.
 */
export function withTimeLimit<T>(start: () => Promise<T>, ms: number): Promise<TimedResult<T>> {
  if (ms <= 0) return Promise.resolve(LATE);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(LATE), ms);
    const end = (result: TimedResult<T>): void => {
      clearTimeout(timer);
      resolve(result);
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

/** Runs background work, which has no time limit, and tells whether it succeeded. Never rejects. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch {
    return false;
  }
}
