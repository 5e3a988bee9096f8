import type { Arguments } from "../arguments/command.ts";
import type { Context } from "../platform/context.ts";
import { usageError } from "../platform/exit-codes.ts";
import type { Namer, Read } from "./item.ts";
import { isUrl, type Meter, measureFile, openFile, openUrl, peek } from "./open-bytes.ts";
import { readCsv } from "./read-csv.ts";
import { readNdjson } from "./read-ndjson.ts";
import { type Pages, readPages } from "./read-pages.ts";
import { readR2Prefix } from "./read-r2-prefix.ts";
import { type Inventory, readInventorySpec, readManifest, readS3Inventory } from "./read-s3-inventory.ts";
import { readSitemap } from "./read-sitemap.ts";
import { readOne, readText } from "./read-text.ts";

export const FORMATS = ["text", "ndjson", "csv", "sitemap"] as const;
export type Format = (typeof FORMATS)[number];

/** Where the images come from, as the command line said it; kept in the run's state so that `--resume` reads the same again. */
export interface InputSpec {
  operands: readonly string[];
  files: readonly string[];
  sitemaps: readonly string[];
  pages: Pages;
  r2: { bucket: string; prefix: string; jurisdiction: string | null } | null;
  inventory: Inventory | null;
  /** Null: by the file's name, or its first character. */
  format: Format | null;
}

/** What `warm`'s arguments name. Throws a usage error when they name nothing. */
export function readInputSpec(args: Arguments, stdinIsTty: boolean): InputSpec {
  const prefix = args.text("r2-prefix");
  const bucket = args.text("bucket");
  if ((prefix === null) !== (bucket === null)) throw usageError("--r2-prefix and --bucket belong together.");
  const r2 =
    prefix === null || bucket === null
      ? null
      : { bucket, prefix: prefix === "/" ? "" : prefix, jurisdiction: args.text("jurisdiction") };
  const operands = [...args.operands];
  const files = args.list("file");
  const sitemaps = args.list("sitemap");
  const pages: Pages = { places: args.list("html"), site: readSite(args) };
  const inventory = readInventorySpec(args);
  const listed = r2 !== null || inventory !== null;
  if (operands.length + files.length + sitemaps.length + pages.places.length === 0 && !listed) {
    if (stdinIsTty)
      throw usageError(
        "There is nothing to warm.",
        "Give ids, --file, --html, --sitemap, --s3-inventory or --r2-prefix, or pipe ids in.",
      );
    operands.push("-");
  }
  return { operands, files, sitemaps, pages, r2, inventory, format: args.text("format") as Format | null };
}

/** `--site`, which only `--html` uses. */
function readSite(args: Arguments): string | null {
  const site = args.text("site");
  if (site === null) return null;
  if (args.list("html").length === 0) throw usageError("--site belongs to --html.");
  if (!isUrl(site) || !URL.canParse(site)) throw usageError(`--site is no http(s) URL: ${site}`);
  return new URL(site).href;
}

export function readsStdin({ operands, files }: InputSpec): boolean {
  return operands.includes("-") || files.includes("-");
}

/** True when stdin is all there is to read. */
export function readsOnlyStdin({ operands, files, sitemaps, pages, r2, inventory }: InputSpec): boolean {
  const others = sitemaps.length + pages.places.length;
  return others === 0 && r2 === null && inventory === null && [...operands, ...files].every((place) => place === "-");
}

/** Checks the files and gives the meter of what will be read. */
export async function measureInput(spec: InputSpec, context: Context): Promise<Meter> {
  const meter: Meter = { readBytes: 0, totalBytes: 0 };
  for (const path of [...spec.files, ...spec.sitemaps]) {
    if (!isUrl(path) && path !== "-") await measureFile(path, meter, context);
  }
  if (spec.inventory !== null && meter.totalBytes !== null)
    meter.totalBytes += (await readManifest(spec.inventory, context)).totalBytes;
  const open =
    readsStdin(spec) ||
    spec.r2 !== null ||
    spec.pages.places.length > 0 ||
    [...spec.files, ...spec.sitemaps].some(isUrl);
  if (open || meter.totalBytes === 0) meter.totalBytes = null;
  return meter;
}

/**
 * Everything the input names, in groups, in a fixed order: arguments, files, sitemaps, pages, R2, inventory. The same input gives the same
 * sequence.
 */
export async function* readInput(
  spec: InputSpec,
  namer: Namer,
  meter: Meter,
  context: Context,
): AsyncGenerator<Iterable<Read>> {
  const open = (place: string): AsyncIterable<Uint8Array> => {
    if (place === "-") return context.stdin;
    return isUrl(place) ? openUrl(place, context) : openFile(place, meter, context);
  };
  for (const [index, operand] of spec.operands.entries()) {
    if (operand === "-") yield* readFormat(open("-"), "stdin", spec.format, namer);
    else yield [readOne(`argument ${index + 1}`, () => namer.fromText(operand))];
  }
  for (const file of spec.files) {
    const format = spec.format ?? formatOf(file);
    if (format === "sitemap") yield* inGroups(readSitemap(file, open, namer));
    else yield* readFormat(open(file), file === "-" ? "stdin" : file, format, namer);
  }
  for (const sitemap of spec.sitemaps) yield* inGroups(readSitemap(sitemap, open, namer));
  yield* inGroups(readPages(spec.pages, namer, context));
  if (spec.r2 !== null) yield* inGroups(readR2Prefix(spec.r2, namer, context));
  if (spec.inventory !== null) yield* inGroups(readS3Inventory(spec.inventory, namer, meter, context));
}

async function* inGroups(reads: AsyncIterable<Read>): AsyncGenerator<Iterable<Read>> {
  for await (const read of reads) yield [read];
}

async function* readFormat(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  format: Format | null,
  namer: Namer,
): AsyncGenerator<Iterable<Read>> {
  if (format === "sitemap") return yield* inGroups(readSitemap(name, () => bytes, namer));
  if (format === "csv") return yield* inGroups(readCsv(bytes, name, namer));
  if (format === "ndjson") return yield* readNdjson(bytes, name, namer);
  if (format === "text") return yield* readText(bytes, name, namer);
  const { start, all } = await peek(bytes);
  const text = start === null ? "" : new TextDecoder().decode(start);
  yield* /^\s*[{"]/.test(text) ? readNdjson(all, name, namer) : readText(all, name, namer);
}

function formatOf(path: string): Format | null {
  const name = path.replace(/\.gz$/i, "").toLowerCase();
  if (/\.(ndjson|jsonl)$/.test(name)) return "ndjson";
  if (name.endsWith(".csv")) return "csv";
  return name.endsWith(".xml") ? "sitemap" : null;
}
