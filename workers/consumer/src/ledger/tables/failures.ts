import { DEAD, REFUSED, type StateCode, WAITING } from "./row.ts";
import { ENDED, HAS_DUE } from "./schema.ts";
import { int, type Sql, text } from "./sql.ts";

/* What failed, counted by SQLite: twenty thousand rows of one fault become a few lines, and no row an object. */

/** Rows of one state that are counted: more than a ledger has on any but its worst day. */
export const COUNTED_MAX = 100_000;

/** Rows that failed alike: of one error, format and folder, and one part of the time that is looked at. */
export interface Failures {
  /** JSON `{code, message}`, as in `jobs.error`. */
  error: string;
  format: string;
  /** Of the encoded id, with `/`: `products/2026/`; "" is none. */
  folder: string;
  /** Which part of the time; -1: before it. */
  part: number;
  n: number;
  /** When the first and the last of them failed, Unix ms. */
  first: number;
  last: number;
  /** Id of one of them. */
  sample: number;
}

export interface FailureQuery {
  /** Waiting rows are those that are tried again. */
  state: StateCode;
  lanes: ReadonlySet<number> | null;
  /** Number of the run that asked first; null is any. */
  run: number | null;
  /** Parts of the time: from here (Unix ms) on, each so long, and how many. */
  from: number;
  partMs: number;
  parts: number;
}

/** Images with most dead and refused variants, by their encoded ids. */
export function failedByImage(sql: Sql, limit: number): { image: string; n: number }[] {
  const some = `SELECT key FROM jobs INDEXED BY jobs_ended WHERE ${ENDED} AND state IN (${DEAD}, ${REFUSED}) LIMIT ${COUNTED_MAX}`;
  const query = `SELECT substr(key, 1, instr(key, '/') - 1) AS image, count(*) AS n FROM (${some}) GROUP BY 1 ORDER BY n DESC LIMIT ?`;
  return sql.exec(query, limit).map((raw) => ({ image: text(raw.image), n: int(raw.n) }));
}

const FORMAT = "substr(key, length(rtrim(key, replace(key, '.', ''))) + 1)";
const ID = "replace(substr(key, 1, instr(key, '/') - 1), '%2F', '/')";

export function readFailures(sql: Sql, { state, lanes, run, from, partMs, parts }: FailureQuery): Failures[] {
  // Codes may stand in the statement's text, because they are numbers; words go by parameter.
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
