import type { ExternalJobs, WatchExternalJobs } from "@prewarm/durable-queue/external-jobs";
import { errorText } from "@prewarm/shared/log";
import { JobPolls } from "./job-polls.ts";
import type { PollDeps } from "./job-reader.ts";

export interface PollerDeps extends PollDeps {
  sleep(ms: number): Promise<void>;
}

/** The loop ends when no notification came for this long. The alarm starts it again. */
const IDLE_MS = 25_000;
/** A longer rest is split into parts of this length, so that a new viewer's job is polled in time. */
const STEP_MS = 250;
/** Pause between two polls, in which the object does other work. */
const REST_MS = 20;

/**
 * Observes all open jobs of the ledger at Ittybit: a loop in memory that finds ended jobs with few calls and reports
 * them as it finds them. Never throws.
 */
export class Poller implements ExternalJobs {
  readonly #deps: PollerDeps;
  readonly #polls: JobPolls;
  #running: Promise<void> | null = null;
  #keptRunningAt = 0;
  #ping = Promise.withResolvers<void>();

  constructor(deps: PollerDeps) {
    this.#deps = deps;
    this.#polls = new JobPolls(deps);
  }

  keepRunning(): Promise<void> | null {
    this.#keptRunningAt = this.#deps.clock.now();
    if (this.#running !== null) return this.#running;
    this.#polls.memory.update(this.#deps.view.open());
    if (!this.#polls.isOpen) return null;
    this.#running = this.#loop()
      .catch((error: unknown) => this.#deps.log("collect.failed", { error: errorText(error) }))
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  ping(job: string): boolean {
    const isHeard = this.#polls.memory.ping(job);
    if (isHeard) this.#ping.resolve();
    return isHeard;
  }

  async #loop(): Promise<void> {
    const { clock, view } = this.#deps;
    while (clock.now() - this.#keptRunningAt < IDLE_MS) {
      this.#polls.memory.update(view.open());
      const now = clock.now();
      if (now >= this.#polls.notBefore) this.#polls.begin(now);
      if (!this.#polls.isOpen && this.#polls.settled === null) return;
      await this.#rest(now);
    }
    while (this.#polls.settled !== null) await this.#polls.settled;
  }

  /** Until a read ends, another one may begin, or a webhook names a job. */
  async #rest(now: number): Promise<void> {
    const { settled, notBefore } = this.#polls;
    const at = Math.max(notBefore, now + REST_MS, Math.min(now + STEP_MS, this.#polls.nextAt(now)));
    this.#ping = Promise.withResolvers();
    await Promise.race([
      this.#deps.sleep(Math.min(at - now, STEP_MS)),
      this.#ping.promise,
      ...(settled === null ? [] : [settled]),
    ]);
  }
}

/** Makes pollers of this service. */
export function pollerOf(service: Omit<PollerDeps, "view" | "report">): WatchExternalJobs {
  return (view, report) => new Poller({ ...service, view, report });
}
