import type { Config } from "./config.ts";
import { withoutFinalSlashes } from "./environment.ts";
import { formatId } from "./image-id.ts";
import { type Chosen, STAGED_MS } from "./limits.ts";
import { isNoise } from "./noise.ts";
import { type StagedName, stagedSegment } from "./staged-name.ts";

/** What a URL's signature is worth. Tell the caller no more than "refused": `bad` and `expired` look alike outside. */
type Verdict = "ok" | "absent" | "bad" | "expired";

interface Windows {
  limits: Pick<Chosen, "originalsWindowSeconds">;
}

const HMAC = { name: "HMAC", hash: "SHA-256" };
/** 32 bytes in base64url without padding. */
const SIGNATURE_PATTERN = /^[A-Za-z0-9_-]{43}$/;

/**
 * What is signed: the path as asked (still percent-encoded), `?`, and the query sorted by name without `s` and noise. `exp` and `v`
 * are in it. It is what was asked, not what it snaps to, so that a signer needs no ladder. With `sc=image` only `exp`, `sc` and `v` of the
 * query are signed: one signature for every URL of the image in the open set, which is the edge's to check.
 */
export function stringToSign(path: string, query: URLSearchParams | string, noise: readonly string[]): string {
  const parameters = new URLSearchParams(query);
  const isOfImage = parameters.get("sc") === "image";
  const asked = [...parameters].filter(([name]) =>
    isOfImage ? /^(exp|sc|v)$/.test(name) : name !== "s" && !isNoise(name, noise),
  );
  const sorted = new URLSearchParams(asked);
  sorted.sort();
  return `${path}?${sorted}`;
}

/** The signature of a URL: HMAC-SHA256 under the UTF-8 bytes of `key`, base64url without padding. It travels as `s`. */
export async function sign(
  path: string,
  query: URLSearchParams | string,
  key: string,
  config: Pick<Config, "noise">,
): Promise<string> {
  const text = new TextEncoder().encode(stringToSign(path, query, config.noise));
  return toBase64Url(new Uint8Array(await crypto.subtle.sign(HMAC, await importKey(key), text)));
}

/**
 * Judges a URL's `s` under several live keys. The time it takes tells nothing, for the platform compares in constant time and all keys are tried.
 * Whether it has expired (`exp` in Unix seconds, not reached yet) is only judged once the signature is right.
 */
export async function verify(
  path: string,
  query: URLSearchParams | string,
  keys: readonly string[],
  config: Pick<Config, "noise">,
  nowSeconds: number,
): Promise<Verdict> {
  const parameters = new URLSearchParams(query);
  const [given, ...more] = parameters.getAll("s");
  if (given === undefined) return "absent";
  const signature = more.length === 0 ? fromBase64Url(given) : null;
  if (signature === null) return "bad";
  const text = new TextEncoder().encode(stringToSign(path, parameters, config.noise));
  const usable = keys.filter((key) => key !== "");
  const verdicts = await Promise.all(
    usable.map(async (key) => crypto.subtle.verify(HMAC, await importKey(key), signature, text)),
  );
  if (!verdicts.includes(true)) return "bad";
  const expiry = readExp(parameters);
  if (expiry === "bad") return "bad";
  return expiry !== null && nowSeconds >= expiry ? "expired" : "ok";
}

/** A query's `exp` in Unix seconds; null without one, `bad` when it is repeated or no number. */
export function readExp(query: URLSearchParams | string): number | null | "bad" {
  const [text, ...more] = new URLSearchParams(query).getAll("exp");
  if (text === undefined) return null;
  return more.length === 0 && /^\d{1,12}$/.test(text) ? Number(text) : "bad";
}

/** When what is signed now ends, in Unix seconds, rounded up past the next window: byte-identical within one, and good for a whole one at least. */
export function expiryOf({ limits: { originalsWindowSeconds: window } }: Windows, now: number): number {
  return (Math.floor(now / window) + 2) * window;
}

/** The signed path and query under which the edge serves a bucket's original; see `originalUrl`. */
export async function signOriginal(
  id: string,
  key: string,
  config: Pick<Config, "noise"> & Windows,
  nowSeconds: number,
): Promise<string> {
  const path = `/originals/${formatId(id)}`;
  const query = `exp=${expiryOf(config, nowSeconds)}`;
  return `${path}?${query}&s=${await sign(path, query, key, config)}`;
}

/** The full URL of a bucket's original; `base` is the edge's origin. Good for one to two windows from now. */
export async function originalUrl(
  base: string,
  id: string,
  key: string,
  config: Pick<Config, "noise"> & Windows,
  nowSeconds: number,
): Promise<string> {
  return withoutFinalSlashes(base) + (await signOriginal(id, key, config, nowSeconds));
}

/** Where the edge serves staged originals. */
export const STAGED_PATH = "/staged/";

/**
 * The full URL of a staged original; `base` is the edge's origin. The URL ends STAGED_MS after the number: the same
 * name gives the same URL.
 */
export async function stagedUrl(
  base: string,
  { id, ...name }: StagedName,
  key: string,
  config: Pick<Config, "noise">,
): Promise<string> {
  const path = `${STAGED_PATH}${stagedSegment(name)}/${formatId(id)}`;
  const query = `exp=${Math.floor((name.number / 1000 + STAGED_MS) / 1000)}`;
  return `${withoutFinalSlashes(base)}${path}?${query}&s=${await sign(path, query, key, config)}`;
}

/** As `verify`, for `/originals/<id>` and `/staged/<number>@<v>/<id>`: there a signature without an expiry is `bad`, because we never make one. */
export async function verifyOriginal(
  path: string,
  query: URLSearchParams | string,
  keys: readonly string[],
  config: Pick<Config, "noise">,
  nowSeconds: number,
): Promise<Verdict> {
  const verdict = await verify(path, query, keys, config, nowSeconds);
  return verdict === "ok" && readExp(query) === null ? "bad" : verdict;
}

/** Imported keys, because importing costs more than signing. There are two or three; the bound only guards against a misuse. */
const imported = new Map<string, CryptoKey>();
const IMPORTED_MAX = 16;

async function importKey(key: string): Promise<CryptoKey> {
  const known = imported.get(key);
  if (known !== undefined) return known;
  const fresh = await crypto.subtle.importKey("raw", new TextEncoder().encode(key), HMAC, false, ["sign", "verify"]);
  if (imported.size >= IMPORTED_MAX) imported.clear();
  imported.set(key, fresh);
  return fresh;
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** Null for what `toBase64Url` would not have printed, so that one signature has one spelling. */
function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!SIGNATURE_PATTERN.test(text)) return null;
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  return toBase64Url(bytes) === text ? bytes : null;
}
