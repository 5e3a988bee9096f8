import * as z from "zod";
import { count, time } from "./words.ts";

/** Why a site is visited: a deploy, the nightly hour, or an operator's hand. */
export const VISIT_REASONS = ["deploy", "night", "hand"] as const;
const reason = z.enum(VISIT_REASONS);
export type VisitReason = z.infer<typeof reason>;

const SiteCounts = z
  .object({
    warm: count,
    cold: count.meta({ description: "Uploads make the variant, and it is not stored" }),
    neverWarmed: count.meta({ description: "No upload makes the variant" }),
    refused: count.meta({ description: "The edge answers an error, or the variant will never come" }),
    passedThrough: count.meta({ description: "The original is shown as it is" }),
  })
  .meta({ id: "SiteCounts" });

const share = z.number().meta({ description: "Warm URLs of those that can be warm, in percent" });

export const SiteResult = z
  .object({
    visit: count.meta({ description: "The number of the visit" }),
    ...{ reason, startedAt: time, endedAt: time },
    fault: z.string().nullable().meta({ description: "Why nothing could be judged; then all counts are 0" }),
    pages: count.meta({ description: "Pages and style sheets that were read" }),
    failed: count.meta({ description: "Pages that could not be read" }),
    leftOut: count.meta({ description: "Pages beyond the number of the day, or of a visit" }),
    ...{ counts: SiteCounts, share },
    isWarm: z.boolean().meta({ description: "Every page was read, and every URL is warm" }),
    run: z.string().nullable().meta({ description: "What was missing and was warmed; null: nothing was" }),
    failures: z.array(z.object({ page: z.string(), why: z.string() })).meta({ description: "Up to 20" }),
    worst: z
      .array(z.object({ page: z.string(), counts: SiteCounts }))
      .meta({ description: "Pages with the most URLs that are not warm, up to 10" }),
    problems: z
      .array(
        z.object({
          path: z.string().meta({ description: "What follows /images/" }),
          verdict: z.string(),
          reason: z.string(),
          place: z.string().meta({ description: "Page and line where it stands first" }),
          pages: count,
        }),
      )
      .meta({ description: "URLs that are not warm, up to 50" }),
    lines: z
      .array(z.object({ line: z.string(), urls: count, images: count, jobsPerUpload: count }))
      .meta({ description: "Lines of the configuration that would have uploads make what is missing, up to 20" }),
    asked: z.array(z.string()).meta({ description: "Canonical transforms that the pages ask for, up to 1,000" }),
  })
  .meta({ id: "SiteResult" });
/** What came of a visit. */
export type SiteResult = z.infer<typeof SiteResult>;

export const SitePoint = SiteResult.pick({
  ...{ visit: true, reason: true, endedAt: true, pages: true, failed: true, share: true, isWarm: true, counts: true },
}).meta({ id: "SitePoint" });
/** A visit in the history. */
export type SitePoint = z.infer<typeof SitePoint>;

export const SITE_STEPS = ["list", "read", "judge", "wait"] as const;

export const Site = z
  .object({
    name: z.string(),
    sitemaps: z.array(z.string()),
    warm: z.boolean().meta({ description: "What is missing is warmed" }),
    visit: z
      .object({
        ...{ visit: count, reason, startedAt: time },
        step: z.enum(SITE_STEPS).meta({ description: "`wait`: for what is being warmed" }),
        pages: count.meta({ description: "Pages and style sheets that are to be read" }),
        read: count,
      })
      .nullable()
      .meta({ description: "The visit under way" }),
    wanted: reason.nullable().meta({ description: "The visit that comes next" }),
    last: SiteResult.nullable(),
    history: z.array(SitePoint).meta({ description: "The last 90 visits, the newest first" }),
  })
  .meta({ id: "Site" });
export type Site = z.infer<typeof Site>;

export const Sites = z.object({ sites: z.array(Site) }).meta({ id: "Sites" });

export const SiteVisit = z
  .object({ site: z.string(), wanted: reason.meta({ description: "It begins when the one under way has ended" }) })
  .meta({ id: "SiteVisit" });
