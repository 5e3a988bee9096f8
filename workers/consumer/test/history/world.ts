import { defineConfig } from "@prewarm/shared/config";
import { HANDLER_WALL_MS } from "@prewarm/shared/limits";
import { MESSAGE_VERSION } from "@prewarm/shared/messages";
import { storeKey } from "@prewarm/shared/variant-key";
import { type DoctorReport, runDoctor } from "../../src/doctor/run-doctor.ts";
import { collectEnded } from "../../src/ittybit/observe-jobs.ts";
import type { Handlers } from "../../src/ledger/contract.ts";
import type { LedgerCore } from "../../src/ledger/ledger.ts";
import type { LedgerDeps } from "../../src/ledger/object/ledger-deps.ts";
import { OperatorCore } from "../../src/ledger/operator/operator-core.ts";
import { nodeSql } from "../../src/ledger/testing/node-sql.ts";
import { prng } from "../../src/ledger/testing/prng.ts";
import type { BatchDeps } from "../../src/making/batch-context.ts";
import { consumeBatch } from "../../src/making/consume-batch.ts";
import type { CrashPoint } from "../../src/making/crash-points.ts";
import type { QueueMessage } from "../../src/platform/queue-message.ts";
import { purgeObjects } from "../../src/store/purge-objects.ts";
import { createMemoryBucket } from "../../src/testing/memory-bucket.ts";
import { type Faults, noFaults, strike } from "./faults.ts";
import { Invariants } from "./invariants.ts";
import { LedgerHost } from "./ledger-host.ts";
import { Killed, type Life, mortal, mustLive } from "./life.ts";
import type { Pictures } from "./pictures.ts";
import { HistoryQueue } from "./queue.ts";
import { ORIGINALS, Upstream } from "./upstream.ts";
import { VirtualClock } from "./virtual-clock.ts";

const BORN_AT = Date.UTC(2026, 0, 1);
const CONFIG = defineConfig({
  sources: [{ prefix: "", url: `${ORIGINALS}/{id}` }],
  limits: { liveRowsPerImageDay: 1_000 },
  gate: { concurrency: 10, ratePerSecond: 5, burst: 5, monthlyJobs: null },
});

/** The real ledger with its real duties, the real handler, purge and doctor; queue, R2, Ittybit, originals and time in memory. */
export class World {
  readonly sql = nodeSql();
  readonly clock: VirtualClock;
  readonly memory = createMemoryBucket();
  readonly upstream: Upstream;
  readonly queue: HistoryQueue;
  readonly host: LedgerHost;
  readonly invariants: Invariants;
  faults: Faults = noFaults();
  readonly #operator: OperatorCore;
  readonly #handlers = new Set<Life>();
  #owners = 0;

  constructor(seed: number, pictures: Pictures) {
    const random = prng(seed);
    this.clock = new VirtualClock(BORN_AT, () => random.next());
    this.upstream = new Upstream(this.clock, pictures, () => this.faults);
    this.queue = new HistoryQueue(
      this.clock,
      () => this.faults,
      (messages) => this.#handle(messages),
    );
    this.memory.fails = () => strike(this.faults, "store");
    this.host = new LedgerHost(this.sql, this.clock, this.#ledgerDeps());
    this.#operator = new OperatorCore(this.sql, { config: CONFIG, clock: this.clock, purge: () => undefined });
    this.invariants = new Invariants(this);
  }

  get core(): LedgerCore {
    return this.host.core;
  }

  get idle(): boolean {
    return this.#handlers.size === 0 && this.queue.size === 0;
  }

  view(key: string): void {
    this.invariants.asked.add(key);
    this.queue.send({ v: MESSAGE_VERSION, keys: [key], lane: "live", at: this.clock.now() });
  }

  /** The machine dies and starts again on the same state. */
  restart(): void {
    for (const life of this.#handlers) life.dead = true;
    this.queue.forget();
    this.host.evict();
    this.core.recover();
    this.host.changed();
  }

  /** One run of the doctor over everything, mending. */
  async doctor(): Promise<DoctorReport> {
    const report = await runDoctor(
      { bucket: this.#bucket({ dead: false }), ledger: this.#operator.calls, clock: this.clock },
      { fix: true, cursor: "", who: "history" },
    );
    this.host.changed();
    return report;
  }

  #ledgerDeps(): LedgerDeps {
    const bucket = this.#bucket({ dead: false });
    const log = () => undefined;
    return {
      config: CONFIG,
      clock: this.clock,
      log,
      newLedgerId: () => "L1",
      sleep: (ms) => this.clock.sleep(ms),
      send: async (messages) => {
        await this.clock.sleep(20);
        for (const { body } of messages) this.queue.send(body);
      },
      collect: (open, observeEnded) =>
        collectEnded(open, observeEnded, { ittybit: this.upstream.ittybit, clock: this.clock, log }),
      purge: (task, goOn) => purgeObjects(bucket, task, goOn),
      publishGate: async () => undefined,
    };
  }

  async #handle(messages: QueueMessage[]): Promise<void> {
    const life: Life = { dead: false };
    this.#handlers.add(life);
    void this.clock.sleep(HANDLER_WALL_MS).then(() => {
      life.dead = true;
    });
    const mortals = messages.map((message) => mortal(message, life));
    try {
      await consumeBatch({ queue: "prewarm-work", messages: mortals }, this.#batchDeps(life));
    } catch (error) {
      if (!(error instanceof Killed)) this.invariants.bad.push(`the handler threw ${String(error)}`);
    }
    this.#handlers.delete(life);
  }

  #batchDeps(life: Life): BatchDeps {
    const fetcher = ((...args: Parameters<typeof fetch>) => {
      mustLive(life);
      return this.upstream.fetch(...args);
    }) as typeof fetch;
    return {
      config: CONFIG,
      clock: this.clock,
      sleep: (ms) => this.clock.sleep(ms).then(() => mustLive(life)),
      ledger: mortal(this.#port(), life),
      ittybit: mortal(this.#ittybit(), life),
      images: mortal(this.#bucket(life), life),
      originals: { fetch: fetcher, bucket: () => null, bucketOriginalUrl: async () => null },
      fetch: fetcher,
      allowLoopbackHttp: false,
      newOwner: () => {
        this.#owners += 1;
        life.owner = `owner${this.#owners}`;
        return life.owner;
      },
      log: () => undefined,
      at: (point) => this.#at(point, life),
    };
  }

  async #at(point: CrashPoint, life: Life): Promise<void> {
    mustLive(life);
    const { crash, stall } = this.faults;
    const dies = crash.indexOf(point);
    if (dies >= 0) {
      crash.splice(dies, 1);
      life.dead = true;
      throw new Killed(point);
    }
    const stalls = stall.findIndex((one) => one.point === point);
    if (stalls < 0) return;
    const [one] = stall.splice(stalls, 1);
    await this.clock.sleep(one?.ms ?? 0);
    mustLive(life);
  }

  /** Every call crosses a wire that takes its time and loses calls and answers. */
  #port(): Handlers {
    const call = async <T>(work: () => T, replays: boolean): Promise<T> => {
      await this.clock.sleep(1 + this.clock.random() * 20);
      if (strike(this.faults, "lostCalls")) throw new Error("the call was lost");
      const answer = structuredClone(replays ? this.invariants.replayed(work) : work());
      this.host.changed();
      this.invariants.checkRows();
      await this.clock.sleep(1 + this.clock.random() * 20);
      if (strike(this.faults, "lostAnswers")) throw new Error("the answer was lost");
      return answer;
    };
    return {
      claim: (owner, wakeUps) => call(() => this.core.claim(owner, wakeUps), true),
      renew: (owner) => call(() => this.core.renew(owner), true),
      submitted: (owner, jobs) => call(() => this.core.submitted(owner, jobs), true),
      settle: (owner, outcomes) => call(() => this.core.settle(owner, outcomes), true),
      observeEnded: (jobs) => call(() => void this.core.observeEnded(jobs), true),
      recordDead: (messages) => call(() => this.core.recordDead(messages), false),
    };
  }

  #ittybit(): BatchDeps["ittybit"] {
    const { ittybit } = this.upstream;
    const wire = () => this.clock.sleep(10 + this.clock.random() * 200);
    return {
      submit: async (order) => {
        await wire();
        const before = this.upstream.jobs.length;
        const answer = await ittybit.submit(order);
        if (this.upstream.jobs.length > before) this.invariants.jobMade(order);
        await wire();
        return answer;
      },
      get: (id) => wire().then(() => ittybit.get(id)),
      list: (query) => wire().then(() => ittybit.list(query)),
    };
  }

  /** A put that is under way lands, whatever becomes of its handler. */
  #bucket(life: Life): R2Bucket {
    const { bucket } = this.memory;
    const late = (name: string) => (name === "put" ? (this.faults.latePuts.shift() ?? 0) : 0);
    return new Proxy(bucket, {
      get: (object, name) => {
        const value: unknown = Reflect.get(object, name);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]) => {
          if (name === "put" && life.owner !== undefined) this.invariants.putIssued(String(args[0]), life.owner);
          await this.clock.sleep(2 + this.clock.random() * 30 + late(String(name)));
          return value.apply(object, args);
        };
      },
    });
  }

  /** An operator's hand in the bucket. */
  removeObject(key: string): void {
    this.memory.objects.delete(storeKey(key));
  }
}
