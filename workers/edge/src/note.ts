import { type Changes, changeOf } from "@prewarm/shared/changes";
import { parseInfo, type StoredInfo } from "@prewarm/shared/image-info";
import { infoKey } from "@prewarm/shared/variant-key";
import { genOf } from "@prewarm/shared/variant-metadata";
import type { Edge } from "./request-context.ts";

/**
 * Reads what is known of an image from R2. Null: nothing is known since its last purge. `removed`: an operator has removed the image; R2 says so
 * for longer than the changes do.
 */
export async function readNote(
  { images }: Pick<Edge, "images">,
  id: string,
  changes: Promise<Changes>,
): Promise<StoredInfo | "removed" | null> {
  const [gone, , , removed] = changeOf(await changes, id);
  if (removed) return "removed";
  const object = await images.get(infoKey(id));
  if (object === null || genOf(object.customMetadata) < gone) return null;
  // biome-ignore lint/plugin: an object that the consumer wrote
  const info = parseInfo(await object.text());
  return object.customMetadata?.removed === undefined ? info : "removed";
}
