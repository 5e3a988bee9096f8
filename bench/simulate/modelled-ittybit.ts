import type { Ittybit, JobOrder, Listing, Submission } from "../../workers/consumer/src/ittybit/client.ts";
import type { IttybitJob } from "../../workers/consumer/src/ittybit/dialects.ts";

interface Made {
  id: string;
  place: number;
  order: JobOrder;
  createdAt: number;
  endsAt: number;
}

interface Model {
  clock: { now(): number; sleep(ms: number): Promise<void> };
  /** How long a call takes, and the next job, ms. */
  takes(call: "post" | "list" | "job"): number;
}

const PAGE = 100;
export const OUTPUT_HOST = "https://store.example.net";

/** Ittybit as its reference describes it, with latencies of a model: what is called, how often, and how many jobs run at once. */
export class ModelledIttybit implements Pick<Ittybit, "submit" | "get" | "list"> {
  readonly calls = { post: 0, list: 0, get: 0 };
  /** Most jobs at once, and most POSTs within a second. */
  readonly most = { running: 0, postsPerSecond: 0 };
  readonly jobs: Made[] = [];
  readonly #byId = new Map<string, Made>();
  readonly #byKey = new Map<string, Made>();
  readonly #ends: number[] = [];
  readonly #posts: number[] = [];
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
  }

  find(id: string): Made | undefined {
    return this.#byId.get(id);
  }

  submit(order: JobOrder): Promise<Submission> {
    this.calls.post += 1;
    return this.#answer("post", () => {
      const known = this.#byKey.get(order.idempotencyKey);
      return { kind: "made", job: this.#shown(known ?? this.#make(order)), replayed: known !== undefined };
    });
  }

  get(id: string) {
    this.calls.get += 1;
    return this.#answer("list", () => {
      const job = this.#byId.get(id);
      return job === undefined ? ({ kind: "absent" } as const) : ({ kind: "job", job: this.#shown(job) } as const);
    });
  }

  list({ after, next }: { after?: string; next?: string } = {}): Promise<Listing> {
    this.calls.list += 1;
    return this.#answer("list", (): Listing => {
      const cursor = next ?? after;
      const from = cursor === undefined ? this.jobs.length : this.#byId.get(cursor)?.place;
      if (from === undefined) return { kind: "noCursor" };
      const page = this.jobs.slice(Math.max(0, from - PAGE), from).reverse();
      const last = page.at(-1);
      const more = from > PAGE ? (last?.id ?? null) : null;
      return { kind: "page", jobs: page.map((job) => this.#shown(job)), next: more, ignoresCursors: false };
    });
  }

  #make(order: JobOrder): Made {
    const now = this.#model.clock.now();
    const place = this.jobs.length;
    const job = { id: `job_${place}`, place, order, createdAt: now, endsAt: now + this.#model.takes("job") };
    this.jobs.push(job);
    this.#byId.set(job.id, job);
    this.#byKey.set(order.idempotencyKey, job);
    this.#count(now, job.endsAt);
    return job;
  }

  #count(now: number, endsAt: number): void {
    this.#ends.push(endsAt);
    this.#posts.push(now);
    const running = this.#ends.filter((end) => end > now);
    this.#ends.splice(0, this.#ends.length, ...running);
    while ((this.#posts[0] ?? now) <= now - 1_000) this.#posts.shift();
    this.most.running = Math.max(this.most.running, running.length);
    this.most.postsPerSecond = Math.max(this.most.postsPerSecond, this.#posts.length);
  }

  #shown({ id, order, createdAt, endsAt }: Made): IttybitJob {
    const isEnded = this.#model.clock.now() >= endsAt;
    const { input, metadata } = order;
    const words = isEnded ? ({ status: "done", said: "succeeded" } as const) : PROCESSING;
    const result = {
      output: isEnded ? `${OUTPUT_HOST}/${id}` : null,
      error: null,
      finishedAt: isEnded ? endsAt : null,
    };
    return { id, ...words, known: true, input, metadata, createdAt, ...result };
  }

  async #answer<T>(call: "post" | "list", answer: () => T): Promise<T> {
    const { clock, takes } = this.#model;
    const half = takes(call) / 2;
    await clock.sleep(half);
    const said = answer();
    await clock.sleep(half);
    return said;
  }
}

const PROCESSING = { status: "pending", said: "processing" } as const;
