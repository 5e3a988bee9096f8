import * as z from "zod";
import type { CallTable } from "./call.ts";
import { count, time } from "./words.ts";

/** What a browser gets that asks for a URL: the variant; something else although uploads make it, or because none does; an error; the original. */
export const URL_STATES = ["warm", "cold", "neverWarmed", "refused", "passedThrough"] as const;

/** The form of a report's name. */
export const REPORT_NAME = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** Most entries of each list of a report. */
export const REPORT_MAX = { problems: 50, lines: 20, asked: 1_000 } as const;
/** Most characters of an address or a place, of a sentence or a line of the configuration, and of a transform. */
export const REPORT_TEXT_MAX = { address: 2_000, sentence: 500, transform: 200 } as const;

const address = z.string().max(REPORT_TEXT_MAX.address);
const sentence = z.string().max(REPORT_TEXT_MAX.sentence);
const transform = z.string().max(REPORT_TEXT_MAX.transform);

export const CoverageReport = z
  .strictObject({
    site: address.meta({ description: "The folder or the address that was read" }),
    pages: count.meta({ description: "Pages and style sheets that were read" }),
    failed: count.meta({ description: "Pages that could not be read" }),
    isWhole: z.boolean().meta({ description: "Every page was read, and `asked` leaves nothing out" }),
    share: z.number().min(0).max(100).meta({ description: "Warm URLs of those that can be warm, in percent" }),
    counts: z.strictObject({
      warm: count,
      cold: count.meta({ description: "Uploads make the variant, and it is not stored" }),
      neverWarmed: count.meta({ description: "No upload makes the variant" }),
      refused: count.meta({ description: "The edge answers an error, or the variant will never come" }),
      passedThrough: count.meta({ description: "The original is shown as it is" }),
    }),
    problems: z
      .array(
        z.strictObject({
          path: address.meta({ description: "What follows /images/" }),
          verdict: z.enum(URL_STATES),
          reason: sentence,
          place: address.meta({ description: "Page and line where it stands first" }),
          pages: count.meta({ description: "Pages that ask for it" }),
        }),
      )
      .max(REPORT_MAX.problems)
      .meta({ description: "URLs that are not warm" }),
    lines: z
      .array(z.strictObject({ line: sentence, urls: count, images: count, jobsPerUpload: count }))
      .max(REPORT_MAX.lines)
      .meta({ description: "Lines of the configuration that would have uploads make what is missing" }),
    asked: z
      .array(transform)
      .max(REPORT_MAX.asked)
      .meta({ description: "Canonical transforms that the pages ask for" }),
  })
  .meta({ id: "CoverageReport" });
/** What `prewarm coverage` found out about a site, in at most BODY_MAX_BYTES of JSON. */
export type CoverageReport = z.infer<typeof CoverageReport>;

export const ReportedCoverage = CoverageReport.extend({
  name: z.string(),
  at: time.meta({ description: "When it was reported, Unix milliseconds" }),
  who: z.string().meta({ description: "Who reported it" }),
}).meta({ id: "ReportedCoverage" });
export type ReportedCoverage = z.infer<typeof ReportedCoverage>;

export const CoverageReports = z
  .object({
    reports: z.array(ReportedCoverage).meta({ description: "The last one of each name, the newest first" }),
  })
  .meta({ id: "CoverageReports" });

export const KeptReport = z.object({ name: z.string(), at: time }).meta({ id: "KeptReport" });

export const coverageCalls = {
  "GET /api/v1/coverage": {
    id: "listReports",
    tag: "coverage",
    may: "viewer",
    summary: "The last report of each site's coverage, with its time",
    description: "How much of what its pages ask for is warm, and what is missing.",
    answers: { 200: [CoverageReports, "The reports"] },
  },
  "PUT /api/v1/coverage/{name}": {
    id: "keepReport",
    tag: "coverage",
    may: "warm",
    summary: "Keep what `prewarm coverage` found out, in the place of the last report of this name",
    description: "Ten names are kept; of more the one with the oldest report goes.",
    params: z.object({ name: z.string().regex(REPORT_NAME) }),
    body: CoverageReport,
    answers: { 200: [KeptReport, "It is kept"] },
  },
} as const satisfies CallTable;
