import { checkId } from "@prewarm/shared/image-id";
import { publicInfo } from "@prewarm/shared/image-info";
import { MAX_CONNECTIONS } from "@prewarm/shared/limits";
import { createSemaphore } from "../platform/semaphore.ts";
import { readInfos } from "../store/info.ts";
import type { Resource } from "./endpoint.ts";

export const info = {
  "POST /api/v1/info": async ({ body }, { bucket }) => {
    const ids = [...new Set(body.ids)];
    ids.forEach(checkId);
    const known = await readInfos({ images: bucket, connections: createSemaphore(MAX_CONNECTIONS) }, ids);
    const found = ids.flatMap((id) => {
      const one = known.get(id);
      return one === undefined ? [] : [publicInfo(id, one)];
    });
    return { images: found, unknown: ids.filter((id) => !known.has(id)) };
  },
} satisfies Resource;
