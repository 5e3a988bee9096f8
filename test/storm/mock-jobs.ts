import type { Chance } from "../world/chance.ts";
import type { Faults } from "./faults.ts";
import { imageOf, type Originals } from "./originals.ts";

/** The body of `POST /jobs`, as far as the mock reads it. */
export interface JobOrder {
  input: string;
  options: { width?: number; height?: number; format: "jpeg" | "webp" | "avif" | "png" };
  metadata: Record<string, string>;
}

/** A job that was made, and so paid. */
export interface MockJob extends JobOrder {
  n: number;
  id: string;
  image: number;
  createdAt: number;
  endsAt: number;
  fails: boolean;
  /** The original's version, read in the middle of the job. */
  version: number;
  /** Times that its result was handed out whole. */
  handedOut: number;
}

const JOB_MS = { least: 300, most: 1_500 };
/** Ids that are given a second time, so many in a storm. */
const REUSED_IDS = 5;
const REUSE_EVERY = 40;

/** Ittybit's jobs, as it keeps them. They survive every kill of the stack. */
export class MockJobs {
  readonly all: MockJob[] = [];
  readonly #byId = new Map<string, MockJob>();
  readonly #byKey = new Map<string, MockJob>();
  readonly #byNumber = new Map<number, MockJob>();
  readonly #deps: { chance: Chance; faults: Faults; originals: Originals };
  reused = 0;

  constructor(deps: { chance: Chance; faults: Faults; originals: Originals }) {
    this.#deps = deps;
  }

  /** The job of this idempotency key; a new one the first time. */
  make(order: JobOrder, key: string): { job: MockJob; isNew: boolean } {
    const known = this.#byKey.get(key);
    if (known !== undefined) return { job: known, isNew: false };
    const { chance, faults, originals } = this.#deps;
    const n = this.all.length + 1;
    const id = decodeURIComponent(order.input.split("/originals/")[1] ?? "");
    const takesMs = chance.between(JOB_MS.least, JOB_MS.most);
    const job: MockJob = {
      ...order,
      n,
      id: this.#newId(n),
      image: imageOf(id),
      createdAt: Date.now(),
      endsAt: Date.now() + takesMs,
      fails: faults.fails(),
      version: originals.versionOf(id),
      handedOut: 0,
    };
    // The original is read in the middle of the job.
    setTimeout(() => {
      job.version = originals.versionOf(id);
    }, takesMs / 2);
    this.all.push(job);
    this.#byId.set(job.id, job);
    this.#byKey.set(key, job);
    this.#byNumber.set(n, job);
    return { job, isNew: true };
  }

  /** Now and then the id of a job that has long ended and was handed out. */
  #newId(n: number): string {
    const used = n % REUSE_EVERY === 0 && this.reused < REUSED_IDS;
    const isOld = (job: MockJob): boolean => job.handedOut > 0 && this.#byId.get(job.id) === job;
    const old = used ? this.#deps.chance.pick(this.all.filter(isOld)) : undefined;
    if (old === undefined) return `job_${String(n).padStart(8, "0")}`;
    this.reused += 1;
    return old.id;
  }

  get(id: string): MockJob | undefined {
    return this.#byId.get(id);
  }

  byNumber(n: number): MockJob | undefined {
    return this.#byNumber.get(n);
  }

  /** A page of the list, and whether there is more. A job whose id was given again is shown as the newer one only. */
  page({ after, order, input, limit }: { after: string | null; order: string; input: string | null; limit: number }) {
    const from = after === null ? null : this.#byId.get(after);
    if (after !== null && from === undefined) return null;
    const shown = (job: MockJob): boolean => this.#byId.get(job.id) === job && (input === null || job.input === input);
    const page: MockJob[] = [];
    const step = order === "asc" ? 1 : -1;
    let at = from === null ? (order === "asc" ? 0 : this.all.length - 1) : (from?.n ?? 0) - 1 + step;
    for (; at >= 0 && at < this.all.length && page.length <= limit; at += step) {
      const job = this.all[at];
      if (job !== undefined && shown(job)) page.push(job);
    }
    return { jobs: page.slice(0, limit), hasMore: page.length > limit };
  }
}

/** A job as the API shows it. */
export function showJob(job: MockJob, resultsUrl: string): object {
  const { id, input, options, metadata, n, createdAt, endsAt, fails } = job;
  const now = Date.now();
  const ended = now >= endsAt;
  const status = ended ? (fails ? "failed" : "succeeded") : now - createdAt < 100 ? "queued" : "processing";
  return {
    ...{ id, object: "job", kind: "image", input, options, metadata, status },
    output: ended && !fails ? `${resultsUrl}/results/${n}` : null,
    error: ended && fails ? { kind: "encode_failed", message: "the encoder failed" } : null,
    tasks: [],
    created_at: createdAt,
    started_at: createdAt + 100,
    finished_at: ended ? Math.round(endsAt) : null,
    updated_at: now,
  };
}
