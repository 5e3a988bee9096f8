import sharp from "sharp";

/** A grainy JPEG shown at 900×600 but stored upright, with EXIF orientation 6: what a telephone makes. */
export async function sampleOriginal(): Promise<Buffer> {
  const noise = { type: "gaussian" as const, mean: 128, sigma: 30 };
  return sharp({ create: { width: 600, height: 900, channels: 3, background: "#a0703c", noise } })
    .jpeg({ quality: 85 })
    .withExif({ IFD0: { Copyright: "Prewarm sample" } })
    .withMetadata({ orientation: 6 })
    .toBuffer();
}
