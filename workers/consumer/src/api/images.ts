import {
  FocalAnswer,
  FocalRequest,
  Image,
  ImageList,
  imageQuery,
  imagesQuery,
  Purge,
  type Variant,
} from "@prewarm/control-schema/images";
import { ApiError } from "@prewarm/shared/api-errors";
import { checkId } from "@prewarm/shared/image-id";
import { OPEN_STATES } from "@prewarm/shared/job";
import { formatTransform } from "@prewarm/shared/transform";
import { imagePrefix, parseVariantKey, storeKey } from "@prewarm/shared/variant-key";
import { fromCustomMetadata } from "@prewarm/shared/variant-metadata";
import * as z from "zod";
import type { ImageRows, NamedJob } from "../ledger/contract.ts";
import { objectsAfter } from "../store/list-pages.ts";
import type { Caller } from "./access/caller.ts";
import type { ApiDeps } from "./deps.ts";
import { acting, viewer } from "./endpoint.ts";
import { readNote } from "./jobs.ts";
import { originalAddress, variantUrl } from "./links.ts";
import { purgeTimeline } from "./purge-timeline.ts";
import { receiptOf } from "./removal.ts";
import { answer, jsonBody, refusals } from "./responses.ts";

/** Stored variants of one page. */
const PAGE_OBJECTS = 500;

const params = z.object({
  id: z.string().min(1).meta({ description: "One URL-encoded segment, or the rest of the path" }),
});

export const images = [
  viewer(
    {
      method: "get",
      path: "/api/v1/images",
      tags: ["images"],
      summary: "Images with recently stored or failed variants",
      description:
        "Of the newest 10,000 stored jobs and the failed ones that have rows; an older image is found by its id.",
      request: {
        query: imagesQuery,
      },
      responses: { 200: answer(ImageList, "Images"), ...refusals },
    },
    async (c, { ledger }) => c.json({ images: await ledger.listImages(c.req.valid("query")) }, 200),
  ),
  viewer(
    {
      method: "get",
      path: "/api/v1/images/{id}",
      tags: ["images"],
      summary: "All variants of one image, from R2 and the open rows",
      request: { params, query: imageQuery },
      responses: { 200: answer(Image, "The image"), ...refusals },
    },
    async (c, deps) => {
      const { id } = c.req.valid("param");
      checkId(id);
      return c.json(await imageAnswer(id, c.req.valid("query").cursor ?? null, c.get("caller"), deps), 200);
    },
  ),
  acting("purge")(
    {
      method: "delete",
      path: "/api/v1/images/{id}",
      tags: ["images"],
      summary: "Remove every variant of one image",
      description: "Asynchronous, in slices; `purge` of the image tells how far it has come.",
      request: { params },
      responses: {
        202: answer(Purge, "Under way"),
        ...refusals,
      },
    },
    async (c, { ledger }) => {
      const { id } = c.req.valid("param");
      checkId(id);
      const { status, purge } = await ledger.purgeImage(id, null, c.get("caller").who);
      if (status === "outdated") throw new ApiError("conflict");
      await ledger.edgesTold();
      return c.json({ id, purge, state: status }, 202);
    },
  ),
  acting("warm")(
    {
      method: "put",
      path: "/api/v1/images/{id}/focal",
      tags: ["images"],
      summary: "Set the point that crops without `pos` show",
      description: "Those crops are made again, and nothing else; the old ones are served until then.",
      request: { params, body: jsonBody(FocalRequest) },
      responses: { 202: answer(FocalAnswer, "The point"), ...refusals },
    },
    async (c, { ledger }) => {
      const { id } = c.req.valid("param");
      const { focal } = c.req.valid("json");
      checkId(id);
      const { changed } = await ledger.setFocal(id, focal, c.get("caller").who);
      return c.json({ id, focal, changed }, 202);
    },
  ),
];

/**
 * One image: a page of what R2 holds of it, joined by the rows. A page is an interval of keys, so that a row that R2 has nothing for stands
 * on one page, however short R2 makes them; the cursor is where the interval before has ended.
 */
async function imageAnswer(id: string, cursor: string | null, caller: Caller, deps: ApiDeps): Promise<Image> {
  const prefix = storeKey(imagePrefix(id));
  const options: R2ListOptions & { include: string[] } = { prefix, limit: PAGE_OBJECTS, include: ["customMetadata"] };
  const after = cursor === null ? "" : prefix + cursor;
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
    sourceEtag: sourceEtag(found, objects),
    focal: found.focal === null ? null : [...found.focal],
    purging: found.purging,
    purge: purgeTimeline(found.purge ?? null, deps.config),
    removal: removalOf(id, found, deps),
    variants: [...stored, ...waiting].filter((one) => one !== null),
    nextCursor: to?.slice(prefix.length) ?? null,
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
