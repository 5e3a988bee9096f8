import type { CodeVersion } from "@prewarm/control-schema/words";
import {
  type Budget,
  type ExternalJob,
  FOR_EVER,
  type JobKey,
  type Memory,
  type QueueConfig,
  type QueueEvent,
  QueueTx,
  type Row,
  type Sql,
} from "@prewarm/durable-queue";
import type { Config } from "@prewarm/shared/config";
import { deadMs } from "@prewarm/shared/markers";
import { resolveOriginal } from "@prewarm/shared/source";
import { encodeId, jobOfKey, keyOfJob, parseVariantKey } from "@prewarm/shared/variant-key";
import { FailedRows } from "../console/failed-rows.ts";
import { GateLog } from "../console/gate-log.ts";
import { Statistics } from "../console/statistics.ts";
import { newestCancel } from "../console/tables/action-rows.ts";
import { budgetOf, budgetSettings } from "../queue-settings.ts";
import { isCropByFocal } from "./crops.ts";
import { ImageMemory } from "./image-memory.ts";
import { sweepAgain } from "./sweep-again.ts";
import { type Image, Images } from "./tables/images.ts";

/** An instance of the ledger. */
export interface Instance {
  /** The version of its code. Null: the platform names none. */
  readonly version: CodeVersion | null;
  /** Metrics that it could not note. */
  metricErrors: number;
}

/** The context of a transaction over the ledger's database. */
export interface ImageTxContext {
  site: Config;
  instance: Instance;
  /** `queueConfigOf` the site. */
  config: QueueConfig;
  /** Unix ms. */
  now: number;
  random: () => number;
  memory: Memory;
}

/** A transaction of the queue whose groups are images, by their ids: an image has a fence and a lock. */
export class ImageTx extends QueueTx {
  readonly site: Config;
  readonly instance: Readonly<Instance>;
  readonly images: Images;
  readonly statistics: Statistics;
  #newestCancel: number | null = null;

  constructor(sql: Sql, context: ImageTxContext) {
    super(sql, context);
    this.site = context.site;
    this.instance = context.instance;
    this.images = new Images(sql, context.now);
    this.statistics = new Statistics(this);
  }

  get imageMemory(): ImageMemory {
    return this.memory.of(ImageMemory);
  }

  override get service(): string {
    return "Ittybit";
  }

  override get hasExternalJobs(): boolean {
    return true;
  }

  override get budget(): Budget | null {
    return budgetOf(budgetSettings(this.site, this.gate));
  }

  /** As long as the marker of a dead letter stops further misses. */
  override restMs(permanent: boolean): number {
    return deadMs(permanent);
  }

  /** The image of a job. */
  imageOf({ group }: Pick<JobKey, "group">): Image {
    return this.images.get(encodeId(group));
  }

  override loadGroups(ids: readonly string[]): void {
    this.images.load(ids.map(encodeId));
  }

  override fenceOf(job: JobKey): number {
    const { floor, focalFloor } = this.imageOf(job);
    return focalFloor > floor && isCropByFocal(keyOfJob(job)) ? focalFloor : floor;
  }

  override lockedUntil(group: string): number {
    const { removed, lock } = this.imageOf({ group });
    return removed ? FOR_EVER : lock;
  }

  /** The host of the original's URL, or the bucket that has it. */
  override originOf(id: string): string | null {
    const original = resolveOriginal(this.site, id);
    if (original?.kind === "bucket") return `The bucket ${original.bucket}`;
    return original === null ? null : new URL(original.url).host;
  }

  override keyOfExternal({ key = "" }: ExternalJob["metadata"]): JobKey | null {
    return parseVariantKey(key) === null ? null : jobOfKey(key);
  }

  override onEvent(event: QueueEvent, row: Row | null): void {
    if (event.kind === "done" && row !== null) this.imageMemory.stored.note(row, this.now);
    this.statistics.note(event, row);
  }

  /** Sweeps the image once more, because a purge has deleted the job since. */
  override storedTooLate(id: number, gen: number): void {
    sweepAgain(this, id, gen);
  }

  /** After the newest running cancel, which must not cancel later orders although the clock may go back. */
  override orderedAt(at: number): number {
    this.#newestCancel ??= newestCancel(this.sql);
    return Math.max(at, this.#newestCancel + 1);
  }

  override failed(): void {
    this.memory.of(FailedRows).changed();
  }

  override commit(): void {
    this.images.flush();
    this.memory.of(GateLog).note(this, this.memory.gateDoc.state);
    this.statistics.commitWith(() => super.commit());
  }
}
