import { ApiError } from "@prewarm/shared/api-errors";
import { checkId } from "@prewarm/shared/image-id";
import { typeOfVariant } from "@prewarm/shared/mime";
import { imagePrefix, parseVariantKey, storeKey } from "@prewarm/shared/variant-key";
import * as z from "zod";
import { objectsAfter } from "../store/list-pages.ts";
import { viewer } from "./endpoint.ts";
import { refusal, refusals } from "./responses.ts";

/** Stored variants that are looked through. */
const LOOKED_AT = 200;
/** Smaller ones are placeholders of a few pixels. */
const ENOUGH_BYTES = 600;
const KEEP_SECONDS = 3600;

export const thumbs = [
  viewer(
    {
      method: "get",
      path: "/api/v1/thumbs/{id}",
      tags: ["images"],
      summary: "A small picture of an image: the smallest of its stored variants that shows something",
      description: "Reads only: an address at the edge would order the variant that it names.",
      request: { params: z.object({ id: z.string().min(1) }) },
      responses: {
        200: { description: "The picture", content: { "image/*": { schema: z.string() } } },
        ...refusals,
        404: refusal("Nothing of it is stored"),
      },
    },
    async (c, { bucket }) => {
      const { id } = c.req.valid("param");
      checkId(id);
      const options = { prefix: storeKey(imagePrefix(id)), limit: LOOKED_AT };
      const { objects } = await objectsAfter(bucket, options, { most: LOOKED_AT });
      const bySize = objects.toSorted((a, b) => a.size - b.size);
      const chosen = bySize.find(({ size }) => size >= ENOUGH_BYTES) ?? bySize.at(-1);
      const parsed = chosen === undefined ? null : parseVariantKey(chosen.key.slice(storeKey("").length));
      const object = parsed === null || chosen === undefined ? null : await bucket.get(chosen.key);
      if (object === null || parsed === null) throw new ApiError("not_found", { detail: "Nothing of it is stored." });
      c.header("Content-Type", typeOfVariant(parsed.transform.format, object.httpMetadata?.contentType));
      c.header("Cache-Control", `private, max-age=${KEEP_SECONDS}`);
      return c.body(object.body) as never;
    },
  ),
];
