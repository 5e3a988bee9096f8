import type { LaneCode } from "@prewarm/durable-queue/schema/row";
import { int, intOrNull, type Sql, type SqlRow, text } from "@prewarm/durable-queue/schema/sql";

/** A sweep of an image: two passes over the image's objects in R2. */
export interface Sweep {
  seq: number;
  /** The image's id, encoded. */
  image: string;
  /** A purge deletes what is below the fence. A new original has it made again, and a new focal point the crops of it. */
  kind: "delete" | "remake" | "recrop";
  /** Objects of a lower generation are swept. */
  fence: number;
  /** The lane in which found variants are made again. Null: the sweep deletes. */
  lane: LaneCode | null;
  pass: 1 | 2;
  /** When the pass is due, or due again because nobody has reported its end; Unix ms. */
  at: number;
}

/** Stores a sweep. A repeat replaces it. */
export function putSweep(sql: Sql, { seq, image, kind, fence, lane, pass, at }: Sweep): void {
  const query = "INSERT OR REPLACE INTO sweeps (seq, image, kind, fence, lane, pass, at) VALUES (?, ?, ?, ?, ?, ?, ?)";
  sql.exec(query, seq, image, kind, fence, lane, pass, at);
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
  const query = "SELECT seq FROM sweeps WHERE at <= ? ORDER BY kind, at LIMIT ?";
  return sql.exec(query, now, limit).map(({ seq }) => int(seq));
}

/** The unfinished sweeps of purges. */
export function listPurges(sql: Sql): Sweep[] {
  return sql.exec("SELECT * FROM sweeps WHERE kind = 'delete' ORDER BY seq").map(sweepFrom);
}

/** When the pass of a sweep is due, or due again, Unix ms. Null: the sweep is done. */
export function passDueAt(sql: Sql, seq: number): number | null {
  return findSweep(sql, seq)?.at ?? null;
}

/** Whether a new original still has variants of the image made again. `image`: the id, encoded. */
export function isBeingRemade(sql: Sql, image: string): boolean {
  return sql.exec("SELECT 1 FROM sweeps WHERE image = ? AND kind = 'remake' LIMIT 1", image).length > 0;
}

function sweepFrom(raw: SqlRow): Sweep {
  return {
    ...{ seq: int(raw.seq), image: text(raw.image), kind: text(raw.kind) as Sweep["kind"], fence: int(raw.fence) },
    ...{ lane: intOrNull(raw.lane) as LaneCode | null, pass: int(raw.pass) === 2 ? 2 : 1, at: int(raw.at) },
  };
}

/**
 * Moves the sweeps of release 0.1.0, which had a table of each kind, and leaves these tables empty. They come at an
 * upgrade, at an upgrade after a rollback, and in a copy that 0.1.0 exported. A purge there could be due for two passes,
 * at `at` and at `last`; the earlier one becomes a sweep of a number that no other sweep has.
 */
export function moveSweeps(sql: Sql): void {
  const into = "INSERT OR REPLACE INTO sweeps (seq, image, kind, fence, lane, pass, at)";
  sql.exec(`${into} SELECT seq, id, 'delete', seq, NULL, look, max(at, last) FROM purges`);
  sql.exec(`${into} SELECT -seq, id, 'delete', seq, NULL, 2, at FROM purges WHERE more = 1 OR at < last`);
  sql.exec(`${into} SELECT seq, id, 'remake', seq, lane, look, at FROM renewals`);
  sql.exec("DELETE FROM purges");
  sql.exec("DELETE FROM renewals");
}
