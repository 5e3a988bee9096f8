import {
  DEAD,
  ENDED,
  int,
  type LaneCode,
  type QueueTx,
  REFUSED,
  rangeOfGroup,
  type Sql,
  text,
} from "@prewarm/durable-queue";
import { FailedRows } from "../failed-rows.ts";

/*
 * Failed jobs, counted by SQLite: twenty thousand rows with one cause become a few lines and no objects.
 */

/** The last attempt of a job failed, or it was refused. */
export const HAS_FAILED = "error IS NOT NULL";
/** Maximum of counted rows of one state. Only a queue's worst day has more. */
export const COUNTED_MAX = 100_000;

/** Failures are counted in slots of time: of the last hour, of the last day, and one of everything before. */
const SLOTS = [
  { youngerMs: 3_600_000, ms: 5_000 },
  { youngerMs: 90_000_000, ms: 300_000 },
] as const;

/** Rows with the same error, format, folder, lane, run and slot of time. */
export interface Failures {
  /** JSON `{code, message}`, as in `jobs.error`. */
  error: string;
  format: string;
  /** The folder of the group, with `/`: `products/2026/`. "": no folder. */
  folder: string;
  lane: LaneCode;
  /** Number of the first run of the rows. */
  run: number;
  n: number;
  /** When the first and the last of them failed, Unix ms. */
  first: number;
  last: number;
  /** Id of one of them. */
  sample: number;
}

/** Groups with most dead and refused jobs. */
export function failedByGroup({ sql, now, memory }: QueueTx, limit: number): readonly { group: string; n: number }[] {
  return memory.of(FailedRows).groups("images", () => countByGroup(sql, limit), { now, view: true });
}

/** The groups of some dead and refused jobs, `limit` jobs at most. */
export function someFailedGroups(sql: Sql, limit: number): Set<string> {
  return new Set(sql.exec(`SELECT grp FROM (${failedGroups(limit)})`).map((raw) => text(raw.grp)));
}

function failedGroups(limit: number): string {
  return `SELECT grp FROM jobs INDEXED BY jobs_ended WHERE ${ENDED} AND state IN (${DEAD}, ${REFUSED}) LIMIT ${limit}`;
}

function countByGroup(sql: Sql, limit: number): { group: string; n: number }[] {
  const query = `SELECT grp, count(*) AS n FROM (${failedGroups(COUNTED_MAX)}) GROUP BY 1 ORDER BY n DESC LIMIT ?`;
  return sql.exec(query, limit).map((raw) => ({ group: text(raw.grp), n: int(raw.n) }));
}

/** Dead and refused jobs of these groups. Reads the rows of these groups only. `seed`: the id of the queue. */
export function failedOfGroups(sql: Sql, groups: readonly string[], seed: string): Map<string, number> {
  const ranges = groups.map((group) => ({ group, ...rangeOfGroup(group, seed) }));
  const range = "jobs.id >= g.value ->> 'from' AND jobs.id < g.value ->> 'to'";
  // Without GROUP BY, which reads each row again.
  const query = `SELECT grp FROM json_each(?) AS g CROSS JOIN jobs ON ${range}
    WHERE state IN (${DEAD}, ${REFUSED}) AND grp = g.value ->> 'group'`;
  const found = new Map<string, number>();
  for (const { grp } of sql.exec(query, JSON.stringify(ranges))) found.set(text(grp), (found.get(text(grp)) ?? 0) + 1);
  return found;
}

/** What `formatEnding` put behind the last point. */
const FORMAT = "substr(part, length(rtrim(part, replace(part, '.', ''))) + 1)";

/** How many rows are read, and how old the count may be. */
export interface Extent {
  /** So many of the newest rows. Default: 100,000. */
  newest?: number | undefined;
  /** For a view: the count of many rows may be ten seconds old. Default: no. */
  view?: boolean | undefined;
}

/** The failed rows of a state; waiting rows are retrying jobs. */
export function readFailures(
  { sql, now, memory }: QueueTx,
  state: number,
  { newest: most = COUNTED_MAX, view = false }: Extent,
): readonly Failures[] {
  return memory
    .of(FailedRows)
    .groups(`${state} ${most}`, () => countFailures(sql, { state, now, most }), { now, view });
}

function countFailures(sql: Sql, { state, now, most }: { state: number; now: number; most: number }): Failures[] {
  // The statement contains codes and spans, because they are numbers. Words are parameters.
  const found = `SELECT id, error, lane, run, ${FORMAT} AS format, grp, max(updated, created) AS at
    FROM jobs INDEXED BY jobs_failed WHERE ${HAS_FAILED} AND state = ${state} ORDER BY updated DESC LIMIT ${most}`;
  const slots = SLOTS.map(({ youngerMs, ms }) => `WHEN at > ?1 - ${youngerMs} THEN at / ${ms} * ${ms}`).join(" ");
  const query = `SELECT error, format, rtrim(grp, replace(grp, '/', '')) AS folder, lane, run, CASE ${slots} ELSE 0 END AS slot,
    count(*) AS n, min(at) AS first, max(at) AS last, max(id) AS sample FROM (${found}) GROUP BY 1, 2, 3, 4, 5, 6`;
  return sql.exec(query, now).map((raw) => ({
    error: text(raw.error),
    format: text(raw.format),
    folder: text(raw.folder),
    lane: int(raw.lane),
    run: int(raw.run),
    n: int(raw.n),
    first: int(raw.first),
    last: int(raw.last),
    sample: int(raw.sample),
  }));
}
