import type { Rejection } from "@prewarm/control-schema/warm";
import { acceptChunk, type LaneCode } from "@prewarm/durable-queue";
import { AppError } from "@prewarm/shared/errors";
import { encodeId, jobOfKey } from "@prewarm/shared/variant-key";
import type { Rejected } from "../console/calls.ts";
import { noteRejected } from "../console/finish-delivery.ts";
import { laneCode } from "../queue-settings.ts";
import { noteAnnouncement } from "./announced.ts";
import type { AcceptAnswer, AcceptChunk, AcceptImage } from "./calls.ts";
import { noteForced } from "./changes.ts";
import { moveFocal } from "./focal.ts";
import type { ImageTx } from "./image-tx.ts";
import { isNewer, newOriginal } from "./new-original.ts";
import { removedAmong } from "./tables/removals.ts";

/** Accepts one chunk of a request. Leaves out images with a newer original, and refuses removed ones. */
export function acceptImages(tx: ImageTx, { images, ...chunk }: AcceptChunk): AcceptAnswer {
  const lane = laneCode(chunk.run.lane);
  const ids = removedAmong(
    tx.sql,
    images.map(({ id }) => encodeId(id)),
  );
  const removed = images.filter(({ id }) => ids.has(encodeId(id)));
  const rejected = rejectionsOf(removed);
  const groups = images.map((image) => ({
    image,
    group: image.id,
    parts: image.keys.map((key) => jobOfKey(key).part),
  }));
  const answer = acceptChunk(tx, { ...chunk, groups }, ({ image }) => {
    const id = encodeId(image.id);
    if (ids.has(id) || !noteOriginal(tx, image, lane)) return false;
    if (image.focal !== undefined) moveFocal(tx, id, image.focal, lane);
    if (image.announces !== undefined) noteAnnouncement(tx, id, image.announces);
    if (chunk.force) noteForced(tx, id);
    return true;
  });
  if (chunk.finish !== undefined && answer.status === "done")
    noteRejected(tx, chunk.run.run, withMore(chunk.finish.rejected, rejected));
  if (removed.length === 0) return answer;
  return { ...answer, removed: { keys: removed.reduce((sum, { keys }) => sum + keys.length, 0), rejected } };
}

function rejectionsOf(images: readonly AcceptImage[]): Rejection[] {
  const { code, message } = new AppError("removed");
  return images.map(({ id, index = 0 }) => ({ index, id, code, message }));
}

function withMore({ total, first }: Rejected = { total: 0, first: [] }, more: readonly Rejection[]): Rejected {
  return { total: total + more.length, first: [...first, ...more] };
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
