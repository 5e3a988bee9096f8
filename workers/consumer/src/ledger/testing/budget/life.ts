import { type Assignment, type ExternalJob, NOTHING, type Sql } from "@prewarm/durable-queue";
import { observe } from "@prewarm/durable-queue/testing";
import type { Lane } from "@prewarm/shared/job";
import type { DeliveryNote, ExchangeRequest } from "../../calls.ts";
import { chunkOf } from "../chunk-of.ts";
import type { DirectLedger } from "../direct-calls.ts";
import { testConfig } from "../setup-config.ts";
import { type Done, testEngine } from "../test-engine.ts";

/** What is asked for: `images` originals of `variants` each, in one request of a lane, or as views `everyMs` apart; `times`, an hour apart. */
export interface Path {
  times: number;
  lane: Lane;
  images: number;
  variants: number;
  everyMs: number;
  /** Views only: the edge calls the consumer, else it sends a message. */
  called?: boolean;
}

const STEP_MS = 200;
const JOB_MS = 2_000;
const SHIFT_MS = 30_000;
/** A viewer's handler tells of its POST with the call that leaves. */
const LIVE_SHIFT_MS = 200;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** The days in which a rule of the queue's prune.ts forgets something, from and to: it keeps for 1, 3, 14, 30, 90 or 400 days. */
const FORGETTING = [
  [0, 33],
  [89, 95],
  [395, 405],
] as const;

const NOTE: DeliveryNote = {
  hook: "uploads",
  verdict: "accepted",
  why: null,
  n: 1,
  run: null,
  accepted: 0,
  duplicates: 0,
  existing: 0,
  purged: 0,
  ignored: 0,
  rejected: 0,
  images: [],
};

type Held = ExchangeRequest["have"][number] & { job: string | null };

/** A handler of a batch of misses, one that a wake-up has called, or one that the edge has called. */
type Kind = "live" | "work" | "called";

/** A handler as the ledger knows it: what it says from call to call. */
class Hand {
  readonly owner: string;
  readonly role: "urgent" | "work";
  readonly #brief: boolean;
  readonly #since: number;
  readonly held = new Map<number, Held>();
  nextCall = 0;
  #first = true;
  #submitted: ExchangeRequest["submitted"] = [];
  #settled: ExchangeRequest["settled"] = [];

  constructor(owner: string, kind: Kind, now: number) {
    this.owner = owner;
    this.role = kind === "live" ? "urgent" : "work";
    this.#brief = kind !== "work";
    this.#since = now;
  }

  /** One call. False: it has left. */
  call(engine: DirectLedger, now: number, asks: ExchangeRequest["asks"], started: (job: string) => void): boolean {
    const age = now - this.#since;
    const ends = this.role === "urgent" ? age >= LIVE_SHIFT_MS : age >= SHIFT_MS;
    const leave = ends && this.#first === false;
    const request: ExchangeRequest = {
      owner: this.owner,
      first: this.#first,
      role: this.role,
      brief: this.#brief,
      asks,
      leave,
      room: this.role === "urgent" || ends ? 0 : Math.max(0, 40 - this.held.size),
      have: [...this.held.values()].map(({ id, gen, phase }) => ({ id, gen, phase })),
      submitted: this.#submitted,
      settled: this.#settled,
    };
    this.#first = false;
    this.#submitted = [];
    this.#settled = [];
    const answer = engine.exchange(request);
    if (answer.status === "lost" || leave) return false;
    for (const { id } of answer.stop) this.held.delete(id);
    for (const given of answer.give) this.#take(given, now, started);
    this.nextCall = now + answer.again;
    return answer.stay || this.held.size + this.#settled.length > 0 || this.#leave(engine);
  }

  #leave(engine: DirectLedger): boolean {
    const said = { have: [], asks: [], submitted: [], settled: [] };
    engine.exchange({ owner: this.owner, first: false, role: this.role, room: 0, ...said, leave: true });
    return false;
  }

  /** All that it is asked for is done by the next call. */
  #take({ id, gen, phase, job }: Assignment, now: number, started: (job: string) => void): void {
    if (phase === "standby") this.held.set(id, { id, gen, phase: "ready", job: null });
    else if (phase === "admitted") {
      const made = `job-${gen}-${now}`;
      started(made);
      this.#submitted.push({ id, gen, job: made });
      this.held.set(id, { id, gen, phase: "watch", job: made });
    } else if (phase === "finish") {
      this.held.delete(id);
      const outcome = {
        kind: "stored" as const,
        bytes: 40_000,
        etag: "0123456789abcdef0123456789abcdef",
        tookMs: 2_000,
      };
      this.#settled.push({ id, gen, outcome });
    } else this.held.set(id, { id, gen, phase, job });
  }
}

/** The real engine, played from the first order until all is forgotten: workers, Ittybit and time are this file's. */
export class Life {
  readonly #clock = { ms: Date.UTC(2026, 10, 24), now: () => this.#clock.ms, random: () => 0.5 };
  readonly #sql: Sql;
  readonly #engine: DirectLedger;
  readonly #done: Done;
  readonly #hands = new Set<Hand>();
  readonly #jobs = new Map<string, number>();
  #owners = 0;
  #woken = 0;
  #alarms = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
    const config = testConfig({ gate: { concurrency: 50, ratePerSecond: 20, burst: 40 } });
    const more = { sleep: async () => undefined };
    const { engine, done, host } = testEngine(sql, { config, clock: this.#clock }, more);
    this.#engine = engine;
    this.#done = done;
    const set = host.storage.setAlarm;
    // The platform bills each as a row written.
    host.storage.setAlarm = (at) => {
      this.#alarms += 1;
      return set(at);
    };
  }

  /** Rows written, by what they were written for, and messages sent. */
  async play(path: Path): Promise<Record<string, number>> {
    const birth = this.#sql.rowsWritten;
    for (let time = 0; time < path.times; time += 1) {
      await this.#once(path, time);
      await this.#pass(60_000);
      await this.#sleepUntil(this.#clock.ms + HOUR_MS, HOUR_MS);
    }
    const made = this.#sql.rowsWritten - birth;
    await this.#forget();
    const forgotten = this.#sql.rowsWritten - birth - made;
    return { rows: made + forgotten + this.#alarms, made, forgotten, alarms: this.#alarms, messages: this.#done.sent };
  }

  /** Hour by hour in those days in which a rule forgets something, else day by day. */
  async #forget(): Promise<void> {
    const start = this.#clock.ms;
    for (const [from, to] of FORGETTING) {
      await this.#sleepUntil(start + from * DAY_MS, DAY_MS);
      await this.#sleepUntil(start + to * DAY_MS, HOUR_MS);
    }
  }

  async #once({ lane, images, variants, everyMs, called = false }: Path, time: number): Promise<void> {
    const keys = Array.from({ length: images }, (_, image) =>
      Array.from({ length: variants }, (_, n) => `photo-${time}-${image}/${(n + 1) * 160}-high.webp`),
    ).flat();
    if (lane === "live") await this.#views(keys, everyMs, called ? "called" : "live");
    else this.#order(lane, keys, time);
    await this.#until(() => this.#storedAll((time + 1) * keys.length));
  }

  /** Uploads tell an order of their original, and share the run of their day. */
  #order(lane: Lane, keys: string[], time: number): void {
    const id = `d${time}`;
    const originals = lane === "upload" ? [{ id: `photo-${time}-0`, order: "1", sourceEtag: "e" }] : [];
    // A hook's delivery of one chunk is accepted, finished and listed by one call.
    const hooked = lane === "upload" ? { finish: { hash: "h" }, note: NOTE } : {};
    for (let at = 0; at < keys.length; at += 1_000) {
      const wish = { run: "r", lane, keys: keys.slice(at, at + 1_000), originals };
      this.#engine.acceptChunk({ ...chunkOf(wish, { id, chunk: at / 1_000, hash: "h" }), ...hooked });
    }
    if (lane === "upload") return;
    const chunks = Math.ceil(keys.length / 1_000);
    const delivery = { id, chunks, hash: "h" };
    this.#engine.finishDelivery({ delivery, run: "r", who: "test", summary: {} });
  }

  async #views(keys: string[], everyMs: number, kind: Kind): Promise<void> {
    for (const key of keys) {
      await this.#pass(everyMs);
      const hand = this.#join(kind);
      if (!hand.call(this.#engine, this.#clock.ms, [{ key, at: this.#clock.ms }], this.#started))
        this.#hands.delete(hand);
    }
  }

  #join(kind: Kind): Hand {
    this.#owners += 1;
    const hand = new Hand(`owner-${this.#owners}`, kind, this.#clock.ms);
    this.#hands.add(hand);
    return hand;
  }

  readonly #started = (job: string): void => void this.#jobs.set(job, this.#clock.ms + JOB_MS);

  #storedAll(n: number): boolean {
    const { live, upload, bulk } = this.#engine.stats().counts;
    return live.stored + upload.stored + bulk.stored === n && this.#hands.size === 0;
  }

  async #until(isDone: () => boolean): Promise<void> {
    for (let step = 0; !isDone(); step += 1) {
      if (step > 5_000) throw new Error("it does not end");
      await this.#step();
    }
  }

  async #pass(ms: number): Promise<void> {
    for (const end = this.#clock.ms + ms; this.#clock.ms < end; ) await this.#step();
  }

  /** Only alarms and the cron, here each `cronMs` instead of once a minute: a cron with nothing to do writes nothing. */
  async #sleepUntil(end: number, cronMs: number): Promise<void> {
    for (let rings = 0; this.#clock.ms < end; rings += 1) {
      const cron = this.#clock.ms + cronMs;
      if (this.#done.alarmAt !== null && this.#done.alarmAt <= cron) {
        this.#clock.ms = Math.max(this.#clock.ms, this.#done.alarmAt);
        await this.#ring();
      } else {
        this.#clock.ms = cron;
        await this.#engine.rearm();
      }
      if (rings > 12_000) throw new Error("it does not come to rest");
    }
  }

  async #ring(): Promise<void> {
    this.#done.alarmAt = null;
    await this.#engine.alarm();
    await settled();
  }

  async #step(): Promise<void> {
    this.#clock.ms += STEP_MS;
    const now = this.#clock.ms;
    if (this.#done.alarmAt !== null && this.#done.alarmAt <= now) await this.#ring();
    const ended = [...this.#jobs].filter(([, at]) => at <= now).map(([job]) => job);
    for (const job of ended) this.#jobs.delete(job);
    if (ended.length > 0) this.#engine.transactions.write((tx) => observe(tx, { ...NOTHING, ended: ended.map(jobOf) }));
    await settled();
    for (const hand of this.#hands)
      if (now >= hand.nextCall && !hand.call(this.#engine, now, [], this.#started)) this.#hands.delete(hand);
    await settled();
    for (; this.#woken < this.#done.sent; this.#woken += 1) this.#join("work");
  }
}

/** What follows a call has happened. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

function jobOf(id: string): ExternalJob {
  const ended = {
    status: "done" as const,
    said: "succeeded",
    known: true,
    output: "https://out.example/o",
    error: null,
  };
  return { id, ...ended, metadata: {}, input: null, createdAt: null, finishedAt: null };
}
