import type { UnreadableMessage } from "@prewarm/control-schema/causes";
import {
  type Assignment,
  isLive,
  NOTHING,
  nameOf,
  type Observations,
  type Row,
  raise,
  type WatchExternalJobs,
} from "@prewarm/durable-queue";
import { nodeSql, observe } from "@prewarm/durable-queue/testing";
import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import { jobOfKey, keyOfJob } from "@prewarm/shared/variant-key";
import type { VariantOutcome } from "../../images/calls.ts";
import type { ExchangeAnswer, ExchangeRequest } from "../../ledger/calls.ts";
import type { Handlers, LedgerDoors } from "../../ledger/ledger-for.ts";
import { chunkOf, type Wish } from "../../ledger/testing/chunk-of.ts";
import type { DirectLedger } from "../../ledger/testing/direct-calls.ts";
import { keyOfRow } from "../../ledger/testing/keys.ts";
import { type Done, testEngine } from "../../ledger/testing/test-engine.ts";
import { LIVE } from "../../queue-settings.ts";

interface Site {
  config: Config;
  clock: Clock & { sleep(ms: number): Promise<void> };
  /** Watches the jobs of one instance, whose sleep ends with it. */
  watch(sleep: (ms: number) => Promise<void>): WatchExternalJobs;
}

/** One instance of the ledger. Once its life is over, none of its loops continues. */
interface Instance {
  engine: DirectLedger;
  done: Done;
  life: { isOver: boolean };
  loaded: Promise<void>;
}

/** A row of the ledger, and its claim that is not abandoned. */
export interface RowView extends Row {
  /** The job's public name. */
  name: string;
  /** The name of the owner of its claim. Null: no claim, or an orphaned one. */
  owner: string | null;
  granted: boolean;
  /** Unix ms. 0: it was not granted. */
  grantedAt: number;
  job: string | null;
  /** When its orphaned claim, or else the row itself, is due. Unix ms. */
  dueAt: number;
}

/**
 * The production engine over SQLite in memory, with its poller and its follow-ups, as handlers call it. Requests and
 * outcomes are recorded for tests, which may lose calls and answers, and restart the ledger. An alarm that is due fires
 * before the next call. The queue refuses wake-ups, because tests start each handler themselves.
 */
export class RecordingLedger implements Handlers {
  readonly requests: ExchangeRequest[] = [];
  /** The outcomes of each key that the owner of its claim has reported, the oldest first. */
  readonly outcomes = new Map<string, VariantOutcome[]>();
  readonly submitted: ExchangeRequest["submitted"] = [];
  readonly calls: string[] = [];
  /** True: the call does not reach the ledger. */
  silent: (call: string) => boolean = () => false;
  /** True: the ledger acts on the call, and its answer is lost. */
  mute: (call: string) => boolean = () => false;
  /** Runs just before a call reaches the ledger. */
  before: () => void = () => undefined;
  readonly #sql = nodeSql();
  readonly #site: Site;
  #instance: Instance;
  #orders = 0;
  #others = 0;

  constructor(site: Site) {
    this.#site = site;
    this.#instance = this.#open(null);
  }

  /** `alarmAt`: the alarm that the previous instance has set, Unix ms. */
  #open(alarmAt: number | null): Instance {
    const { config, clock, watch } = this.#site;
    const life = { isOver: false };
    const sleep = async (ms: number) => {
      await clock.sleep(ms);
      if (life.isOver) await new Promise(() => undefined);
    };
    const watchExternalJobs = watch(sleep);
    const send = () => Promise.reject(new Error("the queue takes nothing"));
    const more = { newQueueId: () => "L1", sleep, send, watchExternalJobs };
    const { engine, done } = testEngine(this.#sql, { config, clock }, more);
    done.alarmAt = alarmAt;
    return { engine, done, life, loaded: engine.load() };
  }

  get engine(): DirectLedger {
    return this.#instance.engine;
  }

  /* ── What a handler calls ── */

  async exchange(request: ExchangeRequest): Promise<ExchangeAnswer> {
    await this.#hear("exchange");
    this.requests.push(structuredClone(request));
    const answer = this.#exchange(structuredClone(request));
    this.#answer("exchange");
    return structuredClone(answer);
  }

  async recordDead(messages: readonly UnreadableMessage[]): Promise<void> {
    await this.#hear("recordDead");
    this.engine.recordDead(structuredClone([...messages]));
    this.#answer("recordDead");
  }

  /** Makes a stub, which has only the calls of handlers. */
  readonly newStub = (): LedgerDoors => {
    const write = (name: keyof Handlers, args: never[]) => (this[name] as (...args: never[]) => unknown)(...args);
    return { write } as unknown as LedgerDoors;
  };

  async #hear(call: string): Promise<void> {
    this.calls.push(call);
    const { engine, done, loaded } = this.#instance;
    await loaded;
    if (done.alarmAt !== null && done.alarmAt <= this.#site.clock.now()) {
      done.alarmAt = null;
      await engine.alarm();
    }
    this.before();
    await this.#instance.loaded;
    if (this.silent(call)) throw new Error("the ledger does not hear");
  }

  #answer(call: string): void {
    if (this.mute(call)) throw new Error("the answer was lost");
  }

  #exchange(request: ExchangeRequest): ExchangeAnswer {
    const { claims } = this.#memory;
    const counted = request.settled.flatMap(({ id, gen, outcome }) => {
      const row = this.engine.transactions.read((tx) => tx.rows.byId(id));
      return row !== null && claims.byGen(gen)?.owner?.name === request.owner ? [{ key: keyOfJob(row), outcome }] : [];
    });
    const answer = this.engine.exchange(request);
    this.submitted.push(...request.submitted);
    if (answer.status === "lost") return answer;
    for (const { key, outcome } of counted) this.outcomes.set(key, [...(this.outcomes.get(key) ?? []), outcome]);
    return answer;
  }

  /* ── What a test does ── */

  /** Orders keys, in the bulk lane by default. At most 1,000 at once. */
  order(wish: Wish): void {
    this.#orders += 1;
    const delivery = { id: `delivery-${this.#orders}`, chunk: 0, hash: "h" };
    this.engine.acceptChunk(chunkOf({ run: "run_1", ...wish }, delivery));
  }

  /** Orders one key, and answers its row. */
  add(key: string, more: Omit<Wish, "keys"> = {}): RowView {
    this.order({ ...more, keys: [key] });
    return this.open(key);
  }

  /** A second worker, whose calls the test makes. A call answers the jobs that the ledger gives. */
  another(): (said?: Partial<ExchangeRequest>) => Assignment[] {
    this.#others += 1;
    const owner = `other${this.#others}`;
    let first = true;
    return (said = {}) => {
      const nothing = { room: 0, have: [], asks: [], submitted: [], settled: [], leave: false };
      const answer = this.engine.exchange({ owner, first, role: "work", ...nothing, ...said });
      first = false;
      return answer.status === "ok" ? answer.give : [];
    };
  }

  /**
   * Orders a key whose job another worker was told to POST. That worker has reported `job` (null: no id), and has left.
   */
  addLeft(key: string, { job = null }: { job?: string | null } = {}): RowView {
    const { id, gen } = this.add(key);
    const say = this.another();
    say({ room: 40 });
    const give = say({ have: [{ id, gen, phase: "ready" }] });
    if (!give.some((one) => one.id === id && one.phase === "admitted")) throw new Error(`${key} was not granted`);
    say({ leave: true, submitted: job === null ? [] : [{ id, gen, job }] });
    return this.open(key);
  }

  /** Applies observations of the poller. */
  see(found: Partial<Observations>): void {
    this.engine.transactions.write((tx) => observe(tx, { ...NOTHING, ...found }));
  }

  cancel(key: string): void {
    this.engine.cancelJob(nameOf(this.open(key).id), "test");
  }

  /** A viewer waits for an open job. */
  view(key: string): void {
    this.engine.transactions.write((tx) => {
      const [row] = tx.rows.loadKeys([jobOfKey(key)]);
      if (row !== undefined) raise(tx, row, LIVE);
    });
  }

  /** Opens the database with a new instance, which lacks all that was only in memory. */
  restart(): void {
    this.#instance.life.isOver = true;
    this.#instance = this.#open(this.#instance.done.alarmAt);
  }

  /** Ends all leases, as a start of the local stack does. */
  endLeases(): void {
    this.engine.recover();
  }

  /* ── What a test sees ── */

  /** The row of a key. Null: it is stored, or was never ordered. */
  row(key: string): RowView | null {
    return this.engine.transactions.read((tx) => {
      const [row] = tx.rows.loadKeys([jobOfKey(key)]);
      if (row === undefined) return null;
      const claim = this.#memory.claims.byJob(row.id);
      const [owner, granted] = [claim?.owner?.name ?? null, claim?.state === "admitted"];
      const [job, dueAt] = [claim?.externalId ?? null, claim?.due ?? row.due ?? 0];
      return { ...row, name: nameOf(row.id), owner, granted, grantedAt: claim?.admittedAt ?? 0, job, dueAt };
    });
  }

  /** The row of a key. Throws if there is none. */
  open(key: string): RowView {
    const row = this.row(key);
    if (row === null) throw new Error(`no row of ${key}`);
    return row;
  }

  lastOutcome(key: string): VariantOutcome | undefined {
    return this.outcomes.get(key)?.at(-1);
  }

  /** Every key's last outcome. */
  kinds(): string[] {
    return [...this.outcomes.values()].map((outcomes) => outcomes.at(-1)?.kind ?? "");
  }

  /** Dead messages that are stored, in the order of their ids. */
  get dead(): UnreadableMessage[] {
    const found = this.#sql.exec("SELECT id, queue, reason, body, at FROM dead_messages ORDER BY id");
    return found as unknown as UnreadableMessage[];
  }

  /** Keys that have a row. */
  get keys(): string[] {
    return this.#sql.exec("SELECT grp, part FROM jobs ORDER BY id").map(keyOfRow);
  }

  /** Owners whose leases hold. */
  get alive(): string[] {
    const now = this.#site.clock.now();
    return this.#memory.claims.owners().flatMap((owner) => (isLive(owner, now) ? [owner.name] : []));
  }

  /** Slots taken at Ittybit. */
  get used(): number {
    return this.engine.getGate().slots;
  }

  get #memory() {
    return this.engine.transactions.memory;
  }
}
