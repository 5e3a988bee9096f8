import type { ImageType } from "@prewarm/shared/image-header-type";
import { BASE_HEADERS } from "./respond.ts";

/** Bytes that tell a type: SVG may have a prologue and comments in front. */
export const SNIFF_BYTES = 1024;

/** Where a content type is not `image/` and the type's name. */
const SUBTYPES: Partial<Record<ImageType, string>> = { ico: "x-icon", svg: "svg+xml" };

/** Declares what the bytes are, never what somebody said they are. What could run (SVG, HTML, the unknown) is a download when opened. */
export function originalHeaders(type: ImageType | "html" | null): Record<string, string> {
  const mime = type === null || type === "html" ? null : `image/${SUBTYPES[type] ?? type}`;
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
