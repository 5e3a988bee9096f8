import { GO_MAX } from "@prewarm/shared/limits";
import type { Transform } from "@prewarm/shared/transform";
import { parseVariantKey } from "@prewarm/shared/variant-key";
import type { ExchangeRequest, Given, Having, MissAsk, Outcome, Phase } from "../ledger/contract.ts";
import type { ProbedOriginal } from "../originals/probe.ts";
import type { StoredObject } from "../store/variants.ts";

/** All that is needed to ask for a variant and to put it. */
export interface Prepared {
  /** What stood in R2. */
  stored: StoredObject | null;
  original: Extract<ProbedOriginal, { kind: "image" }>;
}

/** One generation of one variant in this handler's hands. */
export interface Entry {
  given: Given;
  /** The original's id. */
  image: string;
  transform: Transform;
  phase: Phase;
  /** A call is under way whose end must be known before anything is said of it: from the POST, or from the download, to the outcome. */
  begun: boolean;
  /** The ledger wants it back. */
  calledBack: boolean;
  /** Its POST is over, and what came of it is noted. */
  answered: boolean;
  /** Out of these hands: whoever is still at work on it does nothing more. */
  out: boolean;
  /** What R2 and the original told; null when that was already its outcome. Looked up once. */
  prepared: Promise<Prepared | null> | null;
  /** Ittybit's job, once it is known. */
  job: string | null;
  /** True once this handler has made its job: then the head before the POST is the one the put goes by. */
  posted: boolean;
}

/** What the ledger is to be told, and the keys that were settled because they are stored. */
type News = Pick<ExchangeRequest, "asks" | "submitted" | "settled"> & { stored: string[] };

const noNews = (): News => ({ asks: [], submitted: [], settled: [], stored: [] });

/** Acts under way at which a handler can do more: its connections are still in use. */
const BUSY_ACTS = 3;

/** How far a phase is: the ledger's word only moves an entry forward. */
const PROGRESS: Record<Phase, number> = { standby: 0, ready: 0, go: 1, watch: 2, finish: 3 };

/** What one handler holds, what it has not yet told the ledger, and the acts it has begun. */
export class Hands {
  readonly #entries = new Map<number, Entry>();
  readonly #acts = new Set<Promise<void>>();
  readonly #looks = new Set<Promise<void>>();
  /** Stored variants that are not noted of their image yet. */
  readonly #unnoted = new Map<string, string[]>();
  #news = noNews();
  #bell = Promise.withResolvers<void>();

  /** Jobs that need its connections: one that merely runs at Ittybit needs none. */
  get size(): number {
    return [...this.#entries.values()].filter(({ phase }) => phase !== "watch").length;
  }

  /** Whether there is nothing that the ledger could want to hear of, or change. */
  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  holds(key: string): boolean {
    return [...this.#entries.values()].some(({ given }) => given.key === key);
  }

  /** As the ledger is told. One that drains reports nothing as ready, so that no slot is taken for it. */
  have(draining: boolean): Having[] {
    return [...this.#entries.values()].map(({ given: { id, gen }, phase }) => ({
      id,
      gen,
      phase: draining && phase === "ready" ? "standby" : phase,
    }));
  }

  /** What has happened since it was asked last. */
  takeNews(): News {
    const news = this.#news;
    this.#news = noNews();
    this.#bell = Promise.withResolvers();
    return news;
  }

  get hasSubmitted(): boolean {
    return this.#news.submitted.length > 0;
  }

  /** Takes what the ledger gives: the entry when there is something new to do for it, else null. */
  take(given: Given): Entry | null {
    const known = this.#entries.get(given.id);
    if (known !== undefined && known.given.gen === given.gen) {
      if (given.phase === "go") this.#repeatJob(known);
      if (PROGRESS[given.phase] <= PROGRESS[known.phase]) return null;
      known.given = given;
      known.job ??= given.job;
      known.phase = given.phase;
      return known;
    }
    if (known !== undefined) this.callBack(given.id, known.given.gen);
    const parsed = parseVariantKey(given.key);
    if (parsed === null) {
      this.#refuse(given);
      return null;
    }
    const entry: Entry = {
      given,
      image: parsed.id,
      transform: parsed.transform,
      phase: given.phase,
      begun: false,
      calledBack: false,
      answered: false,
      out: false,
      job: given.job,
      prepared: null,
      posted: false,
    };
    this.#entries.set(given.id, entry);
    return entry;
  }

  /** Stored variants to be noted now: of images of which nothing more is in hand, or, at the end, of all. Each note is a put. */
  takeUnnoted(all: boolean): string[] {
    const held = new Set([...this.#entries.values()].map(({ image }) => image));
    const images = [...this.#unnoted.keys()].filter((image) => all || !held.has(image));
    return images.flatMap((image) => {
      const keys = this.#unnoted.get(image) ?? [];
      this.#unnoted.delete(image);
      return keys;
    });
  }

  /** Asks for a variant with the next call. */
  ask(one: MissAsk): void {
    this.#news.asks.push(one);
    this.ring();
  }

  get hasAsks(): boolean {
    return this.#news.asks.length > 0;
  }

  /** Reports a job's id again. The ledger asks for an id that it knew only in memory before an eviction. */
  #repeatJob({ given: { id, gen }, job, phase }: Entry): void {
    if (job !== null && phase === "watch") this.#news.submitted.push({ id, gen, job });
  }

  submit(entry: Entry, job: string): void {
    const { id, gen } = entry.given;
    this.#news.submitted.push({ id, gen, job });
    entry.job = job;
    entry.posted = true;
    if (entry.phase === "go") entry.phase = "watch";
  }

  settle(entry: Entry, outcome: Outcome): void {
    if (entry.out) return;
    const { id, gen } = entry.given;
    this.#drop(entry);
    this.#news.settled.push({ id, gen, outcome });
    if (outcome.kind !== "stored" && outcome.kind !== "present") return;
    this.#news.stored.push(entry.given.key);
    this.#unnoted.set(entry.image, [...(this.#unnoted.get(entry.image) ?? []), entry.given.key]);
  }

  /** The ledger says stop: at once, or, where something has begun, as soon as it is known how that ended. */
  callBack(id: number, gen: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.given.gen !== gen) {
      this.#news.settled.push({ id, gen, outcome: { kind: "stopped" } });
      return;
    }
    entry.calledBack = true;
    if (entry.begun) return;
    const unposted = PROGRESS[entry.phase] <= PROGRESS.go;
    this.settle(entry, { kind: unposted ? "unposted" : "stopped" });
  }

  /** Gives back every job whose POST has not begun. */
  giveBackGo(): void {
    for (const entry of this.#entries.values())
      if (entry.phase === "go" && !entry.begun) this.settle(entry, { kind: "unposted" });
  }

  /** Ends all that has not begun. What is not given back stays claimed in the ledger, and passes to others. */
  putDown(): void {
    this.giveBackGo();
    for (const entry of this.#entries.values()) if (!entry.begun) this.#drop(entry);
  }

  /** Leaves everything to others that is still under way. */
  leaveBehind(due: number): void {
    for (const entry of this.begun()) this.settle(entry, { kind: "pending", due });
  }

  /** What cannot be called back. */
  begun(): Entry[] {
    return [...this.#entries.values()].filter(({ begun }) => begun);
  }

  /** The lease is lost: nothing may be done any more. */
  dropAll(): void {
    for (const entry of this.#entries.values()) this.#drop(entry);
  }

  /** Minds a POST, a finish or what follows it until it is over. It must not throw. */
  mind(act: Promise<void>): void {
    const minded = act.finally(() => this.#acts.delete(minded));
    this.#acts.add(minded);
  }

  /** Looks at what stands by. Nobody waits for it at the end. */
  lookAt(act: Promise<void>): void {
    const look = act.finally(() => this.#looks.delete(look));
    this.#looks.add(look);
  }

  get isBusy(): boolean {
    return this.#acts.size > 0;
  }

  /** Resolves when nothing that is minded is under way. */
  async quiet(): Promise<void> {
    while (this.isBusy) await Promise.race(this.#acts);
  }

  /** Resolves when it could do more: most of what it began is over, and a call's worth is ready, or nothing else is being looked at. */
  async free(): Promise<void> {
    while (this.#acts.size > BUSY_ACTS || (this.#looks.size > 0 && this.#ready() < GO_MAX))
      await Promise.race([...this.#acts, ...this.#looks]);
  }

  #ready(): number {
    return [...this.#entries.values()].filter(({ phase }) => phase === "ready").length;
  }

  /** Something must be told now. */
  ring(): void {
    this.#bell.resolve();
  }

  /** Resolves when something must be told, or must since it was last asked for what is new. */
  rung(): Promise<void> {
    return this.#bell.promise;
  }

  #refuse({ id, gen, phase, first }: Given): void {
    const failure = { code: "key_unreadable", message: "this is not a variant key" };
    const ended = phase === "standby" || first;
    this.#news.settled.push({
      id,
      gen,
      outcome: { kind: "failed", class: "permanent", failure, posted: false, ended },
    });
  }

  #drop(entry: Entry): void {
    entry.out = true;
    const { id } = entry.given;
    if (this.#entries.get(id) === entry) this.#entries.delete(id);
  }
}
