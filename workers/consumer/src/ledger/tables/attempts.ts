import type { Failure } from "@prewarm/shared/job";
import type { Row } from "./row.ts";
import { int, type Sql, text, textOrNull } from "./sql.ts";

/** One failed try, as it is kept: waiting, throttling and pausing are none. */
export interface AttemptRow {
  seq: number;
  n: number;
  /** When the generation was granted, Unix ms; 0 when it never was. */
  started: number;
  ended: number;
  status: number | null;
  kind: string | null;
  code: string;
  message: string;
  ittybitJob: string | null;
}

/** Messages are kept for people to read, not for archives. */
const MESSAGE_MAX_CHARS = 500;
/** Columns, and the fields that they hold. */
const COLUMNS = {
  ...{ seq: "seq", n: "n", started: "started", ended: "ended", status: "status", kind: "kind", code: "code" },
  ...{ message: "message", ittybit_job: "ittybitJob" },
} as const satisfies Record<string, keyof AttemptRow>;

/** Counts a failure on the row and answers what is to be kept of it. */
export function failedAttempt(row: Row, failure: Failure, now: number): AttemptRow {
  row.attempts += 1;
  const message = failure.message.slice(0, MESSAGE_MAX_CHARS);
  row.error = JSON.stringify({ code: failure.code, message });
  const { httpStatus: status = null, kind = null, code } = failure;
  return {
    seq: row.seq,
    n: row.attempts,
    started: row.grantedAt,
    ended: now,
    status,
    kind,
    code,
    message,
    ittybitJob: row.ittybitJob,
  };
}

export function insertAttempts(sql: Sql, attempts: AttemptRow[]): void {
  if (attempts.length === 0) return;
  const fields = Object.values(COLUMNS);
  const list = attempts.map((attempt) => fields.map((field) => attempt[field]));
  const values = fields.map((_, index) => `value ->> ${index}`).join(", ");
  // A retry of a dead job counts from 1 again: the newer attempt of one number takes its place.
  sql.exec(
    `INSERT OR REPLACE INTO attempts (${Object.keys(COLUMNS).join(", ")}) SELECT ${values} FROM json_each(?)`,
    JSON.stringify(list),
  );
}

/** The failed attempts of a job, the first one first. */
export function listAttempts(sql: Sql, key: string): AttemptRow[] {
  const query = "SELECT a.* FROM jobs JOIN attempts AS a ON a.seq = jobs.seq WHERE jobs.key = ? ORDER BY a.n";
  return sql.exec(query, key).map((raw) => ({
    seq: int(raw.seq),
    n: int(raw.n),
    started: int(raw.started),
    ended: int(raw.ended),
    status: raw.status === null ? null : int(raw.status),
    kind: textOrNull(raw.kind),
    code: text(raw.code),
    message: text(raw.message),
    ittybitJob: textOrNull(raw.ittybit_job),
  }));
}
