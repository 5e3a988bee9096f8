import { defineConfig } from "@prewarm/shared/config";
import type { Outcome, WakeUpKeys } from "../contract.ts";
import { LedgerCore } from "../ledger.ts";
import { handle, LostCall, purge } from "./model-handler.ts";
import { nodeSql } from "./node-sql.ts";
import { type Prng, prng } from "./prng.ts";
import { R2Model } from "./r2-model.ts";
import { type ModelJob, UpstreamModel } from "./upstream-model.ts";
import { Watch } from "./watch.ts";

/** Rules of handler and R2 that can be switched off, to see that the checks go red. Those of the ledger itself: mutations.ts. */
export type HandlerMutation = "noclock" | "cas" | "nofloor" | "norecheck" | "nosweep";

const BORN_AT = Date.UTC(2026, 0, 1);
const CONFIG = defineConfig({
  sources: [{ prefix: "", url: "https://originals.example/{id}" }],
  limits: { maxAttempts: 4, liveRowsPerImageDay: 1_000 },
  gate: { concurrency: 40, ratePerSecond: 5, burst: 5, monthlyJobs: null },
});

interface Actor {
  step: Generator<void, void, void>;
  messages: WakeUpKeys[] | null;
  stalledUntil: number;
}

/** The real ledger over node:sqlite in a world of lost calls, doubled messages, dying handlers, slow jobs and late puts. */
export class World {
  readonly prng: Prng;
  readonly mutation: HandlerMutation | null;
  readonly r2 = new R2Model();
  readonly upstream: UpstreamModel;
  readonly sql = nodeSql();
  core: LedgerCore;
  /** Seconds. */
  t = 0;
  faults = true;
  readonly bad: string[] = [];
  /** Keys that must end: a 202 was said, and no purge came after it. */
  readonly promised = new Set<string>();
  readonly asked = new Set<string>();
  /** Who was promised a key and has not cancelled it: runs, or "nobody's run". */
  readonly wants = new Map<string, Set<string>>();
  /** The originals' versions, by image. */
  readonly versions = new Map<string, number>();
  readonly #queue: WakeUpKeys[] = [];
  #handlers: Actor[] = [];
  #purgers: Actor[] = [];
  readonly #purged = new Map<string, number>();
  readonly #watch: Watch;

  constructor(seed: number, mutation: HandlerMutation | null = null) {
    this.prng = prng(seed);
    this.mutation = mutation;
    this.upstream = new UpstreamModel(this.prng);
    this.r2.conditional = mutation !== "cas";
    this.core = this.#open();
    this.#watch = new Watch(this);
    this.r2.onPut = (put) => this.#watch.put(put);
  }

  now(): number {
    return BORN_AT + this.t * 1000;
  }

  fault(p: number): boolean {
    return this.faults && this.prng.chance(p);
  }

  #open(): LedgerCore {
    const clock = { now: () => this.now(), random: () => this.prng.next() };
    return new LedgerCore(this.sql, { config: CONFIG, clock, ledgerId: "model" });
  }

  /** A 202 was said. */
  promise(keys: string[], run: string | null): void {
    for (const key of keys) {
      this.promised.add(key);
      this.asked.add(key);
      const wants = this.wants.get(key) ?? new Set();
      this.wants.set(key, wants.add(run ?? "nobody's run"));
    }
  }

  /** The object is evicted: all that was only in memory is gone. */
  evict(): void {
    this.core = this.#open();
  }

  /** The machine dies and comes back: no handler, message or put survives. */
  restart(): void {
    this.#handlers = [];
    this.#purgers = [];
    this.#queue.length = 0;
    this.r2.drop();
    this.evict();
    this.core.recover();
  }

  send(message: WakeUpKeys): void {
    for (const key of message.keys) if (message.live) this.asked.add(key);
    this.#queue.push(message);
  }

  purge(id: string): void {
    for (const key of [...this.promised]) if (key.startsWith(`${id}/`)) this.promised.delete(key);
    for (const key of [...this.wants.keys()]) if (key.startsWith(`${id}/`)) this.wants.delete(key);
    const task = this.core.purgeBegin(id);
    this.#purged.set(id, task.floor);
    this.#purgers.push({ step: purge(this, task), messages: null, stalledUntil: 0 });
  }

  /** Generations below this were purged. */
  purgedBelow(key: string): number {
    return this.#purged.get(key.split("/")[0] ?? "") ?? 0;
  }

  post(key: string, gen: number): ModelJob {
    const job = this.upstream.post(key, gen, this.t, this.faults);
    if (!this.asked.has(key)) this.bad.push(`invented ${key}`);
    if (this.upstream.jobs.filter((one) => one.gen === gen).length > 1)
      this.bad.push(`two jobs for one generation ${key}`);
    const row = this.row(key);
    const live = this.upstream.jobs.filter((one) => one.key === key && one.doneAt > this.t && one.gen === row?.gen);
    if (live.length > 1) this.bad.push(`two live jobs ${key}`);
    return job;
  }

  /** Calls, and now and then calls once more: nothing but the lease's end may change (I9). */
  checked<T>(name: string, call: () => T): T {
    const answer = call();
    if (!this.prng.chance(0.1)) return answer;
    const before = this.dump();
    call();
    if (this.dump() !== before) this.bad.push(`replayed ${name} changed something`);
    return answer;
  }

  dump(): string {
    const tables = [
      "SELECT * FROM jobs ORDER BY seq",
      "SELECT gen, job FROM abandoned ORDER BY gen",
      "SELECT * FROM counters ORDER BY state, lane",
      "SELECT owner, seqs FROM claims ORDER BY owner",
    ];
    return JSON.stringify(tables.map((query) => this.sql.exec(query)));
  }

  /** The owner's lease is alive: only then may a settle be taken (I5). */
  isLeased(owner: string): boolean {
    return this.sql.exec("SELECT 1 FROM claims WHERE owner = ? AND until > ?", owner, this.now()).length > 0;
  }

  /** What an outcome must have left behind, beyond its answer. */
  settled(key: string, outcome: Outcome, answer: string): void {
    if (answer !== "ok" || outcome.kind !== "unclear") return;
    const row = this.row(key);
    const job = this.upstream.jobs.findLast((one) => one.key === key);
    if (row?.state === 2 && Number(row.unclear) < 1 && job !== undefined && job.doneAt > this.t)
      this.bad.push(`doubled job ${key}`);
  }

  row(key: string) {
    return this.sql.exec("SELECT * FROM jobs WHERE key = ?", key)[0];
  }

  step(): void {
    this.t += 1;
    this.upstream.tick(this.t, (key) => this.versions.get(key.split("/")[0] ?? "") ?? 0);
    this.r2.tick(this.t);
    this.#watch.rows();
    if (this.t % 5 === 0) this.#alarm();
    this.#stepPurgers();
    this.#deliver();
    this.#stepHandlers();
  }

  /** Nothing moves but the clock. */
  get quiet(): boolean {
    return this.#handlers.length === 0 && this.#purgers.length === 0 && this.#queue.length === 0 && !this.r2.busy;
  }

  #alarm(): void {
    if (this.mutation === "nosweep" && this.t > 50) return;
    this.core.sweep();
    while (this.core.cancelSlices());
    for (const { keys } of this.core.dispatch()) {
      if (this.fault(0.02)) this.core.unsend(keys);
      if (this.fault(0.1)) continue;
      this.#queue.push({ keys, live: false, at: this.now() });
      if (this.fault(0.2)) this.#queue.push({ keys, live: false, at: this.now() });
    }
    if (this.prng.chance(0.3)) {
      const ended = this.core.upstreamJobs().filter(({ job }) => this.upstream.get(job).doneAt <= this.t);
      this.core.observeEnded(ended.map(({ job }) => job));
    }
    for (const task of this.core.purgesDue()) {
      if (this.mutation === "norecheck" && task.look === "second") this.core.purgeEnd(task);
      else this.#purgers.push({ step: purge(this, task), messages: null, stalledUntil: 0 });
    }
  }

  #stepPurgers(): void {
    this.#purgers = this.#purgers.filter((purger) => {
      if (this.fault(0.01)) return false;
      return this.#advance(purger) === "goes on";
    });
  }

  #deliver(): void {
    while (this.#queue.length > 0 && this.prng.chance(0.7)) {
      const batch = this.prng.chance(0.3) ? 2 : 1;
      const messages: WakeUpKeys[] = [];
      while (messages.length < batch && this.#queue.length > 0)
        messages.push(...this.#queue.splice(this.prng.int(0, this.#queue.length - 1), 1));
      this.#handlers.push({ step: handle(this, messages), messages, stalledUntil: 0 });
      if (this.fault(0.1)) this.#queue.push(...messages);
    }
  }

  #stepHandlers(): void {
    this.#handlers = this.#handlers.filter((handler) => {
      if (handler.stalledUntil > this.t) return true;
      if (this.fault(0.004)) {
        handler.stalledUntil = this.t + this.prng.pick([20, 70, 100, 200]); // a zombie to be
        return true;
      }
      if (this.fault(0.01)) {
        if (this.prng.chance(0.7)) this.#queue.push(...(handler.messages ?? []));
        return false;
      }
      const end = this.#advance(handler);
      if (end === "lost") this.#queue.push(...(handler.messages ?? []));
      return end === "goes on";
    });
  }

  #advance(actor: Actor): "goes on" | "done" | "lost" {
    try {
      return actor.step.next().done === true ? "done" : "goes on";
    } catch (error) {
      if (error instanceof LostCall) return "lost";
      throw error;
    }
  }
}
