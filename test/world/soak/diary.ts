import type { Assignment, ChunkAnswer, Sql } from "@prewarm/durable-queue";
import { orientedSize, readImageHeader, sniffType } from "@prewarm/shared/image-header";
import { FORMAT_ROWS } from "@prewarm/shared/mime";
import { keyOfJob, parseVariantKey } from "@prewarm/shared/variant-key";
import type { AcceptChunk } from "../../../workers/consumer/src/images/calls.ts";
import type { Ittybit } from "../../../workers/consumer/src/ittybit/client.ts";
import type { ExchangeAnswer, ExchangeRequest } from "../../../workers/consumer/src/ledger/calls.ts";
import type { LedgerCalls } from "../../../workers/consumer/src/ledger/ledger-for.ts";
import { expectedSize } from "../../../workers/consumer/src/output/expected-size.ts";
import type { Stored } from "../../../workers/consumer/src/testing/memory-bucket.ts";
import { KeptResults } from "../kept-results.ts";
import type { Put } from "../store.ts";
import type { Watcher } from "../world.ts";
import { imageOf, kindOf, sizeOf, stampOf, viewedKey, warmedKeys } from "./originals.ts";

/** Why a key may get a further job: the earlier one failed, or somebody ordered it anew. */
export type Reason =
  | "failed"
  | "outdated"
  | "unclear"
  | "force"
  | "replaced"
  | "purge"
  | "cancel"
  | "retry"
  | "deleted";

/** Log events that tell of a fault of ours. */
const FAILURES = new Set([...["batch.failed", "queue.duty_failed", "queue.send_failed", "collect.failed"]]);

/** The bulk run that is cancelled on the way. */
export const CANCELLED_RUN = "campaign";

function allKeys(image: number): string[] {
  return [...warmedKeys(image), viewedKey(image)];
}

/** Everything that happened and is needed for the verdict, written down by the simulated world and never by the code under test. */
export class Diary implements Watcher {
  /** Keys that the ledger has accepted, and those of them that neither a purge nor the cancelled run has freed it from. */
  readonly promised = new Set<string>();
  readonly kept = new Set<string>();
  /** Keys that viewers asked for. */
  readonly viewed = new Set<string>();
  readonly reasons = new Map<string, { at: number; why: Reason }[]>();
  /** When each generation was granted first. */
  readonly granted = new Map<number, number>();
  /** Purged images and the floor below which none of their objects may stand at rest. */
  readonly purged = new Map<number, number>();
  readonly deletedByHand = new Set<string>();
  readonly violations: string[] = [];
  readonly outcomes = new Map<string, number>();
  /** Generations that a ledger put back to an earlier point knows nothing of, or not their job: what they run holds no slot. */
  readonly forgotten = new Set<number>();
  /** Those, what was merely looked at since, because a handler puts copies of what has the same picture, and what was under way at the earlier point. */
  readonly madeAgain = new Set<number>();
  /** Generations granted since the earlier point whose order it does not hold: made again once somebody orders it anew. */
  readonly unordered = new Set<number>();
  /** How often the ledger was put back. */
  putBacks = 0;
  /** When each token that the gate gave was there, Unix ms, by generation. */
  readonly tokens = new Map<number, Set<number>>();
  /** Jobs whose id the ledger has heard. */
  readonly heard = new Set<string>();
  /** When Ittybit said last of a job that there is none. */
  readonly absent = new Map<string, number>();
  /** By key, what passed between handlers and ledger; null unless asked for, because it fills the heap. */
  readonly traces: Map<string, string[]> | null;
  puts = 0;
  served = 0;
  misses = 0;
  readonly #keys = new Map<string, string>();
  /** When each generation was last given to a handler, to look at or to make. */
  readonly #given = new Map<number, number>();
  /** To which handler each generation was given last. */
  readonly #holders = new Map<number, string>();
  /** Variant keys by the generation that was granted. */
  readonly #keyOf = new Map<number, string>();
  /** Variant keys by the ledger's number of their row. */
  readonly #names = new Map<number, string>();
  /** The ledger's tables, once there are some. */
  #sql: Sql | null = null;
  readonly #kept = new KeptResults((text) => this.violation(text));
  readonly #now: () => number;
  readonly #versions: Int32Array;

  constructor(now: () => number, versions: Int32Array, traced: boolean) {
    this.#now = now;
    this.#versions = versions;
    this.traces = traced ? new Map() : null;
  }

  /** What the wire saw: every call the ledger heard, and what it answered, whether or not the answer arrives. */
  hear(call: keyof LedgerCalls, args: unknown[], work: () => unknown): unknown {
    if (call === "exchange") return this.#exchange(args[0] as ExchangeRequest, work);
    const answer = work();
    if (call === "acceptChunk") this.#accepted(args[0] as AcceptChunk, answer as ChunkAnswer);
    if (call === "cancelRun") this.#cancelled();
    if (call === "purgeImage") this.#purged(imageOf(String(args[0])), Number((answer as { purge: string }).purge));
    return answer;
  }

  committed(): void {}

  passed(): void {}

  putIssued(): void {}

  putLanded({ key }: Put, object: Stored): void {
    if (!key.startsWith("variants/")) return;
    this.puts += 1;
    void this.check(key, object, false);
  }

  logged(event: string, fields: Record<string, unknown> = {}): void {
    const error = String(fields.error ?? "");
    if (error.includes("(world)") || error.includes("no answer in time")) return;
    if (event === "job.unexpected") this.violation(`unexpected: ${fields.key} ${error}`);
    if (FAILURES.has(event)) this.violation(`${event}: ${fields.duty ?? ""} ${error}`);
  }

  /** The tables that tell whose each job is. */
  attach(sql: Sql): void {
    this.#sql = sql;
  }

  /** A client whose looks at jobs are noted. */
  watching(ittybit: Ittybit): Ittybit {
    const noteJob = (job: string, what: string): void => this.note(this.#keys.get(job) ?? job, what);
    return {
      submit: async (order) => {
        const made = await ittybit.submit(order);
        if (made.kind === "made") this.#keys.set(made.job.id, order.metadata.key ?? "");
        this.note(order.metadata.key ?? "", `POST ${made.kind} ${made.kind === "made" ? made.job.id : ""}`);
        return made;
      },
      get: async (id) => {
        const look = await ittybit.get(id);
        if (look.kind === "absent") this.absent.set(id, this.#now());
        noteJob(id, `GET ${look.kind} ${look.kind === "job" ? look.job.status : ""}`);
        return look;
      },
      list: async (query) => {
        const page = await ittybit.list(query);
        if (page.kind === "page") for (const job of page.jobs) noteJob(job.id, `listed ${job.status}`);
        return page;
      },
    };
  }

  note(key: string, what: string): void {
    if (this.traces === null) return;
    const known = this.traces.get(key) ?? [];
    known.push(`${((this.#now() % 100_000_000) / 1000).toFixed(1)} ${what}`);
    this.traces.set(key, known);
  }

  violation(text: string): void {
    if (this.violations.length < 50) this.violations.push(text);
  }

  because(key: string, why: Reason): void {
    const known = this.reasons.get(key) ?? [];
    known.push({ at: this.#now(), why });
    this.reasons.set(key, known);
  }

  /** The ledger has accepted these keys: from now on none may be lost. */
  #accepted({ images, run, force }: AcceptChunk, answer: ChunkAnswer): void {
    if (answer.status !== "done" || answer.closed === true) return;
    for (const key of images.flatMap(({ keys }) => keys)) {
      this.promised.add(key);
      if (run.run !== CANCELLED_RUN) this.kept.add(key);
      if (force) this.because(key, "force");
    }
  }

  #exchange(request: ExchangeRequest, work: () => unknown): unknown {
    const mine = request.settled.length === 0 ? new Set<number>() : this.#grantedTo(request.owner);
    for (const { job } of request.submitted) this.heard.add(job);
    const answer = work() as ExchangeAnswer;
    this.#settled(request, answer, mine);
    if (answer.status === "ok") for (const one of answer.give) this.#gave(request.owner, one);
    return answer;
  }

  /** Generations that this owner holds and may have POSTed. The row of a claim that is only fetched names no owner. */
  #grantedTo(owner: string): Set<number> {
    if (this.#sql === null) return new Set();
    // Not by `lookAt`: that reads all rows, too slow for each exchange.
    const held = this.#sql.exec("SELECT gen FROM claims WHERE state <> 'abandoned'").map(({ gen }) => Number(gen));
    return new Set(held.filter((gen) => this.#holders.get(gen) === owner));
  }

  #gave(owner: string, given: Assignment): void {
    const { id, gen, phase, notBefore, grantedAt, job } = given;
    const key = keyOfJob(given);
    this.#names.set(id, key);
    this.#holders.set(gen, owner);
    this.#given.set(gen, this.#now());
    this.note(key, `${owner} is given ${phase} ${gen} ${job ?? ""}`);
    if (phase !== "admitted") return;
    this.granted.set(gen, grantedAt);
    this.#keyOf.set(gen, key);
    this.tokens.set(gen, (this.tokens.get(gen) ?? new Set()).add(notBefore));
  }

  /** Only one run is ever cancelled. Until its call is heard, work of it is granted. */
  #cancelled(): void {
    for (const key of this.promised) if (!this.kept.has(key)) this.because(key, "cancel");
  }

  #purged(image: number, floor: number): void {
    this.purged.set(image, floor);
    for (const key of allKeys(image)) {
      this.kept.delete(key);
      this.because(key, "purge");
    }
  }

  /** The ledger stands as it did at `at`, when these were granted and the rows of these keys waited. */
  putBack(at: number, granted: readonly { gen: number; job: string | null }[], ordered: ReadonlySet<string>): void {
    const since = [...this.granted].flatMap(([gen, grantedAt]) => (grantedAt >= at ? [{ gen, job: null }] : []));
    for (const { gen } of since) if (!ordered.has(this.#keyOf.get(gen) ?? "")) this.unordered.add(gen);
    for (const { gen, job } of [...granted, ...since]) {
      this.madeAgain.add(gen);
      if (job === null) this.forgotten.add(gen);
    }
    for (const [gen, givenAt] of this.#given) if (givenAt >= at) this.madeAgain.add(gen);
  }

  replaced(image: number): void {
    for (const key of allKeys(image)) this.because(key, "replaced");
  }

  /** What the ledger heard of outcomes. What is said of a job that its sayer does not hold explains nothing. */
  #settled({ owner, settled }: ExchangeRequest, { status }: ExchangeAnswer, mine: ReadonlySet<number>): void {
    this.#kept.heard(settled, this.#now());
    for (const { id, gen, outcome } of settled) {
      const key = this.#names.get(id) ?? "";
      const what = outcome.kind === "failed" ? `failed ${outcome.failure.code}` : outcome.kind;
      count(this.outcomes, status === "ok" ? what : `${what}: lost`);
      this.note(key, `${owner} says ${JSON.stringify(outcome)} of ${gen}: ${status}`);
      if (status !== "ok" || !mine.has(gen)) continue;
      if (outcome.kind === "failed" || outcome.kind === "unclear" || outcome.kind === "outdated")
        this.because(key, outcome.kind);
    }
  }

  /** Whether an object is the variant its key names; a fault is a violation. `current`: of the newest version of its original. */
  async check(key: string, { bytes, customMetadata, httpMetadata }: Stored, current: boolean): Promise<void> {
    const { contentType } = httpMetadata;
    const fault = await this.#faultOf(key.replace(/^variants\//, ""), bytes, customMetadata, current);
    if (fault !== null) this.violation(`corrupt: ${key} ${fault}`);
    const format = key.split(".").at(-1) as keyof typeof FORMAT_ROWS;
    if (contentType !== FORMAT_ROWS[format]?.type) this.violation(`corrupt: ${key} has content type ${contentType}`);
  }

  async #faultOf(
    key: string,
    bytes: Uint8Array,
    custom: Record<string, string>,
    current: boolean,
  ): Promise<string | null> {
    const parsed = parseVariantKey(key);
    const image = parsed === null ? Number.NaN : imageOf(parsed.id);
    if (parsed === null || Number.isNaN(image) || kindOf(image) !== "image") return "should not exist";
    if (sniffType(bytes) !== parsed.transform.format) return `is ${sniffType(bytes)}`;
    const header = readImageHeader(bytes);
    const want = expectedSize(parsed.transform, sizeOf(image));
    const size = header === null ? null : orientedSize(header);
    if (size === null || want === null) return "has no readable header";
    if (Math.abs(size.width - want.width) > 1 || Math.abs(size.height - want.height) > 1)
      return `is ${size.width} × ${size.height}, not ${want.width} × ${want.height}`;
    if (Number(custom.width) !== size.width || Number(custom.height) !== size.height) return "lies about its size";
    const text = Buffer.from(bytes).toString("latin1");
    if (!text.includes(`/o/${parsed.id}`)) return "belongs to another original";
    const newest = this.#versions[image] ?? 0;
    for (let version = current ? newest : 0; version <= newest; version += 1) {
      if (text.includes(await stampOf(image, version))) return null;
    }
    return current ? "is of an older original" : "is of no version of its original";
  }
}

export function count(map: Map<string, number>, name: string, by = 1): void {
  map.set(name, (map.get(name) ?? 0) + by);
}
