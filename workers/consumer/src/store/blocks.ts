import type { Block } from "@prewarm/control-schema/removal";
import { parseBlock } from "@prewarm/shared/markers";
import { blockKey } from "@prewarm/shared/variant-key";
import { pagesOf } from "./list-pages.ts";

/*
 * The blocks of removed images, an object each. The ledger decides by its own rows; these objects outlive an older copy of
 * its database. They are written before the ledger hears of a removal, and deleted after it has lifted a block.
 */

const PREFIX = blockKey("");

/** The id stands in the name, the rest in the object. */
type Written = Omit<Block, "id">;

const UNREADABLE: Written = { reason: "unknown", who: "unknown", at: 0 };

export async function putBlock(bucket: Pick<R2Bucket, "put">, id: string, block: Written): Promise<void> {
  await bucket.put(blockKey(id), JSON.stringify(block), { httpMetadata: { contentType: "application/json" } });
}

export async function deleteBlock(bucket: Pick<R2Bucket, "delete">, id: string): Promise<void> {
  await bucket.delete(blockKey(id));
}

export async function listBlocks(bucket: Pick<R2Bucket, "list" | "get">): Promise<Block[]> {
  const blocks: Block[] = [];
  for await (const { objects } of pagesOf(bucket, { prefix: PREFIX }))
    for (const { key } of objects) {
      const object = await bucket.get(key);
      if (object === null) continue;
      // Whatever stands there blocks: a text that cannot be read is no reason to make the image again.
      blocks.push({ id: key.slice(PREFIX.length), ...(parseBlock(await object.text()) ?? UNREADABLE) });
    }
  return blocks;
}
