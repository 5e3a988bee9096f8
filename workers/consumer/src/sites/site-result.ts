import type { SiteResult } from "@prewarm/control-schema/sites";
import { sorted } from "@prewarm/site-pages/judge-pages";
import type { PageRecord } from "@prewarm/site-pages/read-page";
import { newTally, notWarm, shareOf, type Tally } from "@prewarm/site-pages/tally";
import type { Visit } from "../ledger/contract.ts";
import type { VisitStore } from "./visit-store.ts";

const FAILURES_MAX = 20;
const WORST_MAX = 10;
const PROBLEMS_MAX = 50;
const LINES_MAX = 20;
const ASKED_MAX = 1_000;

/** What came of a visit whose images are judged. */
export async function resultOf(visit: Visit, store: VisitStore, now: number): Promise<SiteResult> {
  const pages: string[] = [];
  const seen = new Set<string>();
  const failed: PageRecord[] = [];
  for await (const record of store.records(visit.chunks)) {
    if (seen.has(record.page)) continue;
    seen.add(record.page);
    pages.push(record.page);
    if (record.fault?.kind === "failed") failed.push(record);
  }
  const tally = sorted(await store.tally(visit.tally, pages.length));
  return {
    ...headOf(visit, now),
    ...{ fault: null, failed: failed.length, counts: tally.counts, share: shareOf(tally.counts) },
    isWarm: failed.length === 0 && visit.leftOut === 0 && notWarm(tally.counts) === 0,
    failures: failed.slice(0, FAILURES_MAX).map(({ page, fault }) => ({ page, why: fault?.why ?? "" })),
    worst: worstOf(pages, tally),
    problems: tally.problems
      .slice(0, PROBLEMS_MAX)
      .map(({ path, verdict, reason, place, pages: on }) => ({ path, verdict, reason, place, pages: on })),
    lines: [...tally.fixes.values()]
      .slice(0, LINES_MAX)
      .map(({ line, urls, images, jobsPerUpload }) => ({ line, urls, images, jobsPerUpload })),
    asked: [...tally.asked].toSorted().slice(0, ASKED_MAX),
  };
}

/** A visit that could judge nothing. */
export function faultOf(visit: Visit, fault: string, now: number): SiteResult {
  const nothing = { failed: 0, counts: newTally(0).counts, share: 0, isWarm: false };
  return { ...headOf(visit, now), fault, ...nothing, failures: [], worst: [], problems: [], lines: [], asked: [] };
}

function headOf({ visit, reason, startedAt, read, leftOut, run }: Visit, endedAt: number) {
  return { visit, reason, startedAt, endedAt, pages: read, leftOut, run };
}

function worstOf(pages: readonly string[], tally: Tally): SiteResult["worst"] {
  return tally.pages
    .map((counts, at) => ({ page: pages[at] ?? "", counts }))
    .filter(({ counts }) => notWarm(counts) > 0)
    .toSorted((a, b) => notWarm(b.counts) - notWarm(a.counts) || (a.page < b.page ? -1 : 1))
    .slice(0, WORST_MAX);
}
