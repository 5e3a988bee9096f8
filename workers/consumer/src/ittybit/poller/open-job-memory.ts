import type { OpenJob } from "@prewarm/durable-queue/external-jobs";
import type { IttybitJob } from "../dialects.ts";
import type { JobMs } from "./job-times.ts";

export interface Watched extends OpenJob {
  /** When a read last showed it pending, or should have shown it and did not; null before the first time. Unix ms. */
  polledAt: number | null;
  /** Pages in a row that should have shown it and did not. */
  missed: number;
  /** Reads by its id in a row that did not find it. */
  unknown: number;
  /** Webhooks that named it. */
  pings: number;
  /** A webhook named it, and no read has looked for it since. */
  isPinged: boolean;
}

/** A job in Ittybit's list. */
export interface Place {
  job: string;
  /** The order of Ittybit's list, Unix ms by our clock: when the ledger admitted the job, where nobody has told yet when Ittybit made it. */
  at: number;
  isExact: boolean;
}

/** Ittybit's clock, until it jumps. */
interface IttybitClock {
  /** From the admission of a job to its `createdAt`, ms: what a POST takes, and what Ittybit's clock differs from ours. */
  laterMs: number;
}

/** A place with what it was told by: when Ittybit made the job, Unix ms by its clock. */
type KnownPlace = Place & ({ isExact: false } | { isExact: true; createdAt: number; by: IttybitClock });

/** Webhooks of one job that each cause a poll. Anybody who knows the address can send more. */
const PINGS_MAX = 2;
const UNSEEN = { polledAt: null, missed: 0, unknown: 0, pings: 0, isPinged: false };
/** Ended jobs are remembered for their places in Ittybit's list: so many at most, a few hundred kB. */
const KNOWN_MAX = 10_000;
/** From this multiple of what nearly all jobs take on, a job is slow, and is polled ever more rarely … */
const SLOW = 3;
/** … after a tenth of its age … */
const SLOW_SHARE = 0.1;
/** … but at least every five minutes. */
const SLOWEST_POLL_MS = 300_000;
/** The share of a new measurement in the difference that is learned between Ittybit's times and ours. */
const LEARNED_SHARE = 0.2;
/** A new measurement that differs by more is a jump of Ittybit's clock: what it told before keeps its place. */
const JUMP_MS = 10_000;

/** What the poller remembers from one poll to the next: places, when a job was last looked for, what no page shows. Lost at an eviction without harm. */
export class OpenJobMemory {
  readonly watched = new Map<string, Watched>();
  readonly #places = new Map<string, KnownPlace>();
  #order: KnownPlace[] = [];
  /** Null: nobody has told a time. */
  #clock: IttybitClock | null = null;

  /** The jobs of Ittybit's list as far as we know it, those of others too: oldest first, ended ones from the oldest open job on. */
  places(): readonly Place[] {
    return this.#order;
  }

  update(open: readonly OpenJob[]): void {
    const ids = new Set(open.map(({ job }) => job));
    for (const job of this.watched.keys()) if (!ids.has(job)) this.watched.delete(job);
    for (const one of open) {
      const last = this.watched.get(one.job);
      if (last === undefined) this.watched.set(one.job, { ...UNSEEN, ...one });
      else Object.assign(last, one);
    }
    const unplaced = open.filter(({ job }) => !this.#places.has(job));
    this.#learn(unplaced);
    for (const { job, createdAt, admittedAt } of unplaced)
      this.#place({ job, ...(this.#exact(createdAt) ?? { at: admittedAt, isExact: false }) });
    this.#sort();
    this.#forget();
  }

  #place(place: KnownPlace): void {
    this.#places.set(place.job, place);
    this.#order.push(place);
  }

  /** All that one clock of Ittybit's has told moves together: its order is certain. */
  #sort(): void {
    for (const place of this.#order) {
      if (place.isExact) place.at = place.createdAt - place.by.laterMs;
    }
    this.#order.sort((a, b) => a.at - b.at);
  }

  /** A page of the list shows these jobs: so their places are known, whosever they are. Ittybit orders by the arrival of POSTs. */
  onPage(jobs: readonly IttybitJob[]): void {
    this.#learn(
      jobs.flatMap(({ id, createdAt }) => {
        const place = this.#places.get(id);
        return place === undefined || place.isExact ? [] : [{ createdAt, admittedAt: place.at }];
      }),
    );
    for (const { id, createdAt } of jobs) {
      const watched = this.watched.get(id);
      if (watched !== undefined) watched.missed = 0;
      const place = this.#places.get(id);
      const shown = this.#exact(createdAt);
      if (shown === null) continue;
      if (place === undefined) this.#place({ job: id, ...shown });
      // The clock that told it first may have jumped since.
      else if (!place.isExact) Object.assign(place, shown);
    }
  }

  /** Where a job stands that Ittybit made then. Null: it is not known when. */
  #exact(createdAt: number | null) {
    const by = this.#clock;
    if (createdAt === null || by === null) return null;
    return { at: createdAt - by.laterMs, isExact: true as const, createdAt, by };
  }

  #learn(jobs: readonly { createdAt: number | null; admittedAt: number }[]): void {
    const later = jobs.flatMap(({ createdAt, admittedAt }) => (createdAt === null ? [] : [createdAt - admittedAt]));
    if (later.length === 0) return;
    const ms = later.reduce((sum, one) => sum + one, 0) / later.length;
    if (this.#clock === null || Math.abs(ms - this.#clock.laterMs) > JUMP_MS) this.#clock = { laterMs: ms };
    else this.#clock.laterMs += LEARNED_SHARE * (ms - this.#clock.laterMs);
  }

  /** Ittybit shows it, and it has not ended. */
  shown(job: string, now: number): void {
    this.looked(job, now);
    const one = this.watched.get(job);
    if (one !== undefined) one.unknown = 0;
  }

  /** A read has looked for it. */
  looked(job: string, now: number): void {
    const one = this.watched.get(job);
    if (one !== undefined) Object.assign(one, { polledAt: Math.max(one.polledAt ?? 0, now), isPinged: false });
  }

  /** A webhook names the job, which is due a poll now. False: it is not open, or it has had its polls. */
  ping(job: string): boolean {
    const one = this.watched.get(job);
    if (one === undefined || one.pings >= PINGS_MAX) return false;
    Object.assign(one, { pings: one.pings + 1, isPinged: true });
    return true;
  }

  /** An ended job is no cursor any more, nor are those before it: Ittybit forgets the oldest first. */
  forgetPlaces(upTo: string): void {
    const last = this.#order.findIndex(({ job }) => job === upTo);
    this.#keep(({ job }, place) => place > last || this.watched.has(job));
  }

  #forget(): void {
    const oldest = this.#order.findIndex(({ job }) => this.watched.has(job));
    const surplus = this.#order.length - KNOWN_MAX;
    if (oldest === 0 && surplus <= 0) return;
    this.#keep(({ job }, place) => oldest >= 0 && place >= oldest && (place >= surplus || this.watched.has(job)));
  }

  #keep(isKept: (place: KnownPlace, at: number) => boolean): void {
    this.#order = this.#order.filter((place, at) => {
      const kept = isKept(place, at);
      if (!kept) this.#places.delete(place.job);
      return kept;
    });
  }
}

/** When the job is worth a poll, Unix ms. `single`: each poll is a call for this one job. */
export function dueAt(one: Watched, jobMs: JobMs, single: boolean): number {
  if (one.isPinged) return one.admittedAt;
  // A viewer's poll a moment too early costs the viewer the time until the next one, so what the POST took counts.
  const since = one.live && one.heardAt > 0 ? one.heardAt : one.admittedAt;
  const first = since + (single ? jobMs(0.5) : jobMs(0.02));
  // A page shows younger jobs too: that makes them no older.
  if (one.polledAt === null || one.polledAt < first) return first;
  const age = one.polledAt - one.admittedAt;
  const isSlow = single || age > SLOW * jobMs(0.98);
  return one.polledAt + (isSlow ? Math.min(SLOWEST_POLL_MS, age * SLOW_SHARE) : 0);
}
