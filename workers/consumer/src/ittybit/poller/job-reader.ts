import { type ExternalJob, NOTHING, type Observations, type OpenJobsView } from "@prewarm/durable-queue/external-jobs";
import type { Clock } from "@prewarm/shared/clock";
import { JOB_DEADLINE_MS, THROTTLED_MS } from "@prewarm/shared/limits";
import type { Log } from "@prewarm/shared/log";
import { createSemaphore } from "../../platform/semaphore.ts";
import type { NoResult } from "../client.ts";
import type { IttybitJob } from "../dialects.ts";
import type { JobMs } from "./job-times.ts";
import type { Read } from "./next-read.ts";
import { dueAt, OpenJobMemory, type Watched } from "./open-job-memory.ts";

type JobPage = { kind: "page"; jobs: IttybitJob[]; next: string | null };

export type JobPageAnswer =
  | JobPage
  /** This service lists no jobs. */
  | { kind: "noList" }
  /** `after` names no job that this service knows any more. */
  | { kind: "noCursor" }
  | NoResult;

/** What the poller needs of Ittybit. Results are values; it never throws. */
export interface JobsAtIttybit {
  get(ittybitJob: string): Promise<{ kind: "job"; job: IttybitJob } | { kind: "absent" } | NoResult>;
  /** A page of 100 jobs, newest first, older than the job `after`; or the page after the one that gave `next`. */
  list(query: { after?: string; next?: string }): Promise<JobPageAnswer>;
}

export interface PollDeps {
  ittybit: JobsAtIttybit;
  clock: Pick<Clock, "now">;
  log: Log;
  view: OpenJobsView;
  report(found: Observations): void;
}

/** What one invocation may wait for at once. */
export const AT_ONCE = 6;
/** Pages that should have shown a job and did not, before it is read by itself. */
const MISSED_MAX = 3;
/** One answer may lie, say while their servers change: a job that reads by its id did not find so often in a row is gone. */
const UNKNOWN_MAX = 3;
/** A page that lacks this many of the jobs it should show is read on: others' jobs stand between ours. Fewer wait for the next read. */
const READ_ON_FROM = 25;
/** Pages read one after another, at most: a dialect without cursors shows the newest 1,000 jobs. */
export const CHAIN_MAX = 10;
/** After a read that failed, doubled each time up to the second. */
const FAILED_MS = 1_000;
const FAILED_MAX_MS = 30_000;
/** A refused account is tried again this rarely. */
const ACCOUNT_MS = 30_000;
/** Ittybit's clock and ours may differ by this much. */
const SKEW_MS = 60_000;
/** A service found without cursors, or without a list, is asked for them again after this long. */
const RELEARN_MS = 600_000;

/** How the service can be read: pages by cursor at once, pages one after another, or job by job. */
type Manner = "cursors" | "chain" | "singles";

/** Reads pages and jobs at Ittybit, learns how the service can be read, and reports what it sees as it goes. */
export class JobReader {
  readonly memory = new OpenJobMemory();
  readonly #deps: PollDeps;
  readonly #onPage: (jobs: readonly IttybitJob[]) => void;
  readonly #connections = createSemaphore(AT_ONCE);
  #manner: Manner = "cursors";
  #relearnAt = Number.POSITIVE_INFINITY;
  #notBefore = 0;
  #failures = 0;

  /** `onPage`: told of the jobs of each page. */
  constructor(deps: PollDeps, onPage: (jobs: readonly IttybitJob[]) => void) {
    this.#deps = deps;
    this.#onPage = onPage;
  }

  get manner(): Manner {
    if (this.#deps.clock.now() >= this.#relearnAt) this.#learn("cursors");
    return this.#manner;
  }

  /** No call before then, Unix ms. */
  get notBefore(): number {
    return this.#notBefore;
  }

  /** Something of ours failed at `now`: no call for a while. */
  pause(now: number): void {
    this.#notBefore = Math.max(this.#notBefore, now + FAILED_MS);
  }

  /** No page shows the job, so it is read by itself. */
  isHidden(job: string): boolean {
    return (this.memory.watched.get(job)?.missed ?? 0) >= MISSED_MAX;
  }

  dueAt(one: Watched, jobMs: JobMs): number {
    const single = this.#manner === "singles" || one.missed >= MISSED_MAX || one.unknown > 0;
    return dueAt(one, jobMs, single);
  }

  async readPage({ after, shows }: Extract<Read, { kind: "page" }>): Promise<void> {
    const pages = Math.ceil(shows.length / READ_ON_FROM);
    await this.readPages(after === null ? {} : { after }, shows, after === null ? CHAIN_MAX : pages);
  }

  /**
   * Reads one page after another while too many of `shows` are missing.
   * @returns calls made
   */
  async readPages(first: { after?: string }, shows: readonly string[], most: number): Promise<number> {
    const missing = new Set(shows);
    let query: { after?: string; next?: string } = first;
    let calls = 0;
    while (calls < most) {
      if (this.#isHalted()) return calls;
      const askedAt = this.#deps.clock.now();
      const page = await this.list(query, first.after);
      calls += 1;
      if (page === null) return calls;
      this.#learnManner(query.after, page.jobs);
      for (const { id } of page.jobs) missing.delete(id);
      this.memory.onPage(page.jobs);
      this.#tell(page.jobs, askedAt);
      const enough = this.#manner === "chain" ? missing.size === 0 : missing.size < READ_ON_FROM;
      if (page.next === null || enough || this.#isPast(page.jobs, missing)) break;
      query = { next: page.next };
    }
    this.#noteMissing(missing);
    return calls;
  }

  /** A page, or null: there is none now. `first`: the cursor of the first page, where pages are read one after another. */
  async list(query: { after?: string; next?: string }, first?: string): Promise<JobPage | null> {
    if (this.#isHalted()) return null;
    const page = await this.#connections.run(() => this.#deps.ittybit.list(query));
    if (page.kind !== "page") {
      this.#noPage(page, first);
      return null;
    }
    this.#failures = 0;
    this.#onPage(page.jobs);
    return page;
  }

  /**
   * A list that answers with the newest jobs whatever cursor it is given shows the cursor itself: it is read from its top on. Of pages that
   * follow nothing is learned: where they are counted by place, each job that is made meanwhile moves them.
   */
  #learnManner(after: string | undefined, jobs: readonly IttybitJob[]): void {
    if (this.#manner === "cursors" && jobs.some(({ id }) => id === after)) this.#learn("chain");
  }

  #learn(manner: Manner): void {
    if (manner === this.#manner) return;
    this.#manner = manner;
    this.#relearnAt = manner === "cursors" ? Number.POSITIVE_INFINITY : this.#deps.clock.now() + RELEARN_MS;
    this.#deps.log("collect.manner", { manner });
  }

  /** True when the page reaches back beyond all that is missing. */
  #isPast(jobs: readonly IttybitJob[], missing: ReadonlySet<string>): boolean {
    const last = jobs.at(-1)?.createdAt ?? null;
    const grants = [...missing].map((job) => this.memory.watched.get(job)?.admittedAt ?? Number.POSITIVE_INFINITY);
    return last !== null && last < Math.min(...grants) - SKEW_MS;
  }

  #noteMissing(missing: ReadonlySet<string>): void {
    const now = this.#deps.clock.now();
    const absent: string[] = [];
    for (const job of missing) {
      const one = this.memory.watched.get(job);
      if (one === undefined) continue;
      one.missed += 1;
      this.memory.looked(job, now);
      if (this.#isGone(one)) absent.push(job);
    }
    this.report({ absent });
  }

  /**
   * Reads so many of these jobs by themselves, in their order.
   * @returns calls made
   */
  async readAlone(jobs: readonly string[], most = 1): Promise<number> {
    const some = jobs.slice(0, most).flatMap((job) => this.memory.watched.get(job) ?? []);
    const calls = await Promise.all(some.map((one) => this.#connections.run(() => this.#readOne(one))));
    return calls.filter((made) => made).length;
  }

  async #readOne(one: Watched): Promise<boolean> {
    if (this.#isHalted()) return false;
    const askedAt = this.#deps.clock.now();
    const answer = await this.#deps.ittybit.get(one.job);
    if (answer.kind === "job") {
      this.#failures = 0;
      // A dialect may answer with another id than the one it was asked for.
      this.#tell([{ ...answer.job, id: one.job }], askedAt);
    } else if (answer.kind === "absent") {
      one.unknown += 1;
      this.memory.looked(one.job, askedAt);
      const onNoPage = one.missed > 0 || this.#manner === "singles";
      if (onNoPage && this.#isGone(one)) this.report({ absent: [one.job] });
    } else this.#noResult(answer);
    return true;
  }

  #noPage(answer: Exclude<JobPageAnswer, { kind: "page" }>, after: string | undefined): void {
    if (answer.kind === "noList") this.#learn("singles");
    else if (answer.kind !== "noCursor") this.#noResult(answer);
    // Refused as a cursor though it is open: this service does not take cursors as we know them.
    else if (after === undefined || this.memory.watched.has(after)) this.#learn("chain");
    else this.memory.forgetPlaces(after);
  }

  #noResult(answer: NoResult): void {
    const now = this.#deps.clock.now();
    if (answer.kind === "throttled") {
      const until = now + (answer.retryAfterMs ?? THROTTLED_MS);
      this.#notBefore = Math.max(this.#notBefore, until);
      this.report({ throttledUntil: until });
    } else if (answer.kind === "account") {
      this.#notBefore = Math.max(this.#notBefore, now + ACCOUNT_MS);
      this.report({ account: { status: answer.status, message: answer.message } });
    } else {
      this.#deps.log("collect.unclear", { code: answer.failure.code, message: answer.failure.message });
      this.#notBefore = Math.max(this.#notBefore, now + Math.min(FAILED_MAX_MS, FAILED_MS * 2 ** this.#failures));
      this.#failures += 1;
    }
  }

  /** Reports those of the jobs that are waited for. `askedAt`: an open job may have ended since, Unix ms. */
  #tell(jobs: readonly IttybitJob[], askedAt: number): void {
    const ours = jobs.filter(({ id }) => this.memory.watched.has(id));
    const ended: ExternalJob[] = ours.filter(({ status }) => status !== "pending");
    const pending = ours.filter(({ status }) => status === "pending").map(({ id }) => id);
    for (const { id } of ended) this.memory.watched.delete(id);
    for (const id of pending) this.memory.shown(id, askedAt);
    this.report({ ended, pending });
  }

  report(found: Partial<Observations>): void {
    const all = { ...NOTHING, ...found };
    const lists = [all.ended, all.pending, all.absent, all.found, all.unmade];
    const isEmpty = lists.every(({ length }) => length === 0);
    if (isEmpty && all.throttledUntil === null && all.account === null) return;
    this.#deps.report(all);
  }

  #isHalted(): boolean {
    return this.#deps.clock.now() < this.#notBefore;
  }

  #isGone({ admittedAt, unknown }: Watched): boolean {
    return unknown >= UNKNOWN_MAX && admittedAt < this.#deps.clock.now() - JOB_DEADLINE_MS;
  }
}
