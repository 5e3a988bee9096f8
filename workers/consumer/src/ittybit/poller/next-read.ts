import type { Place } from "./open-job-memory.ts";

/** Jobs on one page of Ittybit's list (the API's maximum). */
export const PAGE_JOBS = 100;
/** A page is planned to show fewer of the places that are guessed: beside them stand jobs whose ids nobody has told. */
const GUESSED_JOBS = 75;
/** What a place takes of the room on a page. */
const shareOf = ({ isExact }: Place): number => 1 / (isExact ? PAGE_JOBS : GUESSED_JOBS);
/** Sums of shares are not exact. */
const FULL = 1 + 1e-6;

export type Read =
  /** A page, newest first, of what is older than the job `after`; null: the newest page. `shows` are the due jobs it should show. */
  { kind: "page"; after: string | null; shows: string[] } | { kind: "single"; job: string };

export interface Planned {
  /** Ittybit's list as far as it is known from the oldest open job on, oldest first. */
  places: readonly Place[];
  /** Jobs that may have ended, each with what a read of it is worth, ms. Others are not worth a read now. */
  worth: ReadonlyMap<string, number>;
  /** Whether it is open: a page tells of it too, for the same call. */
  isOpen(job: string): boolean;
  /** A read by its id did not find it: it needs a page before it counts as gone. */
  isLost(job: string): boolean;
  /** The last page that should have shown it did not. */
  isMissed(job: string): boolean;
  /** True while new jobs are made: the youngest known job waits for the next poll then, as a cursor does not show itself. */
  flowing: boolean;
}

/** A stretch of places that one page shows. */
interface Stretch {
  first: number;
  last: number;
  ms: number;
}

/**
 * The one read that should show the most: the page whose jobs are worth the most in sum,
 * or a job by itself where a page would show no other open job. Null where none may have ended.
 */
export function nextRead(planned: Planned): Read | null {
  const best = bestStretch(planned);
  return best === null ? null : readOf(planned, best);
}

/** How many pages all jobs that may have ended would take. */
export function pagesFor({ places, worth }: Pick<Planned, "places" | "worth">): number {
  let [pages, used] = [0, FULL];
  for (const place of places) {
    used += shareOf(place);
    if (used <= FULL || !worth.has(place.job)) continue;
    pages += 1;
    used = shareOf(place);
  }
  return pages;
}

/** Moves a page's length along the list. */
function bestStretch({ places, worth }: Planned): Stretch | null {
  let best: Stretch | null = null;
  let [first, length, ms] = [0, 0, 0];
  for (const [last, place] of places.entries()) {
    length += shareOf(place);
    const more = worth.get(place.job);
    if (more === undefined) continue;
    ms += more;
    // It begins with a job that may have ended, and fits.
    for (let at = places[first]; at !== undefined && (length > FULL || !worth.has(at.job)); at = places[first]) {
      length -= shareOf(at);
      ms -= worth.get(at.job) ?? 0;
      first += 1;
    }
    if (best === null || ms > best.ms) best = { first, last, ms };
  }
  return best;
}

function readOf({ places, worth, isOpen, isLost, isMissed, flowing }: Planned, { first, last }: Stretch): Read {
  const shows = places.slice(first, last + 1).flatMap(({ job }) => (worth.has(job) ? [job] : []));
  // The page's spare places lie on both sides of what it should show.
  const spare = Math.floor((PAGE_JOBS - (last - first + 1)) / 2);
  const around = places.slice(Math.max(0, first - spare), last + 1 + spare);
  const [only = ""] = shows;
  const isAlone = shows.length === 1 && around.filter(({ job }) => isOpen(job)).length === 1;
  if (isAlone && !isLost(only)) return { kind: "single", job: only };
  const youngest = places.length - 1;
  const cursor = Math.min(last + 1 + spare, youngest);
  // A page that should have shown a job may have begun too late in the list: another job was taken for the youngest.
  const isCursor = flowing && youngest > first && !shows.some(isMissed);
  const isNewest = cursor === youngest && !isCursor;
  return { kind: "page", after: isNewest ? null : (places[cursor]?.job ?? null), shows };
}

/** Slots taken from which on a read soon is worth a call, while work waits for a slot. */
const BUSY_SHARE = 0.6;
/** Reads per variant that polls may cost while work waits; measured with reference latencies (docs/scale.md). */
const READS_PER_VARIANT = 0.17;
const SOONEST_MS = 100;
/** The same while slots are free: nobody waits for one, but what is seen to end comes to workers in even parts. */
const EVENLY_PER_VARIANT = 0.05;
const EVENLY_MS = 250;
const SLOWEST_MS = 1_000;

/** From one read to the next, ms. */
export function betweenReadsMs(now: {
  slots: { used: number; all: number };
  waiting: boolean;
  /** Jobs a second the ledger aims at. */
  goal: number;
  /** Reads that show all jobs that may have ended. */
  reads: number;
}): number {
  const busy = now.waiting && now.slots.used >= BUSY_SHARE * now.slots.all;
  const [perVariant, soonest] = busy ? [READS_PER_VARIANT, SOONEST_MS] : [EVENLY_PER_VARIANT, EVENLY_MS];
  const paid = now.waiting ? 1_000 / Math.max(now.goal, 0.001) / perVariant : SLOWEST_MS;
  const reads = Math.max(1, now.reads);
  return Math.min(SLOWEST_MS / reads, Math.max(soonest / reads, paid));
}
