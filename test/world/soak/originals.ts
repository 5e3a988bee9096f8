import { createHash } from "node:crypto";
import { variantKey } from "@prewarm/shared/variant-key";
import sharp from "sharp";
import type { AcceptImage } from "../../../workers/consumer/src/images/calls.ts";

/** Sizes of originals; some are smaller than what is asked of them, so that nothing may be enlarged. */
const SIZES = [
  { width: 1200, height: 800 },
  { width: 900, height: 1200 },
  { width: 300, height: 300 },
  { width: 640, height: 360 },
] as const;

/** What upload systems and bulk runs ask of every image, and what only viewers ask. */
const WARMED = [
  { width: 160, format: "webp" },
  { width: 400, format: "webp" },
  { width: 800, format: "webp" },
  { width: 400, format: "avif" },
  { width: 400, format: "jpeg" },
  { width: 960, format: "jpeg" },
] as const;
const VIEWED = { width: 320, format: "webp" } as const;

export const VARIANTS_PER_IMAGE = WARMED.length;

function key(id: string, { width, format }: (typeof WARMED)[number] | typeof VIEWED): string {
  return variantKey(id, { width, height: null, fit: null, pos: null, quality: "high", format });
}

export function idOf(image: number): string {
  return `shop/${image}.jpg`;
}

export function imageOf(id: string): number {
  return Number(/^shop\/(\d+)\.jpg$/.exec(id)?.[1] ?? Number.NaN);
}

export function warmedKeys(image: number): string[] {
  return WARMED.map((one) => key(idOf(image), one));
}

/** What a request says of it; nothing of its order or etag. */
export function askedOf(image: number): AcceptImage {
  return { id: idOf(image), keys: warmedKeys(image), order: null, sourceEtag: null };
}

/** A variant that no run ever asks for: only views make its row. */
export function viewedKey(image: number): string {
  return key(idOf(image), VIEWED);
}

export type Kind = "image" | "missing" | "html";

/** A few originals are missing or are no pictures. */
export function kindOf(image: number): Kind {
  if (image % 97 === 41) return "missing";
  return image % 101 === 53 ? "html" : "image";
}

export function sizeOf(image: number): { width: number; height: number } {
  return SIZES[image % SIZES.length] ?? SIZES[0];
}

const bases = new Map<number, Promise<Buffer>>();

function baseOf(image: number): Promise<Buffer> {
  const size = image % SIZES.length;
  const known = bases.get(size);
  if (known !== undefined) return known;
  const { width, height } = sizeOf(image);
  const made = sharp({ create: { width, height, channels: 3, background: "#336699" } })
    .jpeg({ quality: 40 })
    .toBuffer();
  bases.set(size, made);
  return made;
}

/** A JPEG of this image's size that names itself and its version in a comment. */
export async function originalBytes(image: number, version: number): Promise<Buffer> {
  const base = await baseOf(image);
  // A small original takes the place of its JPEG, without the comment; so its bytes are more than a variant's.
  const text = Buffer.from(`${idOf(image)} v${version} ${"-".repeat(30_000)}`);
  const head = Buffer.from([0xff, 0xfe, 0, 0]);
  head.writeUInt16BE(text.byteLength + 2, 2);
  return Buffer.concat([base.subarray(0, 2), head, text, base.subarray(2)]);
}

/** The beginning of what the emulator stamps into every output of this version. */
export async function stampOf(image: number, version: number): Promise<string> {
  return createHash("sha256")
    .update(await originalBytes(image, version))
    .digest("hex")
    .slice(0, 24);
}
