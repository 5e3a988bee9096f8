import { z } from "@hono/zod-openapi";
import { checkId } from "@prewarm/shared/image-id";
import { publicInfo } from "@prewarm/shared/image-info";
import { MAX_CONNECTIONS } from "@prewarm/shared/limits";
import { createSemaphore } from "../platform/semaphore.ts";
import { readInfos } from "../store/info.ts";
import { viewer } from "./endpoint.ts";
import { answer, bytes, count, jsonBody, refusals } from "./schema-words.ts";

/** One R2 read each, of the 1,000 subrequests that one invocation may make at least. */
const IDS_MAX = 1000;
/** So many ids of the longest kind (700 bytes), and what stands between them. */
const BODY_MAX_BYTES = 1_000_000;

const pixels = z.number().int().min(1).openapi({ description: "px" });

const imageInfo = z
  .object({
    id: z.string(),
    width: pixels.openapi({ description: "Of the original, as a viewer sees it, in px" }),
    height: pixels,
    type: z.string().openapi({ description: "Media type of the original" }),
    bytes: bytes.nullable().openapi({ description: "Of the original; null: its server did not say" }),
    frames: count,
    lqip: z.string().optional().openapi({ description: "A tiny picture as a data URL; absent until it is stored" }),
    widths: z.array(pixels).openapi({ description: "Widths that are stored uncropped in one format at least" }),
    version: z.string().nullable().openapi({ description: "The version token under which they are stored" }),
  })
  .openapi("ImageInfo");

export const info = [
  viewer(
    {
      method: "post",
      path: "/api/v1/info",
      tags: ["images"],
      summary: "What is known of many images, for builds",
      description: "Reads only: nothing is made. An image is known once a variant of it is stored.",
      request: { body: jsonBody(z.object({ ids: z.array(z.string()).min(1).max(IDS_MAX) })) },
      responses: {
        200: answer(
          z
            .object({
              images: z.array(imageInfo),
              unknown: z.array(z.string()).openapi({ description: "Ids of which nothing is stored" }),
            })
            .openapi("ImageInfos"),
          "Each id once, in the order asked",
        ),
        ...refusals,
      },
    },
    async (c, { bucket }) => {
      const ids = [...new Set(c.req.valid("json").ids)];
      ids.forEach(checkId);
      const known = await readInfos({ images: bucket, connections: createSemaphore(MAX_CONNECTIONS) }, ids);
      const found = ids.flatMap((id) => {
        const one = known.get(id);
        return one === undefined ? [] : [publicInfo(id, one)];
      });
      return c.json({ images: found, unknown: ids.filter((id) => !known.has(id)) }, 200);
    },
    BODY_MAX_BYTES,
  ),
];
