import type { ExternalJobs, WatchExternalJobs } from "../../ledger/external-jobs.ts";
import { errorText } from "../../platform/log.ts";
import { JobLooks, type LookDeps } from "./job-looks.ts";
import { cadenceMs } from "./plan-looks.ts";

export interface PollerDeps extends LookDeps {
  sleep(ms: number): Promise<void>;
}

/** The loop ends when no notification came for this long. The alarm starts it again. */
const UNRUNG_MS = 25_000;
/** A longer rest is split into parts of this length, so that a new viewer's job is looked at in time. */
const STEP_MS = 250;
/** Pause between two looks, in which the object does other work. */
const REST_MS = 20;

/**
 * Observes all open jobs of the ledger at Ittybit: a loop in memory that finds ended jobs with few calls and reports
 * them as it finds them. Never throws.
 */
export class Poller implements ExternalJobs {
  readonly #deps: PollerDeps;
  readonly #looks: JobLooks;
  #running: Promise<void> | null = null;
  #rungAt = 0;
  #bell = Promise.withResolvers<void>();

  constructor(deps: PollerDeps) {
    this.#deps = deps;
    this.#looks = new JobLooks(deps);
  }

  ring(): Promise<void> | null {
    this.#rungAt = this.#deps.clock.now();
    if (this.#running !== null) return this.#running;
    this.#looks.memory.update(this.#deps.view.open());
    if (!this.#looks.isOpen) return null;
    this.#running = this.#loop()
      .catch((error: unknown) => this.#deps.log("collect.failed", { error: errorText(error) }))
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  ping(job: string): boolean {
    const isHeard = this.#looks.memory.ping(job);
    if (isHeard) this.#bell.resolve();
    return isHeard;
  }

  async #loop(): Promise<void> {
    const { clock, view, sleep } = this.#deps;
    while (clock.now() - this.#rungAt < UNRUNG_MS) {
      this.#looks.memory.update(view.open());
      if (!this.#looks.isOpen) return;
      const began = clock.now();
      if (began < this.#looks.notBefore) {
        await sleep(Math.min(this.#looks.notBefore - began, STEP_MS));
        continue;
      }
      const pages = await this.#looks.look(began);
      await this.#rest(began, pages);
    }
  }

  /** Waits until the next look: the interval of the cadence, or less when a viewer's job may have ended. */
  async #rest(began: number, pages: number): Promise<void> {
    const { clock, sleep, view } = this.#deps;
    const earliest = clock.now() + REST_MS;
    for (;;) {
      this.#looks.memory.update(view.open());
      const now = clock.now();
      const viewers = [...this.#looks.memory.watched.values()].filter(({ live }) => live);
      const isPinged = [...this.#looks.memory.watched.values()].some((one) => one.isPinged);
      const viewer = isPinged || viewers.some((one) => this.#looks.dueAt(one) <= now);
      const cadence = cadenceMs({ ...view.pace(), pages, viewer });
      const firstLooks = viewers.filter(({ lookedAt }) => lookedAt === null).map((one) => this.#looks.dueAt(one));
      const at = Math.max(earliest, Math.min(began + cadence, ...firstLooks));
      if (at <= now) return;
      this.#bell = Promise.withResolvers();
      await Promise.race([sleep(Math.min(at - now, STEP_MS)), this.#bell.promise]);
    }
  }
}

/** Makes pollers of this service. */
export function pollerOf(service: Omit<PollerDeps, "view" | "report">): WatchExternalJobs {
  return (view, report) => new Poller({ ...service, view, report });
}
