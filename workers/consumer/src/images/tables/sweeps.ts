import { int, intOrNull, type LaneCode, type Sql, type SqlRow, text } from "@prewarm/durable-queue";

/** A sweep of an image: two passes over the image's objects in R2. */
export interface Sweep {
  seq: number;
  /** The image's id, encoded. */
  image: string;
  /** The first place of the image's jobs (job-ids.ts). Images with one hash have one place. */
  place: number;
  /**
   * A purge deletes the objects below the fence. A new original orders them again, and a new focal point the crops
   * among them.
   */
  kind: "delete" | "remake" | "recrop";
  /** Objects of a lower generation are swept. */
  fence: number;
  /** The lane in which found variants are made again. Null: the sweep deletes. */
  lane: LaneCode | null;
  pass: 1 | 2;
  /** When the pass is due, or due again because its end was not reported; Unix ms. */
  at: number;
  /** When the pass became due for the first time, Unix ms. */
  since: number;
}

/** In the order of their passes. */
const KINDS = ["delete", "recrop", "remake"] as const satisfies Sweep["kind"][];

/** Stores a sweep. A repeat replaces it. */
export function putSweep(sql: Sql, { seq, image, place, kind, fence, lane, pass, at, since }: Sweep): void {
  const query = `INSERT OR REPLACE INTO sweeps (seq, image, place, kind, fence, lane, pass, at, since)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
  sql.exec(query, seq, image, place, kind, fence, lane, pass, at, since);
}

export function deleteSweep(sql: Sql, seq: number): void {
  sql.exec("DELETE FROM sweeps WHERE seq = ?", seq);
}

export function findSweep(sql: Sql, seq: number): Sweep | null {
  const raw = sql.exec("SELECT * FROM sweeps WHERE seq = ?", seq)[0];
  return raw === undefined ? null : sweepFrom(raw);
}

/** The numbers of the sweeps whose pass is due: purges first, then the longest overdue. */
export function dueSweeps(sql: Sql, now: number, limit: number): number[] {
  // A query per kind, so that none reads sweeps that are not due.
  const query = "SELECT seq FROM sweeps WHERE kind = ? AND at <= ? ORDER BY at LIMIT +?";
  return KINDS.flatMap((kind) => sql.exec(query, kind, now, limit))
    .slice(0, limit)
    .map(({ seq }) => int(seq));
}

/** When the next pass is due, Unix ms. Null: there is no sweep. */
export function nextSweepAt(sql: Sql): number | null {
  const firsts = KINDS.map((kind) => sql.exec("SELECT min(at) AS at FROM sweeps WHERE kind = ?", kind)[0]?.at);
  const times = firsts.map((at) => intOrNull(at)).filter((at) => at !== null);
  return times.length === 0 ? null : Math.min(...times);
}

/** Late sweeps of a kind that are counted. */
export const LATE_COUNTED_MAX = 10_000;

/**
 * The sweeps whose pass became due before a time (Unix ms) and has not ended: how many, and since when the oldest of
 * those that are counted. `takenUntil`: a pass that is being made is due again by then.
 */
export function lateSweeps(sql: Sql, before: number, takenUntil: number): { n: number; since: number } | null {
  const some = `SELECT since FROM sweeps WHERE kind = ? AND at <= ? ORDER BY at LIMIT ${LATE_COUNTED_MAX}`;
  const query = `SELECT count(*) AS n, min(since) AS since FROM (${some}) WHERE since < ?`;
  const late = KINDS.flatMap((kind) => sql.exec(query, kind, takenUntil, before)).filter(({ n }) => int(n) > 0);
  if (late.length === 0) return null;
  return { n: late.reduce((sum, { n }) => sum + int(n), 0), since: Math.min(...late.map(({ since }) => int(since))) };
}

/** The unfinished sweeps of purges. */
export function listPurges(sql: Sql): Sweep[] {
  return sql.exec("SELECT * FROM sweeps WHERE kind = 'delete' ORDER BY seq").map(sweepFrom);
}

/** The unfinished sweeps of purges of the images of a place, the oldest first. */
export function purgesAt(sql: Sql, place: number): Sweep[] {
  return sql.exec("SELECT * FROM sweeps WHERE place = ? AND kind = 'delete' ORDER BY seq", place).map(sweepFrom);
}

/** When the pass of a sweep is due, or due again, Unix ms. Null: the sweep is done. */
export function passDueAt(sql: Sql, seq: number): number | null {
  return findSweep(sql, seq)?.at ?? null;
}

/** How many purges of these numbers, both included, have their first pass ahead. */
export function countFirstPasses(sql: Sql, from: number, to: number): number {
  const query = "SELECT count(*) AS n FROM sweeps WHERE seq BETWEEN ? AND ? AND kind = 'delete' AND pass = 1";
  return int(sql.exec(query, from, to)[0]?.n);
}

/** Whether the sweep of a new original is unfinished. `image`: the encoded id. */
export function isBeingRemade(sql: Sql, { image, place }: Pick<Sweep, "image" | "place">): boolean {
  const query = "SELECT 1 FROM sweeps WHERE place = ? AND image = ? AND kind = 'remake' LIMIT 1";
  return sql.exec(query, place, image).length > 0;
}

function sweepFrom(raw: SqlRow): Sweep {
  return {
    seq: int(raw.seq),
    image: text(raw.image),
    kind: text(raw.kind) as Sweep["kind"],
    fence: int(raw.fence),
    lane: intOrNull(raw.lane) as LaneCode | null,
    pass: int(raw.pass) === 2 ? 2 : 1,
    at: int(raw.at),
    place: int(raw.place),
    since: int(raw.since),
  };
}
