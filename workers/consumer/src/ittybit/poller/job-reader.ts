import { JOB_DEADLINE_MS, NOTHING, type Observations, type OpenJobsView } from "@prewarm/durable-queue";
import type { Clock } from "@prewarm/shared/clock";
import type { Log } from "@prewarm/shared/log";
import { type Ittybit, type Listing, type ListQuery, THROTTLED_MS } from "../client.ts";
import type { IttybitJob } from "../dialects.ts";
import { isHidden, OpenJobs, type PageRead, type Watched } from "./open-jobs.ts";

export interface ServiceDeps {
  ittybit: Pick<Ittybit, "get" | "list">;
  clock: Pick<Clock, "now">;
  sleep(ms: number): Promise<void>;
  log: Log;
}

export interface PollDeps extends ServiceDeps {
  view: OpenJobsView;
  report(found: Observations): void;
}

/**
 * Reads by its id in a row that must not find a job before it counts as gone. One answer may be wrong, say while
 * servers change.
 */
const UNKNOWN_MAX = 3;
/** Pause after a failure, doubled each time up to `longest`, and after a refusal of the account. */
const PAUSE_MS = { failed: 1_000, longest: 30_000, account: 30_000 };

/** Reads pages and jobs at Ittybit, and reports the jobs that they show. */
export class JobReader {
  readonly open = new OpenJobs();
  readonly #deps: PollDeps;
  #failures = 0;
  /** No call before then, Unix ms. */
  notBefore = 0;

  constructor(deps: PollDeps) {
    this.#deps = deps;
  }

  isHalted(): boolean {
    return this.#deps.clock.now() < this.notBefore;
  }

  /** Makes no call for this long, ms. */
  pause(ms = PAUSE_MS.failed): void {
    this.notBefore = Math.max(this.notBefore, this.#deps.clock.now() + ms);
  }

  /**
   * Reads a single job by its id, and several jobs by a page. A job that was not found by its id is looked for on a
   * page next.
   */
  async read({ after, shows }: PageRead, now: number): Promise<void> {
    const jobs = shows.flatMap((job) => this.open.watched.get(job) ?? []);
    for (const watched of jobs) Object.assign(watched, { isBeingRead: true, readAt: now });
    const [only, another] = jobs;
    const isAlone = another === undefined && only !== undefined && (isHidden(only) || only.unknown === 0);
    await (isAlone ? this.#readAlone(only, now) : this.#readPage(after, jobs, now)).finally(() => {
      for (const watched of jobs)
        Object.assign(watched, { isBeingRead: false, ...(this.isHalted() ? { readAt: 0 } : {}) });
    });
  }

  async #readPage(after: string | null, jobs: readonly Watched[], now: number): Promise<void> {
    const page = await this.list(after === null ? {} : { after });
    if (page === null && this.isHalted()) return;
    for (const watched of jobs) if (!page?.jobs.some(({ id }) => id === watched.job)) this.#noteMiss(watched, "missed");
    this.#tellOpen(page?.jobs ?? [], now);
  }

  async #readAlone(watched: Watched, now: number): Promise<void> {
    const answer = await this.#deps.ittybit.get(watched.job);
    if (answer.kind === "absent") this.#noteMiss(watched, "unknown");
    // A dialect may answer with another id than the one it was asked for.
    else if (answer.kind === "job") this.#tellOpen([{ ...answer.job, id: watched.job }], now);
    else this.#noResult(answer);
  }

  /**
   * Reads a page, and reports its jobs whose ids the ledger does not know. Null: there is no such page; or, while
   * halted: a failure.
   */
  async list(query: ListQuery): Promise<Extract<Listing, { kind: "page" }> | null> {
    const page = await this.#deps.ittybit.list(query);
    if (page.kind !== "page") return this.#noResult(page);
    this.#failures = 0;
    this.open.onPage(page.jobs);
    const unnamed = this.#deps.view.unnamed();
    this.tellFound(this.ours(page.jobs).filter(({ metadata }) => unnamed.has(Number(metadata.gen))));
    return page;
  }

  #noResult(answer: Exclude<Listing, { kind: "page" }>): null {
    if (answer.kind === "throttled") {
      this.pause(answer.retryAfterMs ?? THROTTLED_MS);
      this.report({ throttledUntil: this.notBefore });
    } else if (answer.kind === "account") {
      this.pause(PAUSE_MS.account);
      this.report({ account: { status: answer.status, message: answer.message } });
    } else if ("failure" in answer) {
      this.#deps.log("collect.unclear", { code: answer.failure.code, message: answer.failure.message });
      this.pause(Math.min(PAUSE_MS.longest, PAUSE_MS.failed * 2 ** this.#failures));
      this.#failures += 1;
    }
    return null;
  }

  /** The jobs that this ledger has ordered, by their metadata. */
  ours(jobs: readonly IttybitJob[]): IttybitJob[] {
    const ledgerId = this.#deps.view.queueId();
    return jobs.filter(({ metadata }) => metadata.ledger === ledgerId && metadata.gen !== undefined);
  }

  tellFound(found: IttybitJob[]): void {
    this.report({ found, ended: found.filter(({ status }) => status !== "pending") });
  }

  /** Reports the open jobs among these. `readAt`: the time of the read, Unix ms. */
  #tellOpen(jobs: readonly IttybitJob[], readAt: number): void {
    this.#failures = 0;
    const open = jobs.filter(({ id }) => this.open.watched.has(id));
    const ended = open.filter(({ status }) => status !== "pending");
    const pending = open.filter(({ status }) => status === "pending").map(({ id }) => id);
    for (const { id } of ended) this.open.watched.delete(id);
    for (const id of pending) Object.assign(this.open.watched.get(id) ?? {}, { readAt, unknown: 0 });
    this.report({ ended, pending });
  }

  /**
   * Counts a read that did not find a job. A job past its deadline that its id does not find is gone. `read` tries
   * pages in between.
   */
  #noteMiss(watched: Watched, by: "missed" | "unknown"): void {
    watched[by] += 1;
    const isOld = watched.admittedAt < this.#deps.clock.now() - JOB_DEADLINE_MS;
    if (isOld && watched.unknown >= UNKNOWN_MAX) this.report({ absent: [watched.job] });
  }

  report(found: Partial<Observations>): void {
    const isNews = Object.values(found).some((seen) => !Array.isArray(seen) || seen.length > 0);
    if (isNews) this.#deps.report({ ...NOTHING, ...found });
  }
}
