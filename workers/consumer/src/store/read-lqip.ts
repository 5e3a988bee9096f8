import { FORMAT_ROWS } from "@prewarm/shared/mime";
import type { Transform } from "@prewarm/shared/transform";
import { storeKey, variantKey } from "@prewarm/shared/variant-key";
import { fromCustomMetadata } from "@prewarm/shared/variant-metadata";
import { stripMetadata } from "../output/strip/strip-metadata.ts";
import type { Semaphore } from "../platform/semaphore.ts";

/** Smallest variants are some 100 bytes, and some 600 with labels; one that is not small has no place in a page's HTML. */
const LQIP_MAX_BYTES = 2_000;

interface Deps {
  images: Pick<R2Bucket, "get">;
  connections: Pick<Semaphore, "run">;
}

/**
 * The placeholder's bytes as a data URL, without labels, which the text of each page would carry. Null while none of this
 * original is stored.
 */
export async function readLqip(
  { images, connections }: Deps,
  { id, v, transform }: { id: string; v: string | null; transform: Transform },
  etag: string | null,
): Promise<string | null> {
  return connections.run(async () => {
    const object = await images.get(storeKey(variantKey(id, transform, v)));
    if (object === null) return null;
    if (object.size > LQIP_MAX_BYTES || fromCustomMetadata(object.customMetadata)?.sourceEtag !== etag) {
      await object.body.cancel();
      return null;
    }
    const stored = new Uint8Array(await object.arrayBuffer());
    const plain = stripMetadata(stored, transform.format);
    const bytes = plain.ok ? plain.bytes : stored;
    return `data:${FORMAT_ROWS[transform.format].type};base64,${btoa(String.fromCharCode(...bytes))}`;
  });
}
