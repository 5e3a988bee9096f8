import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import sharp from "sharp";

const require = createRequire(import.meta.url);
const camera = join(dirname(require.resolve("exif/package.json")), "test/sony-alpha-6000.jpg");

/** So many different photographs of 2400 × 1600, as JPEG: pieces of a real one. */
export async function photos(count: number): Promise<Buffer[]> {
  // Its 24 megapixels are read once.
  const { data, info } = await sharp(camera).resize(3430).raw().toBuffer({ resolveWithObject: true });
  const made: Buffer[] = [];
  // One after the other: each takes all cores.
  for (let n = 0; n < count; n += 1) {
    const piece = { left: 34 * n, top: 22 * n, width: 2400, height: 1600 };
    made.push(await sharp(data, { raw: info }).extract(piece).jpeg({ quality: 82 }).toBuffer());
  }
  return made;
}

/** A photograph of 24 megapixels, as it left the camera. */
export function largePhoto(): Promise<Buffer> {
  return readFile(camera);
}
