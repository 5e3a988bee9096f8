import { orientedSize, readImageHeader } from "@prewarm/shared/image-header";
import { readAtMost } from "@prewarm/shared/read-at-most";
import type { Size } from "../../output/expected-size.ts";
import type { CheckPlatform } from "./session.ts";
import { type Stop, stopped } from "./verdict.ts";

/** Bytes of an original's start: its header is in them. */
const START_BYTES = 524_288;
const ORIGINAL_TIMEOUT_MS = 15_000;
/** Bytes of the original that are read. */
const ORIGINAL_MAX_BYTES = 100_000_000;

/** The original as anybody sees it. @throws Stop when it cannot be had: then Ittybit could not fetch it either */
export async function readOriginal(
  original: string,
  { fetch }: Pick<CheckPlatform, "fetch">,
): Promise<{ size: Size; bytes: Uint8Array }> {
  const cannot = (because: string): Stop =>
    stopped(
      "unchecked",
      "unreachable",
      `the original ${original} ${because}`,
      "name a picture that anybody may fetch with --original",
    );
  const signal = AbortSignal.timeout(ORIGINAL_TIMEOUT_MS);
  const response = await fetch(original, { signal }).catch(() => null);
  if (response === null) throw cannot("cannot be fetched from here");
  if (!response.ok) throw cannot(`answers ${response.status}`);
  const bytes = await readAtMost(response.body, ORIGINAL_MAX_BYTES);
  const header = readImageHeader(bytes.subarray(0, START_BYTES));
  if (header === null || header.width === 0) throw cannot("is no picture");
  return { size: orientedSize(header), bytes };
}
