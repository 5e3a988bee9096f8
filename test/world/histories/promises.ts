import type { ChunkAnswer, Sql } from "@prewarm/durable-queue";
import type { Focal } from "@prewarm/shared/focal";
import { idOfKey } from "@prewarm/shared/variant-key";
import type { NewAction } from "../../../workers/consumer/src/console/calls.ts";
import type { AcceptChunk } from "../../../workers/consumer/src/images/calls.ts";
import type { LedgerCalls } from "../../../workers/consumer/src/ledger/ledger-for.ts";
import { CANCELLING, jobsIn, type RowLook } from "./ledger-look.ts";

export type End = "stored" | "dead" | "refused" | "cancelled" | "purged";

/** What was promised to whom, and how it ended: kept by the judges from what callers were answered, never read from the ledger. */
export class Promises {
  readonly asked = new Set<string>();
  /** Who was promised a key and has not cancelled it: runs, or who asked outside any run. */
  readonly wants = new Map<string, Set<string>>();
  /** Keys whose object must be there: stored, and since then neither purged nor deleted by a hand. */
  readonly kept = new Set<string>();
  /** Keys whose last order ended without bytes: an older object may rightly stand there. */
  readonly gaveUp = new Set<string>();
  /** When a hand deleted an object, Unix ms. */
  readonly deletedAt = new Map<string, number>();
  /** When the put was begun whose object stands, Unix ms. */
  readonly putAt = new Map<string, number>();
  /** Floors of the purges, by image. */
  readonly purgedBelow = new Map<string, number>();
  /** The highest floor that each key was ordered under. */
  readonly floors = new Map<string, number>();
  /** The last version of each original that the ledger was told of: it may take what is stored to be no older. */
  readonly told = new Map<string, number>();
  /** Images whose change was told only by the first etag the ledger heard of them: it takes what is stored to be of it. */
  readonly unsure = new Set<string>();
  /** The point of each image, as it was set last. */
  readonly points = new Map<string, Focal | null>();
  /** Since when an image is removed, Unix ms, by its id. */
  readonly removed = new Map<string, number>();
  /** Chunks that were heard: a second time they change nothing. */
  readonly #heard = new Set<string>();
  readonly #sql: () => Sql;

  constructor(sql: () => Sql) {
    this.#sql = sql;
  }

  promise(key: string, who: string): void {
    this.gaveUp.delete(key);
    this.wants.set(key, (this.wants.get(key) ?? new Set()).add(who));
  }

  ended(key: string, how: End): void {
    this.wants.delete(key);
    if (how === "stored") {
      this.kept.add(key);
      this.gaveUp.delete(key);
    } else {
      this.kept.delete(key);
      this.gaveUp.add(key);
      // An order that ended so has outdated nothing once its row is forgotten.
      this.floors.delete(key);
    }
  }

  /**
   * An older object may rightly stand there: nobody's order ended with bytes, or a hand made room for a put that was still under way, though
   * a later order has found its object present.
   */
  mayBeOld(key: string): boolean {
    const deletedAt = this.deletedAt.get(key);
    if (deletedAt === undefined || this.gaveUp.has(key)) return this.gaveUp.has(key);
    const putAt = this.putAt.get(key);
    return !this.kept.has(key) || (putAt !== undefined && putAt < deletedAt);
  }

  deletedByHand(key: string, now: number): void {
    this.kept.delete(key);
    this.deletedAt.set(key, now);
  }

  /** Before the ledger hears it: from now on somebody wants it no more, or the ledger learns of an etag. */
  before(call: keyof LedgerCalls, args: unknown[]): void {
    if (call === "cancelRun") for (const wants of this.wants.values()) wants.delete(String(args[0]));
    if (call === "cancelJob") {
      const row = jobsIn(this.#sql()).find(({ id }) => id === Number.parseInt(String(args[0]), 36));
      if (row !== undefined && row.state <= CANCELLING) this.wants.delete(row.key);
    }
    if (call === "createAction") this.#acting(args[0] as NewAction);
    if (call === "acceptChunk") this.#told(args[0] as AcceptChunk);
  }

  /** What is ordered after this is not the action's to take, however long it lasts. */
  #acting({ kind, match }: NewAction): void {
    if (kind !== "cancel" || match.id === null) return;
    for (const key of this.asked) if (idOfKey(key) === match.id) this.wants.delete(key);
  }

  /** Images of which this chunk tells an etag, and nothing was known. */
  #told({ images }: AcceptChunk): void {
    for (const { id, order, sourceEtag } of images) {
      if (order !== null || sourceEtag === null) continue;
      const known = "SELECT 1 FROM images WHERE id = ? AND (ordering IS NOT NULL OR etag IS NOT NULL)";
      if (this.#sql().exec(known, id).length === 0) this.unsure.add(id);
    }
  }

  /** The keys that are promised by this answer. */
  accepted({ images, run }: AcceptChunk, answer: ChunkAnswer): string[] {
    if (answer.status !== "done" || answer.closed === true || answer.outdated > 0) return [];
    const cancelled = this.#sql().exec("SELECT 1 FROM runs WHERE id = ? AND cancelled_at > 0", run.run).length > 0;
    const keys = images.flatMap((image) => image.keys);
    for (const key of keys) this.promise(key, cancelled ? "outside any run" : run.run);
    return keys;
  }

  /** An upload's points count if it is no older than the newest original. */
  uploaded({ images, delivery }: AcceptChunk, answer: ChunkAnswer): void {
    const name = `${delivery.id} ${delivery.chunk}`;
    if (answer.status !== "done" || this.#heard.has(name)) return;
    this.#heard.add(name);
    if (answer.outdated === 0) for (const { id, focal } of images) if (focal !== undefined) this.points.set(id, focal);
  }

  purged(id: string, floor: number): void {
    this.purgedBelow.set(id, floor);
    this.#endAll(id);
  }

  /** An operator has blocked the image, or has lifted the block: nothing is left of it. */
  blocked(id: string, at: number | null): void {
    if (at === null) this.removed.delete(id);
    else this.removed.set(id, at);
    if (at !== null) this.points.set(id, null);
    this.#endAll(id);
  }

  #endAll(id: string): void {
    for (const key of this.asked) if (idOfKey(key) === id) this.ended(key, "purged");
  }

  /** An older ledger was put back: whoever wants something tells it again. */
  forget(): void {
    for (const known of [this.wants, this.kept, this.floors, this.purgedBelow]) known.clear();
    for (const key of this.asked) this.gaveUp.add(key);
  }

  /** Ordered under a floor: what is older counts no more. */
  ordered({ key, floor }: RowLook): void {
    this.floors.set(key, Math.max(floor, this.floors.get(key) ?? 0));
  }
}
