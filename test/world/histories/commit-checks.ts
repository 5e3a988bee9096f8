import { idOfKey, storeKey } from "@prewarm/shared/variant-key";
import type { ExchangeRequest } from "../../../workers/consumer/src/ledger/calls.ts";
import type { LedgerCalls } from "../../../workers/consumer/src/ledger/ledger-for.ts";
import type { FakeJob } from "../../../workers/consumer/src/testing/fake-ittybit.ts";
import {
  CANCELLED,
  CANCELLING,
  type ClaimLook,
  DEAD,
  fenceOf,
  type GateLook,
  gateLook,
  type Look,
  lookAt,
  noLook,
  REFUSED,
  type RowLook,
  WAITING,
} from "./ledger-look.ts";
import type { Promises } from "./promises.ts";
import type { JudgedWorld } from "./promptness.ts";
import { sumsAtFault } from "./sums-check.ts";
import type { Upstream } from "./upstream.ts";

/** Unanswered POSTs of one generation after which it is given up. */
const UNCLEAR_MAX = 6;
/** Crashes of its own after which a row is dead. */
const LONE_CRASHES = 3;
/** Handlers that a row may kill before it must be dead: a suspect may be in company when it kills first, and be let off by an outcome. */
const KILLS_MAX = 12;
const OVERDUE_MS = 600_000;
const HAND_MS = 1_200_000;
/** A grant whose job nobody has told for so long counts for half at most. */
const UNTOLD_MS = 9_000;
/** A job whose id nobody heard holds a slot for so long. */
const UNHEARD_MS = 540_000;
/** A restore is above numbers that were ahead of the clock by so much. */
const AHEAD_MS = 3_500_000;
/** More generations of one row within so long are more than a history's commands and all the faults of its weather can ask for. */
const SPINS = { ms: 600_000, max: 100 };

export interface Judged {
  world: JudgedWorld;
  upstream: Upstream;
  promises: Promises;
  violation(text: string): void;
}

type During = { call: keyof LedgerCalls; args: unknown[] } | null;

/** What is judged after every transaction: how it looks, and how it came from what was before. */
export class CommitChecks {
  /** Since when a row is shown cancelled. */
  readonly cancelledAt = new Map<string, number>();
  readonly #judged: Judged;
  /** Commits in which a row was accused of a handler's death. */
  #accusations = 0;
  #before: Look = noLook();
  #gate: GateLook | null = null;
  #during: During = null;
  /** To which row each number was given. */
  readonly #rowOf = new Map<number, number>();
  /** The highest of them when the operator last said that the ledger was put back: all that is given since is above it. */
  #mostBefore = 0;
  /** Since when a row is to be cancelled, by its id. */
  readonly #cancellingSince = new Map<number, number>();
  /** Jobs whose id the ledger has heard. */
  readonly #told = new Set<string>();
  /** Generations of which the present instance of the ledger, or the table, knows the job. */
  readonly #reported = new Set<number>();
  /** When that instance was created, Unix ms. */
  #bornAt = 0;
  /** Generations of each row, by its id, of the last minutes. */
  readonly #spins = new Map<number, { since: number; generations: number }>();

  constructor(judged: Judged) {
    this.#judged = judged;
  }

  committed(during: During): void {
    const { world } = this.#judged;
    const look = lookAt(world.sql);
    const gate = gateLook(world.sql);
    this.#during = during;
    if (world.wasRestored()) this.#before = look;
    if (during?.call === "restored") this.#noteRestore();
    this.#noteReports(look);
    this.#checkBlame(look);
    this.#transitions(look);
    this.#checkRows(look);
    this.#checkClaims(look);
    this.#checkSlots(look);
    if (this.#gate !== null) this.#checkGrants(look, this.#gate, gate);
    for (const fault of sumsAtFault(world.sql, look)) this.#judged.violation(fault);
    this.#before = look;
    this.#gate = gate;
  }

  /* ── How it came ── */

  /** Instances that were evicted again and again just before may have been further ahead: of those nothing is said. */
  #noteRestore(): void {
    const most = Math.max(0, ...this.#rowOf.keys());
    this.#mostBefore = most < (this.#judged.world.clock.now() + AHEAD_MS) * 1000 ? most : 0;
  }

  /** An id that an owner reports stands in the memory of the instance, and in the table once the claim has no owner. */
  #noteReports({ claims }: Look): void {
    const { bornAt } = this.#judged.world.object;
    if (bornAt !== this.#bornAt) this.#reported.clear();
    this.#bornAt = bornAt;
    for (const { gen, job } of claims) if (job !== null) this.#noteReport(gen, job);
    if (this.#during?.call !== "exchange") return;
    for (const { gen, job } of (this.#during.args[0] as ExchangeRequest).submitted)
      if (claims.some((claim) => claim.gen === gen && claim.admitted)) this.#noteReport(gen, job);
  }

  #noteReport(gen: number, job: string): void {
    this.#reported.add(gen);
    this.#told.add(job);
  }

  #transitions(look: Look): void {
    for (const before of this.#before.rows.values()) {
      const after = look.rows.get(before.id);
      if (after?.key === before.key) this.#changed(before, after);
      else this.#gone(before);
    }
    for (const row of look.rows.values()) if (this.#before.rows.get(row.id)?.key !== row.key) this.#born(row);
  }

  /** Who accuses has seen a handler die, and not of an outage. */
  #checkBlame({ rows }: Look): void {
    const { world, violation } = this.#judged;
    const accused = [...rows.values()].find(({ id, crashes }) => crashes > (this.#before.rows.get(id)?.crashes ?? 0));
    if (accused === undefined) return;
    this.#accusations += 1;
    if (this.#accusations > world.blamedDeaths)
      violation(`${accused.key} is accused: ${this.#accusations} times after ${world.blamedDeaths} deaths (blame)`);
  }

  #born(row: RowLook): void {
    const { promises, world } = this.#judged;
    promises.gaveUp.delete(row.key);
    world.ordered(row.key);
    // What a look into R2 found outdated is made anew for those who had it.
    if (this.#during === null) promises.promise(row.key, "sweep");
  }

  /** I1: an open row goes only when its variant is stored, or its image purged. */
  #gone(row: RowLook): void {
    const { promises, violation } = this.#judged;
    this.cancelledAt.delete(row.key);
    if (row.state > CANCELLING) return;
    const { call, args } = this.#during ?? { call: null, args: [] };
    const isOver =
      ["purgeImage", "removeImage", "unblockImage"].includes(call ?? "") && [args[0]].flat().includes(idOfKey(row.key));
    if (isOver || promises.removed.has(idOfKey(row.key))) {
      promises.ended(row.key, "purged");
      return;
    }
    const said = this.#settled().find(({ id }) => id === row.id)?.outcome.kind;
    if (said === "stored" || said === "present") {
      promises.ended(row.key, "stored");
      this.#mustBeStored(row);
    } else violation(`lost ${row.key}: its row went in ${call} (I1)`);
  }

  /** I5: what counts as stored is there, and was made after the last order. */
  #mustBeStored({ key, floor }: RowLook): void {
    const { world, promises, violation } = this.#judged;
    if (world.clock.now() - (promises.deletedAt.get(key) ?? Number.NEGATIVE_INFINITY) < HAND_MS || world.isExcused) {
      if (!world.store.objects.has(storeKey(key))) promises.kept.delete(key);
      return;
    }
    const object = world.store.objects.get(storeKey(key));
    const atLeast = Math.max(floor, fenceOf(world.sql)(key));
    if (object === undefined) violation(`${key} counts as stored and is not there (I5)`);
    else if (Number(object.customMetadata.gen) < atLeast)
      violation(`${key} counts as stored, but gen ${object.customMetadata.gen} is below its floor ${atLeast} (I5)`);
  }

  #changed(before: RowLook, after: RowLook): void {
    const { promises, world } = this.#judged;
    if (after.state <= CANCELLING) promises.ordered(after);
    if (before.gen !== after.gen) this.#regenerated(before, after);
    else if (after.attempts > before.attempts) this.#failedAlike(after);
    if (before.state === after.state) return;
    if (before.state > CANCELLING && after.state === WAITING) {
      promises.gaveUp.delete(after.key);
      world.ordered(after.key);
      if (this.#during === null || this.#during.call === "retryJob") promises.promise(after.key, "retry");
    }
    if (after.state === CANCELLED) this.#cancelled(after);
    else this.cancelledAt.delete(after.key);
    if (after.state === CANCELLED) this.cancelledAt.set(after.key, world.clock.now());
    if (after.state === DEAD) this.#died(after);
    if (after.state === REFUSED) promises.ended(after.key, "refused");
  }

  #cancelled({ key }: RowLook): void {
    const { promises, violation } = this.#judged;
    const askers = [...(promises.wants.get(key) ?? [])];
    if (askers.length > 0) violation(`${key} is cancelled though promised to ${askers} (P10)`);
    promises.ended(key, "cancelled");
  }

  /** Blame: who never killed three handlers is not dead of it; who did so again and again is. */
  #died({ key, error }: RowLook): void {
    const { world, promises, violation } = this.#judged;
    promises.ended(key, "dead");
    const code = (JSON.parse(error ?? "{}") as { code?: string }).code;
    if (code === "crashed" && key !== world.poison && world.deaths < LONE_CRASHES)
      violation(`innocent accused: ${key} after ${world.deaths} deaths`);
  }

  #regenerated(before: RowLook, after: RowLook): void {
    const { upstream, violation, world } = this.#judged;
    this.#checkSpin(after);
    const job = upstream.running().find(({ order }) => order.metadata.gen === String(before.gen));
    if (job === undefined || world.isExcused) return;
    const told = this.#reported.has(before.gen);
    if (this.#during === null && told && after.state === WAITING)
      violation(`doubled: ${after.key} is made again while its job ${job.id} is shown to run`);
    if (this.#saidOf(before) === "unclear" && before.unclear + 1 < UNCLEAR_MAX && after.state === WAITING)
      violation(`doubled: ${after.key} is asked for anew while ${job.id} runs (P2)`);
  }

  /** A job that failed is what its generation's key brings back: asked for under it again, the row fails until it is dead. */
  #failedAlike(row: RowLook): void {
    if (row.state === WAITING && this.#saidOf(row) === "failed")
      this.#judged.violation(`${row.key} goes on under a generation that failed (I3)`);
  }

  /** What the present call says of this generation of the row. */
  #saidOf({ id, gen }: RowLook): string | undefined {
    return this.#settled().find((one) => one.id === id && one.gen === gen)?.outcome.kind;
  }

  #settled(): ExchangeRequest["settled"] {
    return this.#during?.call === "exchange" ? (this.#during.args[0] as ExchangeRequest).settled : [];
  }

  /** What is begun over and over, and gets nowhere, keeps a worker and R2 busy for ever. */
  #checkSpin({ id, key }: RowLook): void {
    const { world, violation } = this.#judged;
    const now = world.clock.now();
    const spin = this.#spins.get(id);
    const lately = spin === undefined || now - spin.since > SPINS.ms ? { since: now, generations: 0 } : spin;
    lately.generations += 1;
    this.#spins.set(id, lately);
    if (lately.generations > SPINS.max) violation(`${key} is begun anew ${lately.generations} times in minutes (P1)`);
  }

  /* ── How it looks ── */

  /** I2: whoever waits is found; whoever is to be cancelled is in a live hand. */
  #checkRows({ rows, claims }: Look): void {
    const { world, violation } = this.#judged;
    const held = new Set(claims.map(({ id }) => id));
    for (const { id, key, state, due, gen, crashes } of rows.values()) {
      if (state <= CANCELLING && crashes > LONE_CRASHES)
        violation(`${key} has killed ${crashes} times and goes on (blame)`);
      if (state === WAITING && due === null) violation(`${key} waits where nobody finds it (I2)`);
      if (state === CANCELLING && !this.#cancellingSince.has(id)) this.#cancellingSince.set(id, world.clock.now());
      if (state !== CANCELLING) this.#cancellingSince.delete(id);
      else if (this.#isOverdue(id) && !held.has(id)) violation(`${key} is to be cancelled and nobody does it (I2)`);
      if (state > CANCELLING && held.has(id)) violation(`${key} has ended (${state}) and is held (I7)`);
      if ((this.#rowOf.get(gen) ?? id) !== id) violation(`number ${gen} was given twice (I3)`);
      if (!this.#rowOf.has(gen) && gen <= this.#mostBefore) violation(`number ${gen} is given after a restore (I3)`);
      this.#rowOf.set(gen, id);
    }
  }

  /** Who holds it without a grant stands in no table: by then its owner has said something, or its lease has ended. */
  #isOverdue(id: number): boolean {
    const { clock, object, troubleUntil } = this.#judged.world;
    const since = Math.max(this.#cancellingSince.get(id) ?? clock.now(), troubleUntil, object.bornAt);
    return clock.now() - since > OVERDUE_MS;
  }

  /** I5: a job has one claim. A suspect is alone. */
  #checkClaims({ rows, claims }: Look): void {
    const { violation } = this.#judged;
    const seen = new Set<number>();
    const known = new Set(this.#before.claims.map(({ owner, id, gen }) => `${owner} ${id} ${gen}`));
    const inHand = new Set(this.#before.claims.map(({ gen }) => gen));
    for (const { id, gen, owner, orphaned, job } of claims) {
      if (seen.has(id)) violation(`row ${id} has two claims (I5)`);
      seen.add(id);
      if (!inHand.has(gen) && gen <= this.#mostBefore && !this.#isAdopted({ gen, job }, rows.get(id)))
        violation(`row ${id} goes under ${gen} after a restore (I3)`);
      if (orphaned || known.has(`${owner} ${id} ${gen}`)) continue;
      const beside = claims.filter((other) => other.owner === owner && other.id !== id);
      const isSuspect = (row: RowLook | undefined) => (row?.crashes ?? 0) > 0;
      if (beside.length > 0 && [id, ...beside.map((other) => other.id)].some((one) => isSuspect(rows.get(one))))
        violation(`a suspect is in company of ${beside.length} in the hand of ${owner}`);
    }
  }

  /** Its generation's own job was found at Ittybit: nothing is asked for under its number any more. */
  #isAdopted({ gen, job }: { gen: number; job: string | null }, row: RowLook | undefined): boolean {
    const made = this.#judged.upstream.jobs.find(({ id }) => id === job);
    return made !== undefined && made.order.metadata.gen === String(gen) && made.order.metadata.key === row?.key;
  }

  /**
   * I4: what runs has a slot, and no more run than there are slots; half as many again while of more than half of them nobody has told whether
   * there is a job.
   */
  #checkSlots({ claims, abandoned, untold }: Look): void {
    const { world, upstream, violation } = this.#judged;
    if (world.areSlotsExcused) return;
    const held = new Set([...claims.filter(({ admitted }) => admitted).map(({ gen }) => gen), ...abandoned]);
    const running = this.running();
    for (const { id, order } of running)
      if (!held.has(Number(order.metadata.gen)))
        violation(`leaked slot: ${id} of ${order.metadata.key} runs without one (I4)`);
    const over = upstream.endedGens();
    const taken = [...held].filter((gen) => !over.has(gen)).length;
    const all = world.slots(taken);
    const half = Math.floor(all / 2);
    if (running.length > all + half) violation(`${running.length} jobs run in ${all} slots (I4)`);
    if (taken > all + half) violation(`${taken} slots are taken of ${all} (I4)`);
    const before = new Set(this.#before.claims.filter(({ admitted }) => admitted).map(({ gen }) => gen));
    const isGrant = claims.some(({ admitted, gen, orphaned }) => admitted && !orphaned && !before.has(gen));
    const old = world.clock.now() + world.skewMs - UNTOLD_MS;
    const unheard = claims.filter(
      ({ admitted, gen, admittedAt }) => admitted && !this.#reported.has(gen) && admittedAt < old,
    );
    if (isGrant && taken > all && unheard.length + untold.size <= half)
      violation(`${taken} slots are taken of ${all}, and of ${unheard.length + untold.size} nobody has told (I4)`);
  }

  /** Jobs that hold a slot: all that run, but those that nobody could tell the ledger of, once their slot's time is over. */
  running(): FakeJob[] {
    const { world, upstream } = this.#judged;
    const isHeard = ({ id, createdAt }: FakeJob) => this.#told.has(id) || world.clock.now() - createdAt < UNHEARD_MS;
    return upstream.running().filter(isHeard);
  }

  /** The gate is asked before each grant. */
  #checkGrants({ claims, rows }: Look, before: GateLook, after: GateLook): void {
    const { world, violation } = this.#judged;
    const known = new Set(this.#before.claims.filter(({ admitted }) => admitted).map(({ gen }) => gen));
    const isNew = (claim: ClaimLook) => claim.admitted && !known.has(claim.gen);
    const granted = claims.filter((claim) => isNew(claim) && !this.#isAdopted(claim, rows.get(claim.id)));
    for (const { gen, lane, admittedAt } of granted) {
      const name = ["live", "upload", "bulk"][lane] ?? "";
      if (before.paused.includes(name) && after.paused.includes(name)) violation(`granted in a paused lane: ${name}`);
      if (before.throttledUntil > world.clock.now() && admittedAt === world.clock.now())
        violation("granted while throttled");
      const { breaker } = after;
      if (before.breaker.state === "open" && breaker.state === "open" && breaker.probe?.gen !== gen)
        violation("granted while the breaker is open, and not as its probe");
    }
  }
}

/** Poison that goes on killing is never found out. */
export function killsAtFault(kills: number): string | null {
  return kills > KILLS_MAX ? `poison goes on killing: ${kills} handlers` : null;
}
