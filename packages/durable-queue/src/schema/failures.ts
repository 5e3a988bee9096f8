import { DEAD, REFUSED, type StateCode, WAITING } from "./row.ts";
import { ENDED, HAS_DUE } from "./schema.ts";
import { int, type Sql, text } from "./sql.ts";

/*
 * Failed jobs, counted by SQLite: twenty thousand rows with one cause become a few lines and no objects.
 */

/** Maximum of counted rows of one state. Only a queue's worst day has more. */
export const COUNTED_MAX = 100_000;

/** Rows with the same error, format, folder and part of the time. */
export interface Failures {
  /** JSON `{code, message}`, as in `jobs.error`. */
  error: string;
  format: string;
  /** The folder of the encoded id, with `/`: `products/2026/`. "": no folder. */
  folder: string;
  /** The number of the part of the time. -1: before the first part. */
  part: number;
  n: number;
  /** When the first and the last of them failed, Unix ms. */
  first: number;
  last: number;
  /** Id of one of them. */
  sample: number;
}

export interface FailureQuery {
  /** Waiting rows are retrying jobs. */
  state: StateCode;
  lanes: ReadonlySet<number> | null;
  /** Number of the first run of the row. Null: any run. */
  run: number | null;
  /** Parts of the time: beginning (Unix ms), length of a part, number of parts. */
  from: number;
  partMs: number;
  parts: number;
}

/** Groups with most dead and refused jobs. */
export function failedByGroup(sql: Sql, limit: number): { group: string; n: number }[] {
  const some = `SELECT key FROM jobs INDEXED BY jobs_ended WHERE ${ENDED} AND state IN (${DEAD}, ${REFUSED}) LIMIT ${COUNTED_MAX}`;
  const query = `SELECT substr(key, 1, instr(key, '/') - 1) AS grp, count(*) AS n FROM (${some}) GROUP BY 1 ORDER BY n DESC LIMIT ?`;
  return sql.exec(query, limit).map((raw) => ({ group: text(raw.grp), n: int(raw.n) }));
}

const FORMAT = "substr(key, length(rtrim(key, replace(key, '.', ''))) + 1)";
const ID = "replace(substr(key, 1, instr(key, '/') - 1), '%2F', '/')";

export function readFailures(sql: Sql, { state, lanes, run, from, partMs, parts }: FailureQuery): Failures[] {
  // The statement contains codes, because they are numbers. Words are parameters.
  const which =
    state === WAITING ? `${HAS_DUE} AND state = ${WAITING} AND attempts > 0` : `${ENDED} AND state = ${state}`;
  const inLanes = lanes === null ? "" : `AND lane IN (${[...lanes].join()})`;
  const ofRun = run === null ? "" : `AND run = ${run}`;
  const index = state === WAITING ? "jobs_due" : "jobs_ended";
  const found = `SELECT id, error, ${FORMAT} AS format, ${ID} AS name, max(updated, created) AS at
    FROM jobs INDEXED BY ${index} WHERE ${which} ${inLanes} ${ofRun} AND error IS NOT NULL LIMIT ${COUNTED_MAX}`;
  const part = "CASE WHEN at < ?1 THEN -1 ELSE CAST(min((at - ?1) / ?2, ?3) AS INTEGER) END";
  const query = `SELECT error, format, rtrim(name, replace(name, '/', '')) AS folder, ${part} AS part, count(*) AS n,
    min(at) AS first, max(at) AS last, max(id) AS sample FROM (${found}) GROUP BY 1, 2, 3, 4`;
  return sql.exec(query, from, partMs, parts - 1).map((raw) => ({
    error: text(raw.error),
    format: text(raw.format),
    folder: text(raw.folder),
    part: int(raw.part),
    n: int(raw.n),
    first: int(raw.first),
    last: int(raw.last),
    sample: int(raw.sample),
  }));
}
