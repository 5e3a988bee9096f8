import { autoOrder } from "@prewarm/shared/accept";
import { FORMATS, type Format } from "@prewarm/shared/config";
import { readImageHeader } from "@prewarm/shared/image-header";
import { errorText } from "@prewarm/shared/log";
import { FORMAT_ROWS } from "@prewarm/shared/mime";
import { readAtMost } from "@prewarm/shared/read-at-most";
import { resolveOriginal } from "@prewarm/shared/source";
import type { Transform } from "@prewarm/shared/transform";
import { variantKey, versionPrefix } from "@prewarm/shared/variant-key";
import { readOriginal } from "../originals/probe.ts";
import type { Start } from "../originals/read-start.ts";
import { addLabels } from "../output/labels/add-labels.ts";
import { readLabels } from "../output/labels/read-labels.ts";
import { stripMetadata } from "../output/strip/strip-metadata.ts";
import type { NotedImage } from "../store/info.ts";
import { sizesIn } from "../store/note-versions.ts";
import { pictureOf } from "../store/sizes.ts";
import { readStaged } from "../store/staged.ts";
import { putOriginal } from "../store/variants.ts";
import { type BatchContext, RANKS } from "./batch-context.ts";

/*
 * A small or plain original can have fewer bytes than its variants. Then a copy of the original replaces the variant in
 * its format, or is stored as one if that format is not configured. `f=auto` serves the copy as the smallest format,
 * and a URL that names another format gets that one. A configured format that is not stored gets no copy, because a new
 * original would not replace the copy.
 */

/** The stored copies. */
type Copies = { transform: Transform; bytes: number }[];

/** The format of the original. Null: viewers may not see its bytes, or it has no etag that tells it from others. */
function formatOf({ config }: BatchContext, { id, info }: NotedImage): Format | null {
  const source = resolveOriginal(config, id);
  const isPublic = source?.kind === "url" || source?.hidden === false;
  if (!isPublic || config.firstView === "placeholder" || info.etag === null) return null;
  return FORMATS.find((format) => FORMAT_ROWS[format].type === info.type) ?? null;
}

/** Whether the variant shows the whole original in its own size, with more bytes. */
function isLarger({ config }: BatchContext, { info, v }: NotedImage, transform: Transform, format: Format): boolean {
  if (transform.height !== null || (transform.width !== null && transform.width < info.width)) return false;
  const sizes = sizesIn(info, v, pictureOf(transform));
  const own = sizes.get(format);
  // Clients that show few formats get the last ones, so the original must be smaller than the last one.
  const last = autoOrder(config).findLast((each) => sizes.has(each));
  const rival = own ?? (last === undefined ? undefined : sizes.get(last));
  return rival !== undefined && info.bytes !== null && rival > info.bytes;
}

function readWhole(context: BatchContext, { id }: NotedImage, bytes: number): Promise<Start | null> {
  return readOriginal(id, bytes + 1, { ...context.originals, config: context.config });
}

/** The staged bytes of the original. Null: it has none. */
async function readCopy(
  { images, staged: names }: BatchContext,
  { id, v, info }: NotedImage,
  most: number,
): Promise<Start | null> {
  const name = names.get(versionPrefix(id, v));
  const staged = name === undefined ? null : await readStaged(images, name);
  if (staged === null) return null;
  const { body, bytes: total, facts } = staged;
  if (facts.etag === info.etag)
    return { kind: "bytes", bytes: await readAtMost(body, most + 1), total, etag: facts.etag };
  await body.cancel();
  return null;
}

/** The bytes of the original without metadata, but with its labels where the site wants them. Null: the original has changed, or its Exif orientation turns it. */
async function readPicture(context: BatchContext, image: NotedImage, format: Format): Promise<Uint8Array | null> {
  const { width, height, bytes, etag } = image.info;
  if (bytes === null) return null;
  const start = (await readCopy(context, image, bytes)) ?? (await readWhole(context, image, bytes));
  if (start?.kind !== "bytes" || start.bytes.byteLength !== bytes || start.etag !== etag) return null;
  const header = readImageHeader(start.bytes);
  const isSame = header?.type === format && header.width === width && header.height === height;
  if (!isSame || header.orientation !== 1 || header.frames > 1) return null;
  const stripped = stripMetadata(start.bytes, format);
  if (!stripped.ok) return null;
  const labels = context.config.labels ? readLabels(start.bytes).labels : null;
  return labels === null ? stripped.bytes : addLabels(stripped.bytes, format, labels);
}

/** `pictures`: a variant of each, in any format. */
async function store(
  context: BatchContext,
  image: NotedImage,
  pictures: readonly Transform[],
  format: Format,
): Promise<Copies> {
  const { connections, images, config, clock } = context;
  const { id, v, gen, info } = image;
  const rank = { rank: RANKS.head };
  const copies: Copies = [];
  const bytes = await connections.run(() => readPicture(context, image, format), rank);
  if (bytes === null) return copies;
  const { width, height, etag: sourceEtag, bytes: originalBytes } = info;
  const metadata = { gen, sourceEtag, originalBytes, width, height, createdAt: clock.now() };
  for (const picture of pictures) {
    const transform = { ...picture, format };
    const copy = { key: variantKey(id, transform, v), bytes, format, metadata };
    const stored = await connections.run(() => putOriginal(images, copy, !config.formats.includes(format)), rank);
    if (stored !== null) copies.push({ transform, bytes: stored });
  }
  return copies;
}

/** Stores a copy of the original for each of these variants that has more bytes. Never throws. */
export async function copyOriginal(
  context: BatchContext,
  image: NotedImage,
  variants: readonly Transform[],
): Promise<Copies> {
  const format = formatOf(context, image);
  if (format === null) return [];
  const all = [...new Map(variants.map((transform) => [pictureOf(transform), transform])).values()];
  const pictures = all.filter((transform) => isLarger(context, image, transform, format));
  if (pictures.length === 0) return [];
  try {
    const turn = { weight: image.info.bytes ?? 0, rank: RANKS.head };
    return await context.memory.run(() => store(context, image, pictures, format), turn);
  } catch (error) {
    context.log("variant.compare_failed", { key: image.id, error: errorText(error) });
    return [];
  }
}
