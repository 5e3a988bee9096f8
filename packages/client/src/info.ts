import { formatId } from "@prewarm/shared/image-id";
import { isId } from "./image-url.ts";
import type { Settings } from "./public-config.ts";

/** The facts of an image with a stored variant. It is an `ImageRef`, but for `version`. */
export interface ImageInfo {
  id: string;
  /** Of the original, in px. */
  width: number;
  height: number;
  /** Of the original, such as `image/jpeg`. */
  type: string;
  /** Of the original; null: its server does not tell. */
  bytes: number | null;
  frames: number;
  /** Absent until the smallest variant is stored. */
  lqip?: string;
  /** Widths that are stored in at least one format. */
  widths: number[];
  version: string | null;
}

/** Requests at a time: the connections of a Worker. */
const LANES = 6;

/** Asks the edge for each image once. Ids that are not known yet, and requests that fail, are absent. */
export async function info(settings: Settings, ids: Iterable<string>): Promise<Map<string, ImageInfo>> {
  const known = new Map<string, ImageInfo>();
  const todo = [...new Set(ids)].filter(isId);
  const lane = async () => {
    for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
      const answer = await fetch(`${settings.baseUrl}/info/${formatId(id)}`).catch(() => null);
      const found = answer?.ok ? ((await answer.json().catch(() => null)) as ImageInfo | null) : null;
      if (found) known.set(id, found);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return known;
}
