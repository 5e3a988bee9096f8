import { int, type Sql, text } from "@prewarm/durable-queue/schema/sql";

/*
 * Purges of the edge's copies that are due: a row an image. A row is repeated until a call was taken long enough after the last old object had
 * gone, so that no answer that read R2 before can enter the cache later.
 */

/** What a purge is for, the most urgent first. */
export const REMOVED = 0;
export const PURGED = 1;
export const REPLACED = 2;
export type Rank = typeof REMOVED | typeof PURGED | typeof REPLACED;

/** `what` of the rows that are no image; an encoded id has no slash. */
export const EVERYTHING = "/everything";
export const SIGNED = "/signed";
/** `bucket` of these rows. */
export const NO_BUCKET = -1;

export interface DuePurge {
  /** The image's id, encoded, or one of the two names above. */
  what: string;
  bucket: number;
  rank: Rank;
}

/** What waits of a rank. */
export interface Waiting {
  n: number;
  /** Of them, what is due. */
  ready: number;
  /** When the first one is due, Unix ms. */
  at: number;
}

/**
 * Makes a purge due. `at`: when the last old object goes, Unix ms; a call that was taken before it does not count. `from`: when it is due. A call
 * under way was taken before this, so the row does not hear of it.
 */
export function putCachePurge(sql: Sql, { what, bucket, rank }: DuePurge, { at, from }: { at: number; from: number }) {
  sql.exec(
    `INSERT INTO cache_purges (what, bucket, rank, at, since, due, call, taken) VALUES (?1, ?2, ?3, ?4, ?5, ?5, NULL, NULL)
      ON CONFLICT (what) DO UPDATE SET rank = min(rank, ?3), at = max(at, ?4), since = min(since, ?5), due = min(due, ?5), call = NULL`,
    ...[what, bucket, rank, at, from],
  );
}

/** What waits, by rank. */
export function waitingPurges(sql: Sql, now: number): Map<Rank, Waiting> {
  const query =
    "SELECT rank, count(*) AS n, sum(due <= ?) AS ready, min(due) AS at FROM cache_purges GROUP BY rank ORDER BY rank";
  const rows = sql.exec(query, now);
  return new Map(rows.map((raw) => [int(raw.rank) as Rank, { n: int(raw.n), ready: int(raw.ready), at: int(raw.at) }]));
}

/** The purges that are due, the most urgent first, then the longest due. */
export function duePurges(sql: Sql, now: number, limit: number): DuePurge[] {
  const query = "SELECT what, bucket, rank FROM cache_purges WHERE due <= ? ORDER BY rank, since LIMIT ?";
  return sql.exec(query, now, limit).map(({ what, bucket, rank }) => {
    return { what: text(what), bucket: int(bucket), rank: int(rank) as Rank };
  });
}

/** The same, bucket by bucket; `rank`: of the most urgent of each. */
export function dueBuckets(sql: Sql, now: number, limit: number): Omit<DuePurge, "what">[] {
  const query = `SELECT bucket, min(rank) AS most FROM cache_purges WHERE due <= ? GROUP BY bucket ORDER BY most, min(since) LIMIT ?`;
  return sql.exec(query, now, limit).map(({ bucket, most }) => ({ bucket: int(bucket), rank: int(most) as Rank }));
}

/** Which due purges a call carries out. */
export type Which = { whats: readonly string[] } | { buckets: readonly number[] } | "all";

/** Takes due purges into a call. They are due again at `until`, if nobody notes its end. */
export function takePurges(sql: Sql, which: Which, call: { number: number; now: number; until: number }): void {
  const take = "UPDATE cache_purges SET call = ?1, taken = ?2, due = ?3 WHERE due <= ?2";
  const of = [call.number, call.now, call.until];
  if (which === "all") sql.exec(take, ...of);
  else if ("whats" in which)
    sql.exec(`${take} AND what IN (SELECT value FROM json_each(?4))`, ...of, JSON.stringify(which.whats));
  else sql.exec(`${take} AND bucket IN (SELECT value FROM json_each(?4))`, ...of, JSON.stringify(which.buckets));
}

/**
 * The cache has taken a call. Ends what it was taken for long enough after; the rest is due once more. Answers the ended ones, and when the call
 * was taken (Unix ms); null: nothing waits for this call.
 */
export function purgesTaken(sql: Sql, call: number, fillMs: number): { ended: string[]; taken: number } | null {
  const done = "DELETE FROM cache_purges WHERE call = ?1 AND taken >= at + ?2 RETURNING what, taken";
  const ended = sql.exec(done, call, fillMs);
  // Where an object went after the call, the first purge is due then.
  const next = "iif(taken >= at, at + ?2, at)";
  const again = `UPDATE cache_purges SET call = NULL, since = ${next}, due = ${next} WHERE call = ?1 RETURNING taken`;
  const [first] = [...ended, ...sql.exec(again, call, fillMs)];
  return first === undefined ? null : { ended: ended.map(({ what }) => text(what)), taken: int(first.taken) };
}

/** The cache has not taken a call, so its purges are due. False: nothing waits for this call. */
export function purgesRefused(sql: Sql, call: number, now: number): boolean {
  const query = "UPDATE cache_purges SET call = NULL, due = ?2 WHERE call = ?1 RETURNING what";
  return sql.exec(query, call, now).length > 0;
}

export function deleteCachePurges(sql: Sql): void {
  sql.exec("DELETE FROM cache_purges");
}

/** How many purges are due or under way, and since when the first one is, Unix ms; null: none. */
export function cachePurgeAge(sql: Sql, now: number): { n: number; since: number | null } {
  const [row] = sql.exec("SELECT count(*) AS n, min(since) AS since FROM cache_purges WHERE since <= ?", now);
  return { n: int(row?.n), since: row?.since == null ? null : int(row.since) };
}
