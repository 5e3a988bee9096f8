import type { Image, Variant } from "@prewarm/control-schema/images";
import { AFTER } from "@prewarm/control-schema/words";
import { ApiError } from "@prewarm/shared/api-errors";
import { checkId } from "@prewarm/shared/image-id";
import { LEFT_OUT } from "@prewarm/shared/image-info";
import { OPEN_STATES } from "@prewarm/shared/job";
import { formatTransform } from "@prewarm/shared/transform";
import { imagePrefix, parseVariantKey, storeKey } from "@prewarm/shared/variant-key";
import { fromCustomMetadata } from "@prewarm/shared/variant-metadata";
import type { ImageRows, NamedJob } from "../ledger/calls.ts";
import { objectsAfter } from "../store/list-pages.ts";
import type { Caller } from "./access/caller.ts";
import type { ApiDeps } from "./deps.ts";
import type { Resource } from "./endpoint.ts";
import { readNote } from "./jobs.ts";
import { originalAddress, variantUrl } from "./links.ts";
import { purgeTimeline } from "./purge-timeline.ts";
import { receiptOf } from "./removal.ts";

/** Stored variants of one page. */
const PAGE_OBJECTS = 500;

export const images = {
  "GET /api/v1/images/{id}": ({ params: { id }, query, caller }, deps) => {
    checkId(id);
    return imageAnswer(id, query.cursor ?? null, caller, deps);
  },
  "DELETE /api/v1/images/{id}": async ({ params: { id }, caller }, { ledger }) => {
    checkId(id);
    const { status, purge } = await ledger.purgeImage(id, null, caller.who);
    if (status === "outdated") throw new ApiError("conflict");
    await ledger.edgesTold();
    return { id, purge, state: status };
  },
  "PUT /api/v1/images/{id}/focal": async ({ params: { id }, body: { focal }, caller }, { ledger }) => {
    checkId(id);
    const { changed } = await ledger.setFocal(id, focal, caller.who);
    return { id, focal, changed };
  },
} satisfies Resource;

/**
 * One image: a page of what R2 holds of it, joined by the rows. A page is an interval of keys, so that a row that R2 has nothing for stands
 * on one page, however short R2 makes them; the cursor is where the interval before has ended.
 */
async function imageAnswer(id: string, cursor: string | null, caller: Caller, deps: ApiDeps): Promise<Image> {
  const prefix = storeKey(imagePrefix(id));
  const options: R2ListOptions & { include: string[] } = { prefix, limit: PAGE_OBJECTS, include: ["customMetadata"] };
  const after = cursor === null ? "" : prefix + cursor.slice(AFTER.length);
  const { objects, to } = await objectsAfter(deps.bucket, options, { after, most: PAGE_OBJECTS });
  const keys = objects.map(({ key }) => key.slice(storeKey("").length));
  const found = await deps.ledger.imageRows(id, keys);
  const rows = new Map(found.rows.map((row) => [row.key, row]));
  const stored = await Promise.all(
    objects.map((object, at) => fromObject(object, { key: keys[at] ?? "", rows, names: found.names }, deps)),
  );
  const inStore = new Set(keys);
  const isOnPage = (name: string) => name > after && (to === null || name <= to);
  const others = found.rows.filter(({ key }) => !inStore.has(key) && isOnPage(storeKey(key)));
  const waiting = await Promise.all(others.map((row) => fromRow(row, deps)));
  const note = await readNote(id, deps);
  return {
    id,
    // The note keeps the version for longer than the ledger does.
    v: found.announced === null ? (note?.version ?? null) : found.announced.v,
    originalUrl: await originalAddress(id, caller, deps),
    originalBytes: note?.bytes ?? null,
    leftOut: LEFT_OUT.filter((word) => note?.leftOut?.includes(word)),
    sourceEtag: sourceEtag(found, objects),
    focal: found.focal === null ? null : [...found.focal],
    purging: found.purging,
    purge: purgeTimeline(found.purge ?? null, deps.config),
    removal: removalOf(id, found, deps),
    variants: [...stored, ...waiting].filter((one) => one !== null),
    nextCursor: to === null ? null : AFTER + to.slice(prefix.length),
  };
}

function removalOf(id: string, { removal }: ImageRows, { config }: ApiDeps): Image["removal"] {
  if (!removal) return null;
  const { orderedAt, by, reason, complete } = receiptOf(id, removal, config);
  return { at: orderedAt, by, reason, complete };
}

function sourceEtag(found: ImageRows, objects: R2Object[]): string | null {
  const newest = objects
    .map((object) => fromCustomMetadata(object.customMetadata))
    .reduce((best, one) => {
      return one !== null && one.createdAt > (best?.createdAt ?? -1) ? one : best;
    }, null);
  return found.sourceEtag ?? newest?.sourceEtag ?? null;
}

async function fromObject(
  object: R2Object,
  { key, rows, names }: { key: string; rows: Map<string, NamedJob>; names: Record<string, string> },
  deps: ApiDeps,
): Promise<Variant | null> {
  const parsed = parseVariantKey(key);
  if (parsed === null) return null; // Something that was put there by hand.
  const row = rows.get(key);
  const metadata = fromCustomMetadata(object.customMetadata);
  return {
    transform: formatTransform(parsed.transform),
    format: parsed.transform.format,
    // An open row over a stored object is a variant being made anew: the old one is served until then.
    state: OPEN_STATES.find((open) => open === row?.state) ?? "stored",
    bytes: object.size,
    url: await variantUrl(parsed.id, parsed.transform, parsed.v, deps),
    key,
    v: parsed.v,
    job: names[key] ?? "",
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
