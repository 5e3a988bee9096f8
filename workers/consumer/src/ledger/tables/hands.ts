import type { LaneCode } from "./row.ts";
import { int, type Sql, text } from "./sql.ts";
import { emptySums, isEmptySums, mergeSums, type Sums } from "./sums.ts";

/** One job in somebody's hands: its slot and its Ittybit job are known from here and nowhere else. Written down once it is granted, or kept. */
export interface Entry {
  id: number;
  gen: number;
  /** Its slot is taken: its owner was, or one before it had been, told to POST. */
  granted: boolean;
  /** Its owner is the one that was told first. */
  first: boolean;
  job: string | null;
  /** Left behind: not before this time (Unix ms). */
  due: number;
  /** Unix ms of the first grant; 0 before it. */
  grantedAt: number;
  /** Its row's, the highest that asked for it: its gate. */
  lane: LaneCode;
  /** Of the budget it was paid from, `2026-11-25`. */
  day: string;
  /** Whose share of the budget paid, whoever joined later. */
  paidBy: LaneCode;
  /** The address that its job is told to call, since the first grant; null: none. 0.1.0 kept an origin here, which is not read. */
  hook: string | null;
  /** Since when its result could not be fetched, Unix ms; null: nobody has failed to. */
  unfetchedSince: number | null;
  /* In memory only: */
  /** POST not before (Unix ms). */
  notBefore: number;
  /** Its owner has said that it is ready to POST. */
  ready: boolean;
  /** Not granted, and its row must not forget its owner: an eviction would leave nobody to say that it has stopped. */
  kept: boolean;
  /** Its job was found in Ittybit's list: its owner has not told it. */
  silent: boolean;
}

export type Role = "live" | "work";

/** What one handler holds, with what is not folded yet of its work. `over`: it is nobody's, because its owner has left or its lease has ended. */
export interface Hand {
  owner: string;
  /** Unix ms. */
  until: number;
  over: boolean;
  /** The instance of the ledger that gave the lease last. */
  born: number;
  entries: Map<number, Entry>;
  sums: Sums;
  /* In memory only: */
  role: Role;
  /** Takes nothing new any more. */
  draining: boolean;
  /** It holds a suspect: beside that it takes nothing. */
  alone: boolean;
  openedAt: number;
}

type Packed = [
  ...[number, number, 0 | 1, string | null, number, number, LaneCode, string, LaneCode],
  hook?: string | null,
  unfetchedSince?: number,
];

/** Entries of one document that is nobody's: its body is written whole. */
export const OVER_MAX_ENTRIES = 256;
/** A lease in the table that has less left is written anew. */
const WRITE_BELOW_MS = 40_000;

/** The documents, kept in memory and written through. An entry stands in one document only. */
export class Hands {
  readonly #hands = new Map<string, Hand>();
  readonly #holder = new Map<number, Hand>();
  readonly #changed = new Set<Hand>();
  /** Leases as the table has them. */
  readonly #written = new Map<string, number>();

  constructor(sql: Sql) {
    for (const raw of sql.exec("SELECT owner, until, over, born, body FROM hands")) {
      const { role, entries, sums } = JSON.parse(text(raw.body)) as { role: Role; entries: Packed[]; sums: Sums };
      const hand: Hand = {
        owner: text(raw.owner),
        until: int(raw.until),
        over: int(raw.over) === 1,
        born: int(raw.born),
        entries: new Map(entries.map((packed) => [packed[0], unpack(packed)])),
        sums,
        role,
        draining: false,
        alone: false,
        openedAt: 0,
      };
      this.#hands.set(hand.owner, hand);
      this.#written.set(hand.owner, hand.until);
      for (const id of hand.entries.keys()) this.#holder.set(id, hand);
    }
  }

  get(owner: string): Hand | null {
    return this.#hands.get(owner) ?? null;
  }

  list(): Hand[] {
    return [...this.#hands.values()];
  }

  /** Who holds a job. */
  holderOf(id: number): { hand: Hand; entry: Entry } | null {
    const hand = this.#holder.get(id);
    const entry = hand?.entries.get(id);
    return hand === undefined || entry === undefined ? null : { hand, entry };
  }

  open(hand: Pick<Hand, "owner" | "until" | "born" | "role" | "openedAt" | "over">): Hand {
    const made: Hand = { ...hand, entries: new Map(), sums: emptySums(), draining: false, alone: false };
    this.#hands.set(hand.owner, made);
    return made;
  }

  put(hand: Hand, entry: Entry): Entry {
    hand.entries.set(entry.id, entry);
    this.#holder.set(entry.id, hand);
    if (isWritten(entry)) this.#changed.add(hand);
    return entry;
  }

  /** Writes an entry down that is merely looked at. */
  keep({ hand, entry }: { hand: Hand; entry: Entry }): void {
    if (isWritten(entry)) return;
    entry.kept = true;
    this.#changed.add(hand);
  }

  take(hand: Hand, id: number): void {
    const entry = hand.entries.get(id);
    if (entry !== undefined && isWritten(entry)) this.#changed.add(hand);
    hand.entries.delete(id);
    if (this.#holder.get(id) === hand) this.#holder.delete(id);
  }

  touch(hand: Hand): void {
    this.#changed.add(hand);
  }

  /** A document of nobody's that has room, made if there is none. */
  nobody(name: string): Hand {
    const free = this.list().find(({ over, entries }) => over && entries.size < OVER_MAX_ENTRIES);
    return free ?? this.open({ owner: name, until: 0, over: true, born: 0, role: "work", openedAt: 0 });
  }

  /** Sums that are not folded, of all documents. */
  unfolded(): Sums {
    const all = emptySums();
    for (const { sums } of this.#hands.values()) if (!isEmptySums(sums)) mergeSums(all, sums);
    return all;
  }

  /** Documents that are nobody's and hold nothing: their sums are to be folded, and they go. */
  spent(): Hand[] {
    return [...this.#changed].filter(({ over, entries }) => over && entries.size === 0);
  }

  drop(hand: Hand): void {
    this.#hands.delete(hand.owner);
    this.#changed.add(hand);
  }

  /**
   * Writes what has changed. What is only looked at stays in memory, and so does a document that holds nothing else and has summed
   * nothing: after an eviction its owner drops what it holds, or comes again.
   */
  flush(sql: Sql): void {
    for (const hand of this.#hands.values()) if (this.#isLeaseOld(hand)) this.#changed.add(hand);
    for (const hand of this.#changed) {
      const known = this.#hands.get(hand.owner) === hand;
      const hasWritten = this.#written.has(hand.owner);
      if (!known || (writtenOf(hand).length === 0 && isEmptySums(hand.sums))) {
        if (!hasWritten) continue;
        this.#written.delete(hand.owner);
        sql.exec("DELETE FROM hands WHERE owner = ?", hand.owner);
        continue;
      }
      this.#written.set(hand.owner, hand.until);
      sql.exec(
        "INSERT OR REPLACE INTO hands (owner, until, over, born, body) VALUES (?, ?, ?, ?, ?)",
        ...[hand.owner, hand.until, hand.over ? 1 : 0, hand.born, print(hand)],
      );
    }
    this.#changed.clear();
  }

  #isLeaseOld(hand: Hand): boolean {
    const written = this.#written.get(hand.owner);
    return !hand.over && written !== undefined && hand.until - written >= WRITE_BELOW_MS / 2;
  }
}

function print({ role, entries, sums }: Hand): string {
  return JSON.stringify({ role, entries: writtenOf({ entries }).map(pack), sums });
}

/** It stands in the table, so that an eviction does not forget it. */
export function isWritten({ granted, kept }: Entry): boolean {
  return granted || kept;
}

function writtenOf({ entries }: Pick<Hand, "entries">): Entry[] {
  return [...entries.values()].filter(isWritten);
}

function pack({ id, gen, first, job, due, grantedAt, lane, day, paidBy, hook, unfetchedSince }: Entry): Packed {
  const packed = [id, gen, first ? 1 : 0, job, due, grantedAt, lane, day, paidBy] as const;
  if (unfetchedSince !== null) return [...packed, hook, unfetchedSince];
  return hook === null ? [...packed] : [...packed, hook];
}

function unpack([id, gen, first, job, due, grantedAt, lane, day, paidBy, hook, unfetchedSince]: Packed): Entry {
  const granted = grantedAt > 0;
  const memory = { notBefore: grantedAt, ready: false, kept: !granted, silent: false };
  const paid = { grantedAt, lane, day, paidBy };
  const told = { hook: hook?.includes("/ittybit/") ? hook : null, unfetchedSince: unfetchedSince ?? null };
  return { id, gen, granted, first: Boolean(first), job, due, ...paid, ...told, ...memory };
}

/** An entry that is held and not granted. */
export function newEntry(row: { id: number; gen: number; lane: LaneCode }): Entry {
  const { id, gen, lane } = row;
  const grant = { granted: false, first: false, job: null, due: 0, grantedAt: 0, day: "", paidBy: lane, hook: null };
  return { id, gen, lane, ...grant, unfetchedSince: null, notBefore: 0, ready: false, kept: false, silent: false };
}
