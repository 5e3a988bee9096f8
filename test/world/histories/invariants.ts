import type { ChunkAnswer, Sql } from "@prewarm/durable-queue";
import { LEASE_MS } from "@prewarm/durable-queue";
import type { Focal } from "@prewarm/shared/focal";
import { idOfKey, jobOfKey } from "@prewarm/shared/variant-key";
import type { AcceptChunk } from "../../../workers/consumer/src/images/calls.ts";
import type { JobOrder } from "../../../workers/consumer/src/ittybit/client.ts";
import type { ExchangeAnswer, ExchangeRequest, GateView } from "../../../workers/consumer/src/ledger/calls.ts";
import type { LedgerCalls } from "../../../workers/consumer/src/ledger/ledger-for.ts";
import type { Stored } from "../../../workers/consumer/src/testing/memory-bucket.ts";
import { SETTLED_MS } from "../../../workers/consumer/src/times.ts";
import type { Chance } from "../chance.ts";
import { KeptResults } from "../kept-results.ts";
import type { Put } from "../store.ts";
import type { VirtualClock } from "../virtual-clock.ts";
import type { Watcher } from "../world.ts";
import { CommitChecks } from "./commit-checks.ts";
import { CANCELLED, lookAt, WAITING } from "./ledger-look.ts";
import { Promises } from "./promises.ts";
import { type JudgedWorld, Promptness } from "./promptness.ts";
import type { Upstream } from "./upstream.ts";

const REPLAY_CHANCE = 0.05;
/** Calls that a second time change nothing but the end of a lease. */
const REPLAYED = new Set<keyof LedgerCalls>([
  ...(["exchange", "recordDead", "acceptChunk", "finishDelivery", "cancelRun", "lookUp", "getGate", "rearm"] as const),
  "setFocal",
]);
/** A lease is written again when it has grown by this much. */
const WRITTEN_LATE_MS = 20_000;

/** What must hold while a history goes on, and what its end needs to know; every breach is a line in `bad`. */
export class Invariants implements Watcher {
  readonly bad: string[] = [];
  readonly promises: Promises;
  /** Whether anything was done that may make a job end dead. */
  mayDie = false;
  /** Handlers that gave up because the ledger did not answer. */
  givenUp = 0;
  /** Of those, the ones that an outage made give up: nobody is to be blamed for them. */
  blameless = 0;
  readonly #clock: VirtualClock;
  readonly #chance: Chance;
  readonly #upstream: Upstream;
  /** The call under way. */
  #during: { call: keyof LedgerCalls; args: unknown[] } | null = null;
  #world: JudgedWorld | null = null;
  #prompt: Promptness | null = null;
  #commits: CommitChecks | null = null;
  readonly #kept = new KeptResults((text) => this.violation(text));
  /** Of each owner's last good call: until when it may write, and by which instance. The table knows of none that merely looks. */
  readonly #leases = new Map<string, { until: number; bornAt: number }>();

  constructor(clock: VirtualClock, chance: Chance, upstream: Upstream) {
    this.#clock = clock;
    this.#chance = chance;
    this.#upstream = upstream;
    this.promises = new Promises(() => this.world.sql);
    upstream.onSubmit = (order, made) => this.#submitted(order, made);
  }

  attach(world: JudgedWorld): void {
    const violation = (text: string) => this.violation(text);
    this.#world = world;
    this.#prompt = new Promptness(world, violation);
    this.#commits = new CommitChecks({ world, upstream: this.#upstream, promises: this.promises, violation });
  }

  get world(): JudgedWorld {
    if (this.#world === null) throw new Error("no world is attached");
    return this.#world;
  }

  get sql(): Sql {
    return this.world.sql;
  }

  violation(text: string): void {
    if (this.bad.length < 10) this.bad.push(text);
  }

  passed(): void {}

  logged(event: string, fields: Record<string, unknown> = {}): void {
    if (event === "batch.given_up") {
      this.givenUp += 1;
      if (this.world.object.isBlameless) this.blameless += 1;
      this.world.diedAt = this.#clock.now();
    }
    const error = String(fields.error ?? "");
    if (/\(world\)|no answer in time|connection reset/.test(error)) return;
    if (event === "job.unexpected") this.violation(`unexpected: ${fields.key} ${error}`);
    if (/^(batch.failed|queue.duty_failed|queue.send_failed|collect.failed)$/.test(event))
      this.violation(`${event}: ${fields.duty ?? ""} ${error}`);
  }

  /** What the edge is told of the gate, at rest. */
  checkGate(): void {
    this.#prompt?.checkGate("at rest");
  }

  /** Nothing waits for longer than it may. */
  checkOverdue(): void {
    this.#prompt?.checkOverdue();
  }

  /* ── Calls ── */

  hear(call: keyof LedgerCalls, args: unknown[], work: () => unknown, id?: string): unknown {
    if (id !== undefined && this.#wasAnswered(id)) return work();
    this.promises.before(call, args);
    if (call === "exchange")
      this.#kept.heard((args[0] as ExchangeRequest).settled, this.#clock.now(), this.world.skewMs);
    const wasLive = call === "exchange" ? this.#leaseOf((args[0] as ExchangeRequest).owner) : "live";
    const before = wasLive === "over" ? this.#dump() : "";
    this.#during = { call, args };
    const answer = work();
    this.#during = null;
    if (answer instanceof Promise) return answer;
    if (wasLive === "over") this.#mustBeLost(args[0] as ExchangeRequest, answer as ExchangeAnswer, before);
    this.#heard(call, args, answer);
    this.#replay(call, args, work);
    this.#prompt?.heard(call);
    return answer;
  }

  /** A repeat gets the answer of the first call and changes nothing, though another call has come in between. */
  #wasAnswered(id: string): boolean {
    return this.sql.exec("SELECT 1 FROM inbox WHERE id = ?", `call:${id}`).length > 0;
  }

  #heard(call: keyof LedgerCalls, args: unknown[], answer: unknown): void {
    if (call === "exchange") this.#leased(args[0] as ExchangeRequest, answer as ExchangeAnswer);
    if (call === "acceptChunk") this.#accepted(args[0] as AcceptChunk, answer as ChunkAnswer);
    if (call === "setFocal" && !this.promises.removed.has(String(args[0])))
      this.promises.points.set(String(args[0]), args[1] as Focal | null);
    for (const id of call === "removeImage" ? (args[0] as string[]) : []) this.promises.blocked(id, this.#clock.now());
    for (const id of call === "unblockImage" ? (args[0] as string[]) : []) this.promises.blocked(id, null);
    if (call === "patchGate") this.world.gateSet(answer as GateView);
    if (call === "purgeImage") {
      const { status, purge } = answer as { status: string; purge: string };
      if (status === "purging") this.promises.purged(String(args[0]), Number(purge));
    }
  }

  #leased({ owner, leave }: ExchangeRequest, { status }: ExchangeAnswer): void {
    if (status !== "ok") return;
    const { bornAt } = this.world.object;
    this.#leases.set(owner, { until: leave ? 0 : this.#clock.now() + LEASE_MS, bornAt });
  }

  /** I1: what is accepted has a row. */
  #accepted(chunk: AcceptChunk, answer: ChunkAnswer): void {
    this.promises.uploaded(chunk, answer);
    const { rows } = lookAt(this.sql);
    const byKey = new Map([...rows.values()].map((row) => [row.key, row]));
    for (const key of this.promises.accepted(chunk, answer)) {
      const row = byKey.get(key);
      if (row?.state !== WAITING) this.violation(`${key} was accepted and does not wait (I1)`);
      else this.promises.ordered(row);
    }
  }

  /** I9: now and then a call is made twice; a second exchange takes nothing more. */
  #replay(call: keyof LedgerCalls, args: unknown[], work: () => unknown): void {
    if (!REPLAYED.has(call) || !this.#chance.hits(REPLAY_CHANCE)) return;
    const request = call === "exchange" ? (args[0] as ExchangeRequest) : null;
    const before = this.#dump();
    const room = request?.room ?? 0;
    if (request !== null) request.room = 0;
    this.#during = { call, args };
    work();
    this.#during = null;
    if (request !== null) request.room = room;
    const after = this.#dump();
    if (after !== before) this.violation(`${call} made twice changed something (I9): ${differenceOf(before, after)}`);
  }

  #dump(): string {
    const { rows, claims, abandoned } = lookAt(this.sql);
    const held = claims.map(({ owner, id, gen, job }) => [owner, id, gen, job]);
    const queries = [
      "SELECT * FROM runs ORDER BY n",
      "SELECT id, floor, ordering, etag FROM images ORDER BY id",
      "SELECT id, x, y, fence FROM focals ORDER BY id",
      "SELECT body FROM docs WHERE name IN ('counts', 'statistics') ORDER BY name",
    ];
    const tables = queries.map((query) => this.sql.exec(query));
    return JSON.stringify([[...rows.values()], held, [...abandoned], ...tables]);
  }

  /** By the table: `over` only when it is so beyond doubt. An owner that has left has no row. */
  #leaseOf(owner: string): "live" | "over" {
    const raw = this.sql.exec("SELECT lease_until FROM owners WHERE name = ?", owner)[0];
    if (raw === undefined) return "live";
    return Number(raw.lease_until) + WRITTEN_LATE_MS < this.#clock.now() ? "over" : "live";
  }

  /** I5: who has no live lease settles nothing. */
  #mustBeLost({ owner, submitted }: ExchangeRequest, answer: ExchangeAnswer, before: string): void {
    if (answer.status !== "lost") this.violation(`${owner} was answered after its lease (I5)`);
    else if (submitted.length === 0 && this.#dump() !== before)
      this.violation(`${owner} changed something after its lease (I5)`);
  }

  /* ── R2 and Ittybit ── */

  /** I5: only the owner of a live lease writes; one that holds no grant, a copy of what has the same picture. */
  putIssued({ key: storeName, owner }: Put): void {
    if (!storeName.startsWith("variants/") || owner === null || this.world.isExcused) return;
    const { claims } = lookAt(this.sql);
    const mine = claims.filter((claim) => claim.owner === owner);
    const now = this.#clock.now();
    const isLive =
      mine.length > 0 ? mine.some(({ until }) => until > now) : (this.#leases.get(owner)?.until ?? 0) > now;
    if (!isLive) this.violation(`${owner} put ${storeName} without a live lease (I5): ${JSON.stringify(mine)}`);
  }

  /** What is cancelled stores nothing. */
  putLanded({ key: storeName, owner, issuedAt }: Put, object: Stored): void {
    this.#prompt?.putLanded(storeName);
    const key = storeName.replace(/^variants\//, "");
    this.promises.putAt.set(key, issuedAt);
    if (this.#isLongRemoved(key)) this.violation(`${storeName} was put of a removed image (P20)`);
    const since = this.#commits?.cancelledAt.get(key) ?? issuedAt;
    if (this.world.isExcused || issuedAt <= since) return;
    const { group, part } = jobOfKey(key);
    const state = this.sql.exec("SELECT state FROM jobs WHERE grp = ? AND part = ?", group, part)[0]?.state;
    if (state === CANCELLED && !this.#isForgottenCopy(owner, key, object))
      this.violation(`stored after cancelled ${key} (I7)`);
  }

  /** A copy is put without a grant, and of who merely looks an instance younger than its last call knows nothing. */
  #isForgottenCopy(owner: string | null, key: string, { customMetadata }: Stored): boolean {
    const job = this.#upstream.jobs.find(({ id }) => id === customMetadata.job);
    if (owner === null || job === undefined || job.order.metadata.key === key) return false;
    return this.#leases.get(owner)?.bornAt !== this.world.object.bornAt;
  }

  /** I3: one job a generation, and of one key only one that is not given up. */
  #submitted({ metadata, idempotencyKey }: JobOrder, made: { key: string; isNew: boolean }): void {
    const { gen = "", key = "" } = metadata;
    if (made.key !== key) this.violation(`${key} was given the job of ${made.key} (${idempotencyKey})`);
    if (!made.isNew) return;
    if (this.#isLongRemoved(key)) this.violation(`a job was made of a removed image: ${key} (P20)`);
    if (!this.promises.asked.has(key)) this.violation(`invented: a job for ${key}`);
    const same = this.#upstream.jobs.filter((job) => job.order.metadata.gen === gen);
    if (same.length > 1) this.violation(`doubled: ${same.length} jobs of generation ${gen} of ${key} (I3)`);
    const { abandoned, claims } = lookAt(this.sql);
    const claim = claims.find((one) => one.gen === Number(gen));
    this.world.made(claim?.admittedAt ?? null);
    if (this.world.isExcused) return;
    const kept = (this.#commits?.running() ?? []).filter(({ order }) => order.metadata.key === key);
    const held = kept.filter(({ order }) => !abandoned.has(Number(order.metadata.gen)));
    if (held.length > 1) this.violation(`doubled: ${held.length} jobs at once of ${key} (I3)`);
  }

  /** Every handler that began before the removal has ended. What a restored ledger has not looked up yet is not judged. */
  #isLongRemoved(key: string): boolean {
    const at = this.promises.removed.get(idOfKey(key));
    return at !== undefined && this.#clock.now() - at > SETTLED_MS && !this.world.isExcused;
  }

  /* ── After every transaction ── */

  committed(): void {
    if (this.#world === null) return;
    this.#prompt?.changed();
    this.#commits?.committed(this.#during);
  }

  /** Keys that a hand deletes; what was promised for them was kept, or is noticed by the next look. */
  deletedByHand(key: string): void {
    this.promises.deletedByHand(key, this.#clock.now());
  }
}

/** Where two texts part. */
function differenceOf(before: string, after: string): string {
  let at = 0;
  while (before[at] === after[at] && at < before.length) at += 1;
  const part = (text: string) => text.slice(Math.max(0, at - 120), at + 120);
  return `${part(before)} became ${part(after)}`;
}
