import type { Lane } from "@prewarm/shared/job";
import { decodeId, encodedIdOfKey } from "@prewarm/shared/variant-key";
import type { AcceptChunk, AcceptImage } from "../../images/calls.ts";

/** What a test asks for; a run of its own unless it says. */
export interface Wish {
  run?: string;
  lane?: Lane;
  keys: string[];
  force?: boolean;
  /** What the upload system says of the originals. */
  originals?: { id: string; order: string | null; sourceEtag: string | null }[];
}

/** A chunk of a request that is sent for the first time, as intake cuts it: keys by original. */
export function chunkOf(wish: Wish, delivery: AcceptChunk["delivery"]): AcceptChunk {
  const { run = "test", lane = "bulk", keys, force = false, originals = [] } = wish;
  const images = new Map<string, AcceptImage>();
  for (const key of new Set(keys)) {
    const id = decodeId(encodedIdOfKey(key));
    const said = originals.find((original) => original.id === id);
    const image = images.get(id) ?? { id, keys: [], order: said?.order ?? null, sourceEtag: said?.sourceEtag ?? null };
    image.keys.push(key);
    images.set(id, image);
  }
  return { run: { run, label: null, lane }, delivery, images: [...images.values()], force, backlogMax: 10_000_000 };
}
