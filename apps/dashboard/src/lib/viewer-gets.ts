import type { Image, Variant } from "@prewarm/control-schema/images";
import type { DryRun } from "@prewarm/control-schema/warm";
import type { Asked } from "./any-url.ts";
import { size } from "./format.ts";

/** What a viewer of an address gets at this moment. */
export interface Gets {
  /** `other`: another stored variant, or the original. */
  what: "variant" | "other" | "original" | "nothing";
  words: string;
  /** Why it is not the asked variant, and what happens next; empty for the variant. */
  why: string;
  /** The job that makes the variant, or has failed to; null: none. */
  job: string | null;
}

/** The server's reading of an address that no known variant matches letter by letter: a preset, or a width between two rungs. */
type Counted = Pick<DryRun, "existing" | "duplicates" | "rejected">;

const WHY: Record<Variant["state"], string> = {
  queued: "The variant waits for its turn.",
  processing: "Ittybit is making the variant.",
  retrying: "The last attempt failed; another follows.",
  stored: "",
  dead: "The variant failed for good.",
  refused: "The original cannot be made into it.",
  cancelled: "The job was cancelled. The next view orders it again.",
};

/** The variants of an image that an address asks for: one, or one of each format for `f=auto`. */
export function matching({ query, v }: Asked, variants: readonly Variant[]): Variant[] {
  const asked = partsOf(query);
  return variants.filter((one) => {
    const parts = partsOf(one.transform);
    return one.v === v && Object.keys(parts).every((name) => isSame(name, asked[name] ?? null, parts[name] ?? null));
  });
}

function isSame(name: string, asked: string | null, made: string | null): boolean {
  return asked === made || (name === "f" && asked === "auto");
}

/** What decides whether two transforms are one. A missing quality is `high`, and a missing format WebP. */
function partsOf(query: string): Record<string, string | null> {
  const given = new URLSearchParams(query);
  const scale = Number(given.get("dpr") ?? 1);
  const pixels = (name: string) => (given.has(name) ? String(Math.round(Number(given.get(name)) * scale)) : null);
  const h = pixels("h");
  return {
    w: pixels("w"),
    h,
    p: given.get("p"),
    pos: given.get("pos"),
    fit: given.get("fit") ?? (h === null || !given.has("w") ? null : "cover"),
    q: given.get("q") ?? "high",
    f: given.get("f") ?? "webp",
  };
}

/** What a viewer of an address gets, by the image's variants. `counted`: null where the server was not asked about the address. */
export function viewerGets(asked: Asked, image: Image, counted: Counted | null): Gets {
  if (image.removal !== null)
    return { what: "nothing", words: "410, or the redirect to removedUrl", why: "The image is removed.", job: null };
  const [refusal] = counted?.rejected ?? [];
  if (refusal) return { what: "nothing", words: "An error", why: refusal.message, job: null };
  const found = matching(asked, image.variants);
  const stored = found.filter(({ state }) => state === "stored");
  const first = stored[0] ?? found[0] ?? null;
  if (!asked.signed && first !== null && /[?&]s=/.test(first.url))
    return { what: "nothing", words: "An error", why: "The address needs a signature and has none.", job: first.job };
  if (stored.length > 0) return variant(stored, found);
  if ((counted?.existing ?? 0) > 0) return { what: "variant", words: "The variant", why: "", job: null };
  const why =
    first !== null ? `${WHY[first.state]} ${first.error?.message ?? ""}`.trim() : whyUnknown(counted, image.purging);
  return { ...instead(asked, image), why, job: first?.job ?? null };
}

function variant(stored: readonly Variant[], found: readonly Variant[]): Gets {
  const sizes = stored.map(({ format, bytes }) => `${format} ${size(bytes)}`).join(", ");
  const missing = found.filter(({ state }) => state !== "stored").map(({ format }) => format);
  const why = missing.length === 0 ? "" : `Not stored as ${missing.join(", ")} yet.`;
  return { what: "variant", words: `The variant: ${sizes}`, why, job: stored[0]?.job ?? null };
}

/** What is shown in place of a variant. A site may show the original first (`cold.first`), so both are named. */
function instead({ v }: Asked, { variants, originalUrl }: Image): Pick<Gets, "what" | "words"> {
  if (variants.some((one) => one.state === "stored" && one.v === v))
    return { what: "other", words: "Another stored variant, or the original" };
  return {
    what: "original",
    words: originalUrl === null ? "The original, or a grey pixel if it is hidden" : "The original",
  };
}

function whyUnknown(counted: Counted | null, purging: boolean): string {
  if (purging) return "A purge of the image is under way.";
  if ((counted?.duplicates ?? 0) > 0) return "The variant is queued or being made.";
  return "No view or run has asked for the variant yet. The next view orders it.";
}
