import * as z from "zod";

/** The five kinds of `POST /jobs` with the formats each may be asked for; only those of `image` are documented in full. */
export const FORMATS_BY_KIND = {
  image: ["jpeg", "png", "webp", "avif"],
  animation: ["gif", "webp"],
  video: ["mp4", "webm", "mov"],
  audio: ["mp3", "aac", "m4a", "wav", "ogg", "opus"],
  adaptive_video: ["hls", "dash"],
} as const;

export type JobKind = keyof typeof FORMATS_BY_KIND;
export type OutputFormat = "jpeg" | "png" | "webp" | "avif" | "gif";

const QUALITIES = ["very_low", "low", "medium", "high", "very_high"] as const;
export type Quality = (typeof QUALITIES)[number];

/** Documented for the 2025 dialects only; the reference is silent. */
const MAX_EDGE_PX = 8192;

/** The corner names are the emulator's own: the reference says "etc.". */
const POSITIONS = ["center", "top", "bottom", "left", "right", "top-left", "top-right", "bottom-left", "bottom-right"];

const dimension = z.union(
  [z.number().int().min(1).max(MAX_EDGE_PX), z.string().regex(/^(?!0+(\.0+)?%$)\d{1,4}(\.\d+)?%$/)],
  { error: `must be an integer from 1 to ${MAX_EDGE_PX} or a percentage such as "50%"` },
);

const oneOf = <T extends string>(values: readonly T[]) =>
  z.enum(values as readonly [T, ...T[]], { error: `must be one of ${values.join(", ")}` });

const KNOWN = {
  format: z.string({ error: "must be a string" }).optional(),
  quality: oneOf(QUALITIES).optional(),
  width: dimension.optional(),
  height: dimension.optional(),
  fit: oneOf(["contain", "cover", "fill"]).optional(),
  position: oneOf(POSITIONS).optional(),
  background: z
    .string()
    .regex(/^#([0-9a-f]{3}|[0-9a-f]{4}|[0-9a-f]{6}|[0-9a-f]{8})$/i, { error: "must be a hex colour such as #000000" })
    .optional(),
  start: z.number().nonnegative().optional(),
  connection_id: z.string().optional(),
};

const onlyWithContain = {
  error: "is allowed with fit contain only",
  path: ["background"],
};

/** Options of the kinds `image` and `animation`. Unknown ones are kept, because answers repeat them. */
export const imageOptions = z
  .looseObject(KNOWN)
  .refine((options) => options.background === undefined || options.fit === "contain", onlyWithContain);

/** The same, refusing what the reference does not name. */
export const strictImageOptions = z
  .strictObject(KNOWN)
  .refine((options) => options.background === undefined || options.fit === "contain", onlyWithContain);

export type ImageOptions = z.infer<typeof imageOptions>;
