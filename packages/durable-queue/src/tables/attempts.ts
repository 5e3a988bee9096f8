import type { Failure } from "../calls.ts";
import type { Claim } from "./claim.ts";
import type { Row } from "./row.ts";
import { insertRows, int, type Sql, text, textOrNull } from "./sql.ts";

/** A failed attempt. Waiting, throttling and pausing are no attempts. */
export interface AttemptRow {
  id: number;
  n: number;
  /** When the generation was admitted, Unix ms. 0: never. */
  started: number;
  ended: number;
  status: number | null;
  kind: string | null;
  code: string;
  message: string;
  job: string | null;
}

/** Maximum length of a message. People read messages; archives do not. */
const MESSAGE_MAX_CHARS = 500;
const COLUMNS = ["id", "n", "started", "ended", "status", "kind", "code", "message", "job"] as const;

/** Counts a failure on the row and answers the attempt to store. */
export function failedAttempt(
  row: Row,
  failure: Failure,
  { now, claim }: { now: number; claim: Pick<Claim, "admittedAt" | "externalId"> },
): AttemptRow {
  row.attempts += 1;
  const message = failure.message.slice(0, MESSAGE_MAX_CHARS);
  row.error = JSON.stringify({ code: failure.code, message });
  const { httpStatus: status = null, kind = null, code } = failure;
  const { admittedAt: started, externalId: job } = claim;
  return { id: row.id, n: row.attempts, started, ended: now, status, kind, code, message, job };
}

export function insertAttempts(sql: Sql, attempts: readonly AttemptRow[]): void {
  const rows = attempts.map((attempt) => COLUMNS.map((column) => attempt[column]));
  // A retry of a dead job counts from 1 again. A newer attempt replaces the older one with the same number.
  insertRows(sql, "attempts", COLUMNS, rows, "INSERT OR REPLACE");
}

/** The failed attempts of a job since it was ordered last, the first one first. Those above its number are of an earlier order. */
export function listAttempts(sql: Sql, { id, attempts }: Pick<Row, "id" | "attempts">): AttemptRow[] {
  if (attempts === 0) return [];
  return sql.exec("SELECT * FROM attempts WHERE id = ? AND n <= ? ORDER BY n", id, attempts).map((raw) => ({
    id: int(raw.id),
    n: int(raw.n),
    started: int(raw.started),
    ended: int(raw.ended),
    status: raw.status === null ? null : int(raw.status),
    kind: textOrNull(raw.kind),
    code: text(raw.code),
    message: text(raw.message),
    job: textOrNull(raw.job),
  }));
}
