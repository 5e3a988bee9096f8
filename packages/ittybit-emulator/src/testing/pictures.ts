import sharp from "sharp";

const RED = "#e01010";
const BLUE = "#1010e0";

/** A picture whose left half is red and right half blue. */
export async function halves(width: number, height: number): Promise<Buffer> {
  const half = Math.floor(width / 2);
  const right = sharp({ create: { width: width - half, height, channels: 3, background: BLUE } });
  return sharp({ create: { width, height, channels: 3, background: RED } })
    .composite([{ input: await right.png().toBuffer(), left: half, top: 0 }])
    .png()
    .toBuffer();
}

export async function landscape(width = 400, height = 300): Promise<Buffer> {
  return sharp(await halves(width, height))
    .jpeg({ quality: 95 })
    .toBuffer();
}

/** Stored 300×400 with EXIF orientation 6: shown, it is 400×300 and its left half is what was stored at the bottom. */
export async function rotated(): Promise<Buffer> {
  const stored = await sharp(await halves(400, 300))
    .rotate(-90)
    .png()
    .toBuffer();
  return sharp(stored)
    .jpeg({ quality: 95 })
    .withExif({ IFD0: { Copyright: "somebody", ImageDescription: "secret place" } })
    .withMetadata({ orientation: 6 })
    .toBuffer();
}

/** Random grain: the harder to compress, the more quality shows in the size. */
export async function grain(width: number, height: number): Promise<Buffer> {
  const noise = { type: "gaussian" as const, mean: 128, sigma: 40 };
  return sharp({ create: { width, height, channels: 3, background: "#808080", noise } })
    .png()
    .toBuffer();
}

export async function transparent(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 4, background: "#ff000000" } })
    .png()
    .toBuffer();
}

export async function animatedGif(): Promise<Buffer> {
  const frame = (background: string) =>
    sharp({ create: { width: 60, height: 40, channels: 3, background } })
      .png()
      .toBuffer();
  return sharp([await frame(RED), await frame(BLUE)], { join: { animated: true } })
    .gif()
    .toBuffer();
}

/** The colour at a point, as red, green, blue, alpha. */
export async function pixelAt(image: Buffer, left: number, top: number): Promise<number[]> {
  const pixel = { left, top, width: 1, height: 1 };
  return [...(await sharp(image).ensureAlpha().extract(pixel).raw().toBuffer())];
}
