import type { Config } from "@prewarm/shared/config";
import { fnv1a } from "@prewarm/shared/fnv1a";
import { formatTransform, type Transform } from "@prewarm/shared/transform";
import { recipesOf } from "@prewarm/shared/upload-recipe";
import { type Asked, readAsked } from "./asked.ts";
import { type ImageState, isStored, whyMissing } from "./image-state.ts";
import { createFixer, variantsOf } from "./page-fixes.ts";
import type { PageRecord } from "./read-page.ts";
import { newCounts, PROBLEMS_MAX, type Tally, type Verdict } from "./tally.ts";

/** Uses of images that are held in memory at a time: some 8 MB. */
export const USES_MAX = 20_000;
/** Images that are asked for at the same time. */
const LANES = 6;

export interface Judging {
  config: Config;
  recipe: string;
  /** Keys that sign URLs. */
  keys: readonly string[];
  /** Unix seconds, for signatures that end. */
  nowSeconds: number;
  /** What is there of an image; nothing is made. */
  readState(id: string): Promise<ImageState>;
  /** The pages that were read; a page may come twice. */
  records(): AsyncIterable<PageRecord>;
  /** The pages in the order of `records`, each once, with their templates. */
  pages: readonly { page: string; template: string }[];
  /** Uses of images in all pages. */
  uses: number;
  /** Takes what is missing of an image and may be ordered; null: nothing is ordered. */
  toWarm: ((item: Missing) => void) | null;
}

/**
 * Variants of an image that are to be ordered: those that the recipe makes, that a page surely asks for, and of the version that was announced
 * of the image. A page may hold what its owner has not written, such as a comment full of addresses.
 */
export interface Missing {
  id: string;
  v?: string;
  transforms: string[];
}

/** Where a URL stands: the number of its page in the store, and the line. */
interface Use {
  page: number;
  line: number;
  certain: boolean;
}

/** An image's URLs, by what follows `/images/`. */
type ImageUses = Map<string, Use[]>;

/** The images are judged in so many parts, by a hash of their ids: each is asked for once, and memory does not grow with the site. */
export function partsOf({ uses }: Pick<Judging, "uses">): number {
  return Math.max(1, Math.ceil(uses / USES_MAX));
}

/** Judges the images of one part into the tally. */
export async function judgePart(part: number, tally: Tally, judging: Judging): Promise<void> {
  const { config, recipe } = judging;
  const upload = { made: variantsOf(recipesOf(config)[recipe] ?? [], config), fixOf: createFixer(recipe, config) };
  const uses = await readPart(part, partsOf(judging), judging);
  const waiting = uses.values();
  const lane = async (): Promise<void> => {
    for (const image of waiting) await judgeImage(image, upload, tally, judging);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** The tally with its lists in order. */
export function sorted(tally: Tally): Tally {
  tally.fixes = new Map([...tally.fixes].toSorted(([a, one], [b, other]) => other.urls - one.urls || (a < b ? -1 : 1)));
  tally.problems.sort((a, b) => (a.place < b.place ? -1 : 1) || (a.path < b.path ? -1 : 1));
  return tally;
}

/** The uses of the images of one part, by image. */
async function readPart(part: number, parts: number, { records }: Judging): Promise<Map<string, ImageUses>> {
  const images = new Map<string, ImageUses>();
  const seen = new Set<string>();
  let page = -1;
  for await (const record of records()) {
    // A crash may leave a page twice.
    if (seen.has(record.page)) continue;
    seen.add(record.page);
    page += 1;
    for (const [line, path, certain] of record.images) {
      const [id = ""] = path.split("?");
      if (fnv1a(id) % parts !== part) continue;
      const image: ImageUses = images.get(id) ?? new Map();
      images.set(id, image);
      const uses = image.get(path) ?? [];
      image.set(path, uses);
      uses.push({ page, line, certain });
    }
  }
  return images;
}

/** What uploads make, and the line that would have them make another transform. */
interface Upload {
  made: ReadonlySet<string>;
  fixOf: ReturnType<typeof createFixer>;
}

type Variants = Extract<Asked, { kind: "variants" }>;

/** A URL that asks for variants. */
interface AskedUrl {
  path: string;
  asked: Variants;
}

async function judgeImage(image: ImageUses, upload: Upload, tally: Tally, judging: Judging): Promise<void> {
  const urls = await readUses(image, tally, judging);
  const [first] = urls;
  if (first === undefined) return;
  const { id } = first.asked;
  const { config, toWarm } = judging;
  const state = await judging.readState(id);
  tally.images += 1;
  const lines = new Set<string>();
  const missing = new Set<string>();
  for (const { path, asked } of urls) {
    for (const transform of asked.transforms) tally.asked.add(formatTransform(transform));
    const absent = asked.transforms.filter((one) => !isStored(id, asked.version, one, state, config));
    if (absent.length === 0) {
      count(path, image, "warm", null, tally, judging);
      continue;
    }
    const { verdict, reason } = verdictOf(asked, absent, upload.made, state);
    count(path, image, verdict, reason, tally, judging);
    if (verdict === "neverWarmed") addFixes(path, image, { asked, absent, upload, lines }, tally, judging);
    if (verdict === "refused") continue;
    if (asked.version !== state.v || !isCertain(path, image)) tally.unordered += verdict === "cold" ? 1 : 0;
    else for (const transform of absent.map(formatTransform)) if (upload.made.has(transform)) missing.add(transform);
  }
  if (missing.size === 0) return;
  toWarm?.({ id, ...(state.v === null ? {} : { v: state.v }), transforms: [...missing] });
}

/** Counts what asks for no variant. The others. */
async function readUses(image: ImageUses, tally: Tally, judging: Judging): Promise<AskedUrl[]> {
  const { config, keys, nowSeconds } = judging;
  const rules = { config, keys, nowSeconds };
  const urls: AskedUrl[] = [];
  for (const path of image.keys()) {
    const asked = await readAsked(path, rules);
    if (asked.kind === "variants") urls.push({ path, asked });
    if (asked.kind === "passed") count(path, image, "passedThrough", null, tally, judging);
    if (asked.kind === "refused") refuse(path, image, asked.reason, tally, judging);
    if (keys.length === 0 && /[?&]s=/.test(path)) tally.unchecked += 1;
  }
  return urls;
}

function verdictOf(
  { id, version, transforms }: Variants,
  absent: readonly Transform[],
  made: ReadonlySet<string>,
  state: ImageState,
): { verdict: Verdict; reason: string } {
  const reasons = absent.map((transform) => ({
    ...whyMissing(id, version, transform, state),
    format: transform.format,
  }));
  const isMade = absent.every((transform) => made.has(formatTransform(transform)));
  const verdict = reasons.some(({ isRefused }) => isRefused) ? "refused" : isMade ? "cold" : "neverWarmed";
  const texts = [...Map.groupBy(reasons, ({ reason }) => reason)].map(([reason, those]) => {
    // Formats are named where the others are stored, or miss for another reason.
    const formats = those.length < transforms.length ? `: ${those.map(({ format }) => format).join(", ")}` : "";
    return reason + formats;
  });
  return { verdict, reason: texts.join("; ") };
}

/** A word in a script or in data that the edge refuses is no URL of the page. */
function refuse(path: string, image: ImageUses, reason: string, tally: Tally, judging: Judging): void {
  if (isCertain(path, image)) count(path, image, "refused", reason, tally, judging);
}

/** Whether a page surely means it as an address that browsers load. */
function isCertain(path: string, image: ImageUses): boolean {
  return image.get(path)?.some(({ certain }) => certain) ?? false;
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
  for (const { change: _, ...fix } of new Map(fixes.map((one) => [one.line, one])).values()) {
    const known = tally.fixes.get(fix.line) ?? { ...fix, templates: new Set(), urls: 0, images: 0 };
    tally.fixes.set(fix.line, known);
    known.urls += 1;
    known.images += lines.has(fix.line) ? 0 : 1;
    lines.add(fix.line);
    for (const { page } of image.get(path) ?? []) known.templates.add(pages[page]?.template ?? "");
  }
}
