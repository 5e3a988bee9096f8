import type { Config, SourceConfig, SourceUrl } from "./config.ts";
import { checkId, extensionOf, formatId } from "./image-id.ts";

const HOLE = "{id}";

export type Original =
  | { kind: "url"; url: string }
  /** `hidden`: no viewer is ever sent to it, or gets a byte of it. `maxUnsignedPx`: Infinity without a limit. */
  | { kind: "bucket"; bucket: string; key: string; hidden: boolean; maxUnsignedPx: number };

/**
 * Where an image's original lies: a URL, or a key in a bucket (by its binding's name). Null when no source takes the id, or when the
 * id would leave the template's own origin and path. `id` has passed `parseId` or `checkId`.
 */
export function resolveOriginal(config: Pick<Config, "sources">, id: string): Original | null {
  const source = sourceOf(config, id);
  if (source === null) return null;
  // A function as the replacement: `$&` and its like in an id are text, not patterns.
  if ("bucket" in source) {
    const key = source.key.replace(HOLE, () => id);
    const { bucket, viewers, maxUnsignedPx = Number.POSITIVE_INFINITY } = source;
    return { kind: "bucket", bucket, key, hidden: viewers !== "redirect", maxUnsignedPx };
  }
  const url = fillUrl(source.url, id);
  return url === null ? null : { kind: "url", url };
}

/**
 * Whether a variant of a hidden original needs a signature, though it is in the closed set: its full size is what is hidden, and so is what
 * is larger than the source lets strangers ask for.
 */
export function isWithheld(
  config: Pick<Config, "sources">,
  id: string,
  { width, height }: { width: number | null; height: number | null },
): boolean {
  const original = resolveOriginal(config, id);
  if (original?.kind !== "bucket" || !original.hidden) return false;
  const isFullSize = width === null && height === null;
  return isFullSize || Math.max(width ?? 0, height ?? 0) > original.maxUnsignedPx;
}

/** The source with the longest prefix that the id starts with. */
function sourceOf(config: Pick<Config, "sources">, id: string): SourceConfig | null {
  let found: SourceConfig | null = null;
  for (const source of config.sources) {
    if (id.startsWith(source.prefix) && (found === null || source.prefix.length > found.prefix.length)) found = source;
  }
  return found;
}

function fillUrl(template: SourceUrl, id: string): string | null {
  if (typeof template === "function") return ownUrl(template(id));
  const { head } = split(template);
  const base = URL.parse(head);
  const url = URL.parse(template.replace(HOLE, () => formatId(id)));
  if (base === null || url === null) return null;
  // What an id holds is encoded, so this cannot differ; it is looked at because everything rests on it.
  return url.origin === base.origin && url.pathname.startsWith(base.pathname) ? url.href : null;
}

/** What a site's function returned, as an address that browsers and the engine can fetch. */
function ownUrl(returned: string | null): string | null {
  const url = URL.parse(returned ?? "");
  return url && /^https?:$/.test(url.protocol) ? url.href : null;
}

function split(template: string): { head: string; tail: string } {
  const at = template.indexOf(HOLE);
  return at === -1
    ? { head: template, tail: "" }
    : { head: template.slice(0, at), tail: template.slice(at + HOLE.length) };
}

/**
 * The id of a key in the originals' bucket: the sources' templates read backwards. A URL template stands for the keys that its path
 * names. `bucket`, when it is the name of a source's binding (case, `-` and `_` aside), leaves only that bucket's sources.
 * Null when no template fits, or when what it gives is no id, or an id that another source takes.
 */
export function idFromKey(config: Pick<Config, "sources">, key: string, bucket?: string): string | null {
  let best: { id: string; literal: number } | null = null;
  for (const source of sourcesOfBucket(config, bucket)) {
    const template = keyTemplate(source);
    if (template === null) continue;
    const { head, tail } = split(template);
    const literal = head.length + tail.length;
    if (!key.startsWith(head) || !key.endsWith(tail) || key.length <= literal) continue;
    const id = key.slice(head.length, key.length - tail.length);
    // The template that says most wins: `{id}.jpg` before `{id}`.
    if ((best === null || literal > best.literal) && isId(id) && sourceOf(config, id) === source)
      best = { id, literal };
  }
  return best?.id ?? null;
}

function sourcesOfBucket({ sources }: Pick<Config, "sources">, bucket: string | undefined): readonly SourceConfig[] {
  if (bucket === undefined) return sources;
  const plain = (name: string): string => name.toLowerCase().replaceAll("-", "_");
  const named = sources.filter((source) => "bucket" in source && plain(source.bucket) === plain(bucket));
  return named.length > 0 ? named : sources;
}

/** The template of the keys that this source's URLs or keys stand for; null when its `{id}` is not in the path. */
function keyTemplate(source: SourceConfig): string | null {
  if ("bucket" in source) return source.key;
  // A function cannot be read backwards.
  if (typeof source.url === "function") return null;
  const { head, tail } = split(source.url);
  if (!URL.canParse(head) || /[?#]/.test(head)) return null;
  const [path = ""] = tail.split(/[?#]/);
  try {
    return decodeURIComponent(new URL(head).pathname.slice(1)) + HOLE + decodeURIComponent(path);
  } catch {
    return null;
  }
}

function isId(text: string): boolean {
  try {
    checkId(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether the original is of a kind that is shown as it is, such as SVG: redirect to it, never make variants. */
export function isPassThrough(config: Pick<Config, "sources" | "passThrough">, id: string): boolean {
  return includes(config.passThrough, originalExtension(config, id));
}

/** Extensions of originals that few browsers or none show: misses get the placeholder. */
const UNSHOWABLE = ["heic", "heif", "tif", "tiff", "jxl"];

/** Whether the original is of a kind that browsers do not show, such as HEIC: never redirect to it. */
export function isUnshowable(config: Pick<Config, "sources">, id: string): boolean {
  return includes(UNSHOWABLE, originalExtension(config, id));
}

/** The extension of the original itself: the template's (`{id}.heic`), else the id's. */
function originalExtension(config: Pick<Config, "sources">, id: string): string | null {
  const source = sourceOf(config, id);
  if (source === null) return extensionOf(id);
  const template = "bucket" in source ? source.key : source.url;
  const isOwn = typeof template === "function";
  const [path = ""] = (isOwn ? (template(id) ?? "") : split(template).tail).split(/[?#]/);
  return extensionOf(isOwn ? path : id + path);
}

function includes(extensions: readonly string[], extension: string | null): boolean {
  return extension !== null && extensions.includes(extension);
}
