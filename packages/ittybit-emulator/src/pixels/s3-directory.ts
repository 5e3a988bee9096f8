import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { JobFailure } from "../errors.ts";

/**
 * The file that stands for an `s3://bucket/key` URL.
 * @throws JobFailure without a directory, or for a key that would leave it
 */
export function s3Path(directory: string | null, url: string): string {
  if (directory === null) throw new JobFailure("storage_unavailable", "this emulator has no S3 directory");
  const segments = url.slice("s3://".length).split("/");
  if (segments.some((segment) => segment === "" || segment === "." || segment === ".." || segment.includes("\0"))) {
    throw new JobFailure("storage_key_invalid", `${url} is not a usable key`);
  }
  return join(directory, ...segments);
}

export async function writeToS3(directory: string | null, url: string, bytes: Buffer): Promise<void> {
  const path = s3Path(directory, url);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}
