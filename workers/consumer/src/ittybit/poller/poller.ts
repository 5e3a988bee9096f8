import type { ExternalJobs, WatchExternalJobs } from "@prewarm/durable-queue";
import { MAX_CONNECTIONS } from "@prewarm/shared/limits";
import { errorText } from "@prewarm/shared/log";
import { POLLER_IDLE_MS } from "../../times.ts";
import { JobReader, type PollDeps, type ServiceDeps } from "./job-reader.ts";
import { JobSearch } from "./job-search.ts";
import { PLANNED_JOBS, URGENT_MS } from "./open-jobs.ts";

/** Rests of the loop: other work of the object needs `least`, and a viewer's new job waits for `most` at most. */
const REST_MS = { least: 20, most: 250 };
/** Calls for each variant that reads may cost while work waits and this share of the slots is taken. */
const BUSY = { share: 0.6, readsPerVariant: 0.17 };
/** Jobs that may have ended are read this often at least. */
const READ_MS = 1_000;

/**
 * Observes all open jobs of the ledger at Ittybit: a loop in memory that finds ended jobs with few calls and reports
 * them as it finds them. Each free connection reads the page whose jobs have waited longest. Never throws.
 */
export class Poller implements ExternalJobs {
  readonly #deps: PollDeps;
  readonly #reader: JobReader;
  readonly #search: JobSearch;
  #running: Promise<void> | null = null;
  #keptRunningAt = 0;
  readonly #reads = new Set<Promise<void>>();
  /** When the next read of a page may begin, Unix ms. */
  #readAt = 0;

  constructor(deps: PollDeps) {
    this.#deps = deps;
    this.#reader = new JobReader(deps);
    this.#search = new JobSearch(deps.view, this.#reader);
  }

  keepRunning(): Promise<void> | null {
    this.#keptRunningAt = this.#deps.clock.now();
    if (this.#running !== null || !this.#isOpen()) return this.#running;
    this.#running = this.#loop()
      .catch(this.#failed)
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  /** Whether a job is open, or a search is. */
  #isOpen(): boolean {
    this.#reader.open.update(this.#deps.view.open());
    return this.#reader.open.watched.size > 0 || this.#search.isOpen;
  }

  async #loop(): Promise<void> {
    const { clock, sleep } = this.#deps;
    while (clock.now() - this.#keptRunningAt < POLLER_IDLE_MS && (this.#isOpen() || this.#reads.size > 0)) {
      const nextAt = this.#reader.isHalted() ? this.#reader.notBefore : this.#begin(clock.now());
      const restMs = Math.min(REST_MS.most, Math.max(REST_MS.least, nextAt - clock.now()));
      await Promise.race([sleep(restMs), ...this.#reads]);
    }
    while (this.#reads.size > 0) await Promise.race(this.#reads);
  }

  /**
   * Begins every read that pays now, and waits for none.
   * @returns when the next one may begin, Unix ms
   */
  #begin(now: number): number {
    for (const search of this.#search.begin(now)) this.#track(search);
    const { waited, nextAt } = this.#reader.open.due(now, this.#deps.view);
    const { slots, waiting, goal } = this.#deps.view.pace();
    const isBusy = waiting && slots.used >= BUSY.share * slots.all;
    const paidMs = isBusy ? 1_000 / Math.max(goal, 0.001) / BUSY.readsPerVariant : READ_MS;
    const betweenMs = Math.min(paidMs, READ_MS / Math.max(1, waited.size / PLANNED_JOBS));
    // The clock may have gone back.
    this.#readAt = Math.min(this.#readAt, now + READ_MS);
    while (this.#reads.size < MAX_CONNECTIONS) {
      const read = this.#reader.open.nextRead(waited);
      if (read === null) return nextAt;
      const isUrgent = read.shows.some((job) => waited.get(job) === URGENT_MS);
      if (now < this.#readAt && !isUrgent) return Math.min(nextAt, this.#readAt);
      this.#readAt = Math.max(this.#readAt, now - REST_MS.least) + betweenMs;
      for (const job of read.shows) waited.delete(job);
      this.#track(this.#reader.read(read, now));
    }
    return Number.POSITIVE_INFINITY;
  }

  #track(read: Promise<void>): void {
    const tracked: Promise<void> = read.catch(this.#failed).finally(() => {
      this.#reads.delete(tracked);
    });
    this.#reads.add(tracked);
  }

  readonly #failed = (error: unknown): void => {
    this.#deps.log("collect.failed", { error: errorText(error) });
    this.#reader.pause();
  };
}

/** Makes pollers of this service. */
export function pollerOf(service: ServiceDeps): WatchExternalJobs {
  return (view, report) => new Poller({ ...service, view, report });
}
