import type { Format } from "./config.ts";

/** What each output format is called in HTTP. */
export const CONTENT_TYPES: Record<Format, string> = {
  avif: "image/avif",
  webp: "image/webp",
  jpeg: "image/jpeg",
  png: "image/png",
};
