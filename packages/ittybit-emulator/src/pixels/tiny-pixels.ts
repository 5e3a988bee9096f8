import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { createByteCache } from "./byte-cache.ts";
import type { OutputFormat } from "./image-options.ts";
import type { Encoded, RenderPlan } from "./real-pixels.ts";

/** Signature and IHDR; a profile stands before the pixels. */
const PNG_HEADER_BYTES = 33;
const FLAT_CACHE_BYTES = 32 * 1024 * 1024;
const flatImages = createByteCache<Buffer>(() => FLAT_CACHE_BYTES);

async function flatImage(plan: RenderPlan): Promise<Buffer> {
  const key = `${plan.format} ${plan.width}x${plan.height}`;
  const known = flatImages.get(key);
  if (known) return known;
  const { width, height } = plan;
  const image = sharp({ create: { width, height, channels: 3, background: "#7f9fbf" } });
  const bytes = await image.toFormat(plan.format, { effort: plan.format === "avif" ? 0 : 1 }).toBuffer();
  flatImages.set(key, bytes, bytes.byteLength);
  return bytes;
}

function uint32(value: number, littleEndian = false): Buffer {
  const bytes = Buffer.alloc(4);
  if (littleEndian) bytes.writeUInt32LE(value);
  else bytes.writeUInt32BE(value);
  return bytes;
}

/** Before the trailer (GIF's `;`, 1 byte), where readers look for comments. */
function insertBefore(image: Buffer, trailerBytes: number, block: Buffer): Buffer {
  const at = image.byteLength - trailerBytes;
  return Buffer.concat([image.subarray(0, at), block, image.subarray(at)]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  return Buffer.concat([uint32(data.byteLength), body, uint32(crc32(body))]);
}

function webpWithChunk(image: Buffer, text: Buffer): Buffer {
  const padded = Buffer.concat([text, Buffer.alloc(text.byteLength % 2)]);
  const stamped = Buffer.concat([image, Buffer.from("ICCP"), uint32(text.byteLength, true), padded]);
  stamped.writeUInt32LE(stamped.byteLength - 8, 4); // RIFF's own size
  return stamped;
}

/** Behind the pixels, in the box that they are in: no item says that these bytes are its own. */
function avifWithTail(image: Buffer, text: Buffer): Buffer {
  const box = image.indexOf("mdat") - 4;
  const stamped = Buffer.concat([image, text]);
  stamped.writeUInt32BE(stamped.byteLength - box, box);
  return stamped;
}

function jpegSegment(marker: number, content: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(content.byteLength + 2, 2);
  return Buffer.concat([head, content]);
}

/**
 * Hides `stamp` where the format allows it, leaving the image valid: in the place of a colour profile, since what says nothing about the
 * picture does not reach a store.
 */
function withStamp(image: Buffer, format: OutputFormat, stamp: string): Buffer {
  const text = Buffer.from(stamp);
  switch (format) {
    case "jpeg": {
      const profile = jpegSegment(0xe2, Buffer.concat([Buffer.from("ICC_PROFILE\0\x01\x01"), text]));
      return Buffer.concat([image.subarray(0, 2), profile, image.subarray(2)]);
    }
    case "png": {
      const profile = pngChunk("iCCP", Buffer.concat([Buffer.from("stamp\0\0"), deflateSync(text, { level: 0 })]));
      return Buffer.concat([image.subarray(0, PNG_HEADER_BYTES), profile, image.subarray(PNG_HEADER_BYTES)]);
    }
    case "gif":
      return insertBefore(
        image,
        1,
        Buffer.concat([Buffer.from([0x21, 0xfe, text.byteLength]), text, Buffer.from([0])]),
      );
    case "webp":
      return webpWithChunk(image, text);
    case "avif":
      return avifWithTail(image, text);
    default:
      return format satisfies never;
  }
}

/**
 * A flat image of exactly the planned format and size. The pixels say nothing, so `stamp` (≤ 255 bytes) is written into
 * the file: a soak can tell whose variant the bytes are.
 */
export async function renderTiny(plan: RenderPlan, stamp: string): Promise<Encoded> {
  const bytes = withStamp(await flatImage(plan), plan.format, stamp);
  return { bytes, width: plan.width, height: plan.height, format: plan.format };
}
