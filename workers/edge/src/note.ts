import { parseInfo, type StoredInfo } from "@prewarm/shared/image-info";
import { infoKey } from "@prewarm/shared/variant-key";
import type { Edge } from "./request-context.ts";

/** Reads what is known of an image from R2. Null: nothing is known. `removed`: an operator has removed the image. */
export async function readNote({ images }: Pick<Edge, "images">, id: string): Promise<StoredInfo | "removed" | null> {
  const object = await images.get(infoKey(id));
  if (object === null) return null;
  // biome-ignore lint/plugin: an object that the consumer wrote
  const info = parseInfo(await object.text());
  return object.customMetadata?.removed === undefined ? info : "removed";
}
