import sharp, { type Color, type Sharp } from "sharp";

/*
 * Real bytes that tell whose they are: each image and version of an original has a colour of its own, each size another. Made before
 * the histories begin, because an encoder's threads know nothing of virtual time.
 */

export const IMAGES = ["a", "b"] as const;
export type ImageName = (typeof IMAGES)[number];
export const WIDTHS = [160, 320, 480] as const;
export type Width = (typeof WIDTHS)[number];
/** Versions an original goes through at most. */
export const VERSIONS = 6;

const ORIGINAL_WIDTHS: Record<string, number> = { a: 800, b: 300 } satisfies Record<ImageName, number>;
/** Both show all of their original: the first is made, the other a copy of it. */
export const SAME_PICTURE = { made: { image: "b", width: 320 }, copied: { image: "b", width: 480 } } as const;

export interface Pictures {
  original(image: string): Uint8Array;
  output(image: string, version: number, width: number): Uint8Array;
}

/** In px; nothing is enlarged. */
function shownWidth(image: string, width: number): number {
  return Math.min(width, ORIGINAL_WIDTHS[image] ?? 0);
}

async function plain(width: number, background: Color, encode: (picture: Sharp) => Sharp): Promise<Uint8Array> {
  const picture = sharp({ create: { width, height: width / 2, channels: 3, background } });
  return new Uint8Array(await encode(picture).toBuffer());
}

export async function makePictures(): Promise<Pictures> {
  const outputs = new Map<string, Uint8Array>();
  const originals = new Map<string, Uint8Array>();
  for (const [n, image] of IMAGES.entries()) {
    originals.set(image, await plain(ORIGINAL_WIDTHS[image] ?? 0, "#808080", (picture) => picture.jpeg()));
    for (let version = 0; version < VERSIONS; version += 1) {
      for (const width of new Set(WIDTHS.map((one) => shownWidth(image, one)))) {
        const colour = { r: 100 * n, g: 40 * version, b: 200 };
        const picture = await plain(width, colour, (one) => one.webp({ lossless: true }));
        outputs.set(`${image} ${version} ${width}`, picture);
      }
    }
  }
  return {
    original: (image) => originals.get(image) ?? new Uint8Array(0),
    output: (image, version, width) =>
      outputs.get(`${image} ${version} ${shownWidth(image, width)}`) ?? new Uint8Array(0),
  };
}
