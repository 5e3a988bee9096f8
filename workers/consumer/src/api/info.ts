import { ImageInfos, infoRequest } from "@prewarm/control-schema/info";
import { checkId } from "@prewarm/shared/image-id";
import { publicInfo } from "@prewarm/shared/image-info";
import { MAX_CONNECTIONS } from "@prewarm/shared/limits";
import { createSemaphore } from "../platform/semaphore.ts";
import { readInfos } from "../store/info.ts";
import { viewer } from "./endpoint.ts";
import { answer, jsonBody, refusals } from "./responses.ts";

/** A thousand ids of the longest kind (700 bytes), and what stands between them. */
const BODY_MAX_BYTES = 1_000_000;

export const info = [
  viewer(
    {
      method: "post",
      path: "/api/v1/info",
      tags: ["images"],
      summary: "What is known of many images, for builds",
      description: "Reads only: nothing is made. An image is known once a variant of it is stored.",
      request: { body: jsonBody(infoRequest) },
      responses: {
        200: answer(ImageInfos, "Each id once, in the order asked"),
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
