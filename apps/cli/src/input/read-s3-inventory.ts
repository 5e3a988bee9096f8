import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { type CsvRecord, readRecords } from "@prewarm/shared/csv";
import * as z from "zod";
import type { Arguments } from "../arguments/command.ts";
import type { Context } from "../platform/context.ts";
import { usageError } from "../platform/exit-codes.ts";
import { findMisfit } from "../platform/find-misfit.ts";
import { checkItem, type Namer, type Read } from "./item.ts";
import { gunzip, isUrl, type Meter, openStored } from "./open-bytes.ts";
import { decode } from "./read-lines.ts";
import { isImage } from "./read-r2-prefix.ts";
import { readOne } from "./read-text.ts";

/*
 * An S3 Inventory is a `manifest.json` and the CSV files that it lists (docs.aws.amazon.com/AmazonS3, Amazon S3 Inventory, read 2026-11).
 * The files have no header: the manifest's `fileSchema` names their columns. Keys in CSV are form-encoded.
 */

/** A manifest holds about 150 bytes for each file. Characters. */
const MANIFEST_MAX_CHARS = 32 * 1024 * 1024;
/** S3 serves an object of these classes only after somebody has restored it. */
const ARCHIVED: readonly string[] = ["GLACIER", "DEEP_ARCHIVE"];

/** What the command line says of an inventory. */
export interface Inventory {
  /** A file or a URL. */
  manifest: string;
  /** Folder or URL of the listed files; null: `../data` beside the manifest, as S3 writes them. */
  data: string | null;
  /** Cut off a key to make an image's id; null: the configuration's sources name the image. */
  prefix: string | null;
}

const Manifest = z.object({
  sourceBucket: z.string(),
  fileFormat: z.string(),
  fileSchema: z.string(),
  files: z.array(z.object({ key: z.string().min(1), size: z.number(), MD5checksum: z.string() })),
});
type Manifest = z.infer<typeof Manifest> & { totalBytes: number };

/** Reads `--s3-inventory` and the flags that belong to it; null: it is not given. */
export function readInventorySpec(args: Arguments): Inventory | null {
  const manifest = args.text("s3-inventory");
  const [data, prefix] = [args.text("inventory-data"), args.text("inventory-prefix")];
  if (manifest !== null) return { manifest, data, prefix: prefix === "/" ? "" : prefix };
  if (data !== null || prefix !== null)
    throw usageError("--inventory-data and --inventory-prefix belong to --s3-inventory.");
  return null;
}

/** The manifest, and the bytes of all its files. Throws a usage error for what is no manifest of CSV files with keys. */
export async function readManifest({ manifest: place }: Inventory, context: Context): Promise<Manifest> {
  let text = "";
  for await (const piece of decode(openStored(place, context))) {
    text += piece;
    if (text.length > MANIFEST_MAX_CHARS) throw usageError(`${place} is too long for a manifest.`);
  }
  const manifest = parseJson(text);
  const misfit = findMisfit(manifest, Manifest, "it");
  if (misfit !== null) throw usageError(`${place} is no manifest of an S3 Inventory: ${misfit}.`);
  const known = Manifest.parse(manifest);
  if (known.fileFormat.toUpperCase() !== "CSV")
    throw usageError(
      `${place} lists ${known.fileFormat} files, and only CSV can be read.`,
      "Set the inventory's output format to CSV; S3 writes the next one within a day or a week.",
    );
  if (!columnsOf(known).includes("Key")) throw usageError(`${place}: its fileSchema has no column Key.`);
  return { ...known, totalBytes: known.files.reduce((sum, { size }) => sum + size, 0) };
}

/**
 * The images of an inventory, with their etags. Old versions, delete markers, folders, and files that are no pictures are left out. A file
 * is read twice: nothing of it is sent before its MD5 is checked. Throws a usage error for a file that is not the manifest's.
 */
export async function* readS3Inventory(
  inventory: Inventory,
  namer: Namer,
  meter: Meter,
  context: Context,
): AsyncGenerator<Read> {
  const manifest = await readManifest(inventory, context);
  const columns = columnsOf(manifest);
  const naming = { inventory, sourceBucket: manifest.sourceBucket, namer };
  for (const { key, MD5checksum } of manifest.files) {
    const name = basename(key);
    const place = placeOf(name, inventory);
    await checkMd5(place, MD5checksum, context);
    const bytes = counted(openStored(place, context), meter);
    for await (const record of readRecords(decode(/\.gz$/i.test(name) ? gunzip(bytes, place) : bytes))) {
      const row = namedCells(record, columns, name);
      const at = `${name}:${record.line}`;
      const read: Read | null =
        typeof row === "string" ? { kind: "bad", place: at, reason: row } : readRow(at, row, naming);
      if (read !== null) yield read;
    }
  }
}

/** All files of an inventory are in one folder, so the name is enough; a whole key could lead out of the folder. */
function placeOf(name: string, { manifest, data }: Inventory): string {
  if (data !== null) return isUrl(data) ? `${data.replace(/\/$/, "")}/${encodeURIComponent(name)}` : join(data, name);
  return isUrl(manifest)
    ? new URL(`../data/${encodeURIComponent(name)}`, manifest).href
    : join(dirname(manifest), "../data", name);
}

async function checkMd5(place: string, expected: string, context: Context): Promise<void> {
  const hash = createHash("md5");
  for await (const chunk of openStored(place, context)) hash.update(chunk);
  if (hash.digest("hex") !== expected.toLowerCase())
    throw usageError(
      `${place} is not the file that the manifest lists: its MD5 differs.`,
      "Copy the file again; nothing of it was sent.",
    );
}

async function* counted(bytes: AsyncIterable<Uint8Array>, meter: Meter): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    meter.readBytes += chunk.length;
    yield chunk;
  }
}

type Row = Partial<Record<string, string>>;

interface Naming {
  inventory: Inventory;
  sourceBucket: string;
  namer: Namer;
}

/** A line of an inventory; null: the object is no image of now, or not under the prefix. */
function readRow(place: string, row: Row, { inventory: { prefix }, sourceBucket, namer }: Naming): Read | null {
  if (row.IsLatest === "false" || row.IsDeleteMarker === "true") return null;
  const key = decodeKey(row.Key ?? "");
  if (key === null) return { kind: "bad", place, reason: "the key's encoding is malformed" };
  if (!isImage(key, null) || !key.startsWith(prefix ?? "")) return null;
  return readOne(place, () => {
    if (ARCHIVED.includes(row.StorageClass ?? "")) throw new Error(`it is archived (${row.StorageClass})`);
    const named = prefix === null ? namer.fromKey(key, sourceBucket) : { id: key.slice(prefix.length) };
    const etag = (row.ETag ?? "").replaceAll('"', "");
    return checkItem({ ...named, ...(etag === "" ? {} : { sourceEtag: etag }) });
  });
}

/** The cells under the manifest's names, or what is wrong with the record. */
function namedCells({ line, cells, fault, isUnclosed }: CsvRecord, columns: readonly string[], name: string) {
  if (isUnclosed) throw usageError(`${name} is no CSV: line ${line}: ${fault}.`);
  if (fault !== null) return fault;
  if (cells.length !== columns.length) return `it has ${cells.length} cells, fileSchema has ${columns.length} columns`;
  return Object.fromEntries(columns.map((column, index) => [column, cells[index]])) satisfies Row;
}

/** Keys are form-encoded: `+` is a space, `%2B` a plus. Null: malformed. */
function decodeKey(key: string): string | null {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return null;
  }
}

function columnsOf({ fileSchema }: Pick<Manifest, "fileSchema">): string[] {
  return fileSchema.split(",").map((name) => name.trim());
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
