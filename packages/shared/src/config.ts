import type { DeployConfig } from "./deploy.ts";
import type { EventEndpoint } from "./events.ts";
import type { MapHook, VerifyHook } from "./hook-functions.ts";
import { snapUp } from "./ladder.ts";
import type { LegacyService } from "./legacy.ts";
import { ABSOLUTE_MAX_PX } from "./limits.ts";
import { NOISE } from "./noise.ts";

/**
 * Output formats, the newest first: a browser that shows one shows those after it, which stand in for it while it is made
 * (`accept.ts`). Answers and tables list them in this order. What `f=auto` prefers is the order of `autoFormats`.
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

/** A shape that unsigned pairs of `w` and `h` may have, such as `"4:3"` or `"1.91:1"`; with `pos`, for that `pos` only. */
export type RatioConfig = string | { ratio: string; pos: Position };

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

/** Everything a user may say in prewarm.config.ts; only `sources` is required. Defaults are those of `DEFAULTS`. */
export type UserConfig = { sources: readonly SourceConfig[] } & {
  [K in keyof Settings]?: Settings[K] extends Plain ? Settings[K] : Partial<Settings[K]>;
};
type Plain =
  | string
  | number
  | boolean
  | null
  | readonly unknown[]
  | Record<string, string>
  | Record<string, readonly string[]>
  | Record<string, HookConfig>
  | Readonly<Record<string, DeployConfig>>;

/** The settings beside `sources`, every one with its default. */
export interface Settings {
  /** Widths in px, ascending; the last is the maximum. Widths and heights snap up to these. Without a ladder of yours, `pages.widths` and `pages.icons` are rungs too. */
  ladder: readonly number[];
  /** Formats a URL may ask for. */
  formats: readonly Format[];
  /** Formats `f=auto` may resolve to, most preferred first; `jpeg` is always the last resort. */
  autoFormats: readonly Format[];
  /** Qualities an unsigned URL may ask for. */
  qualities: readonly Quality[];
  /** Shapes that unsigned pairs of `w` and `h` may have: `"4:3"`, or `{ ratio: "1:1", pos: "top" }` for that `pos`. */
  ratios: readonly RatioConfig[];
  /** Named transforms, written as a query: `{ card: "w=400&h=300&fit=cover&f=auto" }`. */
  presets: Record<string, string>;
  /** All that pages ask for. Client and loaders snap every URL to it, and the recipe `upload` is made of it. */
  pages: {
    /** Widths in px, ascending, all of them rungs of the ladder: the candidates of every `srcset`. */
    widths: readonly number[];
    /** Formats of the pages' URLs, the one of a URL that names none first; uploads make each that is named here at each width. */
    formats: readonly (Format | "auto")[];
    /** Formats of `f=auto` that uploads make at each width, or `all`. Of each other one uploads make the few widths that answer for it. Default: the first of autoFormats. */
    make: readonly Format[] | "all";
    /** Qualities of whole pictures; any other becomes the nearest of these. Crops have `high` only. */
    qualities: readonly Quality[];
    /** Those of `ratios` that uploads crop, at each width and icon; any other crop is the whole picture, which CSS crops. */
    ratios: readonly string[];
    /** Widths in px, ascending, of small pictures, all of them rungs below the first of `widths`. */
    icons: readonly number[];
    /** Names of `presets` that uploads make and pages may ask for. Default: all of them. */
    presets: readonly string[];
    /** Whether uploads make a picture for link previews, 1200 px as JPEG. Otherwise previews get a width of the list; a preset `og` comes before both. */
    og: boolean;
  };
  /** Lists of transforms warmed together, each a query (`w=800&f=webp`) or `p=<preset>`; `f=auto` stands for the formats of `pages.make`. */
  recipes: Record<string, readonly string[]>;
  /** Ways in for upload systems, by the name in `POST /hooks/<name>`: how a call proves its origin, and how its body names images. */
  hooks: Record<string, HookConfig>;
  /** Endpoints that get a message for each event, signed as Standard Webhooks; `secrets` name secrets holding `whsec_…`, each of which signs. */
  events: readonly EventEndpoint[];
  /** `off`: nothing signed is needed, the closed set only; `custom`: a signature opens everything else; `all`: every URL needs one. */
  signing: "off" | "custom" | "all";
  /** Who may name a version (`v`): `open` everybody, `limited` everybody, a few an image and day (`limits.versionsPerImageDay`), `signed` signed URLs only. */
  v: "open" | "limited" | "signed";
  /** What a miss gets where no stored variant is shown (`cold.first`): a redirect to the `original`, or a neutral `placeholder`. */
  fallback: "original" | "placeholder";
  /** Where views of a removed image are sent (`prewarm remove`): a picture of yours, by `https://…` or a path; empty: they get 410. */
  removedUrl: string;
  cold: {
    /** What a miss shows first: the best `stored` variant of the image, or the `original`, unless it has more than `maxBytes`. */
    first: "stored" | "original";
    /** Originals of more bytes come after every stored variant, the 16 px placeholder included; null: none are that heavy. */
    maxBytes: number | null;
    /** Largest original in bytes that the edge passes on itself: a script or `crossorigin` wants one whose server sends no CORS. */
    streamMaxBytes: number;
  };
  /** What clients may do with a variant: keep it a year as `immutable`, or `revalidate` it before every use. */
  freshness: "immutable" | "revalidate";
  /** One view in so many is counted, and stands for the others, where the edge has the dataset `VIEWS` (docs/dashboard.md); 0 counts none. */
  countViews: number;
  /** Extensions of originals (the template's, else the id's) that redirect to the original and are never enqueued. */
  passThrough: readonly string[];
  /** Extensions of originals (the template's, else the id's) that browsers do not show: misses get the placeholder. */
  unshowable: readonly string[];
  /** Services whose old URLs the edge answers: `cloudinary()`, `imgix({ hosts })` and others of `prewarm/legacy/…` (docs/moving-from.md). */
  legacy: readonly LegacyService<Config>[];
  /** Parameters that are ignored; a trailing `*` matches any rest. */
  noise: readonly string[];
  /** Longest the edge waits for cache, R2 and queue together before it redirects, in ms. The local stack waits 30 s. */
  edgeBudgetMs: number;
  /** Window in seconds to which the expiry of a signed URL of an original, and of the API's links to variants that need a signature, is rounded up. */
  originalsWindowSeconds: number;
  /** Host names the edge answers on, such as `images.example.com`: a source that is the edge's own route there is refused. */
  edgeHosts: readonly string[];
  limits: {
    /** Rows that viewers' misses may add for one image per day. */
    liveRowsPerImageDay: number;
    /** Version tokens (`v`) of one image that unsigned misses may bring per day; see `v`. */
    versionsPerImageDay: number;
    /** Originals of ids that nobody has seen that misses may have looked at per second; beyond it they are forgotten until the next view. */
    unknownPerSecond: number;
    /** Open jobs above which bulk requests get 429. */
    backlogMax: number;
    /** Largest original in bytes; larger ones are refused (`too_large`). */
    originalMaxBytes: number;
    /** Largest original in pixels, width times height; larger ones are refused (`too_large`). */
    originalMaxPixels: number;
    /** Longest edge of an original in pixels; longer ones are refused (`too_large`). Ittybit's older pages say 8192, the current ones nothing; null is no limit. */
    originalMaxEdge: number | null;
    /** Failed attempts before a job is dead. */
    maxAttempts: number;
  };
  gate: {
    /** Jobs running at Ittybit at once, all lanes together: a number, or `auto` to find what Ittybit allows, or `{ min, max }` to find it between these. */
    concurrency: LimitConfig;
    /** Submissions to Ittybit per second: a number, `auto` or `{ min, max }`. */
    ratePerSecond: LimitConfig;
    /** Submissions that may come at once, before the rate counts; beside an automatic rate never more than a second's. */
    burst: number;
    /** Jobs per calendar month (UTC); null is unlimited. */
    monthlyJobs: number | null;
    /** Share of the month's jobs that warming (upload and bulk) may use, 0–1. */
    warmingShare: number;
    /** Share of the month's jobs that viewers' misses may use, 0–1: what strangers can spend of it at most. */
    liveShare: number;
    /** Part of the viewers' share that one day (UTC) may use, 0–1. */
    liveDayShare: number;
    /** Parts of the budget at which the dashboard and metrics warn. */
    alertLevels: readonly number[];
  };
  ittybit: {
    /** The word that Ittybit is given instead, by format and quality: `{ avif: { low: "medium" } }` where AVIF of that word looks worse than the others. */
    qualities: { readonly [F in Format]?: { readonly [Q in Quality]?: Quality } };
  };
  /** Environments by name, such as `{ staging: {}, production: {} }`: what the wrangler files say of each (below). Without it there is only the local stack. */
  deploy: Readonly<Record<string, DeployConfig>>;
  prices: {
    /** Currency units per 1,000 Ittybit jobs, for dry runs; null is "unknown". */
    ittybitPer1000Jobs: number | null;
  };
}

export type Config = { sources: readonly SourceConfig[] } & Settings;

const PAGES: Settings["pages"] = {
  widths: [320, 480, 640, 828, 1080, 1440, 1920],
  formats: ["auto"],
  make: ["avif"],
  qualities: ["high"],
  ratios: [],
  icons: [],
  presets: [],
  og: false,
};

const RATIOS = ["1:1", "4:3", "3:2", "16:9", "1.91:1"];
const LADDER = [
  16, 32, 48, 64, 96, 128, 160, 256, 320, 384, 400, 480, 640, 750, 800, 828, 960, 1080, 1200, 1280, 1440, 1600, 1920,
  2048,
];

export const DEFAULTS: Settings = {
  ladder: LADDER,
  formats: ["webp", "avif", "jpeg"],
  autoFormats: ["avif", "webp", "jpeg"],
  qualities: ["very_low", "low", "medium", "high", "very_high"],
  ratios: RATIOS,
  presets: {},
  pages: PAGES,
  recipes: {},
  hooks: {},
  events: [],
  signing: "custom",
  v: "limited",
  fallback: "original",
  removedUrl: "",
  cold: { first: "stored", maxBytes: 2_000_000, streamMaxBytes: 10_000_000 },
  freshness: "immutable",
  countViews: 1,
  passThrough: ["svg", "gif", "ico"],
  unshowable: ["heic", "heif", "tif", "tiff"],
  legacy: [],
  noise: NOISE,
  edgeBudgetMs: 1000,
  originalsWindowSeconds: 3600,
  edgeHosts: [],
  limits: {
    liveRowsPerImageDay: 64,
    versionsPerImageDay: 3,
    unknownPerSecond: 5,
    backlogMax: 10_000_000,
    originalMaxBytes: 100_000_000,
    originalMaxPixels: 100_000_000,
    originalMaxEdge: null,
    maxAttempts: 5,
  },
  gate: {
    concurrency: "auto",
    ratePerSecond: "auto",
    burst: 20,
    monthlyJobs: 100_000,
    warmingShare: 0.8,
    liveShare: 0.5,
    liveDayShare: 0.1,
    alertLevels: [0.5, 0.8, 0.95, 1],
  },
  ittybit: { qualities: {} },
  deploy: {},
  prices: { ittybitPer1000Jobs: null },
};

/** Settings whose names and values other types are made of: a preset that is not there is a compile error in a page. */
type Named = "formats" | "autoFormats" | "qualities" | "ratios" | "presets" | "recipes" | "hooks";

/** A configuration that still knows, as types, what it was written with. */
export type DefinedConfig<C extends UserConfig> = Omit<Config, Named> & {
  [K in Named]: K extends keyof C ? (undefined extends C[K] ? Config[K] : C[K]) : Config[K];
};

/** Types the configuration and fills in defaults. It does not judge: `checkConfig` (config-check.ts) does, at build and start. */
export function defineConfig<const C extends UserConfig>(user: C): DefinedConfig<C>;
export function defineConfig(user: UserConfig): Config {
  const pages = pagesOf(user);
  const settings = { ...DEFAULTS, ladder: ladderOf(pages), ...user, pages };
  return {
    ...settings,
    cold: { ...DEFAULTS.cold, ...user.cold },
    limits: { ...DEFAULTS.limits, ...user.limits },
    gate: { ...DEFAULTS.gate, ...user.gate },
    ittybit: { ...DEFAULTS.ittybit, ...user.ittybit },
    prices: { ...DEFAULTS.prices, ...user.prices },
  };
}

/** The default ladder with the pages' own widths: a site that wants 300 or 3840 px need not write all rungs. */
function ladderOf({ widths, icons }: Settings["pages"]): Settings["ladder"] {
  const isRung = (width: number) => Number.isInteger(width) && width > 0 && width <= ABSOLUTE_MAX_PX;
  const own = [widths, icons].flatMap((list) => (Array.isArray(list) ? list.filter(isRung) : []));
  return [...new Set([...LADDER, ...own])].toSorted((a, b) => a - b);
}

/** The pages' list: every preset, the first of the user's formats, and where the ladder or qualities lack a default, the nearest that they have. */
function pagesOf(user: UserConfig): Settings["pages"] {
  const {
    ladder = DEFAULTS.ladder,
    qualities = DEFAULTS.qualities,
    autoFormats = DEFAULTS.autoFormats,
    presets,
  } = user;
  const [first = "high"] = Array.isArray(qualities) && !qualities.includes("high") ? qualities.slice(-1) : [];
  const own = {
    widths: onLadder(PAGES.widths, ladder),
    make: Array.isArray(autoFormats) ? autoFormats.slice(0, 1) : PAGES.make,
    qualities: [first],
    presets: Object.keys(presets ?? {}),
  };
  return { ...PAGES, ...own, ...user.pages };
}

/** The default widths on a ladder of the user's own. */
function onLadder(widths: readonly number[], ladder: readonly number[]): number[] {
  if (!Array.isArray(ladder)) return [...widths];
  return [...new Set(widths.map((width) => snapUp(width, ladder)))].toSorted((a, b) => a - b);
}
