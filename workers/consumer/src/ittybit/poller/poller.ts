import type { ExternalJobs, WatchExternalJobs } from "@prewarm/durable-queue/external-jobs";
import { errorText } from "@prewarm/shared/log";
import { JobPolls, type PollDeps } from "./job-polls.ts";
import { cadenceMs } from "./plan-polls.ts";

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
    const { clock, view, sleep } = this.#deps;
    while (clock.now() - this.#keptRunningAt < IDLE_MS) {
      this.#polls.memory.update(view.open());
      if (!this.#polls.isOpen) return;
      const began = clock.now();
      if (began < this.#polls.notBefore) {
        await sleep(Math.min(this.#polls.notBefore - began, STEP_MS));
        continue;
      }
      const pages = await this.#polls.poll(began);
      await this.#rest(began, pages);
    }
  }

  /** Waits until the next poll: the interval of the cadence, or less when a viewer's job may have ended. */
  async #rest(began: number, pages: number): Promise<void> {
    const { clock, sleep, view } = this.#deps;
    const earliest = clock.now() + REST_MS;
    for (;;) {
      this.#polls.memory.update(view.open());
      const now = clock.now();
      const viewers = [...this.#polls.memory.watched.values()].filter(({ live }) => live);
      const isPinged = [...this.#polls.memory.watched.values()].some((one) => one.isPinged);
      const viewer = isPinged || viewers.some((one) => this.#polls.dueAt(one) <= now);
      const cadence = cadenceMs({ ...view.pace(), pages, viewer });
      const firstPolls = viewers.filter(({ polledAt }) => polledAt === null).map((one) => this.#polls.dueAt(one));
      const at = Math.max(earliest, Math.min(began + cadence, ...firstPolls));
      if (at <= now) return;
      this.#ping = Promise.withResolvers();
      await Promise.race([sleep(Math.min(at - now, STEP_MS)), this.#ping.promise]);
    }
  }
}

/** Makes pollers of this service. */
export function pollerOf(service: Omit<PollerDeps, "view" | "report">): WatchExternalJobs {
  return (view, report) => new Poller({ ...service, view, report });
}
