import type { Ittybit, JobOrder, NoResult } from "../../../workers/consumer/src/ittybit/client.ts";
import type { IttybitJob } from "../../../workers/consumer/src/ittybit/dialects.ts";
import {
  createFakeIttybit,
  type FakeIttybit,
  type FakeJob,
  OUTPUT_HOST,
} from "../../../workers/consumer/src/testing/fake-ittybit.ts";
import type { Chance } from "../chance.ts";
import type { VirtualClock } from "../virtual-clock.ts";
import { type Faults, noFaults, strike } from "../weather.ts";
import { IMAGES, type Part, type Pictures } from "./pictures.ts";

export const ORIGINALS = "https://cdn.example.com/originals";
export const STAGED = "https://images.example.com/staged";
/** Stands behind the picture of an original, and tells its version: a decoder stops before it. */
const VERSION_MARK = "version ";
/** How late after its creation a job may read its original. */
const READ_MAX_MS = 3_000;
const LOST_MS = 2_000;

/** The script of a history: what may go wrong on our side, and at Ittybit's. Each entry strikes once. */
export interface Script extends Faults {
  /** Submissions refused. */
  throttled: { retryAfterMs: number | null }[];
  account: number;
  rejected: number;
  /** Submissions that make a job and give no answer. */
  unanswered: number;
  /** Looks that give no answer. */
  blind: number;
  /** How the next new jobs go; Ittybit forgets a lost one two seconds after it was made. */
  jobs: { ms: number; ends: "done" | "failed" | "cancelled" | "lost" }[];
  /** How much later the next POSTs are answered, ms: a page may show the job before. */
  lateAnswers: number[];
  /** What the next results' URLs answer instead. */
  outputs: ("html" | "truncated" | "gone" | "error")[];
}

export function emptyScript(): Script {
  const upstream = { throttled: [], account: 0, rejected: 0, unanswered: 0, blind: 0, jobs: [], outputs: [] };
  return { ...noFaults(), ...upstream, lateAnswers: [] };
}

/** A variant, and the oldest version of its original that it may show. */
interface Shown {
  image: string;
  from: number;
  width: number;
  part: Part;
}

/** The outside in memory: Ittybit, the host of its results, and the originals, which a job reads a while after it was made. */
export class Upstream {
  readonly missing = new Set<string>();
  /** The bytes of a staged original, by its name in R2. */
  staged: (name: string) => Uint8Array | undefined = () => undefined;
  /** Jobs that were made from staged bytes. */
  fromStaged = 0;
  /** Called with each order that was answered with a job: whose it is, and whether it was made for this order. */
  onSubmit: (order: JobOrder, job: { key: string; isNew: boolean }) => void = () => undefined;
  readonly #ittybit: FakeIttybit;
  readonly #script: () => Script;
  readonly #pictures: Pictures;
  readonly #clock: VirtualClock;
  readonly #chance: Chance;
  /** When each original changed, by image: as many times as its version says. */
  readonly #changes = new Map<string, number[]>();
  readonly #readAt = new Map<string, number>();
  /** The versions of the staged bytes that jobs read, by idempotency key. */
  readonly #stagedVersions = new Map<string, number>();
  /** When Ittybit forgets a job, by its id. */
  readonly #lostAt = new Map<string, number>();
  /** Somebody else's jobs, which stand between ours in the list, by the time they were made. */
  readonly #others: IttybitJob[] = [];

  constructor(world: { clock: VirtualClock; chance: Chance; pictures: Pictures; script: () => Script }) {
    this.#clock = world.clock;
    this.#chance = world.chance;
    this.#pictures = world.pictures;
    this.#script = world.script;
    this.#ittybit = createFakeIttybit(world.clock);
    this.#ittybit.plan = (order) => this.#plan(order);
    this.#ittybit.refuse = () => this.#refuse();
  }

  get jobs(): readonly FakeJob[] {
    return this.#ittybit.jobs;
  }

  running(): FakeJob[] {
    return this.jobs.filter((job) => job.endsAt > this.#clock.now() && !this.#isLost(job.id));
  }

  /** Generations whose job runs no more. */
  endedGens(): Set<number> {
    const ended = this.jobs.filter((job) => job.endsAt <= this.#clock.now() || this.#isLost(job.id));
    return new Set(ended.map(({ order }) => Number(order.metadata.gen)));
  }

  #isLost(id: string): boolean {
    return (this.#lostAt.get(id) ?? Number.POSITIVE_INFINITY) <= this.#clock.now();
  }

  /** Somebody else makes so many jobs with this account. */
  makeOthers(n: number): void {
    const createdAt = this.#clock.now();
    for (let made = 0; made < n; made += 1) {
      const id = `other_${this.#others.length}`;
      const words = { status: "done", said: "succeeded", known: true } as const;
      this.#others.push({
        id,
        ...words,
        output: null,
        error: null,
        metadata: {},
        input: null,
        createdAt,
        finishedAt: createdAt,
      });
    }
  }

  change(image: string): void {
    this.#changes.set(image, [...(this.#changes.get(image) ?? []), this.#clock.now()]);
  }

  versionOf(image: string, at = this.#clock.now()): number {
    return (this.#changes.get(image) ?? []).filter((changed) => changed <= at).length;
  }

  /** Whether these are the bytes of an original of a version from `from` on. */
  mayShow(bytes: Uint8Array, { image, from, width, part }: Shown): boolean {
    const versions = Array.from({ length: this.versionOf(image) - from + 1 }, (_, n) => from + n);
    return versions.some((version) => Buffer.compare(bytes, this.#pictures.output(image, version, width, part)) === 0);
  }

  /** The client: every call takes its time there and back. */
  readonly client: Ittybit = {
    submit: async (order) => {
      await this.#wire();
      const before = this.jobs.length;
      const answer = await this.#ittybit.submit(order);
      const isNew = this.jobs.length > before;
      const job = isNew ? this.jobs.at(-1) : this.jobs.find(({ id }) => answer.kind === "made" && id === answer.job.id);
      if (job !== undefined) this.onSubmit(order, { key: job.order.metadata.key ?? "", isNew });
      await this.#clock.sleep(this.#script().lateAnswers.shift() ?? 0);
      await this.#wire();
      return answer;
    },
    get: async (id) => {
      await this.#wire();
      const look = this.#isLost(id) ? ({ kind: "absent" } as const) : await this.#ittybit.get(id);
      await this.#wire();
      return look;
    },
    list: async ({ next, after } = {}) => {
      await this.#wire();
      const page = strike(this.#script(), "blind")
        ? unclear("no answer")
        : await this.#page(new URLSearchParams(next).get("after") ?? after ?? null);
      await this.#wire();
      return page;
    },
  };

  /** Newest first, a hundred from the cursor on; a job that is not there is none. */
  async #page(after: string | null): ReturnType<Ittybit["list"]> {
    const looks = await Promise.all(this.jobs.map(({ id }) => this.#ittybit.get(id)));
    const ours = looks.flatMap((look) => (look.kind === "job" && !this.#isLost(look.job.id) ? [look.job] : []));
    const all = [...ours, ...this.#others].sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0));
    const at = after === null ? -1 : all.findIndex(({ id }) => id === after);
    if (after !== null && at < 0) return { kind: "noCursor" };
    const jobs = all.slice(at + 1, at + 101);
    return {
      kind: "page",
      jobs,
      ignoresCursors: false,
      next: all.length > at + 101 ? `limit=100&after=${jobs.at(-1)?.id}` : null,
    };
  }

  readonly fetch = (async (input: RequestInfo | URL) => {
    const url = String(input);
    await this.#clock.sleep(this.#chance.between(5, 55));
    if (url.startsWith(ORIGINALS)) {
      const image = imageOf(url);
      if (this.missing.has(image)) return new Response(null, { status: 404 });
      // One of the origins tells no etag.
      const version = this.versionOf(image);
      const body = Buffer.concat([this.#pictures.original(image), Buffer.from(`${VERSION_MARK}${version}`)]);
      // And its length, so that it can be streamed.
      const told = { etag: `"${image}-${version}"`, "content-length": String(body.length) };
      return new Response(body, { headers: image === IMAGES[0] ? told : {} });
    }
    return this.#result(url);
  }) as typeof fetch;

  #wire(): Promise<void> {
    return this.#clock.sleep(this.#chance.between(10, 210));
  }

  #plan(order: JobOrder): Partial<FakeJob> & { ms: number } {
    const { ms, ends } = this.#script().jobs.shift() ?? { ms: this.#chance.between(200, 3_200), ends: "done" as const };
    const now = this.#clock.now();
    this.#readAt.set(order.idempotencyKey, now + this.#chance.between(0, Math.min(READ_MAX_MS, ms)));
    if (order.input.startsWith(STAGED)) {
      const version = this.#stagedVersion(order.input);
      // A purge has deleted the bytes.
      if (version === null) return { ms, ends: "failed" };
      this.fromStaged += 1;
      this.#stagedVersions.set(order.idempotencyKey, version);
    }
    if (ends !== "lost") return { ms, ends };
    this.#lostAt.set(`job_${String(this.jobs.length + 1).padStart(6, "0")}`, now + LOST_MS);
    return { ms };
  }

  #stagedVersion(url: string): number | null {
    const [number, image] = url.slice(STAGED.length + 1).split("/");
    const body = this.staged(`staged/${image}/${number}`);
    return body === undefined ? null : Number(Buffer.from(body).toString("latin1").split(VERSION_MARK).at(-1));
  }

  #refuse(): NoResult | "lost" | null {
    const script = this.#script();
    const throttled = script.throttled.shift();
    if (throttled !== undefined) return { kind: "throttled", retryAfterMs: throttled.retryAfterMs };
    if (strike(script, "account")) return { kind: "account", status: 402, message: "payment required" };
    if (strike(script, "rejected")) {
      return { kind: "rejected", failure: { code: "upstream_rejected", message: "bad request", httpStatus: 400 } };
    }
    return strike(script, "unanswered") ? "lost" : null;
  }

  #result(url: string): Response {
    const job = this.jobs.find(({ id }) => url === `${OUTPUT_HOST}/${id}`);
    const fault = this.#script().outputs.shift();
    if (job === undefined || fault === "gone") return new Response("gone", { status: 404 });
    if (fault === "error") throw new TypeError("connection reset");
    if (fault === "html") return new Response("<!doctype html><title>error</title>");
    const image = imageOf(job.order.input);
    const staged = this.#stagedVersions.get(job.order.idempotencyKey);
    const version = staged ?? this.versionOf(image, this.#readAt.get(job.order.idempotencyKey));
    const { width = 0, fit, position } = job.order.options;
    const part = fit === "cover" ? (position ?? "center") : "whole";
    const picture = this.#pictures.output(image, version, width, part as Part);
    return bytes(fault === "truncated" ? picture.slice(0, 30) : picture);
  }
}

function imageOf(url: string): string {
  return url.slice(url.lastIndexOf("/") + 1);
}

function unclear(message: string): NoResult {
  return { kind: "unclear", failure: { code: "upstream_unreachable", message } };
}

function bytes(body: Uint8Array): Response {
  return new Response(new Uint8Array(body));
}
