import { CHANGES_KEY } from "@prewarm/shared/changes";
import type { Clock } from "@prewarm/shared/clock";
import { SAME_KEY_MS } from "./make-pass.ts";
import { ifUnchanged } from "./put-condition.ts";

interface PutDeps {
  clock: Pick<Clock, "now">;
  sleep(ms: number): Promise<void>;
}

/**
 * What puts the changes object. `next` gives its text when the put's turn has come, so that changes which come meanwhile are in it; null: there
 * is nothing to put. Each put has the condition that the object is still the one that was there before: an older put that hung, of
 * this instance or of one that was evicted, can land late and change nothing. Throws when R2 refuses a put, or another put came in between.
 */
export function createChangesPut(
  bucket: Pick<R2Bucket, "head" | "put">,
  { clock, sleep }: PutDeps,
): (next: () => string | null) => Promise<void> {
  /** Undefined: not known. */
  let etag: string | null | undefined;
  let nextAt = Number.NEGATIVE_INFINITY;
  return async (next) => {
    const wait = nextAt - clock.now();
    if (wait > 0) await sleep(wait);
    const known = etag === undefined ? ((await bucket.head(CHANGES_KEY))?.etag ?? null) : etag;
    const text = next();
    if (text === null) return;
    etag = undefined;
    nextAt = clock.now() + SAME_KEY_MS;
    const put = await bucket.put(CHANGES_KEY, text, { onlyIf: ifUnchanged(known) });
    nextAt = clock.now() + SAME_KEY_MS;
    if (put === null) throw new Error("another put of the changes came in between");
    etag = put.etag;
  };
}
