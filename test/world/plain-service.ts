import {
  type ExternalJob,
  type ExternalJobs,
  NOTHING,
  type Observations,
  type OpenJobsView,
} from "@prewarm/durable-queue";
import type {
  Engine,
  Failed,
  Opened,
  Order,
  Result,
  Submitted,
  WatchedJob,
} from "../../workers/consumer/src/engine.ts";
import { expectedSize } from "../../workers/consumer/src/output/expected-size.ts";
import type { EngineHost, MadeJob, TestService } from "../../workers/consumer/src/testing/test-service.ts";

/** How long a watcher rests between two looks, ms. */
const REST_MS = 100;

/** What goes wrong with the next call of each kind. */
export interface Trouble {
  /** Another answer than a job; `lost`: the job is made, and its answer is lost. Null: none. */
  submit(order: Order): Submitted | "lost" | null;
  /** How a new job ends. */
  end(): "done" | "failed" | "cancelled";
  /** What comes in place of a result. Null: nothing. */
  open(job: string): Opened | null;
  /** What a watcher sees in place of the jobs. Null: nothing. */
  look(): Partial<Observations> | null;
}

export const NO_TROUBLE: Trouble = { submit: () => null, end: () => "done", open: () => null, look: () => null };

export interface PlainJob extends MadeJob {
  order: Order;
  ends: ReturnType<Trouble["end"]>;
  /** Unix ms. */
  at: number;
  bytes: Promise<Uint8Array>;
}

function nameOf({ ledger, gen }: Pick<Order, "ledger" | "gen">): string {
  return `${ledger}-${gen}`;
}

/**
 * An engine that is not Ittybit: no HTTP, no list, no page. It makes each variant at once, in the format that was asked for, and knows the
 * job of each generation for ever.
 */
export class PlainService implements TestService {
  readonly jobs: PlainJob[] = [];
  trouble = NO_TROUBLE;
  replays = 0;
  readonly #byId = new Map<string, PlainJob>();
  readonly #byName = new Map<string, PlainJob>();
  readonly #clock: { now(): number };
  readonly #draw: (order: Order) => Promise<Uint8Array>;

  /** `draw` makes the picture of an order. */
  constructor(clock: { now(): number }, draw: (order: Order) => Promise<Uint8Array>) {
    this.#clock = clock;
    this.#draw = draw;
  }

  made(): MadeJob[] {
    return this.jobs;
  }

  readonly engine = (host: EngineHost): Engine => {
    const service = host.living({
      submit: async (order: Order) => this.#submit(order),
      open: async (watched: WatchedJob) => this.#open(watched),
    });
    return {
      formatOf: (asked) => asked,
      submit: service.submit,
      observe: (view, report) => new Watcher(this, host, view, report),
      resultOf: (watched) => this.#resultOf(watched, service.open),
    };
  };

  #submit(order: Order): Submitted {
    const trouble = this.trouble.submit(order);
    if (trouble !== null && trouble !== "lost") return trouble;
    const known = this.#byName.get(nameOf(order));
    if (known !== undefined) this.replays += 1;
    const { id, key, at } = known ?? this.#make(order);
    if (trouble === "lost") return { kind: "unclear", failure: { code: "upstream_unreachable", message: "lost" } };
    const failure = { code: "upstream_conflict", message: `${id} is of ${key}` };
    return key === order.key ? { kind: "made", job: id, createdAt: at } : { kind: "taken", failure };
  }

  #make(order: Order): PlainJob {
    const { key, gen, input } = order;
    const id = `plain_${this.jobs.length + 1}`;
    const job = {
      id,
      key,
      gen,
      input,
      order,
      ends: this.trouble.end(),
      at: this.#clock.now(),
      bytes: this.#draw(order),
    };
    this.jobs.push(job);
    this.#byId.set(id, job);
    this.#byName.set(nameOf(order), job);
    return job;
  }

  #resultOf(watched: WatchedJob, open: (watched: WatchedJob) => Promise<Opened>): Result {
    const { job, generation } = watched;
    const known = this.#byId.get(job.id);
    if (known === undefined || known.key !== generation.key || known.gen !== generation.gen)
      return failed("transient", "upstream_conflict");
    if (known.ends === "failed") return failed("once", "upstream_failed");
    if (known.ends === "cancelled") return failed("transient", "upstream_cancelled");
    const { format, etag, alpha, size, transform } = known.order;
    const made = { format, etag, alpha, size: expectedSize(transform, size) };
    return { kind: "finished", made, open: () => open(watched) };
  }

  async #open({ job }: WatchedJob): Promise<Opened> {
    const trouble = this.trouble.open(job.id);
    if (trouble !== null) return trouble;
    const bytes = (await this.#byId.get(job.id)?.bytes) ?? new Uint8Array();
    return { kind: "open", bytes: bytes.byteLength, read: async () => ({ kind: "bytes", bytes, from: "plain" }) };
  }

  jobOf(id: string): PlainJob | undefined {
    return this.#byId.get(id);
  }

  isMade(generation: Pick<Order, "ledger" | "gen">): boolean {
    return this.#byName.has(nameOf(generation));
  }
}

/** Watches the jobs of one ledger, while any is open. */
class Watcher implements ExternalJobs {
  readonly #service: PlainService;
  readonly #host: EngineHost;
  readonly #view: OpenJobsView;
  readonly #report: (found: Observations) => void;
  #running: Promise<void> | null = null;
  /** The last restore after which all jobs were reported. */
  #scanned = 0;

  constructor(service: PlainService, host: EngineHost, view: OpenJobsView, report: (found: Observations) => void) {
    this.#service = service;
    this.#host = host;
    this.#view = view;
    this.#report = report;
  }

  keepRunning(): Promise<void> | null {
    // A sleep that fails is the end of this instance: another one watches.
    const ended = (): void => {
      this.#running = null;
    };
    if (this.#running === null && this.#isOpen) this.#running = this.#loop().then(ended, ended);
    return this.#running;
  }

  get #restoredBelow(): number {
    return this.#view.scan()?.below ?? this.#scanned;
  }

  get #isOpen(): boolean {
    const { open, unreported } = this.#view;
    return open().length + unreported().length > 0 || this.#restoredBelow !== this.#scanned;
  }

  async #loop(): Promise<void> {
    while (this.#isOpen) {
      await this.#host.sleep(REST_MS);
      this.#report({ ...NOTHING, ...(this.#service.trouble.look() ?? this.#look()) });
    }
  }

  #look(): Partial<Observations> {
    const [service, view, now] = [this.#service, this.#view, this.#host.clock.now()];
    const found = service.jobs.filter(this.#isFound(now)).map(shown);
    const open = view.open().map(({ job }) => ({ job, known: service.jobOf(job) }));
    const ledger = view.queueId();
    const unmade = view
      .unreported()
      .filter(({ gen, sureAt }) => sureAt !== null && now >= sureAt && !service.isMade({ ledger, gen }));
    return {
      found,
      ended: [...found, ...open.flatMap(({ known }) => (known === undefined ? [] : [shown(known)]))],
      absent: open.flatMap(({ job, known }) => (known === undefined ? [job] : [])),
      unmade: unmade.map(({ gen }) => gen),
    };
  }

  /** Jobs that no handler has reported, and once after a restore all from before it. */
  #isFound(now: number): (job: PlainJob) => boolean {
    const unnamed = this.#view.unnamed();
    const isDue = now >= (this.#view.scan()?.from ?? 0);
    const below = isDue && this.#restoredBelow !== this.#scanned ? this.#restoredBelow : 0;
    if (isDue) this.#scanned = this.#restoredBelow;
    return ({ gen, order: { ledger } }) => ledger === this.#view.queueId() && (unnamed.has(gen) || gen < below);
  }
}

function failed(failureClass: Failed["class"], code: string): Failed {
  return { kind: "failed", class: failureClass, failure: { code, message: "the plain engine gave up" } };
}

function shown({ id, order, ends, at }: PlainJob): ExternalJob {
  const { ledger, gen, key, input } = order;
  return {
    id,
    status: ends,
    said: ends,
    known: true,
    output: id,
    error: null,
    input,
    metadata: { ledger, gen: String(gen), key },
    createdAt: at,
    finishedAt: at,
  };
}
