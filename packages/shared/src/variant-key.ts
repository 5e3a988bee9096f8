import { FITS, FORMATS, type Format, POSITIONS, QUALITIES } from "./config.ts";
import { checkId } from "./image-id.ts";
import { ABSOLUTE_MAX_PX } from "./limits.ts";
import { type StagedName, stagedSegment } from "./staged-name.ts";
import type { Transform } from "./transform.ts";

/** An id as one key segment: `/` becomes `%2F`, so that one image's variants, and nothing else, stand under one prefix. */
export function encodeId(id: string): string {
  return encodeURIComponent(id);
}

/** The inverse of `encodeId`. Throws URIError on what it never printed. */
export function decodeId(segment: string): string {
  return decodeURIComponent(segment);
}

/** Names one variant, everywhere: `<encoded id>/[@<v>/]<orig | w | x<h> | w x h -fit[-pos]>-<quality>.<format>`. Its inverse is `parseVariantKey`. */
export function variantKey(id: string, transform: Transform, v: string | null = null): string {
  return `${versionPrefix(id, v)}${variantName(transform)}`;
}

/** A variant among those of its image and version: the end of its key, such as `640x480-cover-high.webp`. */
export function variantName(transform: Transform): string {
  return `${size(transform)}-${transform.quality}${formatEnding(transform.format)}`;
}

/** The inverse of `variantName`; null for what it never printed. */
export function parseVariantName(name: string): Transform | null {
  const parsed = name.includes("/") ? null : parseVariantKey(`_/${name}`);
  return parsed === null ? null : parsed.transform;
}

function size({ width, height, fit, pos }: Transform): string {
  if (width !== null && height !== null) return `${width}x${height}-${fit ?? "cover"}${pos === null ? "" : `-${pos}`}`;
  if (height !== null) return `x${height}`;
  return width === null ? "orig" : String(width);
}

const NUMBER = "[1-9][0-9]{0,4}";
export const KEY_PATTERN = new RegExp(
  `^(?<id>[^/]+)/(?:@(?<v>[A-Za-z0-9_-]{1,64})/)?` +
    `(?:orig|(?<w>${NUMBER})|x(?<h>${NUMBER})|(?<pw>${NUMBER})x(?<ph>${NUMBER})-(?<fit>${FITS.join("|")})(?:(?<=cover)-(?<pos>${POSITIONS.join("|")}))?)` +
    `-(?<q>${QUALITIES.join("|")})\\.(?<f>${FORMATS.join("|")})$`,
);

/** Reads a key back, or null when `variantKey` would not have printed it. Sizes are held to the absolute limit only: ladders change, keys stay. */
export function parseVariantKey(key: string): { id: string; v: string | null; transform: Transform } | null {
  const parts = KEY_PATTERN.exec(key)?.groups;
  const quality = QUALITIES.find((name) => name === parts?.q);
  const format = FORMATS.find((name) => name === parts?.f);
  if (parts === undefined || quality === undefined || format === undefined) return null;
  const id = idOrNull(parts.id ?? "");
  const width = pixels(parts.w ?? parts.pw);
  const height = pixels(parts.h ?? parts.ph);
  if (id === null || Math.max(width ?? 1, height ?? 1) > ABSOLUTE_MAX_PX) return null;
  const fit = FITS.find((name) => name === parts.fit) ?? null;
  const pos = POSITIONS.find((name) => name === parts.pos) ?? null;
  return { id, v: parts.v ?? null, transform: { width, height, fit, pos, quality, format } };
}

function pixels(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}

function idOrNull(encoded: string): string | null {
  try {
    const id = decodeId(encoded);
    checkId(id);
    return encodeId(id) === encoded ? id : null;
  } catch {
    return null;
  }
}

/** What every key of this image begins with. */
export function imagePrefix(id: string): string {
  return `${encodeId(id)}/`;
}

/** What every key of this version of an image begins with. Null: of the image without a version, and of all its versions. */
export function versionPrefix(id: string, v: string | null): string {
  return v === null ? imagePrefix(id) : `${imagePrefix(id)}@${v}/`;
}

/** The still encoded id of a key. */
export function encodedIdOfKey(key: string): string {
  const slash = key.indexOf("/");
  return slash === -1 ? key : key.slice(0, slash);
}

/** A variant as a job of the ledger: the group is its image's id, and the part is the rest of its key. Throws URIError as `decodeId` does. */
export function jobOfKey(key: string): { group: string; part: string } {
  return { group: idOfKey(key), part: key.slice(encodedIdOfKey(key).length + 1) };
}

/** The key of the variant that a job makes, the inverse of `jobOfKey`. */
export function keyOfJob({ group, part }: { group: string; part: string }): string {
  return `${imagePrefix(group)}${part}`;
}

/** What the key of a variant in this format ends with. */
export function formatEnding(format: string): string {
  return `.${format}`;
}

/** The key of the same variant in another format. */
export function keyInFormat(key: string, format: Format): string {
  return `${key.slice(0, key.lastIndexOf("."))}${formatEnding(format)}`;
}

/** All keys of an image (`encoded`: its id) are from `from` on and below `to`: "0" comes after "/". */
export function rangeOfKeys(encoded: string): { from: string; to: string } {
  return { from: `${encoded}/`, to: `${encoded}0` };
}

/** The version token of a key that `variantKey` printed; null without one. */
export function versionOfKey(key: string): string | null {
  return /^[^/]+\/@([A-Za-z0-9_-]{1,64})\//.exec(key)?.[1] ?? null;
}

/** The id of a key that `variantKey` printed. */
export function idOfKey(key: string): string {
  return decodeId(encodedIdOfKey(key));
}

/** Where the variant's bytes lie in R2. */
export function storeKey(key: string): string {
  return `variants/${key}`;
}

/** Where the marker lies in R2 that says this variant will not be made (see markers.ts). */
export function deadKey(key: string): string {
  return `dead/${key}`;
}

/** Where the marker lies in R2 that says this image's original is missing or cannot be used, or that viewers may order nothing more of it today. */
export function missingKey(id: string): string {
  return `dead/${encodeId(id)}/_`;
}

/** Where the block of a removed image lies in R2. */
export function blockKey(id: string): string {
  return `removed/${encodeId(id)}`;
}

/** What every name of this image's staged originals in R2 begins with. */
export function stagedPrefix(id: string): string {
  return `staged/${imagePrefix(id)}`;
}

/** Where staged bytes lie in R2. */
export function stagedKey({ id, ...name }: StagedName): string {
  return `${stagedPrefix(id)}${stagedSegment(name)}`;
}

/** Of all notes of images. */
export const INFO_PREFIX = "info/";

/** Where it lies in R2 what is known of this image (see image-info.ts). */
export function infoKey(id: string): string {
  return `${INFO_PREFIX}${encodeId(id)}/_`;
}
