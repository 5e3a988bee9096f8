import { FOR_EVER, type Memory, QueueTx, type Row, type Sql } from "@prewarm/durable-queue";
import type { Config } from "@prewarm/shared/config";
import { resolveOriginal } from "@prewarm/shared/source";
import { encodedIdOfKey, parseVariantKey } from "@prewarm/shared/variant-key";
import type { StoredVariant } from "./calls.ts";
import { isCropByFocal } from "./crops.ts";
import { ImageMemory } from "./image-memory.ts";
import { sweepAgain } from "./sweep-again.ts";
import { Images } from "./tables/images.ts";

/** The context of a transaction over the ledger's database. */
export interface ImageTxContext {
  config: Config;
  /** Unix ms. */
  now: number;
  random: () => number;
  memory: Memory;
}

/** A transaction of the queue whose groups are images: an image has a fence and a lock. */
export class ImageTx extends QueueTx {
  override readonly config: Config;
  readonly images: Images;

  constructor(sql: Sql, context: ImageTxContext) {
    super(sql, context);
    this.config = context.config;
    this.images = new Images(sql, context.now);
  }

  get imageMemory(): ImageMemory {
    return this.memory.of(ImageMemory);
  }

  override get service(): string {
    return "Ittybit";
  }

  override loadGroups(ids: readonly string[]): void {
    this.images.load(ids);
  }

  override fenceOf(key: string): number {
    const { floor, focalFloor } = this.images.get(encodedIdOfKey(key));
    return focalFloor > floor && isCropByFocal(key) ? focalFloor : floor;
  }

  override lockedUntil(id: string): number {
    const { removed, lock } = this.images.get(id);
    return removed ? FOR_EVER : lock;
  }

  /** The host of the original's URL, or the bucket that has it. */
  override originOf(key: string): string | null {
    const id = parseVariantKey(key)?.id;
    if (id === undefined) return null;
    const original = resolveOriginal(this.config, id);
    if (original?.kind === "bucket") return `The bucket ${original.bucket}`;
    return original === null ? null : new URL(original.url).host;
  }

  override costPlaces(job: Pick<Row, "key" | "run">): string[] {
    const known = parseVariantKey(job.key);
    const { width = null, height = null, format = "" } = known?.transform ?? {};
    const size = known === null ? "" : width !== null ? String(width) : height === null ? "orig" : `x${height}`;
    const id = known?.id ?? "";
    const folder = id.slice(0, id.lastIndexOf("/") + 1);
    return [...super.costPlaces(job), `width ${size}`, `format ${format}`, `folder ${folder}`];
  }

  override sizeOf(result: unknown): number {
    return (result as StoredVariant).bytes;
  }

  /** A purge has deleted the job since, so the object is swept once more. */
  override storedTooLate(id: number, gen: number): void {
    sweepAgain(this, id, gen);
  }

  override commit(): void {
    this.images.flush();
    super.commit();
  }
}
