import { CoverageReport } from "@prewarm/control-schema/coverage";
import { defineConfig } from "@prewarm/shared/config";
import { BODY_MAX_BYTES } from "@prewarm/shared/limits";
import { newTally, PROBLEMS_MAX } from "@prewarm/site-pages/tally";
import { expect, it } from "vitest";
import { reportOf } from "./fit-report.ts";
import type { Coverage } from "./report-coverage.ts";

const config = defineConfig({ sources: [{ prefix: "", url: "https://o.example/{id}" }] });

/** A site with so many URLs that are not warm, of which each text has so many letters of three bytes. */
function coverageOf(many: number, length: number): Coverage {
  const text = "図".repeat(length);
  const tally = newTally(1);
  tally.counts.cold = many;
  for (let at = 0; at < many; at += 1) {
    const place = { path: text, place: text, template: text };
    tally.problems.push({ verdict: "cold", reason: text, pages: 1, ...place });
    tally.fixes.set(`${text}${at}`, { line: text, urls: 1, images: 1, jobsPerUpload: 1, templates: new Set() });
    tally.asked.add(`w=${at}&q=high&f=webp`);
  }
  return { site: text, config, pages: [{ page: "index.html", template: "/" }], faults: [], tally, unused: [] };
}

it.each([
  [1, 1],
  [900, 10],
  [900, 5_000],
  [PROBLEMS_MAX, 1],
])("is what the API takes: %i URLs with texts of %i letters", (many, length) => {
  const report = reportOf(coverageOf(many, length), false);
  expect(CoverageReport.parse(report)).toEqual(report);
  expect(Buffer.byteLength(JSON.stringify(report))).toBeLessThanOrEqual(BODY_MAX_BYTES);
  // Without all that pages ask for no line may be dropped.
  expect(report.isWhole).toBe(many <= 900);
});

it("is of a whole site only where every page was read", () => {
  const one = coverageOf(1, 1);
  const faults = [{ page: "a.html", fault: { kind: "failed" as const, why: "it answers 500" } }];
  const gone = [{ page: "a.html", fault: { kind: "missing" as const, why: "it answers 404" } }];
  const isWhole = (coverage: Coverage, isCut: boolean) => reportOf(coverage, isCut).isWhole;
  expect([isWhole(one, false), isWhole(one, true)]).toEqual([true, false]);
  expect([isWhole({ ...one, faults }, false), isWhole({ ...one, faults: gone }, false)]).toEqual([false, true]);
});
