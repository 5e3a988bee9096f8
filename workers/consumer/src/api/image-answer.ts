import { jobHash } from "@prewarm/shared/job";
import { formatTransform } from "@prewarm/shared/transform";
import { imagePrefix, parseVariantKey, storeKey } from "@prewarm/shared/variant-key";
import { fromCustomMetadata } from "@prewarm/shared/variant-metadata";
import type * as z from "zod";
import type { ApiDeps } from "./deps.ts";
import { originalAddress, variantUrl } from "./job-answer.ts";
import type { ImageRows, NamedJob } from "./ledger-port.ts";
import type { image as imageSchema, Variant } from "./schemas/images.ts";

/** Variants of one page: R2 lists at most this many objects with their metadata at once. */
const PAGE_OBJECTS = 500;

/** One image: what R2 holds of it (a page), joined by the rows; rows that R2 has nothing for stand on the first page. */
export async function imageAnswer(
  id: string,
  cursor: string | null,
  deps: ApiDeps,
): Promise<z.infer<typeof imageSchema>> {
  const prefix = storeKey(imagePrefix(id));
  const options: R2ListOptions & { include: string[] } = { prefix, limit: PAGE_OBJECTS, include: ["customMetadata"] };
  const [listed, found] = await Promise.all([
    deps.bucket.list(cursor === null ? options : { ...options, cursor }),
    deps.ledger.imageRows(id),
  ]);
  const rows = new Map(found.rows.map((row) => [row.key, row]));
  const stored = await Promise.all(listed.objects.map((object) => fromObject(object, rows, deps)));
  const inStore = new Set(listed.objects.map(({ key }) => key.slice(storeKey("").length)));
  const waiting =
    cursor === null
      ? found.rows.filter((row) => !inStore.has(row.key) && !(listed.truncated && row.state === "stored"))
      : [];
  const others = await Promise.all(waiting.map((row) => fromRow(row, deps)));
  return {
    id,
    originalUrl: await originalAddress(id, deps),
    sourceEtag: sourceEtag(found, listed.objects),
    purging: found.purging,
    variants: [...stored, ...others].filter((one) => one !== null),
    nextCursor: listed.truncated ? listed.cursor : null,
  };
}

function sourceEtag(found: ImageRows, objects: R2Object[]): string | null {
  const newest = objects
    .map((object) => fromCustomMetadata(object.customMetadata))
    .reduce((best, one) => {
      return one !== null && one.createdAt > (best?.createdAt ?? -1) ? one : best;
    }, null);
  return found.sourceEtag ?? newest?.sourceEtag ?? null;
}

async function fromObject(object: R2Object, rows: Map<string, NamedJob>, deps: ApiDeps): Promise<Variant | null> {
  const key = object.key.slice(storeKey("").length);
  const parsed = parseVariantKey(key);
  if (parsed === null) return null; // Something that was put there by hand.
  const row = rows.get(key);
  const metadata = fromCustomMetadata(object.customMetadata);
  return {
    transform: formatTransform(parsed.transform),
    format: parsed.transform.format,
    // An open row over a stored object is a variant being made anew: the old one is served until then.
    state: row === undefined || row.state === "dead" || row.state === "cancelled" ? "stored" : row.state,
    bytes: object.size,
    url: await variantUrl(parsed.id, parsed.transform, parsed.v, deps),
    key,
    v: parsed.v,
    job: await jobHash(key),
    width: metadata?.width ?? null,
    height: metadata?.height ?? null,
    error: row?.error ?? null,
    storedAt: object.uploaded?.getTime() ?? metadata?.createdAt ?? null,
  };
}

async function fromRow(row: NamedJob, deps: ApiDeps): Promise<Variant | null> {
  const parsed = parseVariantKey(row.key);
  if (parsed === null) return null;
  const { transform, v, id } = parsed;
  return {
    transform: formatTransform(transform),
    format: transform.format,
    state: row.state,
    bytes: row.bytes,
    url: await variantUrl(id, transform, v, deps),
    key: row.key,
    v,
    job: row.job,
    width: null,
    height: null,
    error: row.error,
    storedAt: row.storedAt,
  };
}
