import { errorText } from "@prewarm/shared/log";
import { AT_ONCE, CHAIN_MAX, JobReader, type PollDeps } from "./job-reader.ts";
import { JobSearch } from "./job-search.ts";
import { endedBy, type JobMs, worthMs } from "./job-times.ts";
import { betweenReadsMs, nextRead, pagesFor, type Read } from "./next-read.ts";

/** Single reads at once, beside pages. */
const SINGLES_MAX = 2;
/** Single reads in one poll beside pages that are read one after another. */
const SINGLES_BESIDE_MAX = 10;
/** The same where there is no list. */
const SINGLES_ALONE_MAX = 48;
/** Jobs follow each other: after the last one for so long. */
const FLOWING_MS = 3_000;
/** Between two searches for jobs that nobody has reported. */
const SEARCH_MS = 1_000;
/** A viewer's job is looked for this often once it may have ended. */
const VIEWER_MS = 250;
/** What a viewer's job, or one that a webhook names, counts: more than any page of others. */
const URGENT_MS = 1_000_000_000;

/**
 * Decides what is read at Ittybit, and when. Where the service has cursors, each free connection reads the page that should
 * show the most. Otherwise all jobs that may have ended are read in one poll.
 */
export class JobPolls {
  readonly #deps: PollDeps;
  readonly #reader: JobReader;
  readonly #search: JobSearch;
  readonly #reads = new Set<Promise<void>>();
  /** Jobs that a read under way should show. */
  readonly #beingRead = new Set<string>();
  #singles = 0;
  /** Calls of the last poll without cursors. */
  #polled = 1;
  #searchedAt = Number.NEGATIVE_INFINITY;
  /** Reads that may begin at a time, Unix ms, and how long one more takes to be earned. */
  #credit = { reads: 1, at: 0, betweenMs: 1 };

  constructor(deps: PollDeps) {
    this.#deps = deps;
    this.#reader = new JobReader(deps, (jobs) => this.#search.onPage(jobs));
    this.#search = new JobSearch({
      ...deps,
      report: (found) => this.#reader.report(found),
      page: (query) => this.#reader.list(query),
    });
  }

  get memory(): JobReader["memory"] {
    return this.#reader.memory;
  }

  /** Whether a job is open, or is searched for. */
  get isOpen(): boolean {
    const isSought = this.#reader.manner !== "singles" && this.#search.isOpen;
    return this.memory.watched.size > 0 || isSought;
  }

  /** No call before then, Unix ms. */
  get notBefore(): number {
    return this.#reader.notBefore;
  }

  /** Resolves when a read that is under way ends; null: none is. */
  get settled(): Promise<void> | null {
    return this.#reads.size === 0 ? null : Promise.race(this.#reads);
  }

  /** Begins every read that is worth its call now. Nothing is waited for. */
  begin(now: number): void {
    this.#beginSearch(now);
    const worth = this.#worth(now);
    if (this.#reader.manner === "cursors") this.#beginReads(now, worth);
    else if (this.#beingRead.size === 0 && worth.size > 0) this.#beginPoll(now, worth);
  }

  #beginSearch(now: number): void {
    if (now < this.#searchedAt + SEARCH_MS || this.#reader.manner === "singles" || !this.#search.isOpen) return;
    this.#searchedAt = Number.POSITIVE_INFINITY;
    this.#track(this.#search.poll(now), () => {
      this.#searchedAt = now;
    });
  }

  /** Jobs that may have ended and are not being read, each with what a read of it is worth, ms. */
  #worth(now: number): Map<string, number> {
    const jobMs = this.#jobMs();
    const ended = endedBy(jobMs);
    const all = new Map<string, number>();
    for (const [job, one] of this.memory.watched) {
      // A time ahead is from before the clock went back.
      if ((one.polledAt ?? 0) > now) one.polledAt = null;
      const due = this.#reader.dueAt(one, jobMs);
      if (due > now || this.#beingRead.has(job)) continue;
      const { isPinged, live, polledAt, admittedAt } = one;
      const isUrgent = isPinged || (live && (polledAt === null || polledAt < due || polledAt + VIEWER_MS <= now));
      const seenAgeMs = (polledAt ?? admittedAt) - admittedAt;
      all.set(job, isUrgent ? URGENT_MS : worthMs(ended, seenAgeMs, now - admittedAt));
    }
    return all;
  }

  /** The learned times as they are now: each is asked for once. */
  #jobMs(): JobMs {
    const known = new Map<number, number>();
    return (q) => {
      const ms = known.get(q) ?? this.#deps.view.jobMs(q);
      known.set(q, ms);
      return ms;
    };
  }

  #beginReads(now: number, worth: Map<string, number>): void {
    const { watched } = this.memory;
    const places = this.memory.places();
    const isOpen = (job: string) => watched.has(job);
    const isLost = (job: string) => (watched.get(job)?.unknown ?? 0) > 0;
    const isMissed = (job: string) => (watched.get(job)?.missed ?? 0) > 0;
    const flowing = this.#isFlowing(now);
    const urgent = new Set([...worth].flatMap(([job, ms]) => (ms === URGENT_MS ? [job] : [])));
    const hidden = [...worth.keys()].filter((job) => this.#reader.isHidden(job));
    for (const job of hidden) worth.delete(job);
    this.#refill(now, pagesFor({ places, worth }) + hidden.length);
    while (this.#reads.size < AT_ONCE) {
      const alone = this.#singles < SINGLES_MAX ? hidden.shift() : undefined;
      const read: Read | null =
        alone === undefined
          ? nextRead({ places, worth, isOpen, isLost, isMissed, flowing })
          : { kind: "single", job: alone };
      if (read === null) return;
      const shows = read.kind === "page" ? read.shows : [read.job];
      if (this.#credit.reads < 1 && !shows.some((job) => urgent.has(job))) return;
      this.#credit.reads = Math.max(0, this.#credit.reads - 1);
      for (const job of shows) worth.delete(job);
      this.#beginRead(read, shows);
    }
  }

  #beginRead(read: Read, shows: readonly string[]): void {
    const isSingle = read.kind === "single";
    if (isSingle) this.#singles += 1;
    this.#trackJobs(shows, isSingle ? this.#reader.readAlone(shows) : this.#reader.readPage(read), () => {
      if (isSingle) this.#singles -= 1;
    });
  }

  /** Reads all jobs that may have ended, for a service without cursors: those first that are expected to have been over for the longest. */
  #beginPoll(now: number, worth: ReadonlyMap<string, number>): void {
    this.#refill(now, this.#polled);
    const isUrgent = [...worth.values()].includes(URGENT_MS);
    if (this.#credit.reads < 1 && !isUrgent) return;
    const inTurn = [...worth].sort(([, a], [, b]) => b - a).map(([job]) => job);
    const poll = this.#poll(inTurn).then((calls) => {
      this.#polled = calls;
      this.#credit.reads = Math.min(1, this.#credit.reads) - calls;
    });
    this.#trackJobs(inTurn, poll);
  }

  /** @returns calls made */
  async #poll(due: readonly string[]): Promise<number> {
    if (this.#reader.manner === "singles") return this.#reader.readAlone(due, SINGLES_ALONE_MAX);
    const listed = await this.#reader.readPages({}, due, CHAIN_MAX);
    const hidden = due.filter((job) => this.#reader.isHidden(job));
    return listed + (await this.#reader.readAlone(hidden, SINGLES_BESIDE_MAX));
  }

  #trackJobs(jobs: readonly string[], read: Promise<unknown>, ended = () => {}): void {
    for (const job of jobs) this.#beingRead.add(job);
    this.#track(read, () => {
      for (const job of jobs) this.#beingRead.delete(job);
      ended();
    });
  }

  /** `ended`: called when the read is over, also when it has failed. */
  #track(read: Promise<unknown>, ended: () => void): void {
    const failed = (error: unknown): void => {
      this.#deps.log("collect.failed", { error: errorText(error) });
      this.#reader.pause(this.#deps.clock.now());
    };
    const tracked: Promise<void> = read
      .then(() => undefined, failed)
      .finally(() => {
        this.#reads.delete(tracked);
        ended();
      });
    this.#reads.add(tracked);
  }

  /** `reads`: those that would show all jobs that may have ended, 0 if there is none; so many may begin at once. */
  #refill(now: number, reads: number): void {
    const betweenMs = betweenReadsMs({ ...this.#deps.view.pace(), reads });
    // The clock may have gone back.
    const earned = this.#credit.reads + Math.max(0, now - this.#credit.at) / betweenMs;
    // While nothing may have ended, times for a read pass unused: a job that just became due has hardly ever ended.
    this.#credit = { reads: reads === 0 ? earned % 1 : Math.min(reads, earned), at: now, betweenMs };
  }

  /** When the next read may begin, if none ends before, Unix ms. */
  nextAt(now: number): number {
    const isPolling = this.#reader.manner !== "cursors" && this.#beingRead.size > 0;
    if (isPolling || this.#reads.size >= AT_ONCE) return Number.POSITIVE_INFINITY;
    const earnedAt = now + (1 - this.#credit.reads) * this.#credit.betweenMs;
    const jobMs = this.#jobMs();
    let at = Number.POSITIVE_INFINITY;
    for (const [job, one] of this.memory.watched) {
      if (this.#beingRead.has(job)) continue;
      const due = this.#reader.dueAt(one, jobMs);
      const viewerAt = one.live ? Math.max(due, (one.polledAt ?? 0) + VIEWER_MS) : Number.POSITIVE_INFINITY;
      at = Math.min(at, Math.max(due, earnedAt), viewerAt);
    }
    return at;
  }

  /** A job was made just now: while work waits another one soon follows. While all slots are taken by slow jobs none does. */
  #isFlowing(now: number): boolean {
    if (!this.#deps.view.pace().waiting) return false;
    return [...this.memory.watched.values()].some(({ admittedAt }) => now - admittedAt < FLOWING_MS);
  }
}
