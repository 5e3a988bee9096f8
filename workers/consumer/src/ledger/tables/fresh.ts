import { isOneImage } from "./job-ids.ts";
import type { LaneCode } from "./row.ts";
import { int, type Sql, text } from "./sql.ts";

/** One accepted chunk, by its place. */
interface Chunk {
  lane: LaneCode;
  run: number;
  n: number;
  /** Ids to be offered still, in order; null: not read yet. */
  queue: number[] | null;
  /** Ids whose rows are fresh still; the chunk is deleted with the last. */
  left: Set<number>;
}

/** Of an image that reaches beyond what is asked for, so many more are given. */
const TOGETHER_MAX = 12;

/** So many that are first in line, and the rest of the last one's image: whoever makes all of an image's variants notes it once. */
function togetherFrom(queue: readonly number[], limit: number): number {
  let n = Math.min(limit, queue.length);
  const last = queue[n - 1];
  while (n < limit + TOGETHER_MAX && isSame(last, queue[n])) n += 1;
  return n;
}

function isSame(last: number | undefined, next: number | undefined): boolean {
  return last !== undefined && next !== undefined && isOneImage(last, next);
}

/**
 * The rows that nobody has touched since they were accepted, in chunks of up to 1,000 ids. Chunks are read one by one as they are
 * worked on, so that a million waiting rows take no memory. A row that is handed out stays in its chunk until it is gone or has a
 * due: nothing is written for giving it out, and an eviction only reads the chunk again.
 */
export class Fresh {
  /** By lane and run, in the order of arrival. */
  readonly #chunks = new Map<LaneCode, Map<number, Chunk[]>>();
  readonly #chunkOf = new Map<number, Chunk>();
  readonly #turns = new Map<LaneCode, number>();

  constructor(sql: Sql) {
    for (const raw of sql.exec("SELECT lane, run, n FROM fresh ORDER BY lane, run, n"))
      this.#add({ lane: int(raw.lane) as LaneCode, run: int(raw.run), n: int(raw.n), queue: null, left: new Set() });
  }

  /** Notes a chunk that was accepted; `n` grows. */
  put(sql: Sql, place: { lane: LaneCode; run: number; n: number }, ids: readonly number[]): void {
    const values = [place.lane, place.run, place.n, JSON.stringify(ids)];
    sql.exec("INSERT INTO fresh (lane, run, n, ids) VALUES (?, ?, ?, ?)", ...values);
    this.#add({ ...place, queue: null, left: new Set() });
  }

  hasAny(lane: LaneCode): boolean {
    return this.#chunks.has(lane);
  }

  /** Numbers of the runs of a lane that have any. */
  runs(lane: LaneCode): number[] {
    return this.#runs(lane);
  }

  /** Whether ids may be on offer: chunks that are all handed out count no more. */
  offers(lane: LaneCode): boolean {
    return [...(this.#chunks.get(lane)?.values() ?? [])].some((chunks) =>
      chunks.some(({ queue }) => queue === null || queue.length > 0),
    );
  }

  /**
   * The next ids of a lane, runs in turn. `isFresh` tells which of a chunk's ids have a row without a due still; `take` whether the
   * id was taken: one that was not is not offered again until it comes back.
   */
  offer(sql: Sql, lane: LaneCode, limit: number, isFresh: (ids: number[]) => number[]): number[] {
    const found: number[] = [];
    for (let tries = this.#runs(lane).length; tries > 0 && found.length < limit; tries -= 1) {
      const run = this.#nextRun(lane);
      if (run === null) break;
      const share = Math.max(1, Math.ceil((limit - found.length) / tries));
      found.push(...this.#offerRun(sql, lane, run, share, isFresh));
      // The last runs of a round leave more room to the first ones of the next.
      if (tries === 1 && found.length < limit && this.offers(lane)) tries = this.#runs(lane).length + 1;
    }
    return found;
  }

  /** Handed out, and back untouched. */
  giveBack(id: number): void {
    this.#queueOf(id)?.unshift(id);
  }

  /** Offered, and to be offered again after the others of its chunk. */
  postpone(id: number): void {
    this.#queueOf(id)?.push(id);
  }

  #queueOf(id: number): number[] | null {
    const chunk = this.#chunkOf.get(id);
    return chunk?.queue && chunk.left.has(id) && !chunk.queue.includes(id) ? chunk.queue : null;
  }

  /** The row is gone or has a due. */
  leave(sql: Sql, id: number): void {
    const chunk = this.#chunkOf.get(id);
    if (chunk === undefined) return;
    this.#chunkOf.delete(id);
    chunk.left.delete(id);
    if (chunk.left.size === 0 && chunk.queue?.every((other) => !chunk.left.has(other))) this.#drop(sql, chunk);
  }

  /**
   * How many of a lane are offered before an id, runs in turn; null: it is not among the first `chunks` of its run.
   */
  ahead(sql: Sql, place: { lane: LaneCode; run: number; id: number }, chunks: number): number | null {
    let before = 0;
    for (const chunk of (this.#chunks.get(place.lane)?.get(place.run) ?? []).slice(0, chunks)) {
      const queue = chunk.queue ?? this.#read(sql, chunk);
      const at = queue.indexOf(place.id);
      if (at >= 0) return before + at + this.#turnsOfOthers(sql, place, before + at, chunks);
      before += queue.length;
    }
    return null;
  }

  /** Of the other runs of a lane, as many as come in turn before the n-th of one. */
  #turnsOfOthers(sql: Sql, { lane, run }: { lane: LaneCode; run: number }, n: number, chunks: number): number {
    const others = [...(this.#chunks.get(lane)?.entries() ?? [])].filter(([other]) => other !== run);
    return others.reduce((sum, [, list]) => sum + Math.min(n, this.#length(sql, list.slice(0, chunks), n)), 0);
  }

  #length(sql: Sql, chunks: readonly Chunk[], enough: number): number {
    let sum = 0;
    for (const chunk of chunks) {
      if (sum >= enough) break;
      sum += (chunk.queue ?? this.#read(sql, chunk)).length;
    }
    return sum;
  }

  /** Ids at the front of each run of a lane, to see how long they have waited: at most one a run. */
  fronts(sql: Sql, lane: LaneCode, runs: number): number[] {
    return this.#runs(lane)
      .slice(0, runs)
      .flatMap((run) => {
        const chunk = this.#chunks.get(lane)?.get(run)?.[0];
        if (chunk === undefined) return [];
        return (chunk.queue ?? this.#read(sql, chunk)).slice(0, 1);
      });
  }

  #offerRun(sql: Sql, lane: LaneCode, run: number, limit: number, isFresh: (ids: number[]) => number[]): number[] {
    const found: number[] = [];
    for (const chunk of [...(this.#chunks.get(lane)?.get(run) ?? [])]) {
      if (found.length >= limit) break;
      if (chunk.queue === null && !this.#open(sql, chunk, isFresh)) continue;
      const queue = chunk.queue ?? [];
      found.push(...queue.splice(0, togetherFrom(queue, limit - found.length)));
    }
    return found;
  }

  /** Reads a chunk's ids; false when none is fresh any more, and the chunk is gone. */
  #open(sql: Sql, chunk: Chunk, isFresh: (ids: number[]) => number[]): boolean {
    chunk.queue = isFresh(this.#read(sql, chunk));
    chunk.left = new Set(chunk.queue);
    for (const id of chunk.queue) this.#chunkOf.set(id, chunk);
    if (chunk.queue.length > 0) return true;
    this.#drop(sql, chunk);
    return false;
  }

  #read(sql: Sql, { lane, run, n }: Chunk): number[] {
    const raw = sql.exec("SELECT ids FROM fresh WHERE lane = ? AND run = ? AND n = ?", lane, run, n)[0];
    return raw === undefined ? [] : (JSON.parse(text(raw.ids)) as number[]);
  }

  #add(chunk: Chunk): void {
    const runs = this.#chunks.get(chunk.lane) ?? new Map<number, Chunk[]>();
    this.#chunks.set(chunk.lane, runs);
    runs.set(chunk.run, [...(runs.get(chunk.run) ?? []), chunk]);
  }

  #drop(sql: Sql, chunk: Chunk): void {
    const { lane, run, n } = chunk;
    sql.exec("DELETE FROM fresh WHERE lane = ? AND run = ? AND n = ?", lane, run, n);
    const runs = this.#chunks.get(lane);
    const rest = (runs?.get(run) ?? []).filter((other) => other !== chunk);
    if (rest.length > 0) runs?.set(run, rest);
    else runs?.delete(run);
    if (runs?.size === 0) this.#chunks.delete(lane);
  }

  #runs(lane: LaneCode): number[] {
    return [...(this.#chunks.get(lane)?.keys() ?? [])].sort((a, b) => a - b);
  }

  #nextRun(lane: LaneCode): number | null {
    const runs = this.#runs(lane);
    const last = this.#turns.get(lane) ?? -1;
    const next = runs.find((run) => run > last) ?? runs[0] ?? null;
    if (next !== null) this.#turns.set(lane, next);
    return next;
  }
}
