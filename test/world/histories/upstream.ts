import type { Ittybit, JobOrder, NoResult } from "../../../workers/consumer/src/ittybit/client.ts";
import {
  createFakeIttybit,
  type FakeIttybit,
  type FakeJob,
  OUTPUT_HOST,
} from "../../../workers/consumer/src/testing/fake-ittybit.ts";
import type { Chance } from "../chance.ts";
import type { VirtualClock } from "../virtual-clock.ts";
import { type Faults, noFaults, strike } from "../weather.ts";
import type { Pictures } from "./pictures.ts";

export const ORIGINALS = "https://cdn.example.com/originals";
/** How late after its creation a job may read its original. */
const READ_MAX_MS = 3_000;

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
  /** How the next new jobs go. */
  jobs: { ms: number; ends: "done" | "failed" | "cancelled" }[];
  /** What the next results' URLs answer instead. */
  outputs: ("html" | "truncated" | "gone" | "error")[];
}

export function emptyScript(): Script {
  const upstream = { throttled: [], account: 0, rejected: 0, unanswered: 0, blind: 0, jobs: [], outputs: [] };
  return { ...noFaults(), ...upstream };
}

/** The outside in memory: Ittybit, the host of its results, and the originals, which a job reads a while after it was made. */
export class Upstream {
  readonly missing = new Set<string>();
  /** Called with the order of each job that is made. */
  onJob: (order: JobOrder) => void = () => undefined;
  readonly #ittybit: FakeIttybit;
  readonly #script: () => Script;
  readonly #pictures: Pictures;
  readonly #clock: VirtualClock;
  readonly #chance: Chance;
  /** When each original changed, by image: as many times as its version says. */
  readonly #changes = new Map<string, number[]>();
  readonly #readAt = new Map<string, number>();

  constructor(world: { clock: VirtualClock; chance: Chance; pictures: Pictures; script: () => Script }) {
    this.#clock = world.clock;
    this.#chance = world.chance;
    this.#pictures = world.pictures;
    this.#script = world.script;
    this.#ittybit = createFakeIttybit(world.clock);
    this.#ittybit.plan = (order) => this.#plan(order);
    this.#ittybit.refuse = () => this.#refuse();
    this.#ittybit.blind = () => (strike(this.#script(), "blind") ? unclear("no answer") : null);
  }

  get jobs(): readonly FakeJob[] {
    return this.#ittybit.jobs;
  }

  running(): FakeJob[] {
    return this.jobs.filter((job) => job.endsAt > this.#clock.now());
  }

  change(image: string): void {
    this.#changes.set(image, [...(this.#changes.get(image) ?? []), this.#clock.now()]);
  }

  versionOf(image: string, at = this.#clock.now()): number {
    return (this.#changes.get(image) ?? []).filter((changed) => changed <= at).length;
  }

  expected(image: string, width: number): Uint8Array {
    return this.#pictures.output(image, this.versionOf(image), width);
  }

  /** The client: every call takes its time there and back. */
  readonly client: Ittybit = {
    submit: async (order) => {
      await this.#wire();
      const before = this.jobs.length;
      const answer = await this.#ittybit.submit(order);
      if (this.jobs.length > before) this.onJob(order);
      await this.#wire();
      return answer;
    },
    get: (id) => this.#wire().then(() => this.#ittybit.get(id)),
    list: (query) => this.#wire().then(() => this.#ittybit.list(query)),
  };

  readonly fetch = (async (input: RequestInfo | URL) => {
    const url = String(input);
    await this.#clock.sleep(this.#chance.between(5, 55));
    if (url.startsWith(ORIGINALS)) {
      return this.missing.has(imageOf(url)) ? new Response(null, { status: 404 }) : bytes(this.#pictures.original);
    }
    return this.#result(url);
  }) as typeof fetch;

  #wire(): Promise<void> {
    return this.#clock.sleep(this.#chance.between(10, 210));
  }

  #plan(order: JobOrder): Partial<FakeJob> & { ms: number } {
    const job = this.#script().jobs.shift() ?? { ms: this.#chance.between(200, 3_200) };
    this.#readAt.set(order.idempotencyKey, this.#clock.now() + this.#chance.between(0, Math.min(READ_MAX_MS, job.ms)));
    return job;
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
    const version = this.versionOf(image, this.#readAt.get(job.order.idempotencyKey));
    const picture = this.#pictures.output(image, version, job.order.options.width ?? 0);
    return bytes(fault === "truncated" ? picture.slice(0, 30) : picture);
  }
}

function imageOf(url: string): string {
  return url.slice(ORIGINALS.length + 1);
}

function unclear(message: string): NoResult {
  return { kind: "unclear", failure: { code: "upstream_unreachable", message } };
}

function bytes(body: Uint8Array): Response {
  return new Response(new Uint8Array(body));
}
