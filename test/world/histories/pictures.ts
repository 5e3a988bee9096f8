import type { Focal } from "@prewarm/shared/focal";
import sharp, { type Color, type Sharp } from "sharp";

/*
 * Real bytes that tell whose they are: each image, version of an original and part of it has a colour of its own, each size another.
 * Made before the histories begin, because an encoder's threads know nothing of virtual time.
 */

export const IMAGES = ["a", "b"] as const;
export type ImageName = (typeof IMAGES)[number];
export const WIDTHS = [128, 320, 480] as const;
export type Width = (typeof WIDTHS)[number];
/**
 * Variants of this width are squares, cut from an original that is twice as wide as high: half of its width shows. No original is lower, for
 * then the edge would ask for another square with the same picture.
 */
export const CROP_WIDTH = WIDTHS[0];
/** The part of its original that a picture shows. */
export type Part = "whole" | "left" | "center" | "right";
/** Points to set. */
export const POINTS: readonly (Focal | null)[] = [[0, 0.5], [1, 0.5], [0.5, 0], null];
/** Versions an original goes through at most. */
export const VERSIONS = 6;

const ORIGINAL_WIDTHS: Record<string, number> = { a: 800, b: 300 } satisfies Record<ImageName, number>;
const PARTS: readonly Part[] = ["whole", "left", "center", "right"];
/** Both show all of their original: the first is made, the other a copy of it. */
export const SAME_PICTURE = { made: { image: "b", width: 320 }, copied: { image: "b", width: 480 } } as const;

export interface Pictures {
  original(image: string): Uint8Array;
  output(image: string, version: number, width: number, part: Part): Uint8Array;
}

/** The part that a variant shows best of a point: its original's half around it. */
export function partOf(width: number, point: Focal | null): Part {
  if (width !== CROP_WIDTH) return "whole";
  const x = point?.[0] ?? 0.5;
  return x < 0.3 ? "left" : x > 0.7 ? "right" : "center";
}

/** In px; nothing is enlarged. */
function shownWidth(image: string, width: number, part: Part): number {
  const original = ORIGINAL_WIDTHS[image] ?? 0;
  return Math.min(width, part === "whole" ? original : original / 2);
}

interface Plain {
  width: number;
  height: number;
  background: Color;
}

async function plain(like: Plain, encode: (picture: Sharp) => Sharp): Promise<Uint8Array> {
  const picture = sharp({ create: { ...like, channels: 3 } });
  return new Uint8Array(await encode(picture).toBuffer());
}

export async function makePictures(): Promise<Pictures> {
  const outputs = new Map<string, Uint8Array>();
  const originals = new Map<string, Uint8Array>();
  const nameOf = (image: string, version: number, width: number, part: Part) =>
    `${image} ${version} ${shownWidth(image, width, part)} ${part}`;
  for (const [n, image] of IMAGES.entries()) {
    const width = ORIGINAL_WIDTHS[image] ?? 0;
    const original = { width, height: width / 2, background: "#808080" };
    originals.set(image, await plain(original, (picture) => picture.jpeg()));
    for (let version = 0; version < VERSIONS; version += 1) {
      for (const [of, part] of PARTS.entries()) {
        const background = { r: 100 * n, g: 40 * version, b: 200 - 20 * of };
        for (const asked of WIDTHS.filter((one) => (one === CROP_WIDTH) === (part !== "whole"))) {
          const shown = shownWidth(image, asked, part);
          const like = { width: shown, height: part === "whole" ? shown / 2 : shown, background };
          outputs.set(nameOf(image, version, asked, part), await plain(like, (one) => one.webp({ lossless: true })));
        }
      }
    }
  }
  return {
    original: (image) => originals.get(image) ?? new Uint8Array(0),
    output: (...shown) => outputs.get(nameOf(...shown)) ?? new Uint8Array(0),
  };
}
