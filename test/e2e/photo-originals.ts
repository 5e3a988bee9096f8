import sharp from "sharp";
import { camera } from "../../dev/samples.ts";

/** The grain that a scan of this size has, in steps of 0–255: an enlarged photograph has none, and would be half as many bytes. */
const GRAIN = 12;

function addGrain(pixels: Buffer): void {
  let seed = 1;
  for (let at = 0; at < pixels.length; at += 1) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const grain = ((seed >>> 16) % (2 * GRAIN + 1)) - GRAIN;
    pixels[at] = Math.min(255, Math.max(0, (pixels[at] ?? 0) + grain));
  }
}

/** So many different photographs of 2400 × 1600, as JPEG: pieces of a real one. */
export async function photos(count: number): Promise<Buffer[]> {
  // Its 24 megapixels are read once.
  const { data, info } = await sharp(await camera())
    .resize(3430)
    .raw()
    .toBuffer({ resolveWithObject: true });
  addGrain(data);
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
  return camera();
}
