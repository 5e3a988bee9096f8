import { madeFormats } from "@prewarm/shared/accept";
import type { Config } from "@prewarm/shared/config";
import { AppError } from "@prewarm/shared/errors";
import { parseId } from "@prewarm/shared/image-id";
import { verify } from "@prewarm/shared/signature";
import { isPassThrough, isWithheld, resolveOriginal } from "@prewarm/shared/source";
import { parseTransform, type Transform } from "@prewarm/shared/transform";

/** What the edge makes of an image URL, before it looks whether the variant is stored. */
export type Asked =
  | { kind: "variants"; id: string; version: string | null; preset: string | null; transforms: readonly Transform[] }
  | { kind: "passed"; id: string }
  | { kind: "refused"; reason: string };

interface Rules {
  config: Config;
  /** That sign URLs; without any, a signature counts as right. */
  keys: readonly string[];
  nowSeconds: number;
}

/** Reads what follows `/images/` as the edge does (workers/edge/src/request). `f=auto` asks for the formats of `pages.make`. */
export async function readAsked(path: string, rules: Rules): Promise<Asked> {
  const { config } = rules;
  try {
    const url = new URL(`https://edge.invalid/images/${path}`);
    const id = parseId(url.pathname.slice("/images/".length));
    const { transform, version, negotiated, closed, preset } = parseTransform(url.searchParams, config);
    const isPassed = isPassThrough(config, id);
    const namesImage = url.searchParams.has("sc");
    const isOpen =
      closed &&
      (version === null || config.access !== "signed" || namesImage) &&
      (isPassed || !isWithheld(config, id, transform));
    const refusal = await signatureRefusal(url, isOpen, rules);
    if (refusal !== null) return { kind: "refused", reason: refusal };
    if (resolveOriginal(config, id) === null) return { kind: "refused", reason: "no configured source has this image" };
    if (isPassed) return { kind: "passed", id };
    const formats = negotiated ? madeFormats(config) : [transform.format];
    const transforms = formats.map((format) => ({ ...transform, format }));
    return { kind: "variants", id, version, preset, transforms };
  } catch (error) {
    if (error instanceof AppError) return { kind: "refused", reason: error.message + hintOf(path) };
    throw error;
  }
}

async function signatureRefusal(
  { pathname, searchParams: query }: URL,
  isOpen: boolean,
  { config, keys, nowSeconds }: Rules,
): Promise<string | null> {
  const isGiven = ["s", "exp", "sc"].some((name) => query.has(name));
  if (isOpen && config.access !== "private" && !isGiven) return null;
  if (query.has("sc") && !isOpen) return "an image's signature does not open what is outside the open set";
  if (!query.has("s")) return "it needs a signature";
  if (keys.length === 0) return null;
  const verdict = await verify(pathname, query, keys, config, nowSeconds);
  return verdict === "ok" ? null : verdict === "expired" ? "its signature has expired" : "its signature is wrong";
}

/** A page that escapes an address twice asks for parameters such as `amp;f`. */
function hintOf(path: string): string {
  return /[?&]amp;/i.test(path) ? " Its & is escaped twice in the page." : "";
}
