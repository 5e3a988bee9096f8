import { GATE_KEY, parseGate } from "@prewarm/shared/markers";
import { encodedIdOfKey } from "@prewarm/shared/variant-key";
import type { GateView } from "../../../workers/consumer/src/ledger/calls.ts";
import type { LedgerCalls } from "../../../workers/consumer/src/ledger/ledger-for.ts";
import type { World } from "../world.ts";
import { gateLook, lookAt, WAITING } from "./ledger-look.ts";

/** Calls after which something may be due. */
const CHANGES = new Set<keyof LedgerCalls>(["acceptChunk", "retryJob", "patchGate", "cancelRun", "exchange"]);
/** Somebody is called for accepted work by then, while the gate lets it. */
const CALLED_WITHIN_MS = 1_000;
/** What follows a change has begun by then: those that come close together share it. */
const FOLLOWS_MS = 100;
/** A send or a put that failed is tried again within this; a wake-up is believed under way for twice as long. */
const TROUBLE_MS = 15_000;
const WAKE_MS = 30_000;
/** A lease, and an alarm to end it. */
const HELD_MS = 90_000;
/** Alarms may be lost, late or doubled, but nothing waits for longer because of that. */
const OVERDUE_MS = 300_000;
const OVERDUE = [
  ["owners", "lease_until < ?"],
  ["claims", "state = 'abandoned' AND external_id IS NULL AND until < ?"],
  ["sweeps", "at < ?"],
  ["outbox", "due < ?"],
];
/** The edge knows by then which lanes are closed. */
const PUBLISHED_WITHIN_MS = 2_000;

/** The world as its judges look at it. */
export type JudgedWorld = World & {
  /** Something that delays work was done to it: judge nothing before, Unix ms. */
  readonly troubleUntil: number;
  /** The same of messages. */
  readonly queueTroubleUntil: number;
  /** A restored ledger knows nothing of what ran before: its slots and objects are judged no more. */
  readonly isExcused: boolean;
  /** The same of slots, for a shorter time. */
  readonly areSlotsExcused: boolean;
  /** By how much the ledger's clock is ahead, ms. */
  readonly skewMs: number;
  /** True once after each restore. */
  wasRestored(): boolean;
  /** The key that kills every handler. */
  readonly poison: string | null;
  /** Handlers that died, stalled, hang in a call, or gave up. */
  readonly deaths: number;
  /** Those of them that no outage explains. */
  readonly blamedDeaths: number;
  /** A month's jobs are limited. */
  readonly hasBudget: boolean;
  /** So many slots may be taken at present, when so many are. */
  slots(taken: number): number;
  /** A key was ordered, or ordered anew. */
  ordered(key: string): void;
  /** A job was made for a grant of this time, Unix ms; null: nobody knows of the grant any more. */
  made(grantedAt: number | null): void;
  /** What the gate says that it is set to. */
  gateSet(view: GateView): void;
};

/**
 * What follows a change follows at once: the alarm, which would do it too some seconds later, is only the safety net. Nothing is said
 * of moments in which the weather or the gate gave a reason to wait.
 */
export class Promptness {
  readonly #world: JudgedWorld;
  readonly #violation: (text: string) => void;
  #looking = false;
  #heardAt = 0;
  #gateSays = JSON.stringify([[], "closed"]);
  #gateMoves = 0;
  #gateMovedAt = 0;
  /** When the gate file was last written. */
  #publishedAt = 0;

  constructor(world: JudgedWorld, violation: (text: string) => void) {
    this.#world = world;
    this.#violation = violation;
  }

  heard(call: keyof LedgerCalls): void {
    if (!CHANGES.has(call)) return;
    const { clock } = this.#world;
    this.#watchGate();
    this.#heardAt = clock.now();
    if (this.#looking) return;
    this.#looking = true;
    const [since, move] = [clock.now(), this.#gateMoves];
    clock.after(CALLED_WITHIN_MS, () => this.#look(since, move));
  }

  /** A transaction: what a look at Ittybit has brought is followed as a call is. */
  changed(): void {
    this.#heardAt = this.#world.clock.now();
  }

  /** Not right after a change: a worker may just have left, or a slot be free, and the next one be woken in a moment. */
  #look(since: number, move: number): void {
    const { clock } = this.#world;
    const left = this.#heardAt + FOLLOWS_MS - clock.now();
    if (left > 0) {
      clock.after(left, () => this.#look(since, move));
      return;
    }
    this.#looking = false;
    if (move === this.#gateMoves) this.#checkCalled(since);
  }

  /** Whether it closes something else than before; then the edge must soon know, unless it moves again. */
  #watchGate(): void {
    const { clock } = this.#world;
    const { paused, breaker } = gateLook(this.#world.sql);
    const says = JSON.stringify([paused, breaker.state]);
    if (says === this.#gateSays) return;
    this.#gateSays = says;
    this.#gateMoves += 1;
    this.#gateMovedAt = clock.now();
    const [since, move] = [clock.now(), this.#gateMoves];
    clock.after(PUBLISHED_WITHIN_MS, () => {
      // A change that comes while the gate file is written waits for the alarm, here and below.
      if (move === this.#gateMoves && this.#publishedAt < since) this.#checkPublished(since);
    });
  }

  putLanded(key: string): void {
    if (key === GATE_KEY) this.#publishedAt = this.#world.clock.now();
  }

  /** What comes by time is done soon after its time, and somebody is called for what waits, unless each try met with trouble. */
  checkOverdue(): void {
    const { sql, clock, object, troubleUntil } = this.#world;
    const before = clock.now() - OVERDUE_MS;
    this.#watchGate();
    // A copy that was put back is as old as it is. Nothing rests while it holds any of this, so that who waits misses nothing.
    if (object.bornAt > before || troubleUntil > before) return;
    if (this.#gateMovedAt < before) this.#checkCalled(before);
    for (const [table, condition] of OVERDUE) {
      const late = sql.exec(`SELECT * FROM ${table} WHERE ${condition}`, before);
      if (late.length > 0) this.#violation(`overdue in ${table}: ${JSON.stringify(late)} (P1, P11)`);
    }
  }

  /** Nobody is at work, nobody is called, and rows wait that may go. */
  #checkCalled(since: number): void {
    const { sql, clock, handlers, work, queueTroubleUntil, diedAt } = this.#world;
    const { paused, breaker, throttledUntil, closedUntil } = gateLook(sql);
    // What a dead handler looked at stands in no table, and is its own until its lease ends.
    if (diedAt > since - HELD_MS) return;
    if (this.#mayBeLate(since) || queueTroubleUntil > since - WAKE_MS || handlers + work.depth > 0) return;
    if (
      paused.length > 0 ||
      breaker.state === "open" ||
      throttledUntil > since ||
      closedUntil > since ||
      this.#world.hasBudget ||
      this.#publishedAt > since - TROUBLE_MS
    )
      return;
    const { rows, claims, abandoned } = lookAt(sql);
    if (claims.filter(({ admitted }) => admitted).length + abandoned.size > 0) return;
    const held = new Set(claims.map(({ id }) => id));
    const locked = new Set(sql.exec("SELECT id FROM images WHERE lock > ?", since).map(({ id }) => String(id)));
    for (const { id, key, state, due, created } of rows.values()) {
      if (state !== WAITING || held.has(id) || locked.has(encodedIdOfKey(key))) continue;
      if (Math.max(created, due ?? created) > since) continue;
      this.#violation(`${key} is due since ${clock.now() - (due ?? created)} ms and nobody is called (P1)`);
    }
  }

  #checkPublished(since: number): void {
    if (!this.#mayBeLate(since)) this.checkGate(`${PUBLISHED_WITHIN_MS} ms after a change`);
  }

  /** The gate file says what the gate says; none says that all is open. Of breaker and budget nothing is said: they open and close by time. */
  checkGate(when: string): void {
    const { paused, breaker, closedUntil } = gateLook(this.#world.sql);
    // The end of a hold after a restore is told by the alarm.
    if (breaker.state === "open" || this.#world.hasBudget || closedUntil > this.#world.clock.now() - TROUBLE_MS) return;
    const file = this.#world.store.objects.get(GATE_KEY);
    const said = file === undefined ? null : parseGate(new TextDecoder().decode(file.bytes));
    const told = [...(said?.closed ?? [])].sort().join();
    const closed = paused.toSorted().join();
    if (told !== closed)
      this.#violation(`the edge is told "${told}" is closed, the gate closes "${closed}", ${when} (P8)`);
  }

  /** The object was born since, or the weather has touched what it does. */
  #mayBeLate(since: number): boolean {
    return this.#world.object.bornAt >= since || this.#world.troubleUntil >= since - TROUBLE_MS;
  }
}
