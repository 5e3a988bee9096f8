import * as z from "zod";
import { type Config, FORMATS, type LimitConfig, POSITIONS, QUALITIES } from "./config.ts";
import { deploySchema } from "./deploy-schema.ts";
import { EVENT_TYPES, type HandleEvent } from "./events.ts";
import type { MapHook, VerifyHook } from "./hook-functions.ts";
import type { LegacyService } from "./legacy.ts";
import { ABSOLUTE_MAX_PX } from "./limits.ts";
import { RATIO_PATTERN } from "./shape.ts";
import { TOPIC_ARN } from "./sns-topic.ts";

/*
 * The shapes of prewarm.config.ts: types, ranges and the forms of names. What one setting demands of another is in config-rules.ts.
 * Every message says what to write instead; the path is added by `checkConfig`.
 */

/** A binding's or a secret's name, as wrangler takes it. */
const bindingName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "write a name of letters, digits and _, such as ORIGINALS or HOOK_SECRET");
/** Secrets themselves have no place here; a pasted one is caught by its form. */
const secretName = bindingName.refine((name) => !/^whsec_/i.test(name), {
  error: "write the secret's name here; `prewarm provision --to <env>` sets its value",
});
const secrets = z.array(secretName).min(1, "name at least one secret");
const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "write a header's name, such as x-signature");
const topicArn = z
  .string()
  .regex(TOPIC_ARN, "write the ARN of a standard topic, such as arn:aws:sns:eu-central-1:123456789012:uploads");
const serviceAccount = z
  .string()
  .regex(
    /^[a-z0-9.-]+@[a-z0-9.-]+$/,
    "write a service account's address, such as pubsub@my-project.iam.gserviceaccount.com",
  );
const buckets = z.array(z.string().min(1, "write a bucket's name")).optional();
const jsonPath = z.string().min(1, "write a path such as $.records[*]").optional();

function integer(least: number, most: number): z.ZodType<number> {
  const text = `write an integer from ${least} to ${most}`;
  return z.int(text).min(least, text).max(most, text);
}

function within(least: number, most: number): z.ZodType<number> {
  const text = `write a number from ${least} to ${most}`;
  return z.number(text).min(least, text).max(most, text);
}

/** A limit of the gate: fixed, or automatic within bounds. */
function limit(what: string, least: number, most: number, number: typeof within): z.ZodType<LimitConfig> {
  const value = number(least, most);
  return z.union(
    [value, z.literal("auto"), z.strictObject({ min: z.exactOptional(value), max: z.exactOptional(value) })],
    `write "auto", ${what} from ${least} to ${most}, or { min, max } of such`,
  );
}

/** A function of the site. What it returns is judged where it is called. */
function ownFunction<T>() {
  return z.custom<T>((value) => typeof value === "function", "write a function");
}

/** What a redirect may name; empty: there is none. */
function isPlace(text: string): boolean {
  if (!/^[!-~]*$/.test(text) || text.startsWith("//")) return false;
  return text === "" || text.startsWith("/") || URL.parse(text)?.protocol === "https:";
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? number));
}

function unique<T extends string>(values: readonly T[]): z.ZodType<T[]> {
  return z
    .array(z.enum(values, `write one of ${values.join(", ")}`))
    .min(1, "name at least one")
    .refine((given) => new Set(given).size === given.length, { error: "name each only once" });
}

const extensions = z.array(
  z.string().regex(/^[a-z0-9]{1,10}$/, "write the extension in lower case and without a dot, such as svg"),
);

const eventTypes = z.array(z.enum(EVENT_TYPES)).min(1).optional();

const sourceSchema = z.union(
  [
    z.strictObject({ prefix: z.string(), url: z.union([z.string(), ownFunction<(id: string) => string | null>()]) }),
    z.strictObject({
      prefix: z.string(),
      bucket: bindingName,
      key: z.string(),
      viewers: z.enum(["placeholder", "redirect"], "write placeholder or redirect").optional(),
      maxUnsignedPx: z.int("write a whole number of px").min(1, "write 1 px or more").optional(),
    }),
  ],
  "write { prefix, url } or { prefix, bucket, key }, all texts, or a function as url; beside a bucket, viewers may be placeholder or redirect, and maxUnsignedPx a number",
);

const ratioText = z.string().regex(RATIO_PATTERN, "write a ratio such as 4:3 or 1.91:1");
const ratio = z.union(
  [ratioText, z.strictObject({ ratio: ratioText, pos: z.enum(POSITIONS) })],
  `write a ratio such as "4:3", or { ratio: "1:1", pos: "top" } (${POSITIONS.join(", ")})`,
);

const verifier = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({ kind: z.literal("standard-webhooks"), secrets }),
    z.strictObject({ kind: z.literal("function"), verify: ownFunction<VerifyHook>(), secrets: secrets.optional() }),
    z.strictObject({
      kind: z.literal("hmac"),
      secrets,
      header: headerName,
      algorithm: z.enum(["SHA-1", "SHA-256", "SHA-512"]).optional(),
      encoding: z.enum(["hex", "base64", "base64url"]).optional(),
      prefix: z.string().optional(),
      template: z.string().optional(),
      timestampHeader: headerName.optional(),
      idHeader: headerName.optional(),
    }),
    z.strictObject({ kind: z.literal("bearer"), secrets, header: headerName.optional() }),
    z.strictObject({
      kind: z.literal("sns"),
      topics: z.array(topicArn).min(1, "name at least one topic").max(20, "name at most 20 topics"),
      confirm: z.boolean("write true or false").optional(),
    }),
    z.strictObject({
      kind: z.literal("google-oidc"),
      emails: z.array(serviceAccount).min(1, "name at least one service account").max(20, "name at most 20"),
      audience: z.string().min(1, "write the audience of the push subscription, or leave it out").optional(),
    }),
  ],
  "set kind to standard-webhooks, hmac, bearer, sns, google-oidc or function",
);

/** What a hook's secrets entitle to. */
const mayDo = z
  .array(z.enum(["upload", "delete"], "write upload, delete, or both"))
  .min(1, "name upload, delete, or both");

const mapper = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({ kind: z.literal("function"), map: ownFunction<MapHook>() }),
    z.strictObject({ kind: z.literal("native") }),
    z.strictObject({ kind: z.literal("s3"), buckets }),
    z.strictObject({ kind: z.literal("r2"), buckets }),
    z.strictObject({ kind: z.literal("gcs-pubsub"), buckets }),
    z.strictObject({
      kind: z.literal("json-path"),
      items: jsonPath,
      id: jsonPath,
      key: jsonPath,
      v: jsonPath,
      sourceEtag: jsonPath,
      event: jsonPath,
      uploadValues: z.array(z.string()).optional(),
      deleteValues: z.array(z.string()).optional(),
      order: jsonPath,
      contentType: jsonPath,
      focal: jsonPath,
    }),
  ],
  "set kind to native, s3, r2, gcs-pubsub, json-path or function",
);

const limits = z.strictObject({
  liveRowsPerImageDay: integer(1, 10_000),
  versionsPerImageDay: integer(1, 10_000),
  unknownPerSecond: within(0.1, 1000),
  backlogMax: integer(1, 20_000_000),
  originalMaxBytes: integer(1, 5_000_000_000),
  originalMaxPixels: integer(1, 10_000_000_000),
  originalMaxEdge: integer(1, 1_000_000).nullable(),
  maxAttempts: integer(1, 20),
});

const gate = z.strictObject({
  concurrency: limit("an integer", 1, 10_000, integer),
  ratePerSecond: limit("a number", 0.01, 1000, within),
  burst: integer(1, 10_000),
  monthlyJobs: integer(0, Number.MAX_SAFE_INTEGER).nullable(),
  warmingShare: within(0, 1),
  liveShare: within(0, 1),
  liveDayShare: within(0, 1),
  alertLevels: z
    .array(within(0.01, 1))
    .refine(isAscending, { error: "write the levels in ascending order, each once" }),
});

const ittybit = z.strictObject({
  qualities: z.partialRecord(z.enum(FORMATS), z.partialRecord(z.enum(QUALITIES), z.enum(QUALITIES))),
});

/** prewarm.config.ts with its defaults filled in, setting by setting. */
export const configSchema = z.strictObject({
  sources: z
    .array(sourceSchema)
    .min(1, 'name at least one place originals come from: { prefix: "", url: "https://…/{id}" }'),
  ladder: z
    .array(integer(1, ABSOLUTE_MAX_PX))
    .min(1, "write at least one width")
    .refine(isAscending, { error: "write the widths in ascending order, each once" }),
  formats: unique(FORMATS),
  autoFormats: unique(FORMATS),
  qualities: unique(QUALITIES),
  ratios: z.array(ratio).max(20, "name at most 20: each is a few dozen variants of every image"),
  presets: z.record(z.string(), z.string("write a query, such as w=400&h=300&f=auto")),
  pages: z.strictObject({
    widths: z
      .array(z.number("write widths in px"))
      .min(1, "write at least one width")
      .max(32, "write at most 32: each is a variant of every upload, in every format")
      .refine(isAscending, { error: "write the widths in ascending order, each once" }),
    formats: unique(["auto", ...FORMATS]),
    make: z.union([z.literal("all"), unique(FORMATS)], { error: 'write formats such as ["avif"], or "all"' }),
    qualities: unique(QUALITIES),
    ratios: z.array(ratioText).max(20, "name at most 20: each is a variant of every width, in every format"),
    icons: z
      .array(z.number("write widths in px"))
      .max(16, "write at most 16: each is a variant of every upload, in every format")
      .refine(isAscending, { error: "write the widths in ascending order, each once" }),
    presets: z.array(z.string("write names of presets")),
    og: z.boolean("write true or false"),
  }),
  recipes: z.record(z.string(), z.array(z.string()).min(1, "list at least one transform, such as w=800&f=webp")),
  hooks: z.record(
    z.string(),
    z.strictObject({
      ...{ verifier, mapper, recipe: z.string().optional(), may: mayDo.optional() },
      jobsPerDay: integer(1, 10_000_000).optional(),
    }),
  ),
  events: z
    .array(
      z.union(
        [
          z.strictObject({ url: z.string("write an https address"), secrets, types: eventTypes }),
          z.strictObject({
            name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "write at most 40 of a-z, 0-9 and -"),
            handle: ownFunction<HandleEvent>(),
            secrets: secrets.optional(),
            types: eventTypes,
          }),
        ],
        "write { url, secrets } or { name, handle }: url is an https address, name at most 40 of a-z, 0-9 and -, handle a function; " +
          "types, where given, names at least one type",
      ),
    )
    .max(10, "name at most 10"),
  signing: z.enum(["off", "custom", "all"], "write off, custom or all"),
  v: z.enum(["open", "limited", "signed"], "write open, limited or signed"),
  fallback: z.enum(
    ["original", "placeholder"],
    "write original or placeholder; a stored variant comes before both (cold.first)",
  ),
  removedUrl: z
    .string('write an https address, a path, or nothing ("") for 410')
    .max(2_000, "write at most 2,000 characters")
    .refine(isPlace, 'write an https address or a path such as /removed.svg, or nothing ("") for 410'),
  cold: z.strictObject({
    first: z.enum(["stored", "original"], "write stored or original"),
    maxBytes: integer(1, 5_000_000_000).nullable(),
    streamMaxBytes: integer(1, 100_000_000),
  }),
  freshness: z.enum(["immutable", "revalidate"], "write immutable or revalidate"),
  countViews: integer(0, 10_000),
  passThrough: extensions,
  unshowable: extensions,
  legacy: z.array(
    z.custom<LegacyService<Config>>(
      (value) => typeof value === "object" && value !== null && "serve" in value,
      'write what a function of prewarm/legacy/… returns, such as cloudinary({ cloud: "demo" })',
    ),
  ),
  noise: z.array(
    z.string().regex(/^[^*]+\*?$/, "write a parameter's name; a * may stand at its end only, after some text"),
  ),
  edgeBudgetMs: integer(50, 30_000),
  originalsWindowSeconds: integer(60, 604_800),
  edgeHosts: z.array(z.string().regex(/^[a-z0-9.:[\]-]+$/, "write a host in lower case, such as images.example.com")),
  limits,
  gate,
  ittybit,
  deploy: deploySchema,
  prices: z.strictObject({ ittybitPer1000Jobs: within(0, 1_000_000).nullable() }),
});
