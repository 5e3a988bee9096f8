import type { Format } from "./config.ts";

interface FormatRow {
  /** What the format is called in HTTP. */
  type: string;
  /**
   * Whether a client shows the format that sends a wildcard in `Accept` and does not name it. `proven`: every client does. `by-wildcard`:
   * crawlers and link previews do, so that it stands in for a format that is not stored yet. `no`: it is too new for them.
   */
  wildcard: "proven" | "by-wildcard" | "no";
}

/** What HTTP's clients know of each output format. */
export const FORMAT_ROWS: Record<Format, FormatRow> = {
  avif: { type: "image/avif", wildcard: "no" },
  webp: { type: "image/webp", wildcard: "by-wildcard" },
  jpeg: { type: "image/jpeg", wildcard: "proven" },
  png: { type: "image/png", wildcard: "proven" },
};

/**
 * The type of a variant's bytes. It follows from the key, not from the object's metadata (`stored`), with one exception: under the key of a
 * JPEG stands a PNG where the original may have transparent parts.
 */
export function typeOfVariant(format: Format, stored: string | null | undefined): string {
  return FORMAT_ROWS[format === "jpeg" && stored === FORMAT_ROWS.png.type ? "png" : format].type;
}
