import type { OpenJob, OpenJobsView } from "@prewarm/durable-queue";
import type { IttybitJob } from "../dialects.ts";

export interface Watched extends OpenJob {
  /** The last read for it, Unix ms; 0: none. */
  readAt: number;
  /** A read for it is in flight. */
  isBeingRead: boolean;
  /** Pages in a row that should have shown it and did not. */
  missed: number;
  /** Reads by its id in a row that did not find it. */
  unknown: number;
}

/** A page of Ittybit's list: jobs older than the job `after` (null: the newest). `shows`: jobs that it should show. */
export type PageRead = { after: string | null; shows: string[] };

/** A job is read by its id after this many pages in a row that should have shown it. One list may lag behind. */
const MISSED_MAX = 2;
/** The wait that counts for a viewer's job, or for one that no page shows: more than that of any page of other jobs. */
export const URGENT_MS = 1_000_000_000;
/** Jobs that a page is planned for. It has 100 places, and also shows jobs whose ids are not known yet. */
export const PLANNED_JOBS = 85;
/** A page begins this many places above the first job that it should show, because a cursor does not show itself. */
const ABOVE_JOBS = 8;
/** Places in Ittybit's list that are remembered, those of ended jobs too: a few hundred kB. */
const PLACES_MAX = 10_000;
/**
 * A job that takes `times` as long as nearly all others is read again after this share of its age, at most five
 * minutes.
 */
const SLOW = { times: 3, share: 0.1, mostMs: 300_000 };
/** Time between two reads of a viewer's job that may have ended. */
const VIEWER_MS = 250;

const UNREAD = { readAt: 0, isBeingRead: false, missed: 0, unknown: 0 };

/** Whether no page shows the job. Then it is read by its id. */
export const isHidden = ({ missed }: Watched): boolean => missed >= MISSED_MAX;

/** The open jobs, and the order of Ittybit's list, in memory. An eviction loses them without harm. */
export class OpenJobs {
  watched = new Map<string, Watched>();
  /** When each job was made, Unix ms: by Ittybit's clock where it is known, else when the ledger admitted it. */
  #places = new Map<string, number>();

  update(open: readonly OpenJob[]): void {
    const watch = (watched: OpenJob): Watched => Object.assign(this.watched.get(watched.job) ?? { ...UNREAD }, watched);
    this.watched = new Map(open.map((watched) => [watched.job, watch(watched)]));
    for (const { job, createdAt, admittedAt } of open)
      this.#places.set(job, createdAt ?? this.#places.get(job) ?? admittedAt);
  }

  /** Notes the jobs of a page, those of other ledgers too. */
  onPage(jobs: readonly IttybitJob[]): void {
    for (const { id, createdAt } of jobs) {
      if (createdAt !== null) this.#places.set(id, createdAt);
      Object.assign(this.watched.get(id) ?? {}, { missed: 0 });
    }
  }

  /** Jobs that may have ended, with the ms that each has waited for a read; and when the next one may end, Unix ms. */
  due(now: number, view: Pick<OpenJobsView, "jobMs">): { waited: Map<string, number>; nextAt: number } {
    const jobMs = { quick: view.jobMs(0.02), middle: view.jobMs(0.5), slow: view.jobMs(0.98) };
    const waited = new Map<string, number>();
    let nextAt = Number.POSITIVE_INFINITY;
    for (const [job, watched] of this.watched) {
      // A time ahead is from before the clock went back.
      if (watched.readAt > now) watched.readAt = 0;
      const at = watched.isBeingRead ? Number.POSITIVE_INFINITY : this.#dueAt(watched, jobMs);
      if (at > now) nextAt = Math.min(nextAt, at);
      else waited.set(job, watched.urgent || isHidden(watched) ? URGENT_MS : Math.max(1, now - at));
    }
    return { waited, nextAt };
  }

  /** When a read of the job pays, Unix ms. */
  #dueAt(watched: Watched, jobMs: Record<"quick" | "middle" | "slow", number>): number {
    const { admittedAt, heardAt, urgent, readAt } = watched;
    // A read that is a moment too early costs a viewer VIEWER_MS, so the time of the POST counts.
    const madeAt = urgent && heardAt > 0 ? heardAt : admittedAt;
    const first = madeAt + (isHidden(watched) ? jobMs.middle : jobMs.quick);
    if (readAt < first) return first;
    const age = readAt - admittedAt;
    if (!isHidden(watched) && age <= SLOW.times * jobMs.slow) return readAt + (urgent ? VIEWER_MS : 0);
    return readAt + Math.min(SLOW.mostMs, SLOW.share * age);
  }

  /**
   * The page whose jobs have waited longest in sum. Jobs that no page shows go first. `waited`: jobs that may have
   * ended, and for how long, ms. Null: there are none.
   */
  nextRead(waited: ReadonlyMap<string, number>): PageRead | null {
    if (waited.size === 0) return null;
    for (const [job, watched] of this.watched)
      if (waited.has(job) && isHidden(watched)) return { after: null, shows: [job] };
    const order = this.#newestFirst();
    const waits = order.map((job) => waited.get(job) ?? 0);
    let [ms, best] = [0, { ms: 0, first: 0 }];
    for (const [last, more] of waits.entries()) {
      ms += more - (waits[last - PLANNED_JOBS] ?? 0);
      if (ms > best.ms) best = { ms, first: Math.max(0, last - PLANNED_JOBS + 1) };
    }
    const first = waits.findIndex((wait, n) => wait > 0 && n >= best.first);
    if (first < 0) return null;
    const shows = order.slice(first, first + PLANNED_JOBS).filter((job) => waited.has(job));
    return { after: first === 0 ? null : (order[Math.max(0, first - ABOVE_JOBS)] ?? null), shows };
  }

  /** The known part of the list. Forgets jobs that are older than all open ones. */
  #newestFirst(): string[] {
    const all = [...this.#places].sort(([, a], [, b]) => a - b);
    const from = all.findIndex(([job]) => this.watched.has(job));
    const isKept = (job: string, n: number) => this.watched.has(job) || (n >= from && n >= all.length - PLACES_MAX);
    this.#places = new Map(from < 0 ? [] : all.filter(([job], n) => isKept(job, n)));
    return [...this.#places.keys()].reverse();
  }
}
