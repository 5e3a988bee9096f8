import { type Assignment, GO_MAX, type Held, type Phase } from "@prewarm/durable-queue";
import type { Format } from "@prewarm/shared/config";
import type { Focal } from "@prewarm/shared/focal";
import type { StagedName } from "@prewarm/shared/staged-name";
import type { Transform } from "@prewarm/shared/transform";
import { keyOfJob, parseVariantKey, versionOfKey } from "@prewarm/shared/variant-key";
import type { VariantMetadata } from "@prewarm/shared/variant-metadata";
import type { MissAsk, OpaquePng, Staging, VariantOutcome } from "../images/calls.ts";
import type { ExchangeRequest } from "../ledger/calls.ts";
import type { ProbedOriginal } from "../originals/probe.ts";
import type { Noted } from "../store/info.ts";
import type { StoredObject } from "../store/variants.ts";
import { PendingNotes } from "./pending-notes.ts";

/** A job that is prepared: the object in R2, and the original. */
export interface Prepared {
  /** The object that R2 had; null: none. */
  stored: StoredObject | null;
  original: Extract<ProbedOriginal, { kind: "image" }>;
}

/** A claim of this handler: one generation of one variant. */
export interface HeldClaim extends Held {
  /** The key of its variant. */
  key: string;
  /** The original's id. */
  image: string;
  transform: Transform;
  /** The focal point, the same for the whole generation. */
  focal: Focal | null;
  /** The staged original that it is made from. Null: a viewer waits for it, or its original is not staged. */
  staging: Staging | null;
  /** Resolves when a viewer begins to wait for it. */
  urgent: PromiseWithResolvers<"urgent">;
  /** The number of the announcement of its version, if that is the last one; else 0. */
  announced: number;
  /** A POST, download or copy is in flight; do not report an outcome until it ends. */
  begun: boolean;
  /** The ledger told this handler to stop. */
  isStopped: boolean;
  /** Its POST has ended, and its result is noted. */
  answered: boolean;
  /** This handler has given it up; a step that is still running does nothing more. */
  isDropped: boolean;
  /** The one preparation of the claim. Resolves to null if it settles the claim. */
  prepared: Promise<Prepared | null> | null;
  /** The id of the engine's job; null: not known yet. */
  job: string | null;
  /** This handler has made its job, so the put relies on the head before the POST. */
  posted: boolean;
  /** The smaller formats that its object names. */
  smaller: readonly Format[];
  /** The metadata that this handler has put; null: it has put none. */
  made: VariantMetadata | null;
  /** R2 had an object of it before. */
  wasStored: boolean;
  /** The original as this handler saw it; null: it has not read it. */
  original: Prepared["original"] | null;
  /** PNGs that its variant shows to be needless. */
  opaquePngs: OpaquePng[];
}

/** Properties of the image of a claim that the ledger sends. */
type OfImage = Partial<Pick<HeldClaim, "focal" | "announced" | "staging">>;

/** Reports for the next call of the ledger. */
type News = Required<Pick<ExchangeRequest, "asks" | "submitted" | "settled" | "opaquePngs">>;

const noNews = (): News => ({ asks: [], submitted: [], settled: [], opaquePngs: [] });

/** A handler with this many running steps or fewer has connections for more. */
const BUSY_ACTS = 3;

/** The order of phases. An answer of the ledger only moves a claim forward. */
const PROGRESS: Record<Phase, number> = { standby: 0, ready: 0, admitted: 1, watch: 2, finish: 3 };

/** The version of its image that a claim is of. */
export function versionOf({ image, key }: Pick<HeldClaim, "image" | "key">): Pick<StagedName, "id" | "v"> {
  return { id: image, v: versionOfKey(key) };
}

/** The staged bytes that a claim is made from. Null: it is made from none. */
export function stagedNameOf(claim: HeldClaim): StagedName | null {
  return claim.staging && { ...versionOf(claim), number: claim.staging.number };
}

/** The claims of one handler, its reports for the ledger, and its running steps. */
export class HeldClaims {
  readonly #claims = new Map<number, HeldClaim>();
  readonly #acts = new Set<Promise<void>>();
  readonly #preparations = new Set<Promise<void>>();
  readonly #pending = new PendingNotes();
  readonly #role: ExchangeRequest["role"];
  #news = noNews();
  #waking = Promise.withResolvers<void>();

  constructor(role: ExchangeRequest["role"]) {
    this.#role = role;
  }

  /** Claims that need connections. A job that the engine is making needs none. */
  get size(): number {
    return [...this.#claims.values()].filter(({ phase }) => phase !== "watch").length;
  }

  get isEmpty(): boolean {
    return this.#claims.size === 0;
  }

  holds(key: string): boolean {
    return [...this.#claims.values()].some((claim) => claim.key === key);
  }

  /**
   * The claims for a call of the ledger. A handler that drains reports none as ready, so that none of them gets a slot.
   */
  have(draining: boolean): ExchangeRequest["have"] {
    return [...this.#claims.values()].map(({ assignment: { id, gen }, phase, original }) => ({
      id,
      gen,
      phase: draining && phase === "ready" ? "standby" : phase,
      ...(original?.isCopy ? { copy: true } : {}),
    }));
  }

  /** Takes the reports. */
  takeNews(): News {
    const news = this.#news;
    this.#news = noNews();
    this.#waking = Promise.withResolvers();
    return news;
  }

  get hasSubmitted(): boolean {
    return this.#news.submitted.length > 0;
  }

  /** Adds a job that the ledger assigns. Null: the claim has no new step. */
  add(assignment: Assignment, { focal = null, announced = 0, staging = null }: OfImage = {}): HeldClaim | null {
    const known = this.#claims.get(assignment.id);
    if (known !== undefined && known.assignment.gen === assignment.gen) {
      if (assignment.phase === "admitted") this.#repeatJob(known);
      if (PROGRESS[assignment.phase] <= PROGRESS[known.phase]) return null;
      known.assignment = assignment;
      if (assignment.urgent) known.urgent.resolve("urgent");
      known.job ??= assignment.job;
      known.phase = assignment.phase;
      return known;
    }
    if (known !== undefined) this.stop(assignment.id, known.assignment.gen);
    const key = keyOfJob(assignment);
    const parsed = parseVariantKey(key);
    if (parsed === null) {
      this.#refuse(assignment);
      return null;
    }
    const claim: HeldClaim = {
      assignment,
      key,
      image: parsed.id,
      transform: parsed.transform,
      focal,
      announced,
      staging,
      urgent: Promise.withResolvers(),
      phase: assignment.phase,
      begun: false,
      isStopped: false,
      answered: false,
      isDropped: false,
      job: assignment.job,
      prepared: null,
      posted: false,
      smaller: [],
      made: null,
      wasStored: false,
      original: null,
      opaquePngs: [],
    };
    this.#claims.set(assignment.id, claim);
    return claim;
  }

  /** Takes the stored variants of images without a claim, because each note is a put. `all`: of all images. */
  takeUnnoted(all: boolean): Noted[] {
    return this.#pending.takeNotes(all ? new Set() : new Set([...this.#claims.values()].map(({ image }) => image)));
  }

  /** Takes the names of markers to delete, once a list call pays. `all`: at once. */
  takeMarkerNames(all: boolean): string[] {
    return this.#pending.takeMarkerNames(all);
  }

  /** Asks for a variant with the next call. */
  ask(miss: MissAsk): void {
    this.#news.asks.push(miss);
    this.wake();
  }

  get hasAsks(): boolean {
    return this.#news.asks.length > 0;
  }

  /** Reports a job's id again. The ledger asks for an id that it knew only in memory before an eviction. */
  #repeatJob({ assignment: { id, gen }, job, phase }: HeldClaim): void {
    if (job !== null && phase === "watch") this.#news.submitted.push({ id, gen, job });
  }

  submit(claim: HeldClaim, job: string, createdAt: number | null): void {
    const { id, gen } = claim.assignment;
    this.#news.submitted.push({ id, gen, job, createdAt });
    claim.job = job;
    claim.posted = true;
    if (claim.phase === "admitted") claim.phase = "watch";
    this.#wakeFor(claim);
  }

  settle(claim: HeldClaim, outcome: VariantOutcome): void {
    if (claim.isDropped) return;
    const { id, gen } = claim.assignment;
    this.#drop(claim);
    this.#news.settled.push({ id, gen, outcome });
    this.#wakeFor(claim);
    if (outcome.kind !== "stored" && outcome.kind !== "present") return;
    this.#pending.add(claim, outcome.bytes);
    this.#news.opaquePngs.push(...claim.opaquePngs);
  }

  /** Stops a job for the ledger. If a call of it is in flight, its outcome settles the claim. */
  stop(id: number, gen: number): void {
    const claim = this.#claims.get(id);
    if (claim === undefined || claim.assignment.gen !== gen) {
      this.#news.settled.push({ id, gen, outcome: { kind: "stopped" } });
      return;
    }
    claim.isStopped = true;
    if (claim.begun) return;
    const unposted = PROGRESS[claim.phase] <= PROGRESS.admitted;
    this.settle(claim, { kind: unposted ? "unposted" : "stopped" });
  }

  /** Settles every claim whose POST has not begun. */
  returnUnposted(): void {
    for (const claim of this.#claims.values())
      if (claim.phase === "admitted" && !claim.begun) this.settle(claim, { kind: "unposted" });
  }

  /** Drops every claim without a call in flight. The ledger orphans those that are not settled. */
  returnUnbegun(): void {
    this.returnUnposted();
    for (const claim of this.#claims.values()) if (!claim.begun) this.#drop(claim);
  }

  /** Settles every other claim as pending. `due`: when another handler goes on, Unix ms. */
  leavePending(due: number): void {
    for (const claim of this.begun()) this.settle(claim, { kind: "pending", due });
  }

  /** Claims with a call in flight. */
  begun(): HeldClaim[] {
    return [...this.#claims.values()].filter(({ begun }) => begun);
  }

  /** Drops every claim, because the lease is lost. */
  dropAll(): void {
    for (const claim of this.#claims.values()) this.#drop(claim);
  }

  /** Tracks a step until it ends. It must not throw. */
  track(act: Promise<void>): void {
    const tracked = act.finally(() => this.#acts.delete(tracked));
    this.#acts.add(tracked);
  }

  /** Tracks the preparation of a prefetched claim. A leaving handler does not wait for it. */
  trackPreparation(act: Promise<void>): void {
    const preparation = act.finally(() => this.#preparations.delete(preparation));
    this.#preparations.add(preparation);
  }

  get isBusy(): boolean {
    return this.#acts.size > 0;
  }

  /** Resolves when no tracked step is running. */
  async idle(): Promise<void> {
    while (this.isBusy) await Promise.race(this.#acts);
  }

  /**
   * Resolves when the handler has connections for more, and a call's worth of jobs is ready or none is being prepared.
   */
  async free(): Promise<void> {
    while (this.#acts.size > BUSY_ACTS || (this.#preparations.size > 0 && this.#ready() < GO_MAX))
      await Promise.race([...this.#acts, ...this.#preparations]);
  }

  #ready(): number {
    return [...this.#claims.values()].filter(({ phase }) => phase === "ready").length;
  }

  /** Calls the ledger at once for a job that a viewer waits for. A live handler leaves at once, and reports then. */
  #wakeFor({ assignment: { urgent } }: HeldClaim): void {
    if (urgent && this.#role === "work") this.wake();
  }

  /** Makes the handler call the ledger now. */
  wake(): void {
    this.#waking.resolve();
  }

  /** Resolves when a report since `takeNews` cannot wait. */
  woken(): Promise<void> {
    return this.#waking.promise;
  }

  #refuse({ id, gen, phase, first }: Assignment): void {
    const failure = { code: "key_unreadable", message: "this is not a variant key" };
    const external = phase === "standby" || first ? "none" : "open";
    this.#news.settled.push({ id, gen, outcome: { kind: "failed", class: "permanent", failure, external } });
  }

  #drop(claim: HeldClaim): void {
    claim.isDropped = true;
    const { id } = claim.assignment;
    if (this.#claims.get(id) === claim) this.#claims.delete(id);
  }
}
