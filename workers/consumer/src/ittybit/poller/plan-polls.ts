/** Jobs on one page of Ittybit's list (the API's maximum). */
export const PAGE_JOBS = 100;
/**
 * Room on a page for jobs that stand elsewhere in Ittybit's list than in ours, since we order by the time of the grant and Ittybit by the
 * arrival of the POST, and for jobs of others: what is begun in so long, within bounds. A page that lacks too many is read on, for which
 * all wait; more pages cost calls.
 */
const ROOM_S = 0.12;
const ROOM = { least: 25, most: 50 };
/**
 * From so many pages on they are read one round after another, and each round is waited for by all. Then each page has little room: what
 * stands elsewhere is on the page beside it, or waits for the next poll. Measured (decision 104).
 */
const CROWDED = { pages: 7, room: 15 };

/** Places of known jobs that one page is planned to show, at so many jobs a second. */
function spanOf(goal: number): number {
  return PAGE_JOBS - Math.min(ROOM.most, Math.max(ROOM.least, Math.round(ROOM_S * goal)));
}

export type Poll =
  /** A page, newest first, of what is older than the job `after`; null: the newest page. `shows` are the due jobs it should show. */
  { kind: "page"; after: string | null; shows: string[] } | { kind: "single"; job: string };

export interface Planned {
  /** Every job that Ittybit's list is known to hold from the oldest open one on, ended ones too, oldest first. */
  known: readonly string[];
  /** Jobs that may have ended. */
  due: ReadonlySet<string>;
  /** Those of `due` that no page shows: they are read by themselves. */
  hidden: ReadonlySet<string>;
  /** Those of `due` that a read by itself did not find: they need a page before they count as gone. */
  lost: ReadonlySet<string>;
  /** True while new jobs are made: the youngest known job waits for the next poll then, as a cursor does not show itself. */
  flowing: boolean;
  /** Jobs a second the ledger aims at. */
  goal: number;
}

function pollAt({ known, lost, flowing }: Planned, shows: string[], first: number, last: number): Poll {
  const [only = ""] = shows;
  if (shows.length === 1 && !lost.has(only)) return { kind: "single", job: only };
  // The page's spare places lie on both sides of what it should show.
  const spare = Math.floor((PAGE_JOBS - (last - first + 1)) / 2);
  const cursor = Math.min(last + 1 + spare, known.length - 1);
  const after = cursor > last || (flowing && cursor > first) ? (known[cursor] ?? null) : null;
  return { kind: "page", after, shows };
}

/**
 * The fewest reads that show all due jobs, oldest first: pages of 100 by cursor, each beginning at the oldest due job that the page before
 * does not show, and single reads where a page would show one job. Places where no job is due cost nothing.
 */
export function planPolls(planned: Planned): Poll[] {
  const roomy = plan(planned, spanOf(planned.goal));
  const pages = roomy.filter(({ kind }) => kind === "page").length;
  return pages < CROWDED.pages ? roomy : plan(planned, PAGE_JOBS - CROWDED.room);
}

/** `span`: places that a page is planned to show. */
function plan(planned: Planned, span: number): Poll[] {
  const { known, due, hidden } = planned;
  const polls: Poll[] = [];
  let page: { shows: string[]; first: number; last: number } | null = null;
  const close = (): void => {
    if (page !== null) polls.push(pollAt(planned, page.shows, page.first, page.last));
    page = null;
  };
  for (const [place, job] of known.entries()) {
    if (!due.has(job)) continue;
    if (hidden.has(job)) {
      polls.push({ kind: "single", job });
      continue;
    }
    if (page !== null && place - page.first >= span) close();
    page ??= { shows: [], first: place, last: place };
    page.shows.push(job);
    page.last = place;
  }
  close();
  return polls;
}

/** Slots taken from which on a poll soon is worth a call, while work waits for a slot. */
const BUSY_SHARE = 0.6;
/** Calls for pages per variant that the polls may cost while work waits; measured with reference latencies (docs/scale.md). */
const PAGES_PER_VARIANT = 0.17;
const SOONEST_MS = 100;
/** The same while slots are free: nobody waits for one, but what is seen to end comes to workers in even parts. */
const EVENLY_PER_VARIANT = 0.05;
const EVENLY_MS = 250;
const VIEWER_MS = 250;
const SLOWEST_MS = 1_000;

/** From one poll to the next, ms. */
export function cadenceMs(now: {
  slots: { used: number; all: number };
  waiting: boolean;
  /** Jobs a second the ledger aims at. */
  goal: number;
  /** Calls of the last poll. */
  pages: number;
  /** Whether a viewer's job may have ended, or a webhook names one. */
  viewer: boolean;
}): number {
  const busy = now.waiting && now.slots.used >= BUSY_SHARE * now.slots.all;
  const [perVariant, soonest] = busy ? [PAGES_PER_VARIANT, SOONEST_MS] : [EVENLY_PER_VARIANT, EVENLY_MS];
  const paid = now.waiting ? (Math.max(1, now.pages) / Math.max(now.goal, 0.001) / perVariant) * 1_000 : SLOWEST_MS;
  const cadence = Math.min(SLOWEST_MS, Math.max(soonest, paid));
  return now.viewer ? Math.min(VIEWER_MS, cadence) : cadence;
}
