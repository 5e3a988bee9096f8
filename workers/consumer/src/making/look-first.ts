import { DEAD_PERMANENT_MS } from "@prewarm/shared/limits";
import { errorText } from "@prewarm/shared/log";
import { idOfKey } from "@prewarm/shared/variant-key";
import { markCapped } from "../store/markers.ts";
import { type BatchContext, RANKS } from "./batch-context.ts";

/** Missing originals of unknown ids that one batch marks: each marker is a write. Chosen. */
const MISSING_MARKED = 2;

/**
 * Marks a missing original. Of many in one batch most are made up, and nobody asks for those again, so the batch marks the first few only. It
 * looks at networks that ask for few unknown ids first.
 */
async function markFew({ missing, missingUntil }: BatchContext, id: string): Promise<void> {
  if (missing.size >= MISSING_MARKED && !missing.has(id)) return;
  missing.add(id);
  await missingUntil(id);
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
    if (code === "missing") return void (await markFew(context, id));
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
  return context.looks.run(() => lookFirst(context, key));
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
