import { parseInfo, type StoredInfo } from "@prewarm/shared/image-info";
import { infoKey } from "@prewarm/shared/variant-key";
import type { RequestContext } from "../request-context.ts";
import { withTimeLimit } from "../time-limit.ts";

/** Longest wait in ms: without it a miss is answered as if nothing were known. */
const INFO_WAIT_MS = 150;

/** What is known of the target's image; null when nothing is, or R2 does not say in time. */
export async function readInfo({ target, edge, left, mark }: RequestContext): Promise<StoredInfo | null> {
  const read = await withTimeLimit(async () => {
    const object = await edge.images.get(infoKey(target.id));
    return object === null ? null : parseInfo(await object.text());
  }, left(INFO_WAIT_MS));
  mark("info");
  return read.ok ? read.value : null;
}
