import type { IttybitJob } from "../../ittybit/dialects.ts";

/** About a kilobyte each: twice what may be open at Ittybit at once by any sensible setting. */
const KEPT_MAX = 4_000;

/**
 * How the collector saw jobs end, so that their handlers need not ask again: in memory only, because whoever finds nothing here
 * looks for himself. Only what can be acted on is kept; a result that is still to show up is none.
 */
export class SeenJobs {
  readonly #jobs = new Map<string, IttybitJob>();

  keep(jobs: readonly IttybitJob[]): void {
    for (const job of jobs) {
      if (job.status === "pending" || (job.status === "done" && job.output === null)) continue;
      this.#jobs.delete(job.id);
      this.#jobs.set(job.id, job);
    }
    for (const oldest of this.#jobs.keys()) {
      if (this.#jobs.size <= KEPT_MAX) return;
      this.#jobs.delete(oldest);
    }
  }

  get(job: string): IttybitJob | null {
    return this.#jobs.get(job) ?? null;
  }
}
