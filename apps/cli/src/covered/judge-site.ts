import { appendFileSync } from "node:fs";
import type { Config } from "@prewarm/shared/config";
import { formatTransform, type Transform } from "@prewarm/shared/transform";
import { recipesOf } from "@prewarm/shared/upload-recipe";
import type { ControlApi } from "../api/control-api.ts";
import type { RecordStore } from "../pages/page-record.ts";
import type { Context } from "../platform/context.ts";
import { interrupted } from "../platform/http-request.ts";
import { type Asked, readAsked } from "./asked.ts";
import { type ImageState, isStored, readImageState, whyMissing } from "./image-state.ts";
import { createFixer, variantsOf } from "./page-fixes.ts";
import { newCounts, newTally, PROBLEMS_MAX, type Tally, type Verdict } from "./tally.ts";

/** Uses of images that are held in memory at a time: some 8 MB. */
const USES_MAX = 20_000;
/** Images that are asked for at the same time. */
const LANES = 6;

export interface Judging {
  config: Config;
  recipe: string;
  /** Keys that sign URLs. */
  keys: readonly string[];
  api: ControlApi;
  context: Context;
  store: RecordStore;
  /** The pages of the store, in its order, with their templates. */
  pages: readonly { page: string; template: string }[];
  /** Uses of images in all pages. */
  uses: number;
  /** A file for what is to be warmed, a line an image; null: nothing is. */
  toWarm: string | null;
  update(images: number): void;
}

/** Where a URL stands: the number of its page in the store, and the line. */
interface Use {
  page: number;
  line: number;
  certain: boolean;
}

/** An image's URLs, by what follows `/images/`. */
type ImageUses = Map<string, Use[]>;

/**
 * Judges every image URL of the store's pages. The images are taken in parts by a hash of their ids, a pass over the pages for each part, so that
 * each image is asked for once and memory does not grow with the site.
 */
export async function judgeSite(judging: Judging): Promise<Tally> {
  const { config, recipe, context, pages, uses } = judging;
  const tally = newTally(pages.length);
  const upload = {
    made: variantsOf(recipesOf(config)[recipe] ?? [], config),
    fixOf: createFixer(recipe, config),
  };
  const parts = Math.max(1, Math.ceil(uses / USES_MAX));
  for (let part = 0; part < parts; part += 1) {
    const images = await readPart(part, parts, judging);
    const waiting = images.values();
    const lane = async (): Promise<void> => {
      for (const image of waiting) {
        if (context.interrupts.stop.aborted) throw interrupted();
        await judgeImage(image, upload, tally, judging);
        judging.update(tally.images);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }
  tally.fixes = new Map([...tally.fixes].toSorted(([a, one], [b, other]) => other.urls - one.urls || (a < b ? -1 : 1)));
  tally.problems.sort((a, b) => (a.place < b.place ? -1 : 1) || (a.path < b.path ? -1 : 1));
  return tally;
}

/** The uses of the images of one part, by image. */
async function readPart(part: number, parts: number, { store }: Judging): Promise<Map<string, ImageUses>> {
  const images = new Map<string, ImageUses>();
  const seen = new Set<string>();
  let page = -1;
  for await (const record of store.read()) {
    // A crash may leave a page twice.
    if (seen.has(record.page)) continue;
    seen.add(record.page);
    page += 1;
    for (const [line, path, certain] of record.images) {
      const [id = ""] = path.split("?");
      if (hash(id) % parts !== part) continue;
      const image: ImageUses = images.get(id) ?? new Map();
      images.set(id, image);
      const uses = image.get(path) ?? [];
      image.set(path, uses);
      uses.push({ page, line, certain });
    }
  }
  return images;
}

/** FNV-1a. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return sum >>> 0;
}

/** What uploads make, and the line that would have them make another transform. */
interface Upload {
  made: ReadonlySet<string>;
  fixOf: ReturnType<typeof createFixer>;
}

type Variants = Extract<Asked, { kind: "variants" }>;

async function judgeImage(image: ImageUses, upload: Upload, tally: Tally, judging: Judging): Promise<void> {
  const { config, keys, context } = judging;
  const rules = { config, keys, nowSeconds: Math.floor(context.clock.now() / 1000) };
  const variants: { path: string; asked: Variants }[] = [];
  for (const path of image.keys()) {
    const asked = await readAsked(path, rules);
    if (asked.kind === "variants") variants.push({ path, asked });
    if (asked.kind === "passed") count(path, image, "passedThrough", null, tally, judging);
    if (asked.kind === "refused") refuse(path, image, asked.reason, tally, judging);
    if (keys.length === 0 && /[?&]s=/.test(path)) tally.unchecked += 1;
  }
  const [first] = variants;
  if (first === undefined) return;
  const state = await readImageState(first.asked.id, judging.api);
  tally.images += 1;
  const lines = new Set<string>();
  const missing = new Map<string | null, Set<string>>();
  for (const { path, asked } of variants) {
    for (const transform of asked.transforms) tally.asked.add(formatTransform(transform));
    const absent = asked.transforms.filter((one) => !isStored(asked.id, asked.version, one, state, config));
    if (absent.length === 0) {
      count(path, image, "warm", null, tally, judging);
      continue;
    }
    const { verdict, reason } = verdictOf(asked, absent, upload.made, state);
    count(path, image, verdict, reason, tally, judging);
    if (verdict === "neverWarmed") addFixes(path, image, { asked, absent, upload, lines }, tally, judging);
    const queries = missing.get(asked.version) ?? new Set();
    missing.set(asked.version, queries);
    if (verdict !== "refused") for (const transform of absent) queries.add(formatTransform(transform));
  }
  if (judging.toWarm !== null) writeToWarm(judging.toWarm, first.asked.id, missing);
}

function verdictOf(
  { id, version }: Variants,
  absent: readonly Transform[],
  made: ReadonlySet<string>,
  state: ImageState,
): { verdict: Verdict; reason: string } {
  const reasons = absent.map((transform) => whyMissing(id, version, transform, state));
  const isMade = absent.every((transform) => made.has(formatTransform(transform)));
  const verdict = reasons.some(({ isRefused }) => isRefused) ? "refused" : isMade ? "cold" : "neverWarmed";
  return { verdict, reason: [...new Set(reasons.map(({ reason }) => reason))].join("; ") };
}

/** A word in a script or in data that the edge refuses is no URL of the page. */
function refuse(path: string, image: ImageUses, reason: string, tally: Tally, judging: Judging): void {
  if (image.get(path)?.some(({ certain }) => certain)) count(path, image, "refused", reason, tally, judging);
}

function count(
  path: string,
  image: ImageUses,
  verdict: Verdict,
  reason: string | null,
  tally: Tally,
  { pages }: Judging,
): void {
  const uses = image.get(path) ?? [];
  tally.counts[verdict] += 1;
  const templates = new Set(uses.map(({ page }) => pages[page]?.template ?? ""));
  for (const template of templates) {
    const counts = tally.templates.get(template) ?? newCounts();
    tally.templates.set(template, counts);
    counts[verdict] += 1;
  }
  for (const { page } of uses) {
    const counts = tally.pages[page];
    if (counts !== undefined) counts[verdict] += 1;
  }
  const [first] = uses;
  if (reason === null || first === undefined || tally.problems.length >= PROBLEMS_MAX) return;
  const { page = "", template = "" } = pages[first.page] ?? {};
  const place = first.line === 0 ? page : `${page}:${first.line}`;
  tally.problems.push({ verdict, path, reason, place, pages: uses.length, template });
}

interface Unmade {
  asked: Variants;
  absent: readonly Transform[];
  upload: Upload;
  /** Lines that this image was counted for. */
  lines: Set<string>;
}

function addFixes(
  path: string,
  image: ImageUses,
  { asked, absent, upload, lines }: Unmade,
  tally: Tally,
  { pages }: Judging,
): void {
  const unmade = absent.filter((transform) => !upload.made.has(formatTransform(transform)));
  const fixes = unmade.map((transform) => upload.fixOf(transform, asked.preset));
  for (const fix of new Map(fixes.map((one) => [one.line, one])).values()) {
    const known = tally.fixes.get(fix.line) ?? { ...fix, templates: new Set(), urls: 0, images: 0 };
    tally.fixes.set(fix.line, known);
    known.urls += 1;
    known.images += lines.has(fix.line) ? 0 : 1;
    lines.add(fix.line);
    for (const { page } of image.get(path) ?? []) known.templates.add(pages[page]?.template ?? "");
  }
}

function writeToWarm(file: string, id: string, missing: ReadonlyMap<string | null, ReadonlySet<string>>): void {
  for (const [v, queries] of missing) {
    if (queries.size === 0) continue;
    const item = { id, ...(v === null ? {} : { v }), transforms: [...queries] };
    appendFileSync(file, `${JSON.stringify(item)}\n`);
  }
}
