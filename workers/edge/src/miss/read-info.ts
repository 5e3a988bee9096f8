import type { StoredInfo } from "@prewarm/shared/image-info";
import { readNote } from "../note.ts";
import type { RequestContext } from "../request-context.ts";
import { withTimeLimit } from "../time-limit.ts";
import { REPEAT_MS } from "./asked-lately.ts";

/** Share of the budget: without it a miss is answered as if nothing were known. */
const INFO_SHARE = 0.15;
/** A note of this age, ms, still serves a HEAD. So the HEAD has a read left for a variant that no note lists, and a page that waits by HEAD sees it. */
const HEAD_REPEAT_MS = 60_000;
/** Some 400 bytes each. */
const MAX_IMAGES = 1_000;

/**
 * The note of the target's image: what is known of it. Null when there is none, or R2 does not answer in time. That there is none is never
 * remembered: the note appears with the image's first variant, and the next viewer must see that variant.
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
