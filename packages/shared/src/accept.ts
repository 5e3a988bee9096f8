import { type Config, FORMATS, type Format } from "./config.ts";
import { FORMAT_ROWS } from "./mime.ts";

/** What `f=auto` can become under this configuration: its formats without PNG and, last, JPEG. */
export function autoChoices({ formats }: Pick<Config, "formats">): Format[] {
  return [...new Set<Format>([...formats.filter((format) => format !== "png"), "jpeg"])];
}

/** The formats of `f=auto` that uploads make at each width. */
export function madeFormats(config: Pick<Config, "formats" | "pages">): readonly Format[] {
  return config.pages.make === "all" ? autoChoices(config) : config.pages.make;
}

/** The order in which `f=auto` looks for the smallest variant: what it can become, and PNG, which may be stored too. */
export function autoOrder(config: Pick<Config, "formats">): Format[] {
  return [...new Set<Format>([...autoChoices(config), "png"])];
}

/**
 * Resolves `f=auto`. The first format is the one that the client likes best, ties going to the configuration's order, and JPEG when nothing is
 * proven. The others come after it in that order, and the client shows them too: a smaller one of them is served instead. A wildcard proves no
 * AVIF or WebP (every old browser sends one); naming the type does; `q=0` refuses it.
 */
export function negotiate(accept: string | null, config: Pick<Config, "formats">): [Format, ...Format[]] {
  const weights = parseAccept(accept ?? "");
  let best: Format = "jpeg";
  let most = 0;
  for (const format of autoChoices(config)) {
    const { type, wildcard } = FORMAT_ROWS[format];
    const named = weights.get(type);
    const wild = wildcard === "proven" ? (weights.get("image/*") ?? weights.get("*/*")) : undefined;
    const weight = named ?? wild ?? 0;
    if (weight > most) {
      best = format;
      most = weight;
    }
  }
  const order = autoOrder(config);
  const others = order.slice(order.indexOf(best) + 1);
  return [best, ...others.filter((other) => shows(other, best, true, weights) === "proven")];
}

/**
 * Whether a client that asked for `asked` shows `other` in its stead. `proven`: it is the asked format or an older one, since a client that
 * shows a format shows those after it in `FORMATS`; or the format was `negotiated` (`f=auto`), and `accept` names it. `by-wildcard`: the client
 * names no type of image and takes any, as crawlers, link previews and scripts do, and the format's row lets it. `q=0` refuses.
 */
export function showsInstead(
  other: Format,
  { asked, negotiated, accept }: { asked: Format; negotiated: boolean; accept: string | null },
): "proven" | "by-wildcard" | "no" {
  return other === asked ? "proven" : shows(other, asked, negotiated, parseAccept(accept ?? ""));
}

function shows(
  other: Format,
  asked: Format,
  negotiated: boolean,
  weights: ReadonlyMap<string, number>,
): "proven" | "by-wildcard" | "no" {
  const { type, wildcard } = FORMAT_ROWS[other];
  const named = weights.get(type);
  const any = weights.size === 0 ? 1 : (weights.get("image/*") ?? weights.get("*/*"));
  if ((named ?? any) === 0) return "no";
  if (FORMATS.indexOf(other) > FORMATS.indexOf(asked) || (negotiated && named !== undefined)) return "proven";
  const namesImages = [...weights.keys()].some((range) => range.startsWith("image/") && range !== "image/*");
  return any !== undefined && !namesImages && wildcard !== "no" ? "by-wildcard" : "no";
}

/** Media ranges in lower case with their weights, 0–1. A range given twice has its lesser weight; an unreadable weight is 0. */
function parseAccept(accept: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const item of accept.toLowerCase().split(",")) {
    const [range = "", ...parameters] = item.split(";").map((part) => part.trim());
    if (range === "") continue;
    const weight = parameters.find((parameter) => /^q\s*=/.test(parameter));
    weights.set(range, Math.min(weights.get(range) ?? 1, weight === undefined ? 1 : parseWeight(weight)));
  }
  return weights;
}

function parseWeight(parameter: string): number {
  const text = parameter.slice(parameter.indexOf("=") + 1).trim();
  return /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Math.min(1, Number(text)) : 0;
}
