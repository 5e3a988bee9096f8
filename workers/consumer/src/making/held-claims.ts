import { type Given, GO_MAX, type Held, type Phase } from "@prewarm/durable-queue";
import type { Format } from "@prewarm/shared/config";
import type { Focal } from "@prewarm/shared/focal";
import type { Transform } from "@prewarm/shared/transform";
import { keyOfJob, parseVariantKey } from "@prewarm/shared/variant-key";
import type { VariantMetadata } from "@prewarm/shared/variant-metadata";
import type { MissAsk, OpaquePng, Staging, VariantOutcome } from "../images/calls.ts";
import type { ExchangeRequest } from "../ledger/calls.ts";
import type { ProbedOriginal } from "../originals/probe.ts";
import type { Noted } from "../store/info.ts";
import type { StoredObject } from "../store/variants.ts";
import { Untold } from "./untold.ts";

/** All that is needed to ask for a variant and to put it. */
export interface Prepared {
  /** What stood in R2. */
  stored: StoredObject | null;
  original: Extract<ProbedOriginal, { kind: "image" }>;
}

/** One generation of one variant that this handler makes. */
export interface HeldClaim extends Held {
  /** The key of its variant. */
  key: string;
  /** The original's id. */
  image: string;
  transform: Transform;
  /** What a crop is to show: the same for the whole generation. */
  focal: Focal | null;
  /** The bytes that it is made from, if they are staged; null: a viewer waits for it, or its original is not staged. */
  staging: Staging | null;
  /** Resolves once a viewer waits for it. */
  urgent: PromiseWithResolvers<"urgent">;
  /** Its version is the one that was announced last, by this number; 0: it is not. */
  announced: number;
  /** A call is under way whose end must be known before anything is said of it: from the POST, or from the download, to the outcome. */
  begun: boolean;
  /** The ledger told this handler to stop. */
  isStopped: boolean;
  /** Its POST is over, and what came of it is noted. */
  answered: boolean;
  /** No longer held: an act that is still under way for it does nothing more. */
  isDropped: boolean;
  /** What R2 and the original told; null when that was already its outcome. Looked up once. */
  prepared: Promise<Prepared | null> | null;
  /** The engine's job, once it is known. */
  job: string | null;
  /** True once this handler has made its job: then the head before the POST is the one the put goes by. */
  posted: boolean;
  /** The formats that its stored object says are smaller. */
  smaller: readonly Format[];
  /** As this handler has put it; null until then. */
  made: VariantMetadata | null;
  /** R2 had an object of it when this handler looked. */
  wasStored: boolean;
  /** The original as this handler saw it; null where it did not look. */
  original: Prepared["original"] | null;
  /** PNGs that need not be PNGs, as is known since its variant is stored. */
  opaquePngs: OpaquePng[];
}

/** What the ledger tells of a claim's image. */
type OfImage = Partial<Pick<HeldClaim, "focal" | "announced" | "staging">>;

/** What the ledger is to be told. */
type News = Required<Pick<ExchangeRequest, "asks" | "submitted" | "settled" | "opaquePngs">>;

const noNews = (): News => ({ asks: [], submitted: [], settled: [], opaquePngs: [] });

/** Acts under way at which a handler can do more: its connections are still in use. */
const BUSY_ACTS = 3;

/** How far a phase is: the ledger's word only moves a claim forward. */
const PROGRESS: Record<Phase, number> = { standby: 0, ready: 0, go: 1, watch: 2, finish: 3 };

/** The claims of one handler, what it has not yet told the ledger, and the acts that it has begun. */
export class HeldClaims {
  readonly #claims = new Map<number, HeldClaim>();
  readonly #acts = new Set<Promise<void>>();
  readonly #looks = new Set<Promise<void>>();
  readonly #untold = new Untold();
  readonly #role: ExchangeRequest["role"];
  #news = noNews();
  #waking = Promise.withResolvers<void>();

  constructor(role: ExchangeRequest["role"]) {
    this.#role = role;
  }

  /** Jobs that need its connections: a job that the engine is making needs none. */
  get size(): number {
    return [...this.#claims.values()].filter(({ phase }) => phase !== "watch").length;
  }

  /** Whether there is nothing that the ledger could want to hear of, or change. */
  get isEmpty(): boolean {
    return this.#claims.size === 0;
  }

  holds(key: string): boolean {
    return [...this.#claims.values()].some((claim) => claim.key === key);
  }

  /** As the ledger is told. One that drains reports nothing as ready, so that no slot is taken for it. */
  have(draining: boolean): ExchangeRequest["have"] {
    return [...this.#claims.values()].map(({ given: { id, gen }, phase, original }) => ({
      id,
      gen,
      phase: draining && phase === "ready" ? "standby" : phase,
      ...(original?.isCopy ? { copy: true } : {}),
    }));
  }

  /** What has happened since it was asked last. */
  takeNews(): News {
    const news = this.#news;
    this.#news = noNews();
    this.#waking = Promise.withResolvers();
    return news;
  }

  get hasSubmitted(): boolean {
    return this.#news.submitted.length > 0;
  }

  /** Adds what the ledger gives. The claim if there is something new to do for it, else null. */
  add(given: Given, { focal = null, announced = 0, staging = null }: OfImage = {}): HeldClaim | null {
    const known = this.#claims.get(given.id);
    if (known !== undefined && known.given.gen === given.gen) {
      if (given.phase === "go") this.#repeatJob(known);
      if (PROGRESS[given.phase] <= PROGRESS[known.phase]) return null;
      known.given = given;
      if (given.urgent) known.urgent.resolve("urgent");
      known.job ??= given.job;
      known.phase = given.phase;
      return known;
    }
    if (known !== undefined) this.stop(given.id, known.given.gen);
    const key = keyOfJob(given);
    const parsed = parseVariantKey(key);
    if (parsed === null) {
      this.#refuse(given);
      return null;
    }
    const claim: HeldClaim = {
      given,
      key,
      image: parsed.id,
      transform: parsed.transform,
      focal,
      announced,
      staging,
      urgent: Promise.withResolvers(),
      phase: given.phase,
      begun: false,
      isStopped: false,
      answered: false,
      isDropped: false,
      job: given.job,
      prepared: null,
      posted: false,
      smaller: [],
      made: null,
      wasStored: false,
      original: null,
      opaquePngs: [],
    };
    this.#claims.set(given.id, claim);
    return claim;
  }

  /** Stored variants to be noted now: of images of which no claim is held, or, at the end, of all. Each note is a put. */
  takeUnnoted(all: boolean): Noted[] {
    return this.#untold.takeNotes(all ? new Set() : new Set([...this.#claims.values()].map(({ image }) => image)));
  }

  /** Names of markers to be looked for, once a list is worth it, or at the end. */
  takeSuspects(all: boolean): string[] {
    return this.#untold.takeSuspects(all);
  }

  /** Asks for a variant with the next call. */
  ask(one: MissAsk): void {
    this.#news.asks.push(one);
    this.wake();
  }

  get hasAsks(): boolean {
    return this.#news.asks.length > 0;
  }

  /** Reports a job's id again. The ledger asks for an id that it knew only in memory before an eviction. */
  #repeatJob({ given: { id, gen }, job, phase }: HeldClaim): void {
    if (job !== null && phase === "watch") this.#news.submitted.push({ id, gen, job });
  }

  submit(claim: HeldClaim, job: string, createdAt: number | null): void {
    const { id, gen } = claim.given;
    this.#news.submitted.push({ id, gen, job, createdAt });
    claim.job = job;
    claim.posted = true;
    if (claim.phase === "go") claim.phase = "watch";
    this.#wakeFor(claim);
  }

  settle(claim: HeldClaim, outcome: VariantOutcome): void {
    if (claim.isDropped) return;
    const { id, gen } = claim.given;
    this.#drop(claim);
    this.#news.settled.push({ id, gen, outcome });
    this.#wakeFor(claim);
    if (outcome.kind !== "stored" && outcome.kind !== "present") return;
    this.#untold.add(claim, outcome.bytes);
    this.#news.opaquePngs.push(...claim.opaquePngs);
  }

  /** The ledger says stop: at once, or, where something has begun, as soon as it is known how that ended. */
  stop(id: number, gen: number): void {
    const claim = this.#claims.get(id);
    if (claim === undefined || claim.given.gen !== gen) {
      this.#news.settled.push({ id, gen, outcome: { kind: "stopped" } });
      return;
    }
    claim.isStopped = true;
    if (claim.begun) return;
    const unposted = PROGRESS[claim.phase] <= PROGRESS.go;
    this.settle(claim, { kind: unposted ? "unposted" : "stopped" });
  }

  /** Returns every claim whose POST has not begun. */
  returnUnposted(): void {
    for (const claim of this.#claims.values())
      if (claim.phase === "go" && !claim.begun) this.settle(claim, { kind: "unposted" });
  }

  /** Drops every claim that has not begun. The ledger orphans those that are not returned. */
  returnUnbegun(): void {
    this.returnUnposted();
    for (const claim of this.#claims.values()) if (!claim.begun) this.#drop(claim);
  }

  /** Reports every claim that is still under way as pending. `due`: when another handler goes on, Unix ms. */
  leavePending(due: number): void {
    for (const claim of this.begun()) this.settle(claim, { kind: "pending", due });
  }

  /** Claims that cannot be stopped. */
  begun(): HeldClaim[] {
    return [...this.#claims.values()].filter(({ begun }) => begun);
  }

  /** The lease is lost: nothing may be done any more. */
  dropAll(): void {
    for (const claim of this.#claims.values()) this.#drop(claim);
  }

  /** Tracks a POST, a finish or what follows it until it is over. It must not throw. */
  track(act: Promise<void>): void {
    const tracked = act.finally(() => this.#acts.delete(tracked));
    this.#acts.add(tracked);
  }

  /** Tracks the preparation of a prefetched claim. The handler does not wait for it at its end. */
  trackPreparation(act: Promise<void>): void {
    const look = act.finally(() => this.#looks.delete(look));
    this.#looks.add(look);
  }

  get isBusy(): boolean {
    return this.#acts.size > 0;
  }

  /** Resolves when no tracked act is under way. */
  async idle(): Promise<void> {
    while (this.isBusy) await Promise.race(this.#acts);
  }

  /** Resolves when it could do more: most of what it began is over, and a call's worth is ready, or nothing else is being looked at. */
  async free(): Promise<void> {
    while (this.#acts.size > BUSY_ACTS || (this.#looks.size > 0 && this.#ready() < GO_MAX))
      await Promise.race([...this.#acts, ...this.#looks]);
  }

  #ready(): number {
    return [...this.#claims.values()].filter(({ phase }) => phase === "ready").length;
  }

  /** A viewer waits for this job, and the ledger goes on with it from the report on. A live handler reports when it leaves, which is at once. */
  #wakeFor({ given: { urgent } }: HeldClaim): void {
    if (urgent && this.#role === "work") this.wake();
  }

  /** Asks for a call now. */
  wake(): void {
    this.#waking.resolve();
  }

  /** Resolves when something must be told, or must since it was last asked for what is new. */
  woken(): Promise<void> {
    return this.#waking.promise;
  }

  #refuse({ id, gen, phase, first }: Given): void {
    const failure = { code: "key_unreadable", message: "this is not a variant key" };
    const external = phase === "standby" || first ? "none" : "open";
    this.#news.settled.push({ id, gen, outcome: { kind: "failed", class: "permanent", failure, external } });
  }

  #drop(claim: HeldClaim): void {
    claim.isDropped = true;
    const { id } = claim.given;
    if (this.#claims.get(id) === claim) this.#claims.delete(id);
  }
}
