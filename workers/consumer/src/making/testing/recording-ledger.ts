import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import type {
  DeadMessage,
  ExchangeAnswer,
  ExchangeRequest,
  Given,
  Handlers,
  LedgerCalls,
  Outcome,
} from "../../ledger/contract.ts";
import type { Engine } from "../../ledger/object/engine.ts";
import type { JobsAtIttybit } from "../../ledger/object/job-looks.ts";
import { collected } from "../../ledger/protocol/collected.ts";
import { isLive } from "../../ledger/protocol/leases.ts";
import { type Collected, NOTHING } from "../../ledger/protocol/sightings.ts";
import { listDeadMessages } from "../../ledger/tables/dead-messages.ts";
import { nameOf } from "../../ledger/tables/job-ids.ts";
import type { Row } from "../../ledger/tables/row.ts";
import { chunkOf, type Wish } from "../../ledger/testing/chunk-of.ts";
import { nodeSql } from "../../ledger/testing/node-sql.ts";
import { type Done, testEngine } from "../../ledger/testing/test-engine.ts";

interface Site {
  config: Config;
  clock: Clock & { sleep(ms: number): Promise<void> };
  /** What the collector looks at. */
  ittybit: JobsAtIttybit;
}

/** From a start of the ledger to the next. Once its life is over, nothing that it had begun goes on. */
interface Instance {
  engine: Engine;
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
 * The real ledger before a handler: the production engine over SQLite in memory, with its collector and its follow-ups. A test sees all
 * that was said to it, and loses calls and answers on their way. A due alarm rings before the next call is heard. The queue takes no
 * wake-ups: a test begins each handler itself.
 */
export class RecordingLedger implements Handlers {
  readonly requests: ExchangeRequest[] = [];
  /** What each key was settled with by the owner of its claim, the last outcome last. */
  readonly outcomes = new Map<string, Outcome[]>();
  readonly submitted: ExchangeRequest["submitted"] = [];
  readonly calls: string[] = [];
  /** While this answers true, a call is lost on its way to the ledger. */
  silent: (call: string) => boolean = () => false;
  /** While this answers true, the answer to a call is lost. */
  mute: (call: string) => boolean = () => false;
  /** What happens just before a call is heard. */
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

  /** `alarmAt`: the alarm that the instance before has set. */
  #open(alarmAt: number | null): Instance {
    const { config, clock, ittybit } = this.#site;
    const life = { isOver: false };
    const { engine, done } = testEngine(
      this.#sql,
      { config, clock },
      {
        newLedgerId: () => "L1",
        sleep: async (ms) => {
          await clock.sleep(ms);
          if (life.isOver) await new Promise(() => undefined);
        },
        send: () => Promise.reject(new Error("the queue takes nothing")),
        ittybit,
      },
    );
    done.alarmAt = alarmAt;
    return { engine, done, life, loaded: engine.load() };
  }

  get engine(): Engine {
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

  async recordDead(messages: DeadMessage[], id?: string): Promise<void> {
    await this.#hear("recordDead");
    this.engine.recordDead(structuredClone(messages), id);
    this.#answer("recordDead");
  }

  /** A stub, as the client makes one for each try. It has the calls of handlers only. */
  readonly newStub = (): LedgerCalls => this as unknown as LedgerCalls;

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
      return row !== null && claims.byGen(gen)?.owner?.name === request.owner ? [{ key: row.key, outcome }] : [];
    });
    const answer = this.engine.exchange(request);
    this.submitted.push(...request.submitted);
    if (answer.status === "lost") return answer;
    for (const { key, outcome } of counted) this.outcomes.set(key, [...(this.outcomes.get(key) ?? []), outcome]);
    return answer;
  }

  /* ── What a test brings about ── */

  /** Orders these keys in the bulk lane. */
  order(wish: Wish): void {
    this.#orders += 1;
    const delivery = { id: `delivery-${this.#orders}`, chunk: 0, hash: "h" };
    this.engine.acceptChunk(chunkOf({ run: "run_1", ...wish }, delivery));
  }

  /** Orders one key; the row that waits then. */
  add(key: string, more: Omit<Wish, "keys"> = {}): RowView {
    this.order({ ...more, keys: [key] });
    return this.open(key);
  }

  /** Another handler, which a test speaks for: what it says, and what it is given. */
  another(): (said?: Partial<ExchangeRequest>) => Given[] {
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

  /** Another handler was told to POST this job, and has left: with the job's id reported, or without. */
  addLeft(key: string, { job = null }: { job?: string | null } = {}): RowView {
    const { id, gen } = this.add(key);
    const say = this.another();
    say({ first: true, room: 40 });
    const give = say({ have: [{ id, gen, phase: "ready" }] });
    if (!give.some((one) => one.id === id && one.phase === "go")) throw new Error(`${key} was not granted`);
    say({ leave: true, submitted: job === null ? [] : [{ id, gen, job }] });
    return this.open(key);
  }

  /** What the collector reports. */
  see(found: Partial<Collected>): void {
    this.engine.transactions.write((tx) => collected(tx, { ...NOTHING, ...found }));
  }

  cancel(key: string): void {
    this.engine.cancelJob(nameOf(this.open(key).id), "test");
  }

  /** A viewer waits for it now. */
  promote(key: string): void {
    for (const _ of ["to upload", "to live"]) this.engine.promoteJob(nameOf(this.open(key).id), "test");
  }

  /** A new instance opens the database: what the last one knew only in memory is forgotten. */
  restart(): void {
    this.#instance.life.isOver = true;
    this.#instance = this.#open(this.#instance.done.alarmAt);
  }

  /** All leases are over, as after a start of the local stack. */
  endLeases(): void {
    this.engine.recover();
  }

  /* ── What a test sees ── */

  /** The row of a key. Null: it is stored, or was never ordered. */
  row(key: string): RowView | null {
    return this.engine.transactions.read((tx) => {
      tx.rows.loadKeys([key]);
      const row = tx.rows.get(key);
      if (row === null) return null;
      const claim = this.#memory.claims.byJob(row.id);
      const [owner, granted] = [claim?.owner?.name ?? null, claim?.state === "admitted"];
      const [job, dueAt] = [claim?.externalId ?? null, claim?.due ?? row.due ?? 0];
      return { ...row, name: nameOf(row.id), owner, granted, grantedAt: claim?.admittedAt ?? 0, job, dueAt };
    });
  }

  /** The row of a key that must be there. */
  open(key: string): RowView {
    const row = this.row(key);
    if (row === null) throw new Error(`no row of ${key}`);
    return row;
  }

  lastOutcome(key: string): Outcome | undefined {
    return this.outcomes.get(key)?.at(-1);
  }

  /** Every key's last outcome. */
  kinds(): string[] {
    return [...this.outcomes.values()].map((outcomes) => outcomes.at(-1)?.kind ?? "");
  }

  /** Dead messages that are stored, in the order of their ids. */
  get dead(): DeadMessage[] {
    const inOrder = (a: DeadMessage, b: DeadMessage) => a.messageId.localeCompare(b.messageId);
    return listDeadMessages(this.#sql, 100).toSorted(inOrder);
  }

  /** Keys that have a row. */
  get keys(): string[] {
    return this.#sql.exec("SELECT key FROM jobs ORDER BY id").map(({ key }) => String(key));
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
