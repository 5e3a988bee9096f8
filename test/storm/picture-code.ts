import sharp from "sharp";

/*
 * What an original says of itself, in its pixels: 8 × 8 black and white fields. A comment or EXIF would say it too, but
 * those may be stripped; the fields survive every size, format and quality that Ittybit makes.
 */

export interface PictureCode {
  image: number;
  version: number;
}

const SIDE = 8;
const BITS = { image: 32n, version: 8n, check: 24n };
const mask = (bits: bigint): bigint => (1n << bits) - 1n;

function pack({ image, version }: PictureCode): bigint {
  const code = (BigInt(image) << BITS.version) | BigInt(version);
  return (code << BITS.check) | checkOf(code);
}

/** Tells a damaged picture from a code. Never 0: a black picture is no code. */
function checkOf(code: bigint): bigint {
  return (code * 0x9e3779b97f4a7c15n + 0xabcn) % mask(BITS.check);
}

/** A JPEG of that size, with the code in it. */
export async function drawCode(code: PictureCode, size: { width: number; height: number }): Promise<Buffer> {
  const packed = pack(code);
  const fields = Buffer.from(Array.from({ length: SIDE * SIDE }, (_, bit) => ((packed >> BigInt(bit)) & 1n ? 255 : 0)));
  return sharp(fields, { raw: { width: SIDE, height: SIDE, channels: 1 } })
    .resize({ ...size, fit: "fill", kernel: "nearest" })
    .toColourspace("srgb")
    .jpeg()
    .toBuffer();
}

/** The code in a picture, or null: it holds none. */
export async function readCode(bytes: Uint8Array): Promise<(PictureCode & { width: number }) | null> {
  const picture = sharp(bytes);
  const { width = 0 } = await picture.metadata();
  const fields = await picture.greyscale().resize(SIDE, SIDE, { fit: "fill", kernel: "nearest" }).raw().toBuffer();
  const packed = [...fields].reduce((sum, value, bit) => (value > 127 ? sum | (1n << BigInt(bit)) : sum), 0n);
  const code = packed >> BITS.check;
  if (checkOf(code) !== (packed & mask(BITS.check))) return null;
  return { image: Number(code >> BITS.version), version: Number(code & mask(BITS.version)), width };
}
