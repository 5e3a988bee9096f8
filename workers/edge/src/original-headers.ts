import type { ImageType } from "@prewarm/shared/image-header-type";
import { BASE_HEADERS } from "./respond.ts";

/** Bytes that tell a type: SVG may have a prologue and comments in front. */
export const SNIFF_BYTES = 1024;

const TYPES: Record<ImageType | "html", string | null> = {
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  avif: "image/avif",
  gif: "image/gif",
  heic: "image/heic",
  tiff: "image/tiff",
  bmp: "image/bmp",
  ico: "image/x-icon",
  svg: "image/svg+xml",
  html: null,
};

/** Declares what the bytes are, never what somebody said they are. What could run (SVG, HTML, the unknown) is a download when opened. */
export function originalHeaders(type: ImageType | "html" | null): Record<string, string> {
  const mime = type === null ? null : TYPES[type];
  const inline = mime !== null && type !== "svg";
  return {
    ...BASE_HEADERS,
    "Content-Type": mime ?? "application/octet-stream",
    // An SVG in <img> still needs its own style; no script runs and nothing is fetched.
    "Content-Security-Policy":
      type === "svg"
        ? "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        : BASE_HEADERS["Content-Security-Policy"],
    ...(inline ? {} : { "Content-Disposition": "attachment" }),
  };
}
