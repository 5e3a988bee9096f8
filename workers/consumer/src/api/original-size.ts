import type { Original } from "@prewarm/shared/source";

/** Longest one HEAD may take, in ms: a dry run is somebody waiting. */
const TIMEOUT_MS = 3000;

/** How large an original is: a HEAD of its URL, or of its bucket. Null when nobody says; never throws, never follows a redirect. */
export function originalSize(
  fetcher: typeof fetch,
  bucketNamed: (binding: string) => Pick<R2Bucket, "head"> | undefined,
): (original: Original) => Promise<number | null> {
  return async (original) => {
    try {
      if (original.kind === "bucket") return (await bucketNamed(original.bucket)?.head(original.key))?.size ?? null;
      const answer = await fetcher(original.url, {
        method: "HEAD",
        redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const length = answer.headers.get("Content-Length") ?? "";
      return answer.ok && /^\d{1,15}$/.test(length) ? Number(length) : null;
    } catch {
      return null;
    }
  };
}
