import { invalidRequest } from "../errors.ts";
import type { JobRecord, JobStatus } from "./job-record.ts";

export interface JobFilter {
  kind?: string;
  status?: JobStatus | undefined;
  input?: string;
}

export interface PageQuery {
  limit: number;
  order: "asc" | "desc";
  after?: string;
  before?: string;
}

interface Page {
  jobs: JobRecord[];
  hasMore: boolean;
}

export interface JobStore {
  add(make: (seq: number) => JobRecord): JobRecord;
  /** The latest job of this id: the fault `used_id` gives an id again. */
  get(id: string): JobRecord | undefined;
  ofFile(fileId: string): JobRecord | undefined;
  /** Tells the store that a job has ended, so that it may be forgotten when more than `maxFinished` have. */
  finished(job: JobRecord): void;
  /**
   * One page in order of creation, the cursors exclusive. `before` gives the jobs that directly precede it. A job whose
   * id was given again is left out.
   * @throws ApiError 400 when a cursor is no known job
   */
  page(filter: JobFilter, query: PageQuery): Page;
  count(filter: JobFilter): number;
  /** Every job that is remembered, oldest first. */
  all(): Iterable<JobRecord>;
  clear(): void;
}

function matches(job: JobRecord, filter: JobFilter): boolean {
  return (
    (filter.kind === undefined || job.kind === filter.kind) &&
    (filter.status === undefined || job.status === filter.status) &&
    (filter.input === undefined || job.input === filter.input)
  );
}

/** Jobs by id and in order of creation: an array whose first slot is `base`, with holes where a job was forgotten. */
class ArrayJobStore implements JobStore {
  readonly #maxFinished: () => number;
  readonly #byId = new Map<string, JobRecord>();
  readonly #byFile = new Map<string, JobRecord>();
  readonly #finishedOrder: JobRecord[] = [];
  #finishedHead = 0;
  #slots: (JobRecord | undefined)[] = [];
  #base = 0;

  constructor(maxFinished: () => number) {
    this.#maxFinished = maxFinished;
  }

  add(make: (seq: number) => JobRecord): JobRecord {
    const job = make(this.#base + this.#slots.length);
    this.#slots.push(job);
    this.#byId.set(job.id, job);
    this.#byFile.set(job.fileId, job);
    return job;
  }

  get(id: string): JobRecord | undefined {
    return this.#byId.get(id);
  }

  ofFile(fileId: string): JobRecord | undefined {
    return this.#byFile.get(fileId);
  }

  finished(job: JobRecord): void {
    this.#finishedOrder.push(job);
    while (this.#finishedOrder.length - this.#finishedHead > this.#maxFinished()) this.#forgetOldest();
    this.#compact();
  }

  page(filter: JobFilter, query: PageQuery): Page {
    const backwards = query.before !== undefined;
    const cursor = query.after ?? query.before;
    const ascending = (query.order === "asc") !== backwards;
    const step = ascending ? 1 : -1;
    const first = ascending ? 0 : this.#slots.length - 1;
    const jobs: JobRecord[] = [];
    let hasMore = false;
    for (let at = cursor === undefined ? first : this.#slotOf(cursor) + step; at in this.#slots; at += step) {
      const job = this.#slots[at];
      if (job === undefined || !matches(job, filter) || this.get(job.id) !== job) continue;
      hasMore = jobs.length === query.limit;
      if (hasMore) break;
      jobs.push(job);
    }
    return { jobs: backwards ? jobs.reverse() : jobs, hasMore };
  }

  count(filter: JobFilter): number {
    let total = 0;
    for (const job of this.#byId.values()) if (matches(job, filter)) total += 1;
    return total;
  }

  all(): Iterable<JobRecord> {
    return this.#byFile.values();
  }

  clear(): void {
    this.#base += this.#slots.length;
    this.#slots = [];
    this.#byId.clear();
    this.#byFile.clear();
    this.#finishedOrder.length = 0;
    this.#finishedHead = 0;
  }

  #slotOf(id: string): number {
    const job = this.#byId.get(id);
    if (job === undefined) throw invalidRequest(`${id} is not a known cursor`);
    return job.seq - this.#base;
  }

  #forgetOldest(): void {
    const oldest = this.#finishedOrder[this.#finishedHead];
    this.#finishedHead += 1;
    if (oldest === undefined) return;
    if (this.get(oldest.id) === oldest) this.#byId.delete(oldest.id);
    this.#byFile.delete(oldest.fileId);
    this.#slots[oldest.seq - this.#base] = undefined;
  }

  /** Frees the slots of forgotten jobs, a thousand at a time, so that the cost per job is next to nothing. */
  #compact(): void {
    if (this.#finishedHead < 1000) return;
    this.#finishedOrder.splice(0, this.#finishedHead);
    this.#finishedHead = 0;
    const live = this.#slots.findIndex((slot) => slot !== undefined);
    const dead = live === -1 ? this.#slots.length : live;
    this.#slots.splice(0, dead);
    this.#base += dead;
  }
}

/** @param maxFinished read at every end of a job, so that the bound may change */
export function createJobStore(maxFinished: () => number): JobStore {
  return new ArrayJobStore(maxFinished);
}
