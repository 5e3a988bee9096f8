import { JOB_DEADLINE_MS } from "@prewarm/shared/limits";
import { idOfKey, storeKey } from "@prewarm/shared/variant-key";
import type { JobOrder } from "../../../workers/consumer/src/ittybit/client.ts";
import type {
  AcceptChunk,
  ChunkAnswer,
  JobAct,
  LedgerCalls,
  NewAction,
  Outcome,
  Settled,
} from "../../../workers/consumer/src/ledger/contract.ts";
import type { Chance } from "../chance.ts";
import type { Put } from "../store.ts";
import type { VirtualClock } from "../virtual-clock.ts";
import type { Watcher } from "../world.ts";
import { type JudgedWorld, Promptness } from "./promptness.ts";
import type { Upstream } from "./upstream.ts";

const [RETRYING, STORED, DEAD, CANCELLED, REFUSED] = [2, 3, 4, 5, 6];
/** Intent of a row whose owner is to stop. */
const CANCEL = 1;
const REPLAY_CHANCE = 0.05;
/** Calls that a second time change nothing but the end of a lease. */
const REPLAYED = new Set<keyof LedgerCalls>([
  ...(["claim", "renew", "submitted", "settle", "observeEnded", "recordDead"] as const),
  ...(["acceptChunk", "finishDelivery", "cancelRun", "lookUp", "getGate", "rearm"] as const),
]);
/** Puts are taken to land within this; what lands later, only the object's generation fences. */
const PUT_MS = 60_000;

/** What must hold while a history goes on, and what its end needs to know; every breach is a line in `bad`. */
export class Invariants implements Watcher {
  readonly bad: string[] = [];
  /** Keys for which a 202 was said and no end has been seen to be taken back since: by a purge or a hand. */
  readonly promised = new Set<string>();
  readonly asked = new Set<string>();
  /** Who was promised a key and has not cancelled it, by key: runs. */
  readonly wants = new Map<string, Set<string>>();
  /** Keys whose object a hand has deleted. */
  readonly deleted = new Set<string>();
  /** Floors of the purges, by image. */
  readonly purgedBelow = new Map<string, number>();
  /** Images whose change was told only by the first etag the ledger heard of them: it takes what is stored to be of it. */
  readonly unsure = new Set<string>();
  /** Whether anything was done that may make a job end dead. */
  mayDie = false;
  readonly #clock: VirtualClock;
  readonly #chance: Chance;
  readonly #upstream: Upstream;
  /** Keys that an action under way may yet cancel. */
  readonly #cancelling = new Set<string>();
  /** Since when a row is shown cancelled. */
  readonly #cancelledAt = new Map<string, number>();
  /** The owner a row had when it got the intent that cancelled it. */
  readonly #toldToStop = new Map<string, string>();
  #world: JudgedWorld | null = null;
  #prompt: Promptness | null = null;

  constructor(clock: VirtualClock, chance: Chance, upstream: Upstream) {
    this.#clock = clock;
    this.#chance = chance;
    this.#upstream = upstream;
    upstream.onJob = (order) => this.#jobMade(order);
  }

  attach(world: JudgedWorld): void {
    this.#world = world;
    this.#prompt = new Promptness(world, (text) => this.violation(text));
  }

  violation(text: string): void {
    if (this.bad.length < 10) this.bad.push(text);
  }

  passed(): void {}

  logged(event: string, fields: Record<string, unknown> = {}): void {
    const error = String(fields.error ?? "");
    const isOurs = /\(world\)|no answer in time|connection reset/.test(error);
    if (isOurs) return;
    if (event === "job.unexpected") this.violation(`unexpected: ${fields.key} ${error}`);
    if (/^(batch.failed|ledger.duty_failed|ledger.dispatch_failed|ledger.purge_failed)$/.test(event))
      this.violation(`${event}: ${fields.duty ?? ""} ${error}`);
  }

  #sql(query: string, ...params: (string | number)[]) {
    return this.#world?.sql.exec(query, ...params) ?? [];
  }

  /** What the edge is told of the gate, at rest. */
  checkGate(): void {
    this.#prompt?.checkGate("at rest");
  }

  /* ── Calls ── */

  hear(call: keyof LedgerCalls, args: unknown[], work: () => unknown): unknown {
    const isLeased = call !== "settle" || this.#isLeased(String(args[0]));
    const told = call === "acceptChunk" ? this.#firstWords(args[0] as AcceptChunk) : [];
    const news = call === "acceptChunk" ? this.#newEtags(args[0] as AcceptChunk) : [];
    const answer = this.#replayed(call, work);
    this.#prompt?.heard(call);
    if (answer instanceof Promise) return answer.then((said) => this.#heard(call, args, said));
    if (call === "settle" && !isLeased) this.#mustBeLost(answer as Record<string, Settled>);
    for (const image of told) this.unsure.add(image);
    for (const image of news) this.#mustBeMadeAnew(image);
    return this.#heard(call, args, answer);
  }

  #heard(call: keyof LedgerCalls, args: unknown[], answer: unknown): unknown {
    switch (call) {
      case "acceptChunk":
        this.#accepted(args[0] as AcceptChunk, answer as ChunkAnswer);
        break;
      case "settle":
        this.#settled(args[1] as Record<string, Outcome>, answer as Record<string, Settled>);
        break;
      case "purgeImage":
        this.#purged(String(args[0]), answer as { status: string; purge: string });
        break;
      case "cancelJob":
        this.#cancelled(answer as JobAct);
        break;
      case "cancelRun":
        for (const wants of this.wants.values()) wants.delete(String(args[0]));
        break;
      case "createAction":
        if (answer !== null) this.#acting(args[0] as NewAction);
        break;
      default:
    }
    return answer;
  }

  /** I9: now and then a call is made twice. */
  #replayed(call: keyof LedgerCalls, work: () => unknown): unknown {
    const answer = work();
    if (!REPLAYED.has(call) || answer instanceof Promise || !this.#chance.hits(REPLAY_CHANCE)) return answer;
    const before = this.#dump();
    work();
    if (this.#dump() !== before) this.violation(`${call} made twice changed something (I9)`);
    return answer;
  }

  #dump(): string {
    const queries = [
      "SELECT * FROM jobs ORDER BY seq",
      "SELECT gen, ittybit_job FROM abandoned ORDER BY gen",
      "SELECT * FROM counters ORDER BY state, lane",
      "SELECT owner, seqs FROM claims ORDER BY owner",
      "SELECT id, states, accepted, duplicates, existing, open FROM runs ORDER BY n",
      "SELECT id, floor, ordering, source_etag FROM images ORDER BY id",
    ];
    return JSON.stringify(queries.map((query) => this.#sql(query)));
  }

  /** I5: who has no live lease settles nothing. */
  #isLeased(owner: string): boolean {
    return this.#sql("SELECT 1 FROM claims WHERE owner = ? AND until > ?", owner, this.#clock.now()).length > 0;
  }

  #mustBeLost(answers: Record<string, Settled>): void {
    for (const [key, answer] of Object.entries(answers))
      if (answer !== "lost") this.violation(`settled without a lease ${key} (I5)`);
  }

  /** Images of which this chunk tells an etag, and nothing was known. */
  #firstWords({ images }: AcceptChunk): string[] {
    return images.flatMap(({ id, order, sourceEtag }) => {
      if (order !== null || sourceEtag === null) return [];
      const known = this.#sql(
        "SELECT 1 FROM images WHERE id = ? AND (ordering IS NOT NULL OR source_etag IS NOT NULL)",
        id,
      );
      return known.length > 0 ? [] : [id];
    });
  }

  /** Images of which this chunk tells another etag than the ledger knows. */
  #newEtags({ images }: AcceptChunk): string[] {
    return images.flatMap(({ id, order, sourceEtag }) => {
      if (order !== null || sourceEtag === null) return [];
      const known = this.#sql("SELECT 1 FROM images WHERE id = ? AND source_etag <> ?", id, sourceEtag);
      return known.length > 0 ? [id] : [];
    });
  }

  #mustBeMadeAnew(image: string): void {
    const still = this.#sql(
      "SELECT key FROM jobs WHERE state = 3 AND owner IS NULL AND key >= ?1 || '/' AND key < ?1 || '0'",
      image,
    );
    for (const { key } of still) this.violation(`${key} counts as stored after its original was replaced (P16)`);
  }

  #accepted({ images, run }: AcceptChunk, answer: ChunkAnswer): void {
    if (answer.status !== "done" || answer.closed === true) return;
    const cancelled = this.#sql("SELECT 1 FROM runs WHERE id = ? AND cancelled_at > 0", run.run).length > 0;
    const keys = answer.outdated > 0 ? [] : images.flatMap((image) => image.keys);
    for (const key of keys) {
      if (!this.#isTaken(key)) this.promised.add(key);
      this.asked.add(key);
      if (this.#cancelling.has(key)) continue;
      const wants = this.wants.get(key) ?? new Set();
      this.wants.set(key, wants.add(cancelled ? "outside any run" : run.run));
    }
  }

  /** The ledger takes it for stored, and a hand has deleted it: until the doctor or a view notices, nothing is promised. */
  #isTaken(key: string): boolean {
    const isStored = this.#sql("SELECT 1 FROM jobs WHERE key = ? AND state = 3", key).length > 0;
    return isStored && this.deleted.has(key) && this.#world?.store.objects.has(storeKey(key)) !== true;
  }

  #purged(id: string, { status, purge }: { status: string; purge: string }): void {
    if (status !== "purging") return;
    this.purgedBelow.set(id, Number(purge));
    for (const key of this.promised) if (idOfKey(key) === id) this.promised.delete(key);
    for (const key of this.wants.keys()) if (idOfKey(key) === id) this.wants.delete(key);
  }

  #cancelled(act: JobAct): void {
    if (act.status === "ok") this.wants.delete(act.job.key);
  }

  #acting({ kind, match }: NewAction): void {
    if (kind !== "cancel") return;
    for (const { key } of this.#sql("SELECT key FROM jobs")) {
      if (idOfKey(String(key)) !== match.id) continue;
      this.wants.delete(String(key));
      this.#cancelling.add(String(key));
    }
  }

  /** P2: a POST without an answer is repeated under its own key, or two jobs run. */
  #settled(outcomes: Record<string, Outcome>, answers: Record<string, Settled>): void {
    for (const [key, outcome] of Object.entries(outcomes)) {
      if (outcome.kind !== "unclear" || answers[key] !== "ok") continue;
      const row = this.#sql("SELECT state, unclear FROM jobs WHERE key = ?", key)[0];
      const job = this.#upstream.jobs.findLast(({ order }) => order.metadata.key === key);
      if (row?.state === RETRYING && Number(row.unclear) < 1 && job !== undefined && job.endsAt > this.#clock.now())
        this.violation(`doubled: ${key} is asked for anew while ${job.id} runs (P2)`);
    }
  }

  /* ── R2 and Ittybit ── */

  deletedByHand(key: string): void {
    this.promised.delete(key);
    this.deleted.add(key);
  }

  /** I5: only the owner of a live lease writes. */
  putIssued({ key: storeName, owner }: Put): void {
    if (!storeName.startsWith("variants/") || owner === null) return;
    const row = this.#sql("SELECT owner, state FROM jobs WHERE ?1 = 'variants/' || key", storeName)[0];
    if (row?.owner !== owner || !this.#isLeased(owner))
      this.violation(`${owner} put ${storeName} without a live lease (I5), row ${JSON.stringify(row)}`);
  }

  /** P10: what is cancelled stores nothing. */
  putLanded({ key: storeName, owner, issuedAt, answered }: Put): void {
    this.#prompt?.putLanded(storeName);
    const key = storeName.replace(/^variants\//, "");
    if (this.#sql("SELECT 1 FROM jobs WHERE key = ? AND state = 5", key).length === 0) return;
    // Who gets no answer cannot wait for ever: its row is cancelled when it settles, and the put may land after all.
    const told = answered && this.#toldToStop.get(key) === owner && this.#clock.now() - issuedAt <= PUT_MS;
    if (told) this.violation(`stored after its owner was cancelled ${key} (P10)`);
    if (issuedAt > (this.#cancelledAt.get(key) ?? issuedAt)) this.violation(`stored after cancelled ${key} (P10)`);
  }

  /** I3: one job a generation, and of one key only one that is not given up. */
  #jobMade({ metadata }: JobOrder): void {
    const { gen = "", key = "" } = metadata;
    if (!this.asked.has(key)) this.violation(`invented: a job for ${key}`);
    const same = this.#upstream.jobs.filter((job) => job.order.metadata.gen === gen);
    if (same.length > 1) this.violation(`doubled: ${same.length} jobs of generation ${gen} of ${key} (I3)`);
    const abandoned = new Set(this.#sql("SELECT gen FROM abandoned").map((raw) => String(raw.gen)));
    const kept = this.#upstream
      .running()
      .filter(({ order, createdAt }) => order.metadata.key === key && this.#isYoung(createdAt))
      .filter(({ order }) => !abandoned.has(order.metadata.gen ?? ""));
    if (kept.length > 1) this.violation(`doubled: ${kept.length} jobs at once of ${key} (I3)`);
  }

  /** A job that outlives its deadline is given up for good; Ittybit may keep it. */
  #isYoung(createdAt: number): boolean {
    return this.#clock.now() - createdAt < JOB_DEADLINE_MS - 60_000;
  }

  /* ── After every transaction ── */

  committed(): void {
    if (this.#world === null) return;
    const rows = this.#sql("SELECT key, state, owner, due, intent FROM jobs");
    for (const { key, state, owner, due, intent } of rows) {
      if (!Number.isFinite(Number(due))) this.violation(`${key} is due never (I2)`);
      this.#watchCancel(String(key), Number(state), owner === null ? null : String(owner), intent === CANCEL);
    }
    this.#checkSlots();
    this.#checkFloors();
    if (this.#cancelling.size > 0 && this.#sql("SELECT 1 FROM actions WHERE state = 'running'").length === 0)
      this.#cancelling.clear();
  }

  /** I7, and what P10 needs to know. */
  #watchCancel(key: string, state: number, owner: string | null, isToStop: boolean): void {
    const isCancelled = state === CANCELLED;
    if (isCancelled && owner !== null) this.violation(`${key} is cancelled and owned (I7)`);
    if (isToStop && owner !== null) this.#toldToStop.set(key, owner);
    else if (!isCancelled) this.#toldToStop.delete(key);
    // It has had its end: what comes later is somebody else's.
    if (owner === null && (state === STORED || state === DEAD || state === REFUSED)) this.wants.delete(key);
    if (!isCancelled) this.#cancelledAt.delete(key);
    else if (!this.#cancelledAt.has(key)) this.#cancelledAt.set(key, this.#clock.now());
  }

  /** I4. */
  #checkSlots(): void {
    const running = this.#upstream.running();
    if (running.length === 0) return;
    const slots = this.#sql(
      "SELECT gen FROM jobs WHERE granted > 0 AND state < 3 UNION SELECT gen FROM abandoned WHERE until > ?",
      this.#clock.now(),
    );
    const held = new Set(slots.map((raw) => String(raw.gen)));
    for (const job of running) {
      if (this.#isYoung(job.createdAt) && !held.has(job.order.metadata.gen ?? ""))
        this.violation(`${job.id} runs without a slot (I4)`);
    }
  }

  /** I5: what counts as stored was made after the last order. */
  #checkFloors(): void {
    const older = this.#sql(
      `SELECT key FROM jobs WHERE state = 3 AND owner IS NULL AND again = 0 AND gen <
        (SELECT max(jobs.floor, coalesce(max(i.floor), 0)) FROM images AS i WHERE jobs.key >= i.id || '/' AND jobs.key < i.id || '0')`,
    );
    for (const { key } of older) this.violation(`${key} is stored, but older than its order (I5)`);
  }
}
