import * as z from "zod";
import { type Config, FORMATS, type LimitConfig, QUALITIES } from "./config.ts";
import { deploySchema } from "./deploy-schema.ts";
import { EVENT_TYPES, type EventEndpoint, endpointName, type HandleEvent } from "./events.ts";
import { hooksSchema } from "./hook-schema.ts";
import type { LegacyService } from "./legacy.ts";
import { ABSOLUTE_MAX_PX, GATE_AUTO } from "./limits.ts";
import { isNoise } from "./noise.ts";
import { PARAMETERS } from "./parameters.ts";
import { addressFault } from "./public-address.ts";
import {
  type Fault,
  integer,
  isAscending,
  ownFunction,
  plainName,
  repeated,
  rule,
  secrets,
  unique,
  within,
} from "./schema-parts.ts";
import { RATIO_PATTERN } from "./shape.ts";
import { sourcesSchema } from "./source-schema.ts";

/*
 * The shapes of prewarm.config.ts: types, ranges, the forms of names, and beside each field the rules about it alone. What one setting
 * demands of another is in config-relations.ts.
 */

/** A limit of the gate: fixed, or automatic within bounds. A bound that is left out is judged too: a `min` above it would leave nothing between. */
function limit(name: keyof typeof GATE_AUTO, what: string, least: number, most: number, number: typeof within) {
  const value = number(least, most);
  return z
    .union(
      [value, z.literal("auto"), z.strictObject({ min: z.exactOptional(value), max: z.exactOptional(value) })],
      `write "auto", ${what} from ${least} to ${most}, or { min, max } of such`,
    )
    .superRefine(
      rule((given: LimitConfig) => {
        const { min, max } = { ...GATE_AUTO[name], ...(typeof given === "object" ? given : {}) };
        return min <= max ? [] : [{ path: [], mend: `min (${min}) is above max (${max}): write both in order` }];
      }),
    );
}

/** What a redirect may name; empty: there is none. */
function isPlace(text: string): boolean {
  if (!/^[!-~]*$/.test(text) || text.startsWith("//")) return false;
  return text === "" || text.startsWith("/") || URL.parse(text)?.protocol === "https:";
}

/** Widths of pages, each a variant of every upload. */
const widths = z
  .array(integer(1, ABSOLUTE_MAX_PX))
  .min(1, "write at least one width")
  .max(32, "write at most 32: each is a variant of every upload, in every format")
  .refine(isAscending, { error: "write the widths in ascending order, each once" });

const A_RATIO = "write a ratio such as 4:3 or 1.91:1";

const ratios = z
  .array(z.string(A_RATIO).regex(RATIO_PATTERN, A_RATIO))
  .max(20, "name at most 20: each is a variant of every width, in every format")
  .superRefine(
    rule((given: readonly string[]) =>
      repeated(given, (index) => ({ path: [index], mend: `${given[index]} stands there twice: leave one out` })),
    ),
  );

const formats = unique(FORMATS)
  .refine((given) => given.includes("webp"), "add webp: it is what a URL without f gets")
  .refine((given) => given.includes("jpeg"), "add jpeg: f=auto falls back to it");

const noise = z.array(
  z
    .string()
    .regex(/^[^*]+\*?$/, {
      error: "write a parameter's name; a * may stand at its end only, after some text",
      abort: true,
    })
    .superRefine(
      rule((pattern: string) => {
        const hidden = PARAMETERS.filter((parameter) => isNoise(parameter, [pattern]));
        const mend = `"${pattern}" would hide the parameter ${hidden.join(", ")}: leave it out`;
        return hidden.length === 0 ? [] : [{ path: [], mend }];
      }),
    ),
);

const eventTypes = z.array(z.enum(EVENT_TYPES)).min(1).optional();

const events = z
  .array(
    z
      .union(
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
      )
      .superRefine(rule(endpointFaults)),
  )
  .max(10, "name at most 10")
  .superRefine(
    // The ledger's rows name a function by its name alone.
    rule((given: readonly EventEndpoint[]) =>
      repeated(
        given.map((endpoint, index) => ("url" in endpoint ? `url ${index}` : endpointName(endpoint))),
        (index, first) => ({
          path: [index, "name"],
          mend: `"${given.map(endpointName)[index]}" is events[${first}]'s already`,
        }),
      ),
    ),
  );

/** Endpoints are fetched as sources are, so they are judged alike. */
function endpointFaults(endpoint: EventEndpoint): Fault[] {
  if (!("url" in endpoint)) return [];
  const at = (mend: string): Fault[] => [{ path: ["url"], mend }];
  const url = URL.parse(endpoint.url);
  if (url === null) return at("write a whole https address, such as https://hooks.example.com/prewarm");
  const mend = addressFault(url);
  if (mend !== null) return at(mend);
  return url.href === endpoint.url ? [] : at(`write it in its normal form: ${url.href}`);
}

/** prewarm.config.ts with its defaults filled in, setting by setting. */
export const configSchema = z.strictObject({
  sources: sourcesSchema,
  pages: z.strictObject({
    widths,
    formats: unique(["auto", ...FORMATS]),
    make: z.union([z.literal("all"), unique(FORMATS)], { error: 'write formats such as ["avif"], or "all"' }),
    qualities: unique(QUALITIES),
    ratios,
  }),
  formats,
  presets: z.record(plainName, z.string("write a query, such as w=400&h=300&f=auto")),
  recipes: z.record(plainName, z.array(z.string()).min(1, "list at least one transform, such as w=800&f=webp")),
  firstView: z.enum(["stored", "original", "placeholder"], "write stored, original or placeholder"),
  access: z.enum(["open", "signed", "private"], "write open, signed or private"),
  removedUrl: z
    .string('write an https address, a path, or nothing ("") for 410')
    .max(2_000, "write at most 2,000 characters")
    .refine(isPlace, 'write an https address or a path such as /removed.svg, or nothing ("") for 410'),
  freshness: z.enum(["immutable", "revalidate"], "write immutable or revalidate"),
  labels: z.boolean("write true or false"),
  countViews: integer(0, 10_000),
  passThrough: z.array(
    z.string().regex(/^[a-z0-9]{1,10}$/, "write the extension in lower case and without a dot, such as svg"),
  ),
  legacy: z.array(
    z.custom<LegacyService<Config>>(
      (value) => typeof value === "object" && value !== null && "serve" in value,
      'write what a function of prewarm/legacy/… returns, such as cloudinary({ cloud: "demo" })',
    ),
  ),
  noise,
  hooks: hooksSchema,
  events,
  budget: z.strictObject({
    month: integer(0, Number.MAX_SAFE_INTEGER).nullable(),
    shares: z.strictObject({ warming: within(0, 1), live: within(0, 1), liveDay: within(0, 1) }),
    per1000Jobs: within(0, 1_000_000).nullable(),
  }),
  gate: z.strictObject({
    concurrency: limit("concurrency", "an integer", 1, 10_000, integer),
    ratePerSecond: limit("ratePerSecond", "a number", 0.01, 1000, within),
    burst: integer(1, 10_000),
  }),
  limits: z.strictObject({
    originalMaxBytes: integer(1, 5_000_000_000),
    originalMaxPixels: integer(1, 10_000_000_000),
    originalMaxEdge: integer(1, 1_000_000).nullable(),
  }),
  ittybit: z.strictObject({
    qualities: z.partialRecord(z.enum(FORMATS), z.partialRecord(z.enum(QUALITIES), z.enum(QUALITIES))),
  }),
  deploy: deploySchema,
});
