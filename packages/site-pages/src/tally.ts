import type { Fix } from "./page-fixes.ts";

/**
 * What a browser gets that asks for the URL. `warm`: the variant. `cold`: something else, although uploads make the variant. `neverWarmed`: the
 * same, and no upload makes it. `refused`: an error, or never the variant. `passedThrough`: the original, which is shown as it is.
 */
export const VERDICTS = ["warm", "cold", "neverWarmed", "refused", "passedThrough"] as const;
export type Verdict = (typeof VERDICTS)[number];
export type Counts = Record<Verdict, number>;

/** A URL that is not warm. */
export interface Problem {
  verdict: Verdict;
  /** What follows `/images/`. */
  path: string;
  reason: string;
  /** Where it stands first: `blog/a.html:17`. */
  place: string;
  /** Pages that ask for it. */
  pages: number;
  template: string;
}

/** What a line of the configuration would change. */
export interface LineFix extends Omit<Fix, "change"> {
  templates: Set<string>;
  /** URLs that the line would make warm after uploads. */
  urls: number;
  /** Images of these URLs. */
  images: number;
}

/** URLs that are named in a report; the others are counted. */
export const PROBLEMS_MAX = 10_000;

export interface Tally {
  counts: Counts;
  /** By template and by page, each URL once in each. */
  templates: Map<string, Counts>;
  pages: Counts[];
  problems: Problem[];
  fixes: Map<string, LineFix>;
  /** Images with variants. */
  images: number;
  /** Canonical transforms that pages ask for. */
  asked: Set<string>;
  /** URLs whose signature was not checked, for want of keys. */
  unchecked: number;
  /** Cold URLs that are not to be ordered: of another version than their image's, or in data and scripts only. */
  unordered: number;
}

export function newCounts(): Counts {
  return { warm: 0, cold: 0, neverWarmed: 0, refused: 0, passedThrough: 0 };
}

export function newTally(pages: number): Tally {
  return {
    counts: newCounts(),
    templates: new Map(),
    pages: Array.from({ length: pages }, newCounts),
    problems: [],
    fixes: new Map(),
    images: 0,
    asked: new Set(),
    unchecked: 0,
    unordered: 0,
  };
}

/** URLs that should be warm and are not. */
export function notWarm({ cold, neverWarmed, refused }: Counts): number {
  return cold + neverWarmed + refused;
}

/** Warm URLs of those that can be, in percent; 100 where there is none. */
export function shareOf(counts: Counts): number {
  const all = counts.warm + notWarm(counts);
  return all === 0 ? 100 : (counts.warm / all) * 100;
}

export function totalOf(counts: Counts): number {
  return VERDICTS.reduce((sum, verdict) => sum + counts[verdict], 0);
}
