import type { OpenJob, OpenJobsView } from "@prewarm/durable-queue";
import type { IttybitJob } from "../dialects.ts";

export interface Watched extends OpenJob {
  /** When a read last looked for it, Unix ms; 0: never. */
  readAt: number;
  /** A read in flight looks for it. */
  isBeingRead: boolean;
  /** Pages in a row that should have shown it and did not. */
  missed: number;
  /** Reads by its id in a row that did not find it. */
  unknown: number;
}

/** A page of Ittybit's list: of jobs older than the job `after` (null: of all). `shows`: those it should show. */
export type PageRead = { after: string | null; shows: string[] };

/** Pages in a row that should have shown a job and did not, before it is read by its id. One list may lag behind. */
const MISSED_MAX = 2;
/** What a viewer's job, or one that no page shows, counts: more than any page of others. */
export const URGENT_MS = 1_000_000_000;
/** Places of a page that are planned. The page has 100, and shows jobs too whose ids nobody has told yet. */
export const PLANNED_JOBS = 85;
/** A page begins so many places above the first job that it should show: a cursor does not show itself. */
const ABOVE_JOBS = 8;
/** Ended jobs are remembered for their places in Ittybit's list: so many at most, a few hundred kB. */
const PLACES_MAX = 10_000;
/** A job that takes so many times as long as nearly all is read after this share of its age, at most five minutes. */
const SLOW = { times: 3, share: 0.1, mostMs: 300_000 };
/** A viewer's job is looked for this often once it may have ended. */
const VIEWER_MS = 250;

const UNREAD = { readAt: 0, isBeingRead: false, missed: 0, unknown: 0 };

/** No page shows the job, so it is read by its id. */
export const isHidden = ({ missed }: Watched): boolean => missed >= MISSED_MAX;

/** What the poller remembers: the open jobs, and the order of Ittybit's list. An eviction loses it without harm. */
export class OpenJobs {
  watched = new Map<string, Watched>();
  /** When each job was made, Unix ms: by Ittybit's clock where it is known, else when the ledger admitted it. */
  #places = new Map<string, number>();

  update(open: readonly OpenJob[]): void {
    const watch = (one: OpenJob): Watched => Object.assign(this.watched.get(one.job) ?? { ...UNREAD }, one);
    this.watched = new Map(open.map((one) => [one.job, watch(one)]));
    for (const { job, createdAt, admittedAt } of open)
      this.#places.set(job, createdAt ?? this.#places.get(job) ?? admittedAt);
  }

  /** A page shows these jobs, other people's too. */
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
    for (const [job, one] of this.watched) {
      // A time ahead is from before the clock went back.
      if (one.readAt > now) one.readAt = 0;
      const at = one.isBeingRead ? Number.POSITIVE_INFINITY : this.#dueAt(one, jobMs);
      if (at > now) nextAt = Math.min(nextAt, at);
      else waited.set(job, one.urgent || isHidden(one) ? URGENT_MS : Math.max(1, now - at));
    }
    return { waited, nextAt };
  }

  /** When a read of the job pays, Unix ms. */
  #dueAt(one: Watched, jobMs: Record<"quick" | "middle" | "slow", number>): number {
    const { admittedAt, heardAt, urgent, readAt } = one;
    // A viewer's read a moment too early costs the viewer the time until the next one, so what the POST took counts.
    const madeAt = urgent && heardAt > 0 ? heardAt : admittedAt;
    const first = madeAt + (isHidden(one) ? jobMs.middle : jobMs.quick);
    if (readAt < first) return first;
    const age = readAt - admittedAt;
    if (!isHidden(one) && age <= SLOW.times * jobMs.slow) return readAt + (urgent ? VIEWER_MS : 0);
    return readAt + Math.min(SLOW.mostMs, SLOW.share * age);
  }

  /**
   * The page whose jobs have waited longest in sum, after each job that no page shows. `waited`: jobs that may have
   * ended, and for how long, ms. Null: there are none.
   */
  nextRead(waited: ReadonlyMap<string, number>): PageRead | null {
    if (waited.size === 0) return null;
    for (const [job, one] of this.watched) if (waited.has(job) && isHidden(one)) return { after: null, shows: [job] };
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

  /** The list as far as it is known. The jobs that are older than all open ones are forgotten. */
  #newestFirst(): string[] {
    const all = [...this.#places].sort(([, a], [, b]) => a - b);
    const from = all.findIndex(([job]) => this.watched.has(job));
    const isKept = (job: string, n: number) => this.watched.has(job) || (n >= from && n >= all.length - PLACES_MAX);
    this.#places = new Map(from < 0 ? [] : all.filter(([job], n) => isKept(job, n)));
    return [...this.#places.keys()].reverse();
  }
}
