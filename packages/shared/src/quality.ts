import { QUALITIES, type Quality } from "./config.ts";

/** Numeric qualities 1–100 become the first name whose `upTo` they do not pass. The table in docs/url.md is printed from this. */
export const QUALITY_TABLE: readonly { upTo: number; quality: Quality }[] = [
  { upTo: 29, quality: "very_low" },
  { upTo: 49, quality: "low" },
  { upTo: 69, quality: "medium" },
  { upTo: 89, quality: "high" },
  { upTo: 100, quality: "very_high" },
];

/** A quality by name or by a number 1–100, a fraction rounded up; null when it is neither. */
export function parseQuality(text: string): Quality | null {
  const named = QUALITIES.find((quality) => quality === text);
  if (named !== undefined) return named;
  if (!/^(?:0|[1-9]\d{0,2})(?:\.\d+)?$/.test(text)) return null;
  const number = Math.ceil(Number(text));
  return number === 0 ? null : (QUALITY_TABLE.find((row) => number <= row.upTo)?.quality ?? null);
}
