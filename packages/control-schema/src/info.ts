import * as z from "zod";
import type { CallTable } from "./call.ts";
import { bytes, count } from "./words.ts";

/** One R2 read each, of the 1,000 subrequests that one invocation may make at least. */
const IDS_MAX = 1000;

const pixels = z.number().int().min(1).meta({ description: "px" });

export const ImageInfo = z
  .object({
    id: z.string(),
    width: pixels.meta({ description: "Of the original, as a viewer sees it, in px" }),
    height: pixels,
    type: z.string().meta({ description: "Media type of the original" }),
    bytes: bytes.nullable().meta({ description: "Of the original; null: its server did not say" }),
    frames: count,
    lqip: z.string().optional().meta({ description: "A tiny picture as a data URL; absent until it is stored" }),
    widths: z.array(pixels).meta({ description: "Widths that are stored uncropped in one format at least" }),
    version: z.string().nullable().meta({ description: "The version token under which they are stored" }),
  })
  .meta({ id: "ImageInfo" });

export const ImageInfos = z
  .object({
    images: z.array(ImageInfo),
    unknown: z.array(z.string()).meta({ description: "Ids of which nothing is stored" }),
  })
  .meta({ id: "ImageInfos" });

export const infoRequest = z.object({ ids: z.array(z.string()).min(1).max(IDS_MAX) });

/** A thousand ids of the longest kind (700 bytes), and what stands between them. */
const BODY_MAX_BYTES = 1_000_000;

export const infoCalls = {
  "POST /api/v1/info": {
    id: "getInfos",
    tag: "images",
    may: "viewer",
    summary: "What is known of many images, for builds",
    description: "Reads only: nothing is made. An image is known once a variant of it is stored.",
    body: infoRequest,
    bodyMax: BODY_MAX_BYTES,
    answers: { 200: [ImageInfos, "Each id once, in the order asked"] },
  },
} as const satisfies CallTable;
