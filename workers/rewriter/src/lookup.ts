import type { KnownImage } from "@prewarm/client/html";
import { parseForeignJson } from "@prewarm/shared/foreign-json";
import { readBoundedText } from "@prewarm/shared/read-at-most";

/* One call for what is known of a page's images. */

export type Known = ReadonlyMap<string, KnownImage>;

export interface LookupDeps {
  /** Answers `POST /api/v1/info`. */
  ask(ids: readonly string[], signal: AbortSignal): Promise<Response>;
  cache(): Promise<Pick<Cache, "match" | "put">>;
  /** Lets work go on after the page is sent. */
  waitUntil(work: Promise<unknown>): void;
  log(event: string, fields: object): void;
}

/** Seconds for which an answer is good: after that time images that have become warm are seen. */
const KEEP_S = 60;
/** Seconds until a lookup that failed is tried again. */
const KEEP_FAILED_S = 10;
const NOTHING = '{"images":[]}';
/** The call itself; the page does not wait so long. */
const CALL_MS = 10_000;
/** Bytes of its answer that are read. An image has up to 4 kB, its placeholder included. */
const ANSWER_MAX_BYTES = 4_000_000;

/**
 * What is known of these images, within `ms`; otherwise nothing. A call that takes longer goes on, and its answer is there for the next
 * viewer of the page.
 */
export async function lookUp(ids: readonly string[], ms: number, deps: LookupDeps): Promise<Known> {
  if (ids.length === 0) return new Map();
  const work = read(ids, deps).catch((error) => {
    deps.log("rewriter.lookup_failed", {
      images: ids.length,
      error: error instanceof Error ? error.message : String(error),
    });
    return [];
  });
  deps.waitUntil(work);
  const found = await Promise.race([work, new Promise<never[]>((resolve) => setTimeout(resolve, ms, []))]);
  return new Map(found.map((image) => [image.id, image]));
}

async function read(ids: readonly string[], deps: LookupDeps): Promise<KnownImage[]> {
  const cache = await deps.cache();
  const key = await keyOf(ids);
  const kept = await cache.match(key);
  // biome-ignore lint/plugin: an answer that was kept below
  if (kept !== undefined) return imagesOf(await kept.text());
  const keep = (text: string, seconds: number): Promise<void> =>
    cache.put(key, new Response(text, { headers: { "cache-control": `max-age=${seconds}` } }));
  try {
    const answer = await deps.ask(ids, AbortSignal.timeout(CALL_MS));
    if (!answer.ok) throw new Error(`POST /api/v1/info answers ${answer.status}`);
    const text = await readBoundedText(answer, ANSWER_MAX_BYTES);
    const found = imagesOf(text);
    await keep(text, KEEP_S);
    return found;
  } catch (error) {
    await keep(NOTHING, KEEP_FAILED_S);
    throw error;
  }
}

async function keyOf(ids: readonly string[]): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(ids)));
  const hex = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0"));
  return `https://rewriter.prewarm/${hex.join("")}`;
}

/** Throws where the answer is none. */
function imagesOf(text: string): KnownImage[] {
  const { images } = parseForeignJson(text) as { images: KnownImage[] };
  const isImage = ({ id, width, height, widths }: KnownImage): boolean =>
    typeof id === "string" && width > 0 && height > 0 && widths.every((px) => px > 0);
  if (!images.every(isImage)) throw new Error("POST /api/v1/info answers with something else");
  return images;
}
