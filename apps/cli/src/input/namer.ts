import type { WarmItem } from "@prewarm/control-schema/warm";
import { type Config, DEFAULTS } from "@prewarm/shared/config";
import { parseId } from "@prewarm/shared/image-id";
import { isNoise } from "@prewarm/shared/noise";
import { idFromKey, resolveOriginal } from "@prewarm/shared/source";
import { checkItem, type Namer } from "./item.ts";

/**
 * Reads ids, originals' URLs, image URLs of the edge, and bucket keys. `config`: null when there is none. `edgeUrl`: null when it is not
 * known; its image URLs name an id and a transform at once.
 */
export function createNamer(config: Config | null, edgeUrl: string | null): Namer {
  const fromUrl = (text: string): WarmItem => {
    const asked = fromImageUrl(text, edgeUrl, config?.noise ?? DEFAULTS.noise);
    if (asked !== null) return asked;
    if (config === null) throw new Error("it is a URL, and there is no prewarm.config.ts to tell which image it is");
    const id = idOfOriginal(text, config);
    if (id === null) throw new Error(`no configured source has this URL${localHint(text)}`);
    return { id };
  };
  return {
    fromUrl,
    isImageUrl: (url) => isImageUrl(url, edgeUrl),
    fromText: (text) => checkItem(/^https?:\/\//i.test(text) ? fromUrl(text) : { id: text }),
    fromKey(key, bucket) {
      const id = config === null ? null : idFromKey(config, key, bucket);
      if (id === null) throw new Error("no configured source has this key");
      return { id };
    },
  };
}

/** The local stack has its originals from elsewhere than the configuration says. */
function localHint(text: string): string {
  const { protocol, hostname, host } = URL.parse(text) ?? {};
  return protocol === "http:" && /^(localhost|127\.0\.0\.1)$/.test(hostname ?? "")
    ? `; of the local stack's say ORIGINALS_URL=http://${host}/originals/{id}, or name the id`
    : "";
}

/** An image URL of the edge, such as `https://images.example.com/images/a/b?w=800&f=webp`; null for any other. */
function fromImageUrl(text: string, edgeUrl: string | null, noise: readonly string[]): WarmItem | null {
  if (!isImageUrl(text, edgeUrl)) return null;
  const head = `${edgeUrl}/images/`;
  const [path = "", search = ""] = (text.slice(head.length).split("#")[0] ?? "").split("?");
  const query = new URLSearchParams(search);
  const version = query.get("v");
  for (const name of [...query.keys()])
    if (["v", "exp", "sc", "s"].includes(name) || isNoise(name, noise)) query.delete(name);
  const transform = query.toString();
  return {
    id: parseId(path),
    ...(version === null ? {} : { v: version }),
    ...(transform === "" ? {} : { transforms: [transform] }),
  };
}

function isImageUrl(text: string, edgeUrl: string | null): boolean {
  return edgeUrl !== null && text.startsWith(`${edgeUrl}/images/`);
}

/**
 * The id whose original is at this URL, found by matching the URL against the sources' templates. The id must lead back to the same URL,
 * so that the image which is warmed is the one that the page shows.
 */
function idOfOriginal(text: string, config: Config): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  url.hash = "";
  for (const source of config.sources) {
    // A function cannot be read backwards.
    if (!("url" in source) || typeof source.url === "function") continue;
    const [head = "", tail = ""] = source.url.split("{id}");
    if (!URL.canParse(head)) continue;
    const start = new URL(head).href;
    const plain = url.href;
    if (!plain.startsWith(start) || !plain.endsWith(tail) || plain.length <= start.length + tail.length) continue;
    const id = tryParse(plain.slice(start.length, plain.length - tail.length));
    const original = id === null ? null : resolveOriginal(config, id);
    if (original?.kind === "url" && sameUrl(original.url, plain)) return id;
  }
  return null;
}

function tryParse(path: string): string | null {
  try {
    return parseId(path);
  } catch {
    return null;
  }
}

/** Compares two URLs and ignores which characters are percent-encoded: `a(1).jpg` and `a%281%29.jpg` are one resource. */
function sameUrl(one: string, other: string): boolean {
  const plain = (text: string): string => new URL(text).href.replace(/%[0-9a-f]{2}/gi, (code) => decodeByte(code));
  return plain(one) === plain(other);
}

/** Decodes unreserved and sub-delimiter characters only. Decoding others would change what the URL means. */
function decodeByte(code: string): string {
  const letter = String.fromCharCode(Number.parseInt(code.slice(1), 16));
  return /[A-Za-z0-9\-._~!$&'()*+,;=:@]/.test(letter) ? letter : code.toUpperCase();
}
