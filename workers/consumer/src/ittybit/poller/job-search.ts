import type { OpenJobsView, UnreportedJob } from "@prewarm/durable-queue";
import { IDEMPOTENCY_MS } from "@prewarm/durable-queue";
import type { ListQuery } from "../client.ts";
import type { IttybitJob } from "../dialects.ts";
import type { JobReader } from "./job-reader.ts";

/** Pages of a search: its jobs are seconds old. Pages after a restore: its open jobs are among the last 20,000. */
const PAGES_MAX = { search: 10, restore: 200 };
/** Time between two searches for a generation: a fifth of its age, within these bounds, ms. */
const AGAIN = { share: 0.2, leastMs: 10_000, mostMs: 300_000 };
/** Complete lists without a job that prove that it does not exist. One list may lag behind. */
const ABSENT_MAX = 2;
/** Maximum difference between Ittybit's clock and ours. */
const SKEW_MS = 60_000;

/**
 * Searches Ittybit's list for unreported jobs, by the ledger and the generation in their metadata. An eviction loses
 * this without harm.
 */
export class JobSearch {
  readonly #view: OpenJobsView;
  readonly #reader: JobReader;
  /** The last search for each generation, Unix ms, and the complete lists that did not show its job. */
  readonly #sought = new Map<number, { at: number; absent: number }>();
  /** The first generation after the last restore whose pages were read, or are being read. */
  #scanned = 0;

  constructor(view: OpenJobsView, reader: JobReader) {
    this.#view = view;
    this.#reader = reader;
  }

  /** Whether a search is due now or soon. */
  get isOpen(): boolean {
    return (this.#view.scan()?.below ?? this.#scanned) !== this.#scanned || this.#view.unreported().length > 0;
  }

  /** Begins the searches that are due. */
  begin(now: number): Promise<void>[] {
    const scan = this.#view.scan();
    if (scan !== null && now >= scan.from && scan.below !== this.#scanned) return [this.#readAll(scan.below, now)];
    const unreported = this.#view.unreported();
    const gens = new Set(unreported.map(({ gen }) => gen));
    for (const gen of this.#sought.keys()) if (!gens.has(gen)) this.#sought.delete(gen);
    const due = unreported.filter((job) => this.#dueAt(job) <= now);
    return due.length > 0 ? [this.#seek(due, now)] : [];
  }

  #dueAt({ gen, since, sureAt }: UnreportedJob): number {
    const { at } = this.#sought.get(gen) ?? { at: 0 };
    if (at === 0) return 0;
    const again = at + Math.min(AGAIN.mostMs, Math.max(AGAIN.leastMs, (at - since) * AGAIN.share));
    return sureAt !== null && at < sureAt ? Math.min(again, sureAt) : again;
  }

  /** Reads from the newest job back to before the oldest admission, or until every job is found. */
  async #seek(due: readonly UnreportedJob[], now: number): Promise<void> {
    const missing = new Map(due.map((job) => [String(job.gen), job]));
    for (const { gen } of due) this.#sought.set(gen, { absent: 0, ...this.#sought.get(gen), at: now });
    const since = Math.min(...due.map((job) => job.since)) - SKEW_MS;
    let isShown = false;
    const end = await this.#walk(PAGES_MAX.search, since, (ours) => {
      isShown ||= ours.length > 0;
      for (const { metadata } of ours) missing.delete(metadata.gen ?? "");
      return missing.size === 0;
    });
    // A list without metadata proves nothing. Neither does a list that was requested before the last POST could arrive.
    const isProof = ({ sureAt }: UnreportedJob) => end === "whole" && isShown && sureAt !== null && now >= sureAt;
    const unmade = [...missing.values()].filter(isProof).filter(({ gen }) => {
      const sought = this.#sought.get(gen) ?? { absent: 0 };
      sought.absent += 1;
      return sought.absent >= ABSENT_MAX;
    });
    this.#reader.report({ unmade: unmade.map(({ gen }) => gen) });
  }

  /** Reports the jobs of generations from before a restore. After a failure the pages are read again. */
  async #readAll(below: number, now: number): Promise<void> {
    this.#scanned = below;
    let end: "whole" | "cut" | "failed" = "failed";
    try {
      end = await this.#walk(PAGES_MAX.restore, now - IDEMPOTENCY_MS, (ours) => {
        this.#reader.tellFound(ours.filter(({ metadata }) => Number(metadata.gen) < below));
        return false;
      });
    } finally {
      if (end === "failed") this.#scanned = 0;
    }
  }

  /** Reads pages from the newest one on, until one is older than `since` (`whole`), or `isEnough`. */
  async #walk(pagesMax: number, since: number, isEnough: (ours: IttybitJob[]) => boolean) {
    let query: ListQuery = {};
    for (let pages = 0; pages < pagesMax; pages += 1) {
      const page = await this.#reader.list(query);
      if (page === null) return this.#reader.isHalted() ? "failed" : "cut";
      if (isEnough(this.#reader.ours(page.jobs))) return "cut";
      if (page.next === null || (page.jobs.at(-1)?.createdAt ?? since) < since) return "whole";
      query = { next: page.next };
    }
    return "cut";
  }
}
