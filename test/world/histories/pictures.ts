import sharp from "sharp";

/*
 * Real bytes that tell whose they are: each image and version of an original has a colour of its own, each variant a size. Made before
 * the histories begin, because an encoder's threads know nothing of virtual time.
 */

export const IMAGES = ["a", "b"] as const;
export type ImageName = (typeof IMAGES)[number];
export const WIDTHS = [160, 320, 480] as const;
export type Width = (typeof WIDTHS)[number];
/** Versions an original goes through at most. */
export const VERSIONS = 6;

export interface Pictures {
  original: Uint8Array;
  output(image: string, version: number, width: number): Uint8Array;
}

export async function makePictures(): Promise<Pictures> {
  const outputs = new Map<string, Uint8Array>();
  for (const [n, image] of IMAGES.entries()) {
    for (let version = 0; version < VERSIONS; version += 1) {
      for (const width of WIDTHS) {
        const background = { r: 100 * n, g: 40 * version, b: 200 };
        const picture = sharp({ create: { width, height: width / 2, channels: 3, background } });
        outputs.set(`${image} ${version} ${width}`, new Uint8Array(await picture.webp({ lossless: true }).toBuffer()));
      }
    }
  }
  const original = sharp({ create: { width: 800, height: 400, channels: 3, background: "#808080" } });
  return {
    original: new Uint8Array(await original.jpeg().toBuffer()),
    output: (image, version, width) => outputs.get(`${image} ${version} ${width}`) ?? new Uint8Array(0),
  };
}
