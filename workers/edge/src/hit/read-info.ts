import type { StoredInfo } from "@prewarm/shared/image-info";
import { readNote } from "../note.ts";
import type { RequestContext } from "../request-context.ts";
import { withTimeLimit } from "../time-limit.ts";

/**
 * An isolate repeats what it has learnt of an image for this long, in ms. That spares R2 under load, and is over soon
 * after an upload clears a marker.
 */
export const REPEAT_MS = 1_000;
/** Share of the budget. After it the miss is answered without a note. */
const INFO_SHARE = 0.15;
/**
 * A HEAD uses a note up to this age, ms. So it has a read left for a variant that the note does not list, and a page
 * that polls by HEAD sees it.
 */
const HEAD_REPEAT_MS = 60_000;
/** Some 400 bytes each. */
const MAX_IMAGES = 1_000;

/**
 * The note of the target's image. Null: there is none, or R2 does not answer in time. The absence of a note is never
 * remembered, because the note appears with the first variant, and the next viewer must see that variant.
 */
export async function readInfo(context: RequestContext): Promise<StoredInfo | "removed" | null> {
  const { target, method, edge, left, mark, reads } = context;
  const { infoMemory, clock } = edge;
  const kept = infoMemory.get(target.id);
  if (kept !== undefined && clock.now() < kept.at + (method === "HEAD" ? HEAD_REPEAT_MS : REPEAT_MS)) return kept.info;
  reads.left -= 1;
  const read = await withTimeLimit(() => readNote(edge, target.id, context.changes()), left(INFO_SHARE));
  mark("info");
  if (!read.ok || read.value === null) return null;
  if (infoMemory.size >= MAX_IMAGES) infoMemory.clear();
  infoMemory.set(target.id, { info: read.value, at: clock.now() });
  return read.value;
}
