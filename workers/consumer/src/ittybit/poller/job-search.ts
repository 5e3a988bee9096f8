import type { Observations, OpenJobsView, Scan, UnreportedJob } from "@prewarm/durable-queue/external-jobs";
import type { Clock } from "@prewarm/shared/clock";
import { IDEMPOTENCY_MS } from "@prewarm/shared/limits";
import type { IttybitJob } from "../dialects.ts";

interface SearchDeps {
  clock: Pick<Clock, "now">;
  view: OpenJobsView;
  report(found: Partial<Observations>): void;
  /** A page of the list, newest first. Null: there is none now. */
  page(query: { next?: string }): Promise<{ jobs: IttybitJob[]; next: string | null } | null>;
}

/** Pages per poll. The sought jobs are seconds old, and other polls wait meanwhile. */
const PAGES_MAX = 10;
/** Interval between two polls for one generation: a fifth of its age, within these bounds. */
const AGAIN_MS = { least: 10_000, most: 300_000 };
const AGAIN_SHARE = 0.2;
/** Complete lists without the job that prove that no job exists. One list may lag behind. */
const ABSENT_MAX = 2;
/** Maximum difference between Ittybit's clock and ours. */
const SKEW_MS = 60_000;
/**
 * Pages that are read after a restore: 20,000 jobs. The jobs whose results were not fetched are among the last ones.
 */
const SCAN_PAGES_MAX = 200;

interface Sought {
  at: number;
  /** Complete lists that did not show the job. */
  absent: number;
}

/**
 * Searches Ittybit's list for unreported jobs, by the ledger and the generation in their metadata. An eviction loses
 * this without harm.
 */
export class JobSearch {
  readonly #deps: SearchDeps;
  readonly #sought = new Map<number, Sought>();
  /** The restore whose pages are read, the number of read pages, and the next page. Null: all pages are read. */
  #scan: { below: number; pages: number; next: string | null } = { below: 0, pages: 0, next: null };

  constructor(deps: SearchDeps) {
    this.#deps = deps;
  }

  /** Whether a search is due now or soon. */
  get isOpen(): boolean {
    return this.#openScan() !== null || this.#deps.view.unreported().length > 0;
  }

  /** @returns calls made */
  async poll(now: number): Promise<number> {
    const scan = this.#openScan();
    if (scan !== null && now >= scan.from) return this.#readOn(scan, now);
    const unheard = this.#deps.view.unreported();
    this.#forget(unheard);
    const due = unheard.filter((one) => this.#dueAt(one, now) <= now);
    return due.length === 0 ? 0 : this.#seek(due, now);
  }

  /** Notes a page that any reader has read. */
  onPage(jobs: readonly IttybitJob[]): void {
    const unnamed = this.#deps.view.unnamed();
    if (unnamed.size > 0) this.#tell(this.#ours(jobs).filter(({ metadata }) => unnamed.has(Number(metadata.gen))));
  }

  #ours(jobs: readonly IttybitJob[]): IttybitJob[] {
    const ledgerId = this.#deps.view.ledgerId();
    return jobs.filter(({ metadata }) => metadata.ledger === ledgerId && metadata.gen !== undefined);
  }

  #tell(found: IttybitJob[]): void {
    if (found.length === 0) return;
    const ended = found.filter(({ status }) => status !== "pending");
    this.#deps.report({ found, ended });
  }

  #dueAt({ gen, since, sureAt }: UnreportedJob, now: number): number {
    const sought = this.#sought.get(gen);
    if (sought === undefined) return now;
    const again = sought.at + Math.min(AGAIN_MS.most, Math.max(AGAIN_MS.least, (now - since) * AGAIN_SHARE));
    return sureAt !== null && sought.at < sureAt ? Math.min(again, sureAt) : again;
  }

  /** Reads from the newest job back to before the oldest grant, or until every job is found. */
  async #seek(due: readonly UnreportedJob[], now: number): Promise<number> {
    const since = Math.min(...due.map((one) => one.since)) - SKEW_MS;
    const missing = new Map(due.map((one) => [String(one.gen), one]));
    for (const { gen } of due) this.#sought.set(gen, { absent: 0, ...this.#sought.get(gen), at: now });
    let [calls, query, isShown]: [number, { next?: string }, boolean] = [0, {}, false];
    while (calls < PAGES_MAX && missing.size > 0) {
      const page = await this.#deps.page(query);
      calls += 1;
      if (page === null) return calls;
      const ours = this.#ours(page.jobs);
      // A list without metadata proves nothing.
      isShown ||= ours.length > 0;
      for (const { metadata } of ours) missing.delete(metadata.gen ?? "");
      const last = page.jobs.at(-1)?.createdAt ?? null;
      if (page.next === null || (last !== null && last < since)) {
        if (isShown) this.#noteAbsent([...missing.values()], now);
        return calls;
      }
      query = { next: page.next };
    }
    return calls;
  }

  /** `readAt`: when the list was requested. */
  #noteAbsent(missing: readonly UnreportedJob[], readAt: number): void {
    const unmade = missing.filter(({ gen, sureAt }) => {
      const sought = this.#sought.get(gen);
      if (sought === undefined || sureAt === null || readAt < sureAt) return false;
      sought.absent += 1;
      return sought.absent >= ABSENT_MAX;
    });
    if (unmade.length > 0) this.#deps.report({ unmade: unmade.map(({ gen }) => gen) });
  }

  #forget(unheard: readonly UnreportedJob[]): void {
    const known = new Set(unheard.map(({ gen }) => gen));
    for (const gen of this.#sought.keys()) if (!known.has(gen)) this.#sought.delete(gen);
  }

  /* ── After a restore ── */

  /** The restore with unread pages. */
  #openScan(): Scan | null {
    const scan = this.#deps.view.scan();
    if (scan === null) return null;
    if (scan.below === this.#scan.below) return this.#scan.next === null ? null : scan;
    this.#scan = { below: scan.below, pages: 0, next: "" };
    return scan;
  }

  async #readOn({ below }: Scan, now: number): Promise<number> {
    for (let calls = 0; calls < PAGES_MAX; calls += 1) {
      const { next, pages } = this.#scan;
      if (next === null) return calls;
      const page = await this.#deps.page(next === "" ? {} : { next });
      // The next poll requests a missing page again.
      if (page === null) return calls + 1;
      this.#tell(this.#ours(page.jobs).filter(({ metadata }) => Number(metadata.gen) < below));
      const last = page.jobs.at(-1)?.createdAt ?? now;
      const isLast = pages + 1 >= SCAN_PAGES_MAX || last < now - IDEMPOTENCY_MS;
      this.#scan = { below, pages: pages + 1, next: isLast ? null : page.next };
    }
    return PAGES_MAX;
  }
}
