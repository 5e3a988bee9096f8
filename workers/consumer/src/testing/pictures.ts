import sharp from "sharp";

const made = new Map<string, Promise<Uint8Array>>();

/** Real, small-footprint image bytes of this size; made once each. */
export function picture(
  format: "webp" | "avif" | "jpeg" | "png" | "gif" | "tiff",
  width: number,
  height: number,
): Promise<Uint8Array> {
  const name = `${format} ${width} ${height}`;
  const known = made.get(name);
  if (known !== undefined) return known;
  const create = { width, height, channels: 3 as const, background: { r: 200, g: 120, b: 40 } };
  const fresh = sharp({ create })
    .toFormat(format)
    .toBuffer()
    .then((buffer) => new Uint8Array(buffer));
  made.set(name, fresh);
  return fresh;
}
