import type { Clock } from "@prewarm/shared/clock";
import type { IttybitJob } from "../../ittybit/dialects.ts";
import type {
  DeadMessage,
  ExchangeAnswer,
  ExchangeRequest,
  Given,
  Handlers,
  MissAsk,
  Outcome,
} from "../../ledger/contract.ts";

/** A row, and the one entry that may stand for it in somebody's document. */
interface Row {
  id: number;
  key: string;
  gen: number;
  floor: number;
  live: boolean;
  attempts: number;
  due: number;
  state: "waiting" | "cancelling" | "ended";
  /** Whose document holds it: null for nobody's. */
  owner: string | null;
  granted: boolean;
  first: boolean;
  grantedAt: number;
  notBefore: number;
  job: string | null;
  unfetchedSince: number | null;
  /** It was made before a restore. */
  compare: boolean;
}

const LEASE_MS = 60_000;
const GO_MAX = 12;

/** How a job looks once it has ended; null before. */
interface Seen {
  look(job: string): IttybitJob | null | Promise<IttybitJob | null>;
}

/**
 * A ledger in memory that keeps `exchange`'s contract as far as a handler can notice it: leases, generations, phases, slots, what differs from
 * `have` told again. Its collector sees every job's end at once. Gate, lanes, runs and purges are the real ledger's business.
 */
export class MiniLedger implements Handlers {
  readonly rows = new Map<string, Row>();
  readonly requests: ExchangeRequest[] = [];
  /** What each key was settled with, the last one last. */
  readonly outcomes = new Map<string, Outcome[]>();
  readonly submitted: ExchangeRequest["submitted"] = [];
  readonly dead: DeadMessage[] = [];
  readonly calls: string[] = [];
  slots = 50;
  again = 100;
  /** Says that the handler itself is what is short. */
  more = false;
  /** How far ahead of its token a job is told to go, ms. */
  early = 0;
  stay = true;
  /** Keys that it says are capped. */
  capped: string[] = [];
  closedUntil = 0;
  /** Throws instead of hearing the call, while it returns true. */
  silent: (call: string) => boolean = () => false;
  /** Throws instead of answering a call it has heard. */
  mute: (call: string) => boolean = () => false;
  #leases = new Map<string, number>();
  readonly #idle = new Map<string, number>();
  readonly #sights = new Map<string, IttybitJob>();
  #gen = 1000;
  readonly #clock: Clock;
  readonly #ittybit: Seen;

  constructor(clock: Clock, ittybit: Seen) {
    this.#clock = clock;
    this.#ittybit = ittybit;
  }

  add(key: string, more: Partial<Row> = {}): Row {
    this.#gen += 1;
    const row: Row = {
      id: this.#gen - 1000,
      key,
      gen: this.#gen,
      floor: 0,
      live: false,
      attempts: 0,
      due: 0,
      state: "waiting",
      owner: null,
      granted: false,
      first: false,
      grantedAt: 0,
      notBefore: 0,
      job: null,
      unfetchedSince: null,
      compare: false,
      ...more,
    };
    this.rows.set(key, row);
    return row;
  }

  /** A generation somebody else was granted, and left: with its job, or without one known. */
  addLeft(key: string, more: Partial<Row> = {}): Row {
    return this.add(key, { granted: true, grantedAt: this.#clock.now() - 10_000, ...more });
  }

  /** Its collector has seen this job end. */
  see(job: IttybitJob): void {
    this.#sights.set(job.id, job);
  }

  lastOutcome(key: string): Outcome | undefined {
    return this.outcomes.get(key)?.at(-1);
  }

  /** Every key's last outcome. */
  kinds(): string[] {
    return [...this.outcomes.values()].map((outcomes) => outcomes.at(-1)?.kind ?? "");
  }

  /** The owner's lease is over, and what it held is nobody's. */
  lose(owner: string): void {
    this.#leases.set(owner, 0);
    for (const row of this.rows.values()) if (row.owner === owner) this.#putDown(row);
  }

  get alive(): string[] {
    return [...this.#leases].filter(([, until]) => until > this.#clock.now()).map(([owner]) => owner);
  }

  async recordDead(messages: DeadMessage[]): Promise<void> {
    this.#hear("recordDead");
    this.dead.push(...messages);
    this.#answer("recordDead");
  }

  async exchange(request: ExchangeRequest): Promise<ExchangeAnswer> {
    this.#hear("exchange");
    this.requests.push(structuredClone(request));
    await this.#collect();
    const answer = this.#exchange(request);
    this.#answer("exchange");
    return structuredClone(answer);
  }

  #hear(call: string): void {
    this.calls.push(call);
    if (this.silent(call)) throw new Error("the ledger does not hear");
  }

  #answer(call: string): void {
    if (this.mute(call)) throw new Error("the answer was lost");
  }

  #exchange({ owner, first, have, room, asks, submitted, settled, leave }: ExchangeRequest): ExchangeAnswer {
    const now = this.#clock.now();
    for (const one of submitted) this.#note(one);
    const until = this.#leases.get(owner);
    if (until === undefined ? !first : until <= now) return { status: "lost" };
    this.#leases.set(owner, now + LEASE_MS);
    for (const { id, gen, outcome } of settled) this.#settle(owner, id, gen, outcome);
    const look = asks.filter((one) => this.#ask(owner, one) === "look").map(({ key }) => key);
    const held = () => [...this.rows.values()].filter((row) => row.owner === owner);
    const stop = held()
      .filter(({ state }) => state === "cancelling")
      .map(({ id, gen }) => ({ id, gen }));
    // The ledger keeps nobody for whom it had nothing in three calls.
    const idle = held().length + settled.length + asks.length === 0 ? (this.#idle.get(owner) ?? 0) + 1 : 0;
    this.#idle.set(owner, idle);
    const answer = {
      status: "ok" as const,
      ledgerId: "L1",
      hookKey: null,
      look,
      capped: this.capped,
      again: this.again,
      more: this.more,
      stay: this.stay && idle < 3,
    };
    if (leave) {
      for (const row of held()) this.#putDown(row);
      this.#leases.delete(owner);
      return { ...answer, stop, give: [] };
    }
    const phases = new Map(have.map(({ id, gen, phase }) => [`${id}/${gen}`, phase]));
    const phaseOf = ({ id, gen }: Row) => phases.get(`${id}/${gen}`) ?? null;
    this.#handOut(owner, room, phaseOf);
    const give = held()
      .filter((row) => row.state === "waiting" && this.#differs(row, phaseOf(row)))
      .map((row) => this.#given(row));
    return { ...answer, stop, give };
  }

  #note({ id, gen, job }: ExchangeRequest["submitted"][number]): void {
    this.submitted.push({ id, gen, job });
    const row = this.#byId(id);
    if (row?.gen === gen && row.granted) row.job ??= job;
  }

  #byId(id: number): Row | undefined {
    return [...this.rows.values()].find((row) => row.id === id);
  }

  #ask(owner: string, { key, unknown, refused }: MissAsk): "look" | undefined {
    const known = this.rows.get(key);
    if (known === undefined && unknown === true) return "look";
    const row = known ?? this.add(key, refused === undefined ? {} : { state: "ended" });
    row.live = true;
    if (row.owner === null && row.state === "waiting" && !row.granted) row.owner = owner;
    return undefined;
  }

  #phase(row: Row): Given["phase"] {
    if (row.job !== null) return this.#sight(row) === null ? "watch" : "finish";
    return row.granted ? "go" : "standby";
  }

  async #collect(): Promise<void> {
    for (const { job } of this.rows.values()) {
      const seen = job === null || this.#sights.has(job) ? null : await this.#ittybit.look(job);
      if (seen !== null) this.#sights.set(seen.id, seen);
    }
  }

  #sight({ job }: Row): IttybitJob | null {
    return job === null ? null : (this.#sights.get(job) ?? null);
  }

  #differs(row: Row, told: string | null): boolean {
    const phase = this.#phase(row);
    if (told === null) return true;
    if (phase === "go") return told === "standby" || told === "ready";
    return phase === "finish" && told !== "finish";
  }

  #given(row: Row): Given {
    const { id, key, gen, floor, live, notBefore, grantedAt, first, attempts, job, unfetchedSince } = row;
    const phase = this.#phase(row);
    const sight = phase === "finish" ? this.#sight(row) : null;
    const names = { name: `job-${id}`, run: "run_1", key, hook: null };
    const told = { job, sight, unfetchedSince, compare: row.compare && phase === "finish" };
    return { id, ...names, gen, floor, live, phase, notBefore, grantedAt, first, attempts, ...told };
  }

  get used(): number {
    return [...this.rows.values()].filter((row) => row.granted && this.#sight(row) === null).length;
  }

  #handOut(owner: string, room: number, phaseOf: (row: Row) => string | null): void {
    const now = this.#clock.now();
    const rows = [...this.rows.values()].filter(({ state }) => state === "waiting");
    let left = room;
    let go = GO_MAX;
    for (const row of rows) {
      if (row.owner !== null || !row.granted || row.due > now || left <= 0) continue;
      if (row.job === null ? now < this.closedUntil : this.#sight(row) === null) continue;
      Object.assign(row, { owner, first: false });
      left -= 1;
    }
    for (const row of rows) {
      const asked = row.owner === owner && !row.granted && (row.live || phaseOf(row) === "ready");
      if (!asked || now < this.closedUntil || this.used >= this.slots || go <= 0) continue;
      Object.assign(row, { granted: true, first: true, grantedAt: now, notBefore: now + this.early });
      go -= 1;
    }
    for (const row of rows) {
      if (row.owner !== null || row.granted || row.due > now || left <= 0) continue;
      row.owner = owner;
      left -= 1;
    }
  }

  #putDown(row: Row): void {
    row.owner = null;
    row.first = false;
  }

  #forget(row: Row): void {
    Object.assign(row, { owner: null, granted: false, first: false, grantedAt: 0, job: null, unfetchedSince: null });
  }

  #regen(row: Row): void {
    this.#gen += 1;
    this.#forget(row);
    row.gen = this.#gen;
  }

  #settle(owner: string, id: number, gen: number, outcome: Outcome): void {
    const row = this.#byId(id);
    if (row === undefined || row.owner !== owner || row.gen !== gen) return;
    this.outcomes.set(row.key, [...(this.outcomes.get(row.key) ?? []), outcome]);
    const ended = outcome.kind === "stored" || (outcome.kind === "present" && outcome.objectGen >= row.floor);
    if (ended || outcome.kind === "refused" || row.state === "cancelling") {
      this.#forget(row);
      row.state = "ended";
      return;
    }
    if (outcome.kind === "present") this.#regen(row);
    else if (outcome.kind === "failed") this.#fail(row, outcome);
    else this.#giveBack(row, outcome);
  }

  #giveBack(row: Row, outcome: Outcome): void {
    if (outcome.kind === "throttled") this.closedUntil = outcome.until;
    if (outcome.kind === "account") this.closedUntil = Number.POSITIVE_INFINITY;
    if (outcome.kind === "unclear" || outcome.kind === "fault")
      Object.assign(row, { attempts: row.attempts + 1, due: this.#clock.now() + 3_000 });
    if (outcome.kind === "pending") row.due = outcome.due;
    if (outcome.kind === "pending" && outcome.unfetched !== undefined) row.unfetchedSince ??= this.#clock.now();
    const none = outcome.kind === "unposted" || outcome.kind === "throttled" || outcome.kind === "account";
    if ((none && row.first && row.job === null) || !row.granted) this.#forget(row);
    else this.#putDown(row);
  }

  #fail(row: Row, outcome: Extract<Outcome, { kind: "failed" }>): void {
    row.attempts += 1;
    this.#regen(row);
    if (outcome.class === "permanent" || row.attempts >= 5) row.state = "ended";
    else row.due = this.#clock.now() + 60_000;
  }
}
