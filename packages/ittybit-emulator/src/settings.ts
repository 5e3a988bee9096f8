import * as z from "zod";

const ms = z.number().nonnegative();
const count = z.number().int().nonnegative();

/** Everything about the emulator that may change while it runs (`control.configure`, `PATCH /__emulator/settings`). */
export const settingsSchema = z.strictObject({
  /** Which of Ittybit's dialects is spoken. Default `reference`. */
  profile: z.enum(["reference", "guide", "sdk", "v2025"]),
  /** The one right API key; null accepts any non-empty one. Default null. */
  apiKey: z.string().min(1).nullable(),
  /** How long a job takes before pixel work is added, drawn evenly, in milliseconds. Default 150 to 400. */
  jobMs: z.strictObject({ min: ms, max: ms }),
  /** Refuse unknown fields and options instead of ignoring them. Default false. */
  strict: z.boolean(),
  /** Token bucket; null is unlimited. Default null. */
  rateLimit: z
    .strictObject({
      /** What takes a token: every API request (default) or only those that make jobs. */
      calls: z.enum(["all", "create"]).optional(),
      perSecond: z.number().positive(),
      burst: z.number().int().positive(),
      retryAfter: z.enum(["seconds", "date", "none"]),
    })
    .nullable(),
  /** Open jobs beyond which new ones get 429; null is unlimited. Default null. */
  maxOpenJobs: z.number().int().positive().nullable(),
  /** False: there is no `GET /jobs` (404). Default true. */
  lists: z.boolean(),
  /** How a list is wrapped; `profile` is the dialect's own way, `object` is `{object, data, has_more}`. Default `profile`. */
  listShape: z.enum(["profile", "bare", "data", "object", "jobs", "tasks", "items", "results"]),
  /** Whether `Link`, `Has-More` and `Limit` are sent. Default true. */
  listHeaders: z.boolean(),
  /** False: `after` and `before` are ignored, as a server that pages by number does. Default true. */
  listCursors: z.boolean(),
  /** Longest edge of an input in pixels, null for any; `profile` is 8192 where the dialect's pages say so. Default `profile`. */
  maxInputEdge: z.union([z.number().int().positive(), z.literal("profile")]).nullable(),
  /** Never make an output larger than its source. Default false: undocumented, so the client must not rely on it. */
  clampEnlarge: z.boolean(),
  /** Leave the input's Exif and XMP, position and author among them, in outputs of `real` pixels. Default false, as the 2025 pages say. */
  keepMetadata: z.boolean(),
  /** How long an output URL answers, in milliseconds; null is for ever. Default null. */
  outputTtlMs: ms.nullable(),
  /** The answer to a known Idempotency-Key with another body. Default `replay`. */
  idempotencyConflict: z.union([z.literal("replay"), z.literal(409), z.literal(422)]),
  /** Accept `http:` webhook URLs on loopback; the service itself takes https only. Default true. */
  allowHttpLoopbackWebhooks: z.boolean(),
  webhooks: z.strictObject({
    /** Deliveries tried before giving up. Default 5. */
    attempts: z.number().int().positive(),
    /** Wait before the second try, doubled for each further one, in milliseconds. Default 1000. */
    backoffMs: ms,
    /** Wait before the first try, in milliseconds. Default 0. */
    delayMs: ms,
    /** Send every delivery twice. Default false. */
    duplicate: z.boolean(),
    /** Share of the jobs whose webhook is never sent, 0 to 1. Default 0. */
    lossRate: z.number().min(0).max(1),
    /** Key of `Ittybit-Signature`; null sends none. Default null. */
    secret: z.string().min(1).nullable(),
    /** With a secret: whether the signature is right. Default `right`. */
    signature: z.enum(["right", "wrong", "absent"]),
    /** Name the id of another job. Default false. */
    foreignId: z.boolean(),
  }),
  /** `tiny`: flat images of the right format and size, for soaks. Default `real`. */
  pixels: z.enum(["real", "tiny"]),
  /** With `tiny`: the size every source is taken to have, so that inputs are not fetched at all. Default null. */
  tinySource: z.strictObject({ width: z.number().int().positive(), height: z.number().int().positive() }).nullable(),
  /** Directory that stands for S3: `s3://bucket/key` is `<directory>/bucket/key`. Default null: no S3. */
  s3Directory: z.string().nullable(),
  /** Whether the project has a default storage connection from the start. Default true. */
  defaultConnection: z.boolean(),
  /** Finished jobs kept before the oldest is forgotten. Default 50,000. */
  maxJobs: count,
  /** Encoded output bytes kept; beyond it the least recently used output is gone (404). Default 256 MiB. */
  maxOutputBytes: count,
});

export type Settings = z.infer<typeof settingsSchema>;
export type SettingsPatch = { [K in keyof Settings]?: Settings[K] | undefined };

export const DEFAULT_SETTINGS: Settings = {
  profile: "reference",
  apiKey: null,
  jobMs: { min: 150, max: 400 },
  strict: false,
  rateLimit: null,
  maxOpenJobs: null,
  lists: true,
  listShape: "profile",
  listHeaders: true,
  listCursors: true,
  maxInputEdge: "profile",
  clampEnlarge: false,
  keepMetadata: false,
  outputTtlMs: null,
  idempotencyConflict: "replay",
  allowHttpLoopbackWebhooks: true,
  webhooks: {
    attempts: 5,
    backoffMs: 1000,
    delayMs: 0,
    duplicate: false,
    lossRate: 0,
    secret: null,
    signature: "right",
    foreignId: false,
  },
  pixels: "real",
  tinySource: null,
  s3Directory: null,
  defaultConnection: true,
  maxJobs: 50_000,
  maxOutputBytes: 256 * 1024 * 1024,
};

/**
 * Changes `settings` in place: every part of the emulator holds the same object.
 * @throws z.ZodError when a value is out of range; then nothing is changed.
 */
export function applySettings(settings: Settings, patch: SettingsPatch): void {
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  Object.assign(settings, settingsSchema.parse({ ...settings, ...given }));
}
