import type { JobOrder, NoResult } from "../../src/ittybit/client.ts";
import { createFakeIttybit, type FakeIttybit, type FakeJob, OUTPUT_HOST } from "../../src/testing/fake-ittybit.ts";
import { type Faults, strike } from "./faults.ts";
import type { Pictures } from "./pictures.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export const ORIGINALS = "https://cdn.example.com/originals";

/** The outside: Ittybit, the host of its results, and the originals, whose versions it reads when a job is made. */
export class Upstream {
  readonly ittybit: FakeIttybit;
  /** The originals' present versions; absent is 0. */
  readonly versions = new Map<string, number>();
  readonly missing = new Set<string>();
  readonly #faults: () => Faults;
  readonly #pictures: Pictures;
  readonly #clock: VirtualClock;
  readonly #versionOf = new Map<string, number>();

  constructor(clock: VirtualClock, pictures: Pictures, faults: () => Faults) {
    this.#clock = clock;
    this.#pictures = pictures;
    this.#faults = faults;
    this.ittybit = createFakeIttybit(clock);
    this.ittybit.plan = (order) => this.#plan(order);
    this.ittybit.refuse = () => this.#refuse();
    this.ittybit.blind = () => (strike(this.#faults(), "blind") ? unclear("no answer") : null);
  }

  get jobs(): readonly FakeJob[] {
    return this.ittybit.jobs;
  }

  running(): FakeJob[] {
    return this.jobs.filter((job) => job.endsAt > this.#clock.now());
  }

  expected(image: string, width: number): Uint8Array {
    return this.#pictures.output(image, this.versions.get(image) ?? 0, width);
  }

  readonly fetch = (async (input: RequestInfo | URL) => {
    const url = String(input);
    await this.#clock.sleep(5 + this.#clock.random() * 50);
    if (url.startsWith(ORIGINALS)) {
      const image = url.slice(ORIGINALS.length + 1);
      return this.missing.has(image) ? new Response(null, { status: 404 }) : bytes(this.#pictures.original);
    }
    return this.#result(url);
  }) as typeof fetch;

  #plan(order: JobOrder): Partial<FakeJob> & { ms: number } {
    const image = imageOf(order.input);
    this.#versionOf.set(order.idempotencyKey, this.versions.get(image) ?? 0);
    return this.#faults().jobs.shift() ?? { ms: 200 + Math.floor(this.#clock.random() * 3_000) };
  }

  #refuse(): NoResult | "lost" | null {
    const faults = this.#faults();
    const throttled = faults.throttled.shift();
    if (throttled !== undefined) return { kind: "throttled", retryAfterMs: throttled.retryAfterMs };
    if (strike(faults, "account")) return { kind: "account", status: 402, message: "payment required" };
    if (strike(faults, "rejected")) {
      return { kind: "rejected", failure: { code: "upstream_rejected", message: "bad request", httpStatus: 400 } };
    }
    return strike(faults, "unanswered") ? "lost" : null;
  }

  #result(url: string): Response {
    const job = this.jobs.find(({ id }) => url === `${OUTPUT_HOST}/${id}`);
    const fault = this.#faults().outputs.shift();
    if (job === undefined || fault === "gone") return new Response("gone", { status: 404 });
    if (fault === "error") throw new TypeError("connection reset");
    if (fault === "html") return new Response("<!doctype html><title>error</title>");
    const version = this.#versionOf.get(job.order.idempotencyKey) ?? 0;
    const picture = this.#pictures.output(imageOf(job.order.input), version, job.order.options.width ?? 0);
    return bytes(fault === "truncated" ? picture.slice(0, 30) : picture);
  }
}

function imageOf(input: string): string {
  return input.slice(ORIGINALS.length + 1);
}

function unclear(message: string): NoResult {
  return { kind: "unclear", failure: { code: "upstream_unreachable", message } };
}

function bytes(body: Uint8Array): Response {
  return new Response(new Uint8Array(body));
}
