import { type CoverageReport, REPORT_MAX, REPORT_TEXT_MAX } from "@prewarm/control-schema/coverage";
import { BODY_MAX_BYTES } from "@prewarm/shared/limits";
import { shareOf } from "@prewarm/site-pages/tally";
import type { Coverage } from "./report-coverage.ts";

/** What is told of a site's coverage under a name. `isCut`: the site has more pages than were read. */
export function reportOf({ site, pages, faults, tally }: Coverage, isCut: boolean): CoverageReport {
  const { address, sentence, transform } = REPORT_TEXT_MAX;
  const { counts } = tally;
  const failed = faults.filter(({ fault }) => fault.kind === "failed").length;
  const problems = tally.problems.slice(0, REPORT_MAX.problems).map(({ path, verdict, reason, place, pages: on }) => ({
    path: path.slice(0, address),
    verdict,
    reason: reason.slice(0, sentence),
    place: place.slice(0, address),
    pages: on,
  }));
  const lines = [...tally.fixes.values()]
    .slice(0, REPORT_MAX.lines)
    .map(({ line, urls, images, jobsPerUpload }) => ({ line: line.slice(0, sentence), urls, images, jobsPerUpload }));
  const asked = [...tally.asked].filter((one) => one.length <= transform).toSorted();
  const fitted = fit({
    site: site.slice(0, address),
    pages: pages.length - faults.length,
    failed,
    isWhole: false,
    share: shareOf(counts),
    counts,
    problems,
    lines,
    asked: asked.slice(0, REPORT_MAX.asked),
  });
  return { ...fitted, isWhole: failed === 0 && !isCut && fitted.asked.length === tally.asked.size };
}

/** The report in as many bytes as the API takes: `asked` is the last to be shortened, because the others are printed too. */
function fit(report: CoverageReport): CoverageReport {
  let fitted = report;
  for (const list of ["problems", "lines", "asked"] as const)
    while (Buffer.byteLength(JSON.stringify(fitted)) > BODY_MAX_BYTES && fitted[list].length > 0)
      fitted = { ...fitted, [list]: fitted[list].slice(0, fitted[list].length >> 1) };
  return fitted;
}
