import type { ChunkAnswer } from "@prewarm/durable-queue/calls";
import { acceptChunk } from "@prewarm/durable-queue/intake/accept-chunk";
import { type LaneCode, laneCode } from "@prewarm/durable-queue/schema/row";
import { encodeId } from "@prewarm/shared/variant-key";
import { noteAnnouncement } from "./announced.ts";
import type { AcceptChunk, AcceptImage } from "./calls.ts";
import { moveFocal } from "./focal.ts";
import type { ImageTx } from "./image-tx.ts";
import { isNewer, newOriginal } from "./new-original.ts";
import { removedAmong } from "./tables/removals.ts";

/** Accepts one chunk of a request. An image of which the ledger knows a newer original, or that is removed, is left alone. */
export function acceptImages(tx: ImageTx, { images, ...chunk }: AcceptChunk): ChunkAnswer {
  const lane = laneCode(chunk.run.lane);
  const removed = removedAmong(
    tx.sql,
    images.map(({ id }) => encodeId(id)),
  );
  return acceptChunk(tx, { ...chunk, groups: images }, (image) => {
    if (removed.has(encodeId(image.id)) || !noteOriginal(tx, image, lane)) return false;
    if (image.focal !== undefined) moveFocal(tx, encodeId(image.id), image.focal, lane);
    if (image.announces !== undefined) noteAnnouncement(tx, encodeId(image.id), image.announces);
    return true;
  });
}

/** Notes the current original of an image. False: the ledger knows a newer original, so the event is outdated. */
function noteOriginal(tx: ImageTx, { id, order, sourceEtag: etag }: AcceptImage, lane: LaneCode): boolean {
  if (order === null && etag === null) return true;
  const encoded = encodeId(id);
  const image = tx.images.get(encoded);
  const known = image.ordering;
  if (order !== null) {
    if (known !== null && isNewer(known, order)) return false;
    newOriginal(tx, { id: encoded, order, etag }, lane);
    return true;
  }
  if (image.etag === etag) return true;
  if (image.etag === null && known === null) {
    // This is the first etag of the image. Stored variants count as made from it, because nothing contradicts that.
    image.etag = etag;
    return true;
  }
  // Another etag without an order is a new original. The order of events stays.
  image.ordering = null;
  newOriginal(tx, { id: encoded, order: known ?? "", etag }, lane);
  return true;
}
