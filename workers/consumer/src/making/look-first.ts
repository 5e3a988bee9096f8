import { DEAD_PERMANENT_MS } from "@prewarm/shared/limits";
import { errorText } from "@prewarm/shared/log";
import { idOfKey } from "@prewarm/shared/variant-key";
import { markCapped } from "../store/markers.ts";
import { type BatchContext, RANKS } from "./batch-context.ts";

/**
 * Missing originals of one batch that are marked although their networks ask for many. Where many are missing they are made up: nobody asks for
 * them again, so that each further marker would be a write for nothing. Chosen.
 */
const CROWDED_MARKERS = 2;

/** Counts an original that is missing: whether it is one of many. */
function isFlood(context: BatchContext, key: string): boolean {
  if (!context.crowded.has(key)) return false;
  context.crowdedMissing += 1;
  return context.crowdedMissing > CROWDED_MARKERS;
}

/**
 * A viewer missed a variant of an image that nobody knows: is there such an original? A picture is asked for. One that cannot be used is
 * told, so that operators see it. One that is missing or does not answer leaves no row: anybody can make up an id. Never throws.
 */
async function lookFirst(context: BatchContext, key: string): Promise<void> {
  const { clock, counts, held, log } = context;
  const id = idOfKey(key);
  const at = clock.now();
  try {
    const original = await context.probe(id, RANKS.probe);
    const seen = original.kind === "refused" ? original.code : original.kind;
    counts.looks[seen] = (counts.looks[seen] ?? 0) + 1;
    await context.at("looked", key);
    if (original.kind === "image") held.ask({ key, at });
    if (original.kind !== "refused") return;
    const { code, message } = original;
    if (code === "missing") return isFlood(context, key) ? undefined : void (await context.missingUntil(id));
    const until = clock.now() + DEAD_PERMANENT_MS;
    await context.markRefused(id, { code, until });
    await context.at("look-marked", key);
    held.ask({ key, at, refused: { code, message, until } });
  } catch (error) {
    log("marker.put_failed", { key, error: errorText(error) });
  }
}

/** The same, in turn with the other looks of this batch. Never throws. */
export function lookInTurn(context: BatchContext, key: string): Promise<void> {
  const { looks, crowded } = context;
  return looks[crowded.has(key) ? "crowded" : "others"].run(() => lookFirst(context, key));
}

/** Tells the edge that viewers may order nothing more of this image today. Never throws: each further miss tells it again. */
export async function tellCapped(context: BatchContext, key: string): Promise<void> {
  const { clock, images, connections, capped, log } = context;
  const id = idOfKey(key);
  if (capped.has(id)) return;
  capped.add(id);
  try {
    await connections.run(() => markCapped(images, id, clock.now()), { rank: RANKS.result });
  } catch (error) {
    log("marker.put_failed", { key, error: errorText(error) });
  }
}
