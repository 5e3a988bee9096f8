import type { DeployConfig } from "./deploy.ts";
import type { EventEndpoint } from "./events.ts";
import type { MapHook, VerifyHook } from "./hook-functions.ts";
import type { LegacyService } from "./legacy.ts";
import { ABSOLUTE_MAX_PX, CHOSEN, type Chosen } from "./limits.ts";
import { NOISE } from "./noise.ts";

/**
 * Output formats, the newest first: a browser that shows one shows those after it, which stand in for it while it is made
 * (`accept.ts`). Answers and tables list them in this order. What `f=auto` prefers is the order of the setting `formats`.
 */
export const FORMATS = ["avif", "webp", "jpeg", "png"] as const;
export type Format = (typeof FORMATS)[number];
export const QUALITIES = ["very_low", "low", "medium", "high", "very_high"] as const;
export type Quality = (typeof QUALITIES)[number];
export const FITS = ["cover", "contain", "fill"] as const;
export type Fit = (typeof FITS)[number];
/** What a cover crop keeps where it must cut; without one, the centre. */
export const POSITIONS = ["top", "bottom", "left", "right"] as const;
export type Position = (typeof POSITIONS)[number];

/** @public Types for functions of a site. */
export type { EventEndpoint, HandleEvent, OutgoingEvent } from "./events.ts";
/** @public Types for functions of a site. */
export type { HookItem, HookNews, MapHook, ProvenDelivery, UnprovenDelivery, VerifyHook } from "./hook-functions.ts";

/**
 * A template with `{id}`, which stands for the whole id (`/` in an id stays `/`), or a function from an id to a whole http(s) address; null:
 * there is no such original. Edge and consumer call it, often more than once for an image, so it is pure and quick.
 */
export type SourceUrl = string | ((id: string) => string | null);

/** A place originals come from. The source with the longest `prefix` that the id starts with is used; `""` takes the rest. */
export type SourceConfig =
  | { prefix: string; url: SourceUrl }
  | {
      prefix: string /** Binding name of an R2 bucket. */;
      bucket: string /** Key template with `{id}`. */;
      key: string;
      /** What viewers get while there is no variant. Default `placeholder`: the original is private; `redirect`: they are sent to it. */
      viewers?: "placeholder" | "redirect";
      /**
       * Beside `viewers: "placeholder"`: the widest and highest, in px, that URLs without a signature may ask for. Default: no limit. The full
       * size of such a source needs a signature in any case.
       */
      maxUnsignedPx?: number;
    };

export type VerifierConfig =
  | {
      kind: "function";
      verify: VerifyHook /** Names of secrets whose values it gets. Default: none. */;
      secrets?: readonly string[];
    }
  | {
      kind: "standard-webhooks" /** Names of secrets holding `whsec_…`; any of them verifies. */;
      secrets: readonly string[];
    }
  | {
      kind: "hmac";
      secrets: readonly string[];
      header: string;
      algorithm?: "SHA-1" | "SHA-256" | "SHA-512";
      encoding?: "hex" | "base64" | "base64url";
      /** Text before the signature in the header, such as `sha256=`. */
      prefix?: string;
      /**
       * What is signed: `{body}`, `{timestamp}`, `{id}` and literal text. Default `{body}`. With `{secret}` in it, it is a plain hash
       * over the text with the secret in its place, not an HMAC (Cloudinary). `{id}` must not touch another hole.
       */
      template?: string;
      /** Seconds or milliseconds; the signature's own header is read as `t=<time>,<prefix><signature>` (Stripe, Sanity). */
      timestampHeader?: string;
      idHeader?: string;
    }
  | { kind: "bearer"; secrets: readonly string[] /** Default `authorization`. */; header?: string }
  | {
      kind: "sns";
      /** ARNs of the topics that may send, such as `arn:aws:sns:eu-central-1:123456789012:uploads`. */
      topics: readonly string[];
      /** Confirms the subscription of a listed topic. Default true; false: the list of deliveries shows the address to open. */
      confirm?: boolean;
    }
  | {
      kind: "google-oidc";
      /** E-mail addresses of the service accounts that may send. */
      emails: readonly string[];
      /** The audience of the tokens. Default: the hook's own address, which is Pub/Sub's default too. */
      audience?: string;
    };

/** Names of the secrets that a verifier compares with. Some verifiers trust keys that their sender publishes, and have none. */
export function secretNames(verifier: VerifierConfig): readonly string[] {
  return ("secrets" in verifier ? verifier.secrets : undefined) ?? [];
}

export type MapperConfig =
  | { kind: "function"; map: MapHook }
  | { kind: "native" }
  | { kind: "s3"; buckets?: readonly string[] }
  | { kind: "r2"; buckets?: readonly string[] }
  | { kind: "gcs-pubsub"; buckets?: readonly string[] }
  | {
      kind: "json-path";
      /** Path to the item or items, such as `$.event.Upload` or `$.records[*]`. Default `$`. */
      items?: string;
      /** Path within an item to the id. One of `id` and `key` is needed. */
      id?: string;
      /** Path within an item to the key in the source's bucket, read backwards through the source's template. */
      key?: string;
      v?: string;
      sourceEtag?: string;
      /** Path whose value must be one of `uploadValues`, or of `deleteValues` for a deletion. */
      event?: string;
      uploadValues?: readonly string[];
      deleteValues?: readonly string[];
      /** Path to something that grows with every change of the item (compared as text after padding). */
      order?: string;
      contentType?: string;
      /** Path to the point that crops show: `[x, y]` or `{ x, y }`, shares from 0 to 1; null takes it back. */
      focal?: string;
    };

export interface HookConfig {
  verifier: VerifierConfig;
  mapper: MapperConfig;
  /** Default `upload`. */
  recipe?: string;
  /** What its secrets entitle to; default both. A sender that never deletes needs no right to. */
  may?: readonly ("upload" | "delete")[];
  /** Jobs that its uploads may order on a day (UTC); beyond them uploads are refused until midnight, and deletions are taken. Default 10,000. */
  jobsPerDay?: number;
}

/** A limit of the gate: a number stays as it is; `"auto"` moves by what Ittybit answers, within the bounds that are given (docs/operate.md). */
export type LimitConfig = number | "auto" | { min?: number; max?: number };

/**
 * The settings of a site. `npm run tables` prints them into docs/configuration.md: a row for each, with its default, its sentence,
 * `@neededBy` and `@example`.
 */
export interface Settings {
  /**
   * Places originals come from, chosen by the id's prefix.
   * @neededBy every site
   * @example sources: [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }]
   */
  sources: readonly SourceConfig[];
  /** All that pages ask for, and uploads make. Client and loaders snap every URL to it, and the recipe `upload` is made of it. */
  pages: {
    /**
     * Widths in px, ascending: the candidates of every `srcset`, and the small ones of icons. Uploads make each.
     * @neededBy a design with other widths, 4K screens, avatars
     * @example pages: { widths: [64, 480, 960, 1920, 3840] }
     */
    widths: readonly number[];
    /**
     * Formats of the pages' URLs, the one of a URL that names none first; uploads make each that is named here at each width.
     * @neededBy pages behind a cache that ignores `Vary`
     * @example pages: { formats: ["avif", "jpeg"] }
     */
    formats: readonly (Format | "auto")[];
    /**
     * Formats of `f=auto` that uploads make at each width, or `all`. Of each other one uploads make the few widths that answer for it. Default: the first of `formats`.
     * @neededBy a site with many old browsers
     * @example pages: { make: ["avif", "webp"] }
     */
    make: readonly Format[] | "all";
    /**
     * Qualities of whole pictures that uploads make; any other becomes the nearest of these. Crops have `high` only.
     * @neededBy pages that ask for a second quality, such as one for slow networks
     * @example pages: { qualities: ["low", "high"] }
     */
    qualities: readonly Quality[];
    /**
     * Shapes that uploads crop to at each width, such as `4:3`; any other crop on a page is the whole picture, which CSS crops.
     * @neededBy link previews and feeds, where no CSS crops
     * @example pages: { ratios: ["1:1"] }
     */
    ratios: readonly string[];
  };
  /**
   * Formats that a URL may have. `f=auto` becomes the first of them that the browser likes best, and never PNG; `webp` and `jpeg` are needed.
   * @neededBy logos as PNG
   * @example formats: ["avif", "webp", "jpeg", "png"]
   */
  formats: readonly Format[];
  /**
   * Named transforms, written as a query. Uploads make each; the preset `og` is the picture of link previews.
   * @neededBy pages with a crop or a size of their own
   * @example presets: { card: "w=400&h=300&fit=cover&f=auto", og: "w=1200&h=628&f=jpeg" }
   */
  presets: Record<string, string>;
  /**
   * Lists of transforms warmed together, each a query (`w=800&f=webp`) or `p=<preset>`; `f=auto` stands for the formats of `pages.make`.
   * @neededBy hooks and runs that warm something else than `pages`
   * @example recipes: { social: ["w=1200&f=jpeg", "p=card"] }
   */
  recipes: Record<string, readonly string[]>;
  /**
   * What a view gets before its variant is stored: the best `stored` variant of the image, else the original; the `original`; or the best stored variant, else a neutral `placeholder`, never the original.
   * @neededBy sites whose originals are not for viewers
   * @example firstView: "placeholder"
   */
  firstView: "stored" | "original" | "placeholder";
  /**
   * What needs no signature. `open`: the standard widths, shapes and qualities beside those of `pages`, presets, and a few versions (`v`). `signed`: `pages` and presets alone. `private`: nothing. A signature opens everything else.
   * @neededBy sites that fear strangers' jobs (`signed`), or show pictures to some viewers only (`private`)
   * @example access: "private"
   */
  access: "open" | "signed" | "private";
  /**
   * Where views of a removed image are sent (`prewarm remove`): a picture of yours, by `https://…` or a path; empty: they get 410.
   * @neededBy pages that must show something in place of a removed picture
   * @example removedUrl: "/images/removed.png?w=320"
   */
  removedUrl: string;
  /**
   * What clients may do with a variant: keep it a year as `immutable`, or `revalidate` it before every use.
   * @neededBy sites that replace pictures under one URL
   * @example freshness: "revalidate"
   */
  freshness: "immutable" | "revalidate";
  /**
   * Variants that are made from then on keep the original's labels as XMP: copyright, credit, licensor, and DigitalSourceType, which says whether AI made it (docs/originals.md).
   * @neededBy photographers, agencies, and sites with AI pictures
   * @example labels: true
   */
  labels: boolean;
  /**
   * One view in so many is counted, and stands for the others, where `deploy` says `views: true`; 0 counts none.
   * @neededBy sites with more than 10 million views a month
   * @example countViews: 10
   */
  countViews: number;
  /**
   * Extensions of originals (the template's, else the id's) that redirect to the original and are never enqueued.
   * @neededBy sites that want still pictures of GIFs
   * @example passThrough: ["svg", "ico"]
   */
  passThrough: readonly string[];
  /**
   * Services whose old URLs the edge answers: `cloudinary()`, `imgix({ hosts })` and others of `prewarm/legacy/…` (docs/moving-from.md).
   * @neededBy sites that move from another service
   * @example legacy: [cloudinary({ cloud: "demo" })]
   */
  legacy: readonly LegacyService<Config>[];
  /**
   * Parameters of a URL that are ignored; a trailing `*` matches any rest. A list of yours replaces the default.
   * @neededBy pages that add parameters of their own
   * @example noise: ["utm_*", "campaign"]
   */
  noise: readonly string[];
  /**
   * Ways in for upload systems, by the name in `POST /hooks/<name>`: how a call proves its origin, and how its body names images.
   * @neededBy every site with uploads
   * @example hooks: { uploads: { verifier: { kind: "standard-webhooks", secrets: ["HOOK_SECRET"] }, mapper: { kind: "native" } } }
   */
  hooks: Record<string, HookConfig>;
  /**
   * Endpoints that get a message for each event, signed as Standard Webhooks; `secrets` name secrets holding `whsec_…`, each of which signs.
   * @neededBy operators who want a message when work stops
   * @example events: [{ url: "https://hooks.example.com/prewarm", secrets: ["EVENTS_SECRET"] }]
   */
  events: readonly EventEndpoint[];
  /** What Ittybit may be paid for. */
  budget: {
    /**
     * Jobs per calendar month (UTC); null is unlimited.
     * @neededBy sites with more than 7,000 uploads a month
     * @example budget: { month: 500_000 }
     */
    month: number | null;
    /** What each kind of work may use of it, from 0 to 1. */
    shares: {
      /**
       * Share of the month's jobs that warming (upload and bulk) may use, 0–1.
       * @neededBy sites whose uploads are all their work
       * @example budget: { shares: { warming: 1 } }
       */
      warming: number;
      /**
       * Share of the month's jobs that viewers' misses may use, 0–1: what strangers can spend of it at most.
       * @neededBy sites that make nothing for viewers
       * @example budget: { shares: { live: 0 } }
       */
      live: number;
      /**
       * Part of the viewers' share that one day (UTC) may use, 0–1.
       * @neededBy sites with rare, large publications
       * @example budget: { shares: { liveDay: 0.5 } }
       */
      liveDay: number;
    };
    /**
     * Price of 1,000 Ittybit jobs, in your currency, for dry runs and costs; null is "unknown".
     * @neededBy sites that pay Ittybit
     * @example budget: { per1000Jobs: 2 }
     */
    per1000Jobs: number | null;
  };
  /** What Ittybit bears. */
  gate: {
    /**
     * Jobs running at Ittybit at once, all lanes together: a number, or `auto` to find what Ittybit allows, or `{ min, max }` to find it between these.
     * @neededBy accounts with a known limit
     * @example gate: { concurrency: { min: 5, max: 200 } }
     */
    concurrency: LimitConfig;
    /**
     * Submissions to Ittybit per second: a number, `auto` or `{ min, max }`.
     * @neededBy accounts with a known limit
     * @example gate: { ratePerSecond: 20 }
     */
    ratePerSecond: LimitConfig;
    /**
     * Submissions that may come at once, before the rate counts; beside an automatic rate never more than a second's.
     * @neededBy accounts with a known limit
     * @example gate: { burst: 5 }
     */
    burst: number;
  };
  /** Which originals are too large. */
  limits: {
    /**
     * Largest original in bytes; larger ones are refused (`too_large`).
     * @neededBy sites with scans
     * @example limits: { originalMaxBytes: 500_000_000 }
     */
    originalMaxBytes: number;
    /**
     * Largest original in pixels, width times height; larger ones are refused (`too_large`).
     * @neededBy sites with panoramas
     * @example limits: { originalMaxPixels: 400_000_000 }
     */
    originalMaxPixels: number;
    /**
     * Longest edge of an original in pixels; longer ones are refused (`too_large`). Ittybit's older pages say 8192, the current ones nothing; null is no limit.
     * @neededBy accounts where `prewarm ittybit check` says so
     * @example limits: { originalMaxEdge: 8192 }
     */
    originalMaxEdge: number | null;
  };
  /** How Ittybit is asked. */
  ittybit: {
    /**
     * The word that Ittybit is given instead, by format and quality, where AVIF of that word looks worse than the others.
     * @neededBy sites where `prewarm ittybit check` says so
     * @example ittybit: { qualities: { avif: { low: "medium" } } }
     */
    qualities: { readonly [F in Format]?: { readonly [Q in Quality]?: Quality } };
  };
  /**
   * Environments by name: what the wrangler files say of each (below). Without it there is only the local stack.
   * @neededBy every site that is deployed
   * @example deploy: { staging: {}, production: { edge: "images.example.com" } }
   */
  deploy: Readonly<Record<string, DeployConfig>>;
}

/** Settings whose own settings a site gives one by one. */
type Groups = "pages" | "budget" | "gate" | "limits" | "ittybit";

/** Everything a user may say in prewarm.config.ts; only `sources` is required. Defaults are those of `DEFAULTS`. */
export type UserConfig = Pick<Settings, "sources"> & { [K in Exclude<keyof Settings, Groups>]?: Settings[K] } & {
  [K in Exclude<Groups, "budget">]?: Partial<Settings[K]>;
} & { budget?: Partial<Omit<Settings["budget"], "shares"> & { shares: Partial<Settings["budget"]["shares"]> }> };

/** The settings with their defaults, and what follows from them. */
export interface Config extends Settings {
  /** Widths in px, ascending; the last is the maximum. Widths and heights of URLs snap up to these. */
  ladder: readonly number[];
  /** Shapes that unsigned pairs of `w` and `h` may have. */
  ratios: readonly string[];
  /** Qualities that an unsigned URL may ask for. */
  qualities: readonly Quality[];
  limits: Settings["limits"] & Chosen;
  /** What the site wrote, for `checkConfig` and `prewarm config`. */
  written: UserConfig;
}

/** Shapes that pages may name: without a crop of theirs CSS crops the whole picture. */
export const RATIOS: readonly string[] = ["1:1", "4:3", "3:2", "16:9", "1.91:1"];
const LADDER = [
  16, 32, 48, 64, 96, 128, 160, 256, 320, 384, 400, 480, 640, 750, 800, 828, 960, 1080, 1200, 1280, 1440, 1600, 1920,
  2048,
];

export const DEFAULTS: Omit<Settings, "sources"> = {
  pages: {
    widths: [320, 480, 640, 828, 1080, 1440, 1920],
    formats: ["auto"],
    make: ["avif"],
    qualities: ["high"],
    ratios: [],
  },
  formats: ["avif", "webp", "jpeg"],
  presets: {},
  recipes: {},
  firstView: "stored",
  access: "open",
  removedUrl: "",
  freshness: "immutable",
  labels: false,
  countViews: 1,
  passThrough: ["svg", "gif", "ico"],
  legacy: [],
  noise: NOISE,
  hooks: {},
  events: [],
  budget: { month: 100_000, shares: { warming: 0.8, live: 0.5, liveDay: 0.1 }, per1000Jobs: null },
  gate: { concurrency: "auto", ratePerSecond: "auto", burst: 20 },
  limits: { originalMaxBytes: 100_000_000, originalMaxPixels: 100_000_000, originalMaxEdge: null },
  ittybit: { qualities: {} },
  deploy: {},
};

/** Settings whose names and values other types are made of: a preset that is not there is a compile error in a page. */
type Named = "formats" | "presets" | "recipes" | "hooks";

/** A configuration that still knows, as types, what it was written with. */
export type DefinedConfig<C extends UserConfig> = Omit<Config, Named> & {
  [K in Named]: K extends keyof C ? (undefined extends C[K] ? Config[K] : C[K]) : Config[K];
};

/** Types the configuration and fills in defaults. It does not judge: `checkConfig` (config-check.ts) does, at build and start. */
export function defineConfig<const C extends UserConfig>(user: C): DefinedConfig<C>;
export function defineConfig(user: UserConfig): Config {
  return makeConfig(user);
}

/** `defineConfig` with other numbers in place of `CHOSEN`, which no site sets: the local stack and tests do. */
export function makeConfig(user: UserConfig, chosen: Partial<Config["limits"]> = {}): Config {
  if (isMade(user)) return { ...user, limits: { ...user.limits, ...chosen } };
  const settings = withDefaults(user);
  return {
    ...settings,
    ...openTo(settings),
    limits: { ...CHOSEN, ...settings.limits, ...chosen },
    written: user,
  };
}

/** A file may export what `defineConfig` returned, or a plain object. */
function isMade(user: UserConfig): user is Config {
  return "written" in user && "ladder" in user;
}

/** The settings that a site wrote, unknown ones too, and the defaults of all others. */
export function withDefaults(user: UserConfig): Settings {
  const { pages, budget, gate, limits, ittybit } = DEFAULTS;
  const [first] = list(user.formats);
  const make = first === undefined ? pages.make : [first];
  return {
    ...DEFAULTS,
    ...user,
    pages: within({ ...pages, make }, user.pages),
    budget: within(
      budget,
      isGroup(user.budget) ? { ...user.budget, shares: within(budget.shares, user.budget.shares) } : user.budget,
    ),
    gate: within(gate, user.gate),
    limits: within(limits, user.limits),
    ittybit: within(ittybit, user.ittybit),
  };
}

/** A group with its defaults. What is no group stays as it is, for `checkConfig` to find. */
function within<T extends object>(defaults: T, own: unknown): T {
  return isGroup(own) ? { ...defaults, ...own } : own === undefined ? defaults : (own as T);
}

function isGroup<T>(own: T): own is T & object {
  return typeof own === "object" && own !== null;
}

/** What needs no signature (`access`): the pages' own, and with `open` the standard ones. A site that wants 300 or 3840 px writes them in `pages` only. */
function openTo({ access, pages }: Settings): Pick<Config, "ladder" | "ratios" | "qualities"> {
  const { widths, qualities, ratios } = pages ?? {};
  const isRung = (width: number) => Number.isInteger(width) && width > 0 && width <= ABSOLUTE_MAX_PX;
  const isOpen = access !== "signed";
  const ladder = [...(isOpen ? LADDER : LADDER.slice(0, 1)), ...list(widths).filter(isRung)];
  return {
    ladder: [...new Set(ladder)].toSorted((a, b) => a - b),
    ratios: [...new Set([...(isOpen ? RATIOS : []), ...list(ratios)])],
    // Crops have `high`, and placeholders the first.
    qualities: isOpen
      ? QUALITIES
      : QUALITIES.filter((one) => /^very_low$|^high$/.test(one) || list(qualities).includes(one)),
  };
}

/** `checkConfig` has not judged the settings yet. */
function list<T>(given: readonly T[] | undefined): readonly T[] {
  return Array.isArray(given) ? given : [];
}
