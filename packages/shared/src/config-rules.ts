import type { Config, RatioConfig, SourceConfig } from "./config.ts";
import { deployFaults } from "./config-deploy-rules.ts";
import { type Fault, hooksFaults } from "./config-hook-rules.ts";
import { closedFormats, pageFaults } from "./config-page-rules.ts";
import { deployHosts } from "./deploy.ts";
import { AppError } from "./errors.ts";
import { endpointName } from "./events.ts";
import { GATE_AUTO } from "./limits.ts";
import { isNoise } from "./noise.ts";
import { PARAMETERS } from "./parameters.ts";
import { addressFault, isLoopback } from "./public-address.ts";
import { ratioSizes } from "./ratio.ts";
import { DEFAULT_FORMAT, DEFAULT_QUALITY, expandTransforms } from "./transform.ts";
import { recipesOf } from "./upload-recipe.ts";

/** A rule about settings whose shapes are right. */
interface Rule {
  /** It runs only when nothing is wrong within these. */
  needs: readonly (keyof Config)[];
  /** The collection whose sound entries it looks at one by one. */
  walks?: Collection;
  faults(config: Config, isSound: (path: string) => boolean): Fault[];
}

/** Settings whose entries are judged each by itself, so that one broken entry hides nothing of the others. */
export const COLLECTIONS = [
  "sources",
  "presets",
  "recipes",
  "hooks",
  "noise",
] as const satisfies readonly (keyof Config)[];
type Collection = (typeof COLLECTIONS)[number];

const TRANSFORM_SETTINGS = ["ladder", "formats", "autoFormats", "ratios"] as const satisfies readonly (keyof Config)[];

/** What settings demand of each other. */
export const RULES: readonly Rule[] = [
  { needs: ["edgeHosts", "deploy"], walks: "sources", faults: sourcesFaults },
  { needs: ["sources"], faults: ({ sources }) => repeatedPrefixes(sources) },
  { needs: ["formats", "autoFormats"], faults: formatFaults },
  { needs: ["ladder", "ratios"], faults: ratioFaults },
  { needs: ["ladder", "formats", "autoFormats", "qualities", "ratios", "presets", "pages"], faults: pageFaults },
  { needs: [], walks: "noise", faults: noiseFaults },
  { needs: ["passThrough", "unshowable"], faults: extensionFaults },
  { needs: [...TRANSFORM_SETTINGS, "pages"], walks: "presets", faults: presetFaults },
  { needs: [...TRANSFORM_SETTINGS, "presets", "pages"], walks: "recipes", faults: recipeFaults },
  { needs: ["recipes", "pages"], walks: "hooks", faults: hooksFaults },
  { needs: ["events"], faults: eventFaults },
  { needs: ["gate"], faults: gateFaults },
  { needs: ["deploy", "sources"], faults: deployFaults },
  { needs: [], faults: nameFaults },
];

/** The edge's and the consumer's own bucket: originals among the variants would be purged with them. */
const STORE_BINDING = "IMAGES_BUCKET";

function sourcesFaults({ sources, edgeHosts, deploy }: Config, isSound: (path: string) => boolean): Fault[] {
  const hosts = [...edgeHosts, ...deployHosts(deploy)];
  return sources.flatMap((source, index) => (isSound(`sources[${index}]`) ? sourceFaults(source, index, hosts) : []));
}

function sourceFaults(source: SourceConfig, index: number, edgeHosts: readonly string[]): Fault[] {
  const faults: Fault[] = [];
  const at = `sources[${index}]`;
  const template = "url" in source ? source.url : source.key;
  const field = "url" in source ? "url" : "key";
  if (typeof template === "function") {
    // What it returns is judged at each call.
  } else if (template.split("{id}").length !== 2)
    faults.push({ path: `${at}.${field}`, mend: "write {id} exactly once, where the id belongs" });
  else if ("url" in source) faults.push(...urlFaults(template, `${at}.url`, edgeHosts));
  if (/^\//.test(source.prefix)) faults.push({ path: `${at}.prefix`, mend: "ids begin without a slash: leave it out" });
  if ("bucket" in source && source.bucket === STORE_BINDING) {
    faults.push({
      path: `${at}.bucket`,
      mend: `${STORE_BINDING} keeps the variants: bind the originals' bucket under another name`,
    });
  }
  return faults;
}

function urlFaults(template: string, path: string, edgeHosts: readonly string[]): Fault[] {
  const filled = template.replace("{id}", "x");
  const [head = ""] = template.split("{id}");
  if (!/^https?:\/\/[^/?#]+\//.test(head) || !URL.canParse(filled)) {
    return [
      { path, mend: "write a whole URL with {id} after its host, such as https://cdn.example.com/originals/{id}" },
    ];
  }
  const url = new URL(filled);
  const mend = addressFault(url);
  if (mend !== null) return [{ path, mend }];
  if (url.href !== filled) return [{ path, mend: `write it in its normal form: ${withId(url.href)}` }];
  return ownRoute(url, edgeHosts) ? [{ path, mend: OWN_ROUTE }] : [];
}

/** Endpoints are fetched as sources are, so they are judged alike. */
function eventFaults({ events }: Config): Fault[] {
  return events.flatMap((endpoint, index) => {
    if (!("url" in endpoint)) return repeatedName(events, endpoint.name, index);
    const written = endpoint.url;
    const path = `events[${index}].url`;
    const url = URL.parse(written);
    if (url === null) return [{ path, mend: "write a whole https address, such as https://hooks.example.com/prewarm" }];
    const mend = addressFault(url);
    if (mend !== null) return [{ path, mend }];
    return url.href === written ? [] : [{ path, mend: `write it in its normal form: ${url.href}` }];
  });
}

/** The ledger's rows name a function by its name alone. */
function repeatedName(events: Config["events"], name: string, index: number): Fault[] {
  const first = events.findIndex((endpoint) => endpointName(endpoint) === name);
  return first === index ? [] : [{ path: `events[${index}].name`, mend: `"${name}" is events[${first}]'s already` }];
}

/** A filled template with `{id}` where its last x stands. */
function withId(href: string): string {
  const at = href.lastIndexOf("x");
  return `${href.slice(0, at)}{id}${href.slice(at + 1)}`;
}

const OWN_ROUTE =
  "this is the edge's own route, so that an original would be asked of the edge for ever: name the server that keeps the originals" +
  " (if this is one, list the edge's own hosts in edgeHosts)";

/** While no host is known as the edge's, /images/ anywhere but on a loopback host is taken for its route. */
function ownRoute(url: URL, edgeHosts: readonly string[]): boolean {
  if (edgeHosts.length === 0) return url.pathname.startsWith("/images/") && !isLoopback(url.hostname);
  return (
    /^\/(images|originals)\//.test(url.pathname) && (edgeHosts.includes(url.host) || edgeHosts.includes(url.hostname))
  );
}

function repeatedPrefixes(sources: readonly SourceConfig[]): Fault[] {
  return sources.flatMap(({ prefix }, index) => {
    const first = sources.findIndex((source) => source.prefix === prefix);
    return first === index
      ? []
      : [
          {
            path: `sources[${index}].prefix`,
            mend: `"${prefix}" is sources[${first}]'s already: only that one would be used`,
          },
        ];
  });
}

function formatFaults({ formats, autoFormats }: Config): Fault[] {
  const faults = autoFormats
    .filter((format) => !formats.includes(format))
    .map((format) => ({ path: "autoFormats", mend: `${format} is not in formats: add it there or leave it out here` }));
  if (!formats.includes(DEFAULT_FORMAT))
    faults.push({ path: "formats", mend: `add ${DEFAULT_FORMAT}: it is what a URL without f gets` });
  if (!formats.includes("jpeg")) faults.push({ path: "formats", mend: "add jpeg: f=auto falls back to it" });
  return faults;
}

function ratioFaults({ ladder, ratios }: Config): Fault[] {
  const name = (entry: RatioConfig): string => (typeof entry === "string" ? entry : `${entry.ratio} ${entry.pos}`);
  return ratios.flatMap((entry, index) => {
    const path = `ratios[${index}]`;
    if (ratios.findIndex((other) => name(other) === name(entry)) < index)
      return [{ path, mend: `${name(entry)} stands there twice: leave one out` }];
    if (ratioSizes({ ladder, ratios: [entry] }).length === 0)
      return [{ path, mend: "its height passes the ladder's top rung at every width: leave it out" }];
    return [];
  });
}

function noiseFaults({ noise }: Config, isSound: (path: string) => boolean): Fault[] {
  return noise.flatMap((pattern, index) => {
    if (!isSound(`noise[${index}]`)) return [];
    const hidden = PARAMETERS.filter((parameter) => isNoise(parameter, [pattern]));
    return hidden.length === 0
      ? []
      : [{ path: `noise[${index}]`, mend: `"${pattern}" would hide the parameter ${hidden.join(", ")}: leave it out` }];
  });
}

function extensionFaults({ passThrough, unshowable }: Config): Fault[] {
  return unshowable
    .filter((extension) => passThrough.includes(extension))
    .map((extension) => ({ path: "unshowable", mend: `${extension} is in passThrough too: keep it in one of them` }));
}

function presetFaults(config: Config, isSound: (path: string) => boolean): Fault[] {
  return Object.entries(config.presets).flatMap(([name, spec]) => {
    const path = `presets.${name}`;
    if (!isSound(path)) return [];
    if (new URLSearchParams(spec).has("p")) return [{ path, mend: "a preset is written out: leave p out" }];
    const fault = specFault(spec, config);
    return fault === null ? [] : [{ path, mend: fault }];
  });
}

function recipeFaults(config: Config, isSound: (path: string) => boolean): Fault[] {
  return Object.entries(recipesOf(config)).flatMap(([name, specs]) =>
    isSound(`recipes.${name}`) ? membersFaults(name, specs, config) : [],
  );
}

function membersFaults(name: string, specs: readonly string[], config: Config): Fault[] {
  const faults = specs.flatMap((spec, index) => {
    const fault = isJudgedElsewhere(spec, config) ? null : specFault(spec, config);
    return fault === null ? [] : [{ path: `recipes.${name}[${index}]`, mend: fault }];
  });
  if (faults.length > 0 || specs.some((spec) => isJudgedElsewhere(spec, config) || isFoundByDefault(spec, config)))
    return faults;
  const rung = config.ladder.find((width) => width >= 800) ?? config.ladder[0];
  const mend = `no plain image URL finds what it warms: add a default one, such as w=${rung}&f=${DEFAULT_FORMAT}, or a preset`;
  return [{ path: `recipes.${name}`, mend }];
}

/** Whether the faults of a member are reported at `presets` or `pages`: by default `pages` writes the recipe `upload`. */
function isJudgedElsewhere(spec: string, config: Config): boolean {
  const presets = [...Object.keys(config.presets), ...config.pages.presets];
  if (presets.some((preset) => spec === `p=${preset}`)) return true;
  return closedFormats(config).some((format) => new URLSearchParams(spec).get("f") === format);
}

/** Whether a URL that names nothing but a width, or `f=auto` beside it, or a preset, resolves to a member. */
function isFoundByDefault(spec: string, config: Config): boolean {
  const query = new URLSearchParams(spec);
  if (query.has("p") || query.get("f") === "auto") return true;
  return expandTransforms(spec, config).some(
    ({ height, quality, format }) => height === null && quality === DEFAULT_QUALITY && format === DEFAULT_FORMAT,
  );
}

function specFault(spec: string, config: Config): string | null {
  try {
    expandTransforms(spec, config);
    return null;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { allowed } = error.details;
    return `${error.message}${Array.isArray(allowed) ? ` Allowed: ${allowed.join(", ")}.` : ""}`;
  }
}

/** What a bound that is left out stands for is judged too: a `min` above it would leave nothing between. */
function gateFaults({ gate }: Config): Fault[] {
  return (["concurrency", "ratePerSecond"] as const).flatMap((name) => {
    const limit = gate[name];
    if (typeof limit !== "object") return [];
    const { min, max } = { ...GATE_AUTO[name], ...limit };
    return min <= max
      ? []
      : [{ path: `gate.${name}`, mend: `min (${min}) is above max (${max}): write both in order` }];
  });
}

/** Names that stand in URLs, paths and logs. */
function nameFaults(config: Config): Fault[] {
  const named = (["presets", "recipes", "hooks"] as const).flatMap((setting) =>
    Object.keys(config[setting] ?? {}).map((name) => ({ name, path: `${setting}.${name}` })),
  );
  return named
    .filter(({ name }) => !/^[A-Za-z0-9_-]{1,64}$/.test(name))
    .map(({ path }) => ({ path, mend: "use 1 to 64 letters, digits, - or _ for the name" }));
}
