import {
  type Config,
  FITS,
  type Fit,
  FORMATS,
  type Format,
  POSITIONS,
  type Position,
  QUALITIES,
  type Quality,
} from "./config.ts";
import { nearest } from "./nearest.ts";
import { invalid, type Parameter } from "./parameters.ts";

/** The site's own version token, as a URL's `v` and as a part of keys. */
export const VERSION_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/** What a refusal and the tables say of values that no list can hold. */
export const ALLOWED = {
  pixels: ["a number above 0"],
  dpr: ["a number above 0"],
  quality: [...QUALITIES, "a number from 1 to 100"],
  version: ["1 to 64 letters, digits, - or _"],
  expiry: ["Unix seconds"],
};

/** Digits, and perhaps a fraction: no sign, exponent or leading zero. */
const NUMBER = /^(?:0|[1-9]\d*)(?:\.\d+)?$/;

/** A width or height in px. Fractions, which a slot times a zoom gives, are rounded up; far too large ones are clamped later, not refused. */
export function readPixels(parameter: "w" | "h", text: string): number {
  const pixels = NUMBER.test(text) ? Math.ceil(Number(text)) : 0;
  // Past 2^53 the digits no longer count; every such size is clamped to the same rung.
  if (pixels > 0) return Math.min(pixels, Number.MAX_SAFE_INTEGER);
  throw invalid(parameter, text, ALLOWED.pixels, nearestInteger(text, 1, Number.MAX_SAFE_INTEGER));
}

/** What `dpr` is clamped to: no display shows more, and a page that is zoomed out says less than 1. */
export const DPR_LIMITS = { least: 1, most: 3 } as const;

export function readDpr(text: string): number {
  const { least, most } = DPR_LIMITS;
  const clamp = (number: number): number => Math.min(most, Math.max(least, number));
  const dpr = NUMBER.test(text) ? Number(text) : 0;
  if (dpr > 0) return clamp(dpr);
  const number = Number.parseFloat(text);
  throw invalid("dpr", text, ALLOWED.dpr, Number.isFinite(number) ? String(clamp(number)) : undefined);
}

export function readFit(text: string): Fit {
  return readOne("fit", text, FITS);
}

export function readPosition(text: string): Position {
  return readOne("pos", text, POSITIONS);
}

function readOne<T extends string>(parameter: Parameter, text: string, values: readonly T[]): T {
  const value = values.find((each) => each === text);
  if (value !== undefined) return value;
  throw invalid(parameter, text, values, nearest(text, values));
}

export function readQuality(text: string): Quality {
  const quality = parseQuality(text);
  if (quality !== null) return quality;
  throw invalid(
    "q",
    text,
    ALLOWED.quality,
    nearestInteger(text, 1, 100) ?? nearest(text.replaceAll("-", "_"), QUALITIES),
  );
}

/** The spellings of `f` that this configuration takes. */
export function formatSpellings(config: Pick<Config, "formats">): string[] {
  return [...config.formats, ...(config.formats.includes("jpeg") ? ["jpg"] : []), "auto"];
}

export function readFormat(text: string, config: Pick<Config, "formats">): Format | "auto" {
  if (text === "auto") return text;
  const format = config.formats.find((each) => each === (text === "jpg" ? "jpeg" : text));
  if (format !== undefined) return format;
  const spellings = formatSpellings(config);
  if (FORMATS.some((each) => each === text))
    throw invalid("f", text, spellings, undefined, ` Allow it by adding it to formats in prewarm.config.ts.`);
  throw invalid("f", text, spellings, nearest(text, spellings));
}

export function readVersion(text: string): string {
  if (VERSION_PATTERN.test(text)) return text;
  throw invalid("v", text, ALLOWED.version);
}

/** An expiry in Unix seconds. */
export function readExpiry(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw invalid("exp", text, ALLOWED.expiry, nearestInteger(text, 0, 999_999_999_999));
}

/** What a signature opens beside its own URL: `image` is every URL of the image in the open set. */
export function readScope(text: string): string {
  if (text === "image") return text;
  throw invalid("sc", text, ["image"], "image");
}

/** The right spelling of a number that was written as `0800`, `800px`, `12.5` or `-3`; undefined when there is no number in it. */
function nearestInteger(text: string, least: number, most: number): string | undefined {
  const number = Math.ceil(Number.parseFloat(text));
  return Number.isFinite(number) ? String(Math.min(most, Math.max(least, number))) : undefined;
}

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
