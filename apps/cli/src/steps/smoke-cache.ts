import type { Context } from "../platform/context.ts";
import { type Answer, interrupted } from "../platform/http-request.ts";

/*
 * Whether the Workers Cache does what `edgeCache: "workers"` rests on (docs/reliability.md): only an account shows it. Each fault names the
 * fact that does not hold.
 */

/** A copy must be there, and be gone again, within so many ms. A purge takes about a second on the platform. */
const WITHIN_MS = 5_000;
/** Between two looks, in ms: ten in all at most. */
const LOOK_MS = 500;
/** What the cache says of an answer that is its own copy. */
const COPIES = ["HIT", "STALE", "UPDATING", "REVALIDATED"];

export interface CacheProbe {
  /** Views the probe's variant once, in a way that orders nothing where it is not stored. */
  view(headers?: Record<string, string>): Promise<Answer>;
  context: Pick<Context, "clock" | "sleep" | "interrupts">;
}

/** The three looks, in their order. Each resolves with what was seen, and throws with the fact that does not hold. */
export function createCacheChecks(probe: CacheProbe) {
  /** What browsers are told of the variant by the edge itself. */
  let told: string | null = null;
  return {
    /** Judges the first view of a variant that has just been made. */
    judgeFirst({ headers }: Answer): string {
      told = headers.get("Cache-Control");
      const status = statusOf(headers);
      if (status === null)
        throw new Error(
          'there is no Cf-Cache-Status: no cache is in front. Is the edge deployed with edgeCache: "workers"?',
        );
      if (COPIES.includes(status))
        throw new Error(`Cf-Cache-Status is ${status} at the first view: an older copy has outlived its purge`);
      if (status !== "MISS" && status !== "EXPIRED")
        throw new Error(`Cf-Cache-Status is ${status}: the cache does not go by Cloudflare-CDN-Cache-Control`);
      const shown = ["Cloudflare-CDN-Cache-Control", "Cache-Tag"].filter((name) => headers.has(name));
      if (shown.length > 0) throw new Error(`viewers see ${shown.join(" and ")}, which the cache takes out`);
      return `Cf-Cache-Status ${status}`;
    },

    /** Looks until the cache answers by itself, in the words of the edge, and cuts a part. */
    async untilKept(): Promise<string> {
      const { headers } = await lookUntil(probe, isCopy, "the cache keeps nothing, and every view runs the edge");
      const now = headers.get("Cache-Control");
      if (now !== told)
        throw new Error(
          `browsers are told ${now} by the copy, and ${told} by the edge: which rule of the zone changes it?`,
        );
      if (!headers.has("Age"))
        throw new Error("the copy has no Age: browsers would keep signed pictures beyond their exp");
      const part = await probe.view({ Range: "bytes=0-9" });
      if (part.status === 206 && isCopy(part)) return "Cf-Cache-Status HIT, a part of it too";
      throw new Error(
        `a part is answered ${part.status}, ${statusOf(part.headers)}: the cache does not cut parts of its copy`,
      );
    },

    /** Looks until the purged copy is gone. */
    async untilEmptied(): Promise<string> {
      const start = probe.context.clock.now();
      const why = "the purge has not reached the cache. Does its queue wait (prewarm status)?";
      const { headers } = await lookUntil(probe, (answer) => !isCopy(answer), why);
      return `Cf-Cache-Status ${statusOf(headers)} after ${probe.context.clock.now() - start} ms`;
    },
  };
}

async function lookUntil(
  { view, context: { clock, sleep, interrupts } }: CacheProbe,
  isSeen: (answer: Answer) => boolean,
  why: string,
): Promise<Answer> {
  const end = clock.now() + WITHIN_MS;
  for (;;) {
    const answer = await view();
    if (isSeen(answer)) return answer;
    if (clock.now() + LOOK_MS > end)
      throw new Error(`Cf-Cache-Status is ${statusOf(answer.headers)} for ${WITHIN_MS / 1000} s: ${why}`);
    await sleep(LOOK_MS, interrupts.stop);
    if (interrupts.stop.aborted) throw interrupted();
  }
}

function isCopy({ headers }: Answer): boolean {
  return COPIES.includes(statusOf(headers) ?? "");
}

function statusOf(headers: Headers): string | null {
  return headers.get("Cf-Cache-Status");
}
