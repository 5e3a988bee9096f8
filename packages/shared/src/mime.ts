import type { Format } from "./config.ts";

/** What each output format is called in HTTP. */
export const CONTENT_TYPES: Record<Format, string> = {
  avif: "image/avif",
  webp: "image/webp",
  jpeg: "image/jpeg",
  png: "image/png",
};

/**
 * The type of a variant's bytes. It follows from the key, not from the object's metadata (`stored`), with one exception: under the key of a
 * JPEG stands a PNG where the original may have transparent parts.
 */
export function typeOfVariant(format: Format, stored: string | null | undefined): string {
  return format === "jpeg" && stored === CONTENT_TYPES.png ? CONTENT_TYPES.png : CONTENT_TYPES[format];
}
