import type { CachePurge } from "@prewarm/shared/edge-cache";
import { isOverLimit } from "./miss/over-limit.ts";
import type { Edge } from "./request-context.ts";

type Options = { tags: string[] } | { purgeEverything: true };

/** The part of `context.cache` that the edge uses: the Workers Cache in front of this entrypoint. */
export type WorkersCache = Record<
  CachePurge["kind"],
  (options: Options) => Promise<{ success: boolean; errors: unknown }>
>;

/** Calls that one request carries out at most: the platform takes no more at once (docs/freshness.md). */
const MOST_CALLS = 25;

/**
 * Carries out what the ledger has decided is due. Whoever asks gets nothing else done, so it needs no secret; a network may ask as often as
 * it may miss, since that costs as much. Rejects where the consumer does not answer: the ledger hands a call out again until its result is
 * noted.
 */
export async function purgeCache(
  { headers }: Request,
  { consumer, limit, config }: Edge,
  cache: WorkersCache | undefined,
): Promise<void> {
  if (await isOverLimit({ headers, left: () => config.edgeBudgetMs }, limit, "purge ")) return;
  for (let calls = 0; calls < MOST_CALLS; calls += 1) {
    const due = await consumer.takeCachePurge?.();
    if (!due) return;
    await consumer.noteCachePurge?.(due.number, await call(due, cache));
  }
}

/** Why the cache has not taken it; null: it has. Where there is none, as in the local stack, it or its method is missing. */
async function call({ kind, tags }: CachePurge, cache: WorkersCache | undefined): Promise<string | null> {
  try {
    const done = await cache?.[kind](tags === "everything" ? { purgeEverything: true } : { tags: [...tags] });
    return done?.success ? null : JSON.stringify(done?.errors ?? "no Workers Cache is in front");
  } catch (error) {
    return String(error);
  }
}
