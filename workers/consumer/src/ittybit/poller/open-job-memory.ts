import type { OpenJob } from "@prewarm/durable-queue/external-jobs";

export interface Watched extends OpenJob {
  /** When it was last shown, pending, or not found by its id; null before the first time. Unix ms. */
  polledAt: number | null;
  /** Pages in a row that should have shown it and did not. */
  missed: number;
  /** Reads by its id in a row that did not find it. */
  unknown: number;
  /** Webhooks that named it. */
  pings: number;
  /** A webhook named it, and no poll has shown it since. */
  isPinged: boolean;
}

/** Webhooks of one job that each cause a poll. Anybody who knows the address can send more. */
const PINGS_MAX = 2;
const UNSEEN = { polledAt: null, missed: 0, unknown: 0, pings: 0, isPinged: false };
/** Ended jobs are remembered for their places in Ittybit's list: so many at most, a few hundred kB. */
const KNOWN_MAX = 10_000;
/** From this multiple of what nearly all jobs take on, a job is slow, and is polled ever more rarely … */
const SLOW = 3;
/** … after a tenth of its age … */
const SLOW_SHARE = 0.1;
/** … but at least every five minutes. */
const SLOWEST_POLL_MS = 300_000;

/** What the poller remembers from one poll to the next: places, when a job was last shown, what no page shows. Lost at an eviction without harm. */
export class OpenJobMemory {
  readonly watched = new Map<string, Watched>();
  #known: { job: string; grantedAt: number }[] = [];

  /** Ids in the order of Ittybit's list as far as we know it: oldest first, ended ones too from the oldest open job on. */
  known(): string[] {
    return this.#known.map(({ job }) => job);
  }

  update(open: readonly OpenJob[]): void {
    const placed = new Set(this.#known.map(({ job }) => job));
    const ids = new Set(open.map(({ job }) => job));
    for (const job of this.watched.keys()) if (!ids.has(job)) this.watched.delete(job);
    for (const one of open) {
      const last = this.watched.get(one.job);
      this.watched.set(one.job, { ...UNSEEN, ...last, ...one });
      if (!placed.has(one.job)) this.#known.push({ job: one.job, grantedAt: one.admittedAt });
    }
    this.#known.sort((a, b) => a.grantedAt - b.grantedAt);
    this.#forget();
  }

  /** Ittybit shows it, and it has not ended. */
  shown(job: string, now: number): void {
    const one = this.watched.get(job);
    if (one !== undefined) Object.assign(one, { polledAt: now, unknown: 0, isPinged: false });
  }

  /** A webhook names the job, which is due a poll now. False: it is not open, or it has had its polls. */
  ping(job: string): boolean {
    const one = this.watched.get(job);
    if (one === undefined || one.pings >= PINGS_MAX) return false;
    Object.assign(one, { pings: one.pings + 1, isPinged: true });
    return true;
  }

  onPage(job: string): void {
    const one = this.watched.get(job);
    if (one !== undefined) one.missed = 0;
  }

  /** An ended job is no cursor any more, nor are those before it: Ittybit forgets the oldest first. */
  forgetPlaces(upTo: string): void {
    const last = this.#known.findIndex(({ job }) => job === upTo);
    this.#known = this.#known.filter(({ job }, place) => place > last || this.watched.has(job));
  }

  #forget(): void {
    const oldest = this.#known.findIndex(({ job }) => this.watched.has(job));
    const surplus = this.#known.length - KNOWN_MAX;
    this.#known = this.#known.filter(
      ({ job }, place) => place >= oldest && (place >= surplus || this.watched.has(job)),
    );
  }
}

/** Learned job time in ms at a quantile. */
type JobMs = (q: number) => number;

/** When the job is worth a poll, Unix ms. `single`: each poll is a call for this one job. */
export function dueAt(one: Watched, jobMs: JobMs, single: boolean): number {
  if (one.isPinged) return one.admittedAt;
  const first = one.admittedAt + (single ? jobMs(0.5) : jobMs(0.02));
  // A page shows younger jobs too: that makes them no older.
  if (one.polledAt === null || one.polledAt < first) return first;
  const age = one.polledAt - one.admittedAt;
  const isSlow = single || age > SLOW * jobMs(0.98);
  return one.polledAt + (isSlow ? Math.min(SLOWEST_POLL_MS, age * SLOW_SHARE) : 0);
}
