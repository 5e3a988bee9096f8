import { Image, Variant } from "@prewarm/control-schema/images";
import { type ImageState, newImageState, noteStored } from "@prewarm/site-pages/image-state";
import * as z from "zod";
import type { ControlApi } from "../api/control-api.ts";

const SeenImage = Image.pick({ v: true, nextCursor: true }).extend({
  variants: z.array(Variant.pick({ key: true, state: true, width: true, height: true, error: true })),
});

/** Asks what is there of an image: one list of R2 and one look at the ledger, and nothing is made. */
export async function readImageState(id: string, api: ControlApi): Promise<ImageState> {
  const state = newImageState();
  for (let cursor: string | undefined, isLast = false; !isLast; ) {
    const given = { params: { id }, query: cursor === undefined ? {} : { cursor } };
    const page = await api.call("GET /api/v1/images/{id}", given, SeenImage, { what: `image ${id}` });
    for (const variant of page.variants) {
      // Only what R2 holds tells its size; a row of a variant that was stored lately tells none.
      if (variant.width === null) state.rows.set(variant.key, variant);
      else noteStored(state, variant);
    }
    state.v = page.v;
    cursor = page.nextCursor ?? undefined;
    isLast = cursor === undefined;
  }
  return state;
}
