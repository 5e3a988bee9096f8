import { DEAD_PERMANENT_MS } from "@prewarm/shared/limits";
import { errorText } from "@prewarm/shared/log";
import { idOfKey } from "@prewarm/shared/variant-key";
import { markCapped } from "../store/markers.ts";
import { type BatchContext, RANKS } from "./batch-context.ts";

/** Markers of missing unknown originals that a batch writes. Chosen. */
const MISSING_MARKED = 2;

/**
 * Marks a missing original, so that its next miss costs no check. Of many in a batch most are made up and never asked
 * for again, so the batch marks the first few only: those of networks that ask for few unknown ids.
 */
async function markFew({ missing, missingUntil }: BatchContext, id: string): Promise<void> {
  if (missing.size >= MISSING_MARKED && !missing.has(id)) return;
  missing.add(id);
  await missingUntil(id);
}

/**
 * Checks whether the original of an unknown image exists before its variant takes a row. An original that is a picture
 * is asked for. One that cannot be used is reported, so that operators see it. One that is missing or does not answer
 * leaves no row, because anybody can make up an id. Never throws.
 */
async function checkExistence(context: BatchContext, key: string): Promise<void> {
  const { clock, counts, held, log } = context;
  const id = idOfKey(key);
  const at = clock.now();
  try {
    const original = await context.probe(id, RANKS.probe);
    const seen = original.kind === "refused" ? original.code : original.kind;
    counts.checks[seen] = (counts.checks[seen] ?? 0) + 1;
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

/** The same, in turn with the other checks of this batch. Never throws. */
export function checkInTurn(context: BatchContext, key: string): Promise<void> {
  return context.checks.run(() => checkExistence(context, key));
}

/**
 * Marks an image as capped: viewers may order nothing more of it today. Never throws, because each further miss marks
 * it again.
 */
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
