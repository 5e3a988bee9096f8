import type { Config } from "@prewarm/shared/config";
import { MAX_CONNECTIONS, SUBREQUESTS_MAX } from "@prewarm/shared/limits";
import type { Log } from "@prewarm/shared/log";
import { GATE_KEY } from "@prewarm/shared/markers";
import { type MissMessage, missMessage, WORK_MESSAGE } from "@prewarm/shared/messages";
import { type DoctorReport, runDoctor } from "../../workers/consumer/src/doctor/run-doctor.ts";
import type { WrongNote } from "../../workers/consumer/src/doctor/wrong-notes.ts";
import type { LedgerDeps } from "../../workers/consumer/src/ledger/ledger-deps.ts";
import type { LedgerCalls } from "../../workers/consumer/src/ledger/ledger-for.ts";
import { ledgerClient } from "../../workers/consumer/src/ledger/ledger-for.ts";
import { LedgerUnavailable } from "../../workers/consumer/src/ledger/ledger-unavailable.ts";
import type { BatchDeps, Role } from "../../workers/consumer/src/making/batch-context.ts";
import { consumeBatch } from "../../workers/consumer/src/making/consume-batch.ts";
import { consumeMiss } from "../../workers/consumer/src/making/consume-miss.ts";
import type { CrashPoint } from "../../workers/consumer/src/making/crash-points.ts";
import { createContext } from "../../workers/consumer/src/making/create-context.ts";
import { mendNotes } from "../../workers/consumer/src/making/settle.ts";
import type { OriginalsAccess } from "../../workers/consumer/src/originals/probe.ts";
import { noSpan } from "../../workers/consumer/src/platform/span.ts";
import { deleteBlock, listBlocks, putBlock } from "../../workers/consumer/src/store/blocks.ts";
import { makePass, type OwnOriginal, sharedStores } from "../../workers/consumer/src/store/make-pass.ts";
import { createChangesPut } from "../../workers/consumer/src/store/put-changes.ts";
import { countedHost, type TestService } from "../../workers/consumer/src/testing/test-service.ts";
import { HANDLER_WALL_MS } from "../../workers/consumer/src/times.ts";
import type { Chance } from "./chance.ts";

import { counted, Killed, Life, mortal } from "./life.ts";

import { type Delivery, Queue, type QueueOptions } from "./queue.ts";
import { Store, type StoreWatcher } from "./store.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import { type ObjectWatcher, VirtualObject } from "./virtual-object.ts";
import type { Weather } from "./weather.ts";

const CRON_MS = 60_000;
const IDLE_TURNS = 60;
const ASK_AGAIN_MS = 500;
/** The edge waits for the consumer's answer so long, and the platform lets what goes on after an answer run so long. */
const CALL_WAIT_MS = 150;
const BACKGROUND_MS = 30_000;
/** A write that was sent in a handler's last moment lands within this. */
const LAST_WRITE_MS = 50_000;

export interface Watcher extends ObjectWatcher, StoreWatcher {
  /** A handler passes a named point; it goes on when this has ended. */
  passed(point: CrashPoint, key: string | undefined): void | Promise<void>;
}

export interface WorldOptions {
  config: Config;
  clock: VirtualClock;
  chance: Chance;
  weather: Weather;
  watcher: Watcher;
  /** The service that makes variants, and the web with originals and results. */
  outside: {
    engine: TestService["engine"];
    fetch: typeof fetch;
    /** Where the edge has a staged original. Default: nothing is staged. */
    stagedUrl?: OriginalsAccess["stagedUrl"];
  };
  queues: { live: QueueOptions; work: QueueOptions };
  log: Log;
}

/**
 * Everything of production but the platform and Ittybit: the ledger's engine behind the client every Worker uses, real handlers and the
 * real doctor; the platform's queue, R2, alarm, wire and time are simulated, and the weather decides what goes wrong with them.
 */
export class World {
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly object: VirtualObject;
  readonly live: Queue;
  readonly work: Queue;
  /** The client an operator, the API and the hooks hold. */
  readonly ledger: LedgerCalls;
  readonly counts = { batches: 0, stalls: 0, crashes: new Map<CrashPoint, number>() };
  /** An image's original in a bucket of the site. Default: the origin is another server. */
  original: (id: string) => OwnOriginal | null = () => null;
  readonly #options: WorldOptions;
  readonly #handlers = new Set<Life>();
  /** When a handler died or stalled last, Unix ms: its lease goes on. */
  diedAt = 0;
  /** The clock of the ledger's machine is ahead by so much, in ms; below 0: behind. */
  skewMs = 0;
  #asking = 0;
  #owners = 0;
  #calls = 0;
  #running = true;

  constructor(options: WorldOptions) {
    const { clock, queues, chance } = options;
    this.#options = options;
    this.clock = clock;
    this.store = new Store(options);
    this.live = new Queue(queues.live, options, (delivery) => this.#handle("urgent", delivery));
    this.work = new Queue(queues.work, options, (delivery) => this.#handle("work", delivery));
    this.object = new VirtualObject({
      ...options,
      skew: () => this.skewMs,
      depsOf: (life) => this.#ledgerDeps(life),
    });
    this.ledger = this.#client((ms) => clock.sleep(ms));
    clock.after(CRON_MS * chance.random(), () => this.#cron());
  }

  get sql() {
    return this.object.sql;
  }

  get config(): Config {
    return this.#options.config;
  }

  /** Handlers at work, zombies left out. */
  get handlers(): number {
    return [...this.#handlers].filter((life) => !life.dead).length;
  }

  /** Handlers that died or stalled. */
  get deaths(): number {
    return [...this.counts.crashes.values()].reduce((sum, n) => sum + n, this.counts.stalls);
  }

  /** No handler is at work, no message and no asker waits. */
  get isIdle(): boolean {
    return this.handlers + this.live.depth + this.work.depth + this.#asking === 0;
  }

  /** Asks until the ledger answers, as upload systems and people do. What may not be done twice is asked once. */
  async ask<T>(call: (ledger: LedgerCalls) => Promise<T>, tries = Number.POSITIVE_INFINITY): Promise<T | null> {
    this.#asking += 1;
    try {
      for (let left = tries; left > 0; left -= 1) {
        try {
          return await call(this.ledger);
        } catch (error) {
          if (!(error instanceof LedgerUnavailable)) throw error;
          await this.clock.sleep(ASK_AGAIN_MS);
        }
      }
      return null;
    } finally {
      this.#asking -= 1;
    }
  }

  /** A viewer misses a variant: the edge calls the consumer, or, of an unknown image or `queued`, sends a message. */
  view(key: string, more: Parameters<typeof missMessage>[2] = {}, queued = false): void {
    const message = missMessage(key, this.clock.now(), more);
    if (queued || more.unknown === true) this.live.send(message);
    else this.call(message);
  }

  /** As the edge does, in this world's time: the consumer is called, and the message is sent where that is not heard in time. */
  call(message: MissMessage): void {
    this.#asking += 1;
    const late = this.clock.sleep(CALL_WAIT_MS).then(() => false);
    void Promise.race([this.#miss(message), late]).then((recorded) => {
      this.#asking -= 1;
      if (!recorded) this.live.send(message);
    });
  }

  /** The call. False where it is lost, or its answer is, or the handler dies before it has answered. */
  async #miss(message: MissMessage): Promise<boolean> {
    const { clock } = this;
    const { ms, backMs, lost } = this.#options.weather.wire();
    await clock.sleep(ms);
    if (lost === "call") return false;
    const life = new Life(clock.now() + BACKGROUND_MS + LAST_WRITE_MS);
    const background: Promise<void>[] = [];
    this.#handlers.add(life);
    const recorded = await Promise.race([
      consumeMiss(message, this.#batchDeps(life), (work) => void background.push(work)),
      life.left.promise.then(() => false),
    ]);
    // From the answer on the platform gives work in the background so long.
    const cancel = clock.after(BACKGROUND_MS, () => life.end());
    void Promise.race([Promise.all(background), life.left.promise]).then(() => {
      cancel();
      this.#judgeCalls(life);
      this.#handlers.delete(life);
    });
    await clock.sleep(backMs);
    return recorded && lost === null && !life.dead;
  }

  /** One run of the doctor over everything, mending. */
  doctor(): Promise<DoctorReport> {
    const { clock, ledger } = this;
    const life = new Life();
    const bucket = this.store.bucket(life);
    const mend = (wrong: readonly WrongNote[]) => mendNotes(createContext("work", this.#batchDeps(life)), wrong);
    return runDoctor({ bucket, ledger, clock, mendNotes: mend }, { fix: true, cursor: "", who: "world" });
  }

  /** As the API does: R2 has the block before the ledger hears of it. */
  async removeImage(id: string): Promise<void> {
    const who = "world";
    await putBlock(this.store.bucket(new Life()), id, { reason: "asked", who, at: this.clock.now() });
    await this.ask((ledger) => ledger.removeImage([id], "asked", who));
  }

  async unblockImage(id: string): Promise<void> {
    await this.ask((ledger) => ledger.unblockImage([id], "world"));
    await deleteBlock(this.store.bucket(new Life()), id);
  }

  /** The machine dies and starts again on the same state, as the local stack does. */
  restart(): Promise<void> {
    for (const life of this.#handlers) life.end();
    this.diedAt = this.clock.now();
    this.live.forget();
    this.work.forget();
    this.store.dropPuts();
    this.object.evict();
    return this.object.recover();
  }

  close(): void | Promise<void> {
    this.#running = false;
    this.clock.stop();
    this.sql.close();
  }

  /** `sleep`: the pause before a call is repeated, in ms. In a handler that has died it throws, which ends the repeats. */
  #client(sleep: (ms: number) => Promise<void>): LedgerCalls {
    const { clock, log } = this.#options;
    const newCallId = () => {
      this.#calls += 1;
      return `c${this.#calls}`;
    };
    return ledgerClient(this.object.newStub, { clock, log, sleep, newCallId });
  }

  /**
   * Each minute, as in worker.ts; once an hour while nothing in the ledger waits for a time and no alarm was lost: a
   * lease without jobs has only the alarm. The doctor's slice is left out, because it would mend what a test looks for.
   */
  #cron(turn = 0): void {
    if (!this.#running) return;
    this.clock.after(CRON_MS, () => this.#cron(turn + 1));
    this.eachMinute();
    const { work, hasLostAlarm } = this.object;
    if (work.isAny || hasLostAlarm || turn % IDLE_TURNS === 0) void this.ask((ledger) => ledger.rearm(), 1);
  }

  /** For a world that judges what goes on. */
  protected eachMinute(): void {}

  #ledgerDeps(life: Life): LedgerDeps {
    const { config, outside, log } = this.#options;
    const bucket = this.store.bucket(life);
    const worlds = this.#options.clock;
    const clock = { now: () => worlds.now() + this.skewMs, random: () => worlds.random() };
    const sleep = (ms: number) => worlds.sleep(ms).then(() => life.mustLive());
    const passing = { images: mortal(bucket, life), original: (id: string) => this.original(id), sleep };
    const stores = sharedStores(passing, () => worlds.now());
    const deps: Omit<LedgerDeps, "watchExternalJobs"> = {
      config,
      clock,
      newQueueId: () => "L1",
      controlUrl: null,
      version: null,
      sleep: (ms) => worlds.sleep(ms),
      // Who is dead logs no more: what breaks off is no failure.
      log: (event, fields) => life.dead || log(event, fields),
      within: (work, ms) => worlds.within(work, ms),
      send: (wakeUps) => this.#send(wakeUps),
      sweep: (pass, goOn) => makePass(stores, pass, goOn),
      listBlocks: () => listBlocks(mortal(bucket, life)),
      deliver: async () => ({ status: 204, said: "" }),
      putChanges: createChangesPut(bucket, { clock: worlds, sleep: (ms) => worlds.sleep(ms) }),
      publishGate: async (file) => void (await bucket.put(GATE_KEY, JSON.stringify(file))),
    };
    const living = mortal(deps, life);
    const host = { clock, log: deps.log, sleep: living.sleep, fetch: outside.fetch };
    const engine = outside.engine({ ...host, living: (target) => mortal(target, life) });
    return { ...living, log: deps.log, clock, config, watchExternalJobs: engine.observe };
  }

  async #send(wakeUps: number): Promise<void> {
    const { clock } = this;
    const how = this.#options.weather.send();
    const most = how === "none" ? 0 : how === "half" ? Math.ceil(wakeUps / 2) : wakeUps;
    await clock.sleep(this.#options.weather.sendMs());
    for (let sent = 0; sent < most; sent += 1) this.work.send(WORK_MESSAGE);
    if (how !== "sent") throw new Error("the queue did not answer (world)");
  }

  /** Ends when the handler is through, died or stalls; one that stalls goes on behind our back. */
  async #handle(role: Role, { queue, messages, backlog }: Delivery): Promise<void> {
    this.counts.batches += 1;
    const life = new Life(this.clock.now() + HANDLER_WALL_MS + LAST_WRITE_MS);
    this.#handlers.add(life);
    const cancelWall = this.clock.after(HANDLER_WALL_MS, () => life.end());
    const batch = {
      queue,
      messages: messages.map((message) => mortal(message, life)),
      metadata: { metrics: { backlogCount: backlog } },
    };
    const background: Promise<void>[] = [];
    const ended = (work: Promise<void>) =>
      work.catch((error: unknown) => {
        if (!(error instanceof Killed)) this.#options.watcher.violation(`the handler threw: ${String(error)}`);
      });
    const done = ended(consumeBatch(batch, role, this.#batchDeps(life), (work) => void background.push(ended(work))));
    void done
      .then(() => Promise.all(background))
      .then(() => {
        cancelWall();
        this.#judgeCalls(life);
        this.#handlers.delete(life);
      });
    await Promise.race([done, life.left.promise]);
    if (!life.dead) return;
    this.#judgeCalls(life);
    this.#handlers.delete(life);
  }

  #judgeCalls({ calls: { all, most } }: Life): void {
    const { violation } = this.#options.watcher;
    if (most > MAX_CONNECTIONS) violation(`a handler had ${most} connections at once`);
    if (all > SUBREQUESTS_MAX) violation(`a handler made ${all} subrequests`);
  }

  #batchDeps(life: Life): BatchDeps {
    const { config, clock, outside, log } = this.#options;
    const sleep = (ms: number) => clock.sleep(ms).then(() => life.mustLive());
    const web = counted({ fetch: outside.fetch }, life);
    const fetcher = ((...args: Parameters<typeof fetch>) => {
      life.mustLive();
      return web.fetch(...args);
    }) as typeof fetch;
    const living = <T extends object>(target: T): T => mortal(counted(target, life), life);
    const host = { clock, log, sleep, fetch: fetcher, living };
    return {
      config,
      clock,
      log,
      sleep,
      ledger: mortal(this.#client(sleep), life),
      newEngine: (called) => outside.engine(countedHost(host, called)),
      images: mortal(counted(this.store.bucket(life), life), life),
      originals: { fetch: fetcher, bucket: () => null, bucketOriginalUrl: null, stagedUrl: outside.stagedUrl ?? null },
      newOwner: () => {
        this.#owners += 1;
        life.owner = `owner${this.#owners}`;
        return life.owner;
      },
      span: noSpan,
      at: (point, key) => this.#at(point, key, life),
    };
  }

  async #at(point: CrashPoint, key: string | undefined, life: Life): Promise<void> {
    life.mustLive();
    await this.#options.watcher.passed(point, key);
    const befalls = this.#options.weather.point(point, key);
    if (befalls === "dies") {
      this.counts.crashes.set(point, (this.counts.crashes.get(point) ?? 0) + 1);
      life.end();
      this.diedAt = this.clock.now();
      throw new Killed(`killed at ${point} (world)`);
    }
    if (befalls === 0) return;
    this.counts.stalls += 1;
    this.diedAt = this.clock.now();
    life.left.resolve();
    await this.clock.sleep(befalls);
    life.mustLive();
  }
}
