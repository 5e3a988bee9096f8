import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { JobFailure } from "../errors.ts";
import type { Settings } from "../settings.ts";
import { s3Path } from "./s3-directory.ts";

const FETCH_TIMEOUT_MS = 30_000;
const MAX_INPUT_BYTES = 200 * 1024 * 1024;
/** Documented for the 2025 dialects. HEIC is accepted by the service but cannot be decoded by the emulator's sharp. */
const READABLE = new Set(["jpeg", "png", "webp", "heif", "gif"]);

/** The bytes of an original with what its header says; width and height are those after EXIF orientation. */
export interface SourceImage {
  bytes: Buffer;
  hash: string;
  width: number;
  height: number;
  format: string;
}

export interface InputSource {
  /** @throws JobFailure when the input cannot be had or is no readable image */
  load(url: string): Promise<SourceImage>;
}

async function readSource(bytes: Buffer): Promise<SourceImage> {
  const hash = createHash("sha256").update(bytes).digest("hex");
  try {
    const { autoOrient, format, compression } = await sharp(bytes).metadata();
    if (!READABLE.has(format)) throw new Error(`${format} is not an accepted input format`);
    return { bytes, hash, ...autoOrient, format: compression === "av1" ? "avif" : format };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new JobFailure("input_unsupported", `the input is not a readable image: ${reason}`);
  }
}

async function readCapped(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of response.body ?? []) {
    total += chunk.byteLength;
    if (total > MAX_INPUT_BYTES) throw new JobFailure("input_too_large", "the input is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Fetches an original for every job, as the service does. */
export function createInputSource(settings: Settings, fetcher: typeof fetch = fetch): InputSource {
  async function fetchHttp(url: string): Promise<SourceImage> {
    const headers = { accept: "image/*", "user-agent": "ittybit-emulator" };
    const response = await fetcher(url, { headers, signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    if (!response.ok) throw new JobFailure("input_unreachable", `the input answered ${response.status}`);
    return readSource(await readCapped(response));
  }

  return {
    async load(url) {
      try {
        if (url.startsWith("s3://")) return await readSource(await readFile(s3Path(settings.s3Directory, url)));
        return await fetchHttp(url);
      } catch (cause) {
        if (cause instanceof JobFailure) throw cause;
        throw new JobFailure("input_unreachable", `the input could not be read: ${String(cause)}`);
      }
    },
  };
}
