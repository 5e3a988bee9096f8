import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import { orientedSize, readImageHeader, sniffType } from "@prewarm/shared/image-header";
import type { ImageHeader, ImageType } from "@prewarm/shared/image-header-type";
import type { LeftOut } from "@prewarm/shared/image-info";
import type { Failure, FailureClass } from "@prewarm/shared/job";
import { errorText } from "@prewarm/shared/log";
import { resolveOriginal } from "@prewarm/shared/source";
import type { StagedName } from "@prewarm/shared/staged-name";
import { mayBeTransparent } from "@prewarm/shared/transparency";
import type { Size } from "../output/expected-size.ts";
import { findMetadata } from "../output/labels/find-metadata.ts";
import type { Labels } from "../output/labels/labels.ts";
import { readLabels } from "../output/labels/read-labels.ts";
import type { Semaphore } from "../platform/semaphore.ts";
import { readFromBucket, readFromUrl, type Start } from "./read-start.ts";

/** What the start of an original tells. */
export type ProbedOriginal =
  | {
      kind: "image";
      /** The URL that a job is ordered with that was granted at this time (Unix ms): the same time gives the same URL. */
      input(grantedAt: number): Promise<string>;
      /** As a viewer sees it; null when the header does not tell. */
      size: Size | null;
      etag: string | null;
      type: ImageType;
      /** Null when its server does not say. */
      bytes: number | null;
      frames: number;
      /** It may have transparent parts. */
      alpha: boolean;
      /** Absent: it has none, or the site does not want them. */
      labels?: Labels;
      /** Absent: nothing is known. */
      leftOut?: readonly LeftOut[];
      /** Of staged bytes that were there already: its origin was not asked. Default false. */
      isCopy?: boolean;
    }
  /** No variant can be made of it. That is no failure: nothing is tried again. */
  | { kind: "refused"; code: "missing" | "unsupported" | "unshowable" | "animated" | "too_large"; message: string }
  | { kind: "failed"; class: FailureClass; failure: Failure };

export interface OriginalsAccess {
  fetch: typeof fetch;
  /** A bucket of originals by its binding's name; null when it is not bound. */
  bucket(binding: string): Pick<R2Bucket, "get"> | null;
  /** The edge URL of a bucket's original, signed for a time (Unix ms); null when the edge's address or the signing key is not configured. */
  bucketOriginalUrl: ((id: string, at: number) => Promise<string>) | null;
  /** The edge URL of a staged original; null as of `bucketOriginalUrl`: then nothing is staged. */
  stagedUrl: ((name: StagedName) => Promise<string>) | null;
}

interface PlaceDeps extends Omit<OriginalsAccess, "stagedUrl"> {
  config: Pick<Config, "sources">;
}

interface ProbeDeps extends PlaceDeps {
  clock: Pick<Clock, "now">;
  config: Pick<Config, "sources" | "limits" | "labels">;
  connections: Semaphore;
}

/** Bytes read: nearly every header is in the first; large EXIF blocks, colour profiles and HEIC boxes need more. */
export const READS = [65_536, 524_288, 4_194_304];

const CONVERTIBLE = new Set(["jpeg", "png", "webp", "avif", "gif", "heic"]);

function failed(
  failureClass: FailureClass,
  code: string,
  message: string,
): Extract<ProbedOriginal, { kind: "failed" }> {
  return { kind: "failed", class: failureClass, failure: { code, message } };
}

function refused(code: Extract<ProbedOriginal, { kind: "refused" }>["code"], message: string): ProbedOriginal {
  return { kind: "refused", code, message };
}

type ImageOriginal = Extract<ProbedOriginal, { kind: "image" }>;

interface Place {
  read(n: number): Promise<Start>;
  input: ImageOriginal["input"];
}

/** Where to read from and which URL a job is ordered with, or why neither is possible. */
function locate(id: string, deps: PlaceDeps): Place | ProbedOriginal {
  const original = resolveOriginal(deps.config, id);
  if (original === null) return failed("permanent", "source_unknown", "no configured source holds this image");
  if (original.kind === "url") {
    const { url } = original;
    return { input: async () => url, read: (n) => readFromUrl(url, n, deps.fetch) };
  }
  const bucket = deps.bucket(original.bucket);
  if (bucket === null) return failed("permanent", "source_unbound", `the bucket ${original.bucket} is not bound`);
  const sign = deps.bucketOriginalUrl;
  if (sign === null) {
    return failed(
      "permanent",
      "original_unaddressable",
      "originals in a bucket need EDGE_URL and SIGNING_KEYS in the consumer (docs/originals.md)",
    );
  }
  return { input: (grantedAt) => sign(id, grantedAt), read: (n) => readFromBucket(bucket, original.key, n) };
}

/** The first `length` bytes of an original, as it is now; null when it has no place. */
export async function readOriginal(id: string, length: number, deps: PlaceDeps): Promise<Start | null> {
  const place = locate(id, deps);
  return "kind" in place ? null : place.read(length);
}

function isWhole(start: Extract<Start, { kind: "bytes" }>): boolean {
  return start.total !== null && start.bytes.byteLength >= start.total;
}

/** Whether a longer read could tell more than this one. */
export function wantsMore(
  start: Extract<Start, { kind: "bytes" }>,
  asked: number,
  header: ImageHeader | null,
  { labels }: Pick<Config, "labels">,
): boolean {
  if (isWhole(start) || start.bytes.byteLength < asked) return false;
  if (labels && findMetadata(start.bytes).isCut) return true;
  return header === null ? CONVERTIBLE.has(sniffType(start.bytes) ?? "") : !header.settled;
}

/** What the original says of itself, as far as there is something. */
function said(bytes: Uint8Array): Pick<ImageOriginal, "labels" | "leftOut"> {
  const { labels, leftOut } = readLabels(bytes);
  return { ...(labels === null ? {} : { labels }), ...(leftOut.length === 0 ? {} : { leftOut }) };
}

/** What can be made of an original whose start this is. */
export function judge(
  start: Extract<Start, { kind: "bytes" }>,
  header: ImageHeader | null,
  input: ImageOriginal["input"],
  { config }: { config: Pick<Config, "limits" | "labels"> },
): ProbedOriginal {
  const { originalMaxBytes, originalMaxPixels, originalMaxEdge } = config.limits;
  const { bytes, total } = start;
  // Neither the engine nor a browser can use these: the edge answers with the placeholder, not with the original.
  if (bytes.byteLength === 0) return refused("unshowable", "the original is empty");
  const type = sniffType(bytes);
  if (type === "tiff" || type === "jxl" || type === "html") return refused("unshowable", `the original is ${type}`);
  if (type === null || !CONVERTIBLE.has(type))
    return refused("unsupported", `the original is ${type ?? "not an image"}`);
  if (header === null) return refused("unsupported", `the original's ${type} header is damaged`);
  if (header.frames > 1) return refused("animated", `the original is an animated ${type}`);
  if (total !== null && total > originalMaxBytes) return refused("too_large", `the original has ${total} bytes`);
  if (header.width * header.height > originalMaxPixels) {
    return refused("too_large", `the original has ${header.width} × ${header.height} pixels`);
  }
  if (originalMaxEdge !== null && Math.max(header.width, header.height) > originalMaxEdge) {
    const shown = `${header.width} × ${header.height} pixels`;
    const most = `limits.originalMaxEdge allows ${originalMaxEdge} on the longest edge`;
    return refused("too_large", `the original has ${shown}, and ${most}`);
  }
  // An unsettled header may not show its orientation yet, so width and height may be swapped. A GIF has no orientation.
  const sure = header.width > 0 && header.height > 0 && (header.settled || type === "gif");
  const size = sure ? orientedSize(header) : null;
  const told = { type: header.type, bytes: total, frames: header.frames, alpha: mayBeTransparent(bytes) };
  return { kind: "image", input, size, etag: start.etag, ...told, ...(config.labels ? said(bytes) : {}) };
}

async function probe(id: string, rank: number, deps: ProbeDeps): Promise<ProbedOriginal> {
  const place = locate(id, deps);
  if ("kind" in place) return place;
  for (const length of READS) {
    const start = await deps.connections.run(() => place.read(length), { rank });
    if (start.kind === "missing") return refused("missing", "the original does not exist");
    if (start.kind === "failed") return start;
    const header = readImageHeader(start.bytes);
    if (length === READS.at(-1) || !wantsMore(start, length, header, deps.config))
      return judge(start, header, place.input, deps);
  }
  return failed("transient", "original_unreadable", "the original's start could not be read");
}

/** How long a look counts: variants of one image come together, and a replaced original must not be taken for the old one. Chosen. */
const FRESH_MS = 2_000;

/**
 * Looks at an original once for all that ask within two seconds, with the connections' rank of who asks first. A failure is not kept: the next
 * one to ask is another try. Never throws.
 */
export function createProbe(deps: ProbeDeps): (id: string, rank?: number) => Promise<ProbedOriginal> {
  const seen = new Map<string, { at: number; probed: Promise<ProbedOriginal> }>();

  async function look(id: string, rank: number): Promise<ProbedOriginal> {
    const probed = await probe(id, rank, deps).catch((error) =>
      failed("transient", "original_unreachable", errorText(error)),
    );
    if (probed.kind === "failed") seen.delete(id);
    return probed;
  }

  return (id, rank = 0) => {
    const now = deps.clock.now();
    const known = seen.get(id);
    if (known !== undefined && now - known.at < FRESH_MS) return known.probed;
    const probed = look(id, rank);
    seen.set(id, { at: now, probed });
    return probed;
  };
}
