import { int, intOrNull, type Sql, type SqlRow, text, textOrNull } from "@prewarm/durable-queue";
import { DAY_MS } from "@prewarm/shared/clock";
import { BULK } from "../../queue-settings.ts";

/*
 * Outgoing events: a row per event and endpoint, until it is forgotten.
 */

/** A bulk run has ended. SQLite uses the index of such runs only for a query that repeats this word for word. */
export const BULK_ENDED = `lane = ${BULK} AND ended > 0`;

export interface EventRow {
  n: number;
  /** The id of the event, the same for all endpoints: `webhook-id`. */
  id: string;
  endpoint: string;
  type: string;
  /** Unix ms. */
  at: number;
  body: string;
  /** Unix ms of the next try. Null: the event was delivered or given up. */
  due: number | null;
  tries: number;
  /** The last answer: an HTTP status, 0 for none. Null: not tried yet. */
  status: number | null;
  said: string | null;
}

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 600_000;
/** An event is given up after this. */
export const GIVE_UP_MS = 3 * DAY_MS;
const SAID_MAX_CHARS = 200;

export function addEvent(sql: Sql, event: Pick<EventRow, "id" | "endpoint" | "type" | "at" | "body">): void {
  const { id, endpoint, type, at, body } = event;
  sql.exec(
    "INSERT INTO events (id, endpoint, type, at, body, due, tries, status, said) VALUES (?1, ?2, ?3, ?4, ?5, ?4, 0, NULL, NULL)",
    ...[id, endpoint, type, at, body],
  );
}

/** The due events. Each gets a growing pause before it is handed out, so that a crash in between loses nothing. */
export function eventsDue(sql: Sql, now: number, limit: number): EventRow[] {
  const some = "SELECT n FROM events WHERE due <= ?1 ORDER BY due LIMIT ?4";
  const query = `UPDATE events SET due = ?1 + min(?2 * (1 << min(tries, 20)), ?3), tries = tries + 1 WHERE n IN (${some}) RETURNING *`;
  return sql.exec(query, now, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, limit).map(rowOf);
}

/** Stores an answer. `isOver`: the event was delivered, or must not be tried again. */
export function eventAnswered(sql: Sql, n: number, answer: { status: number; said: string }, isOver: boolean): void {
  const due = isOver ? "NULL" : "due";
  const query = `UPDATE events SET status = ?1, said = ?2, due = ${due} WHERE n = ?3`;
  sql.exec(query, answer.status, answer.said.slice(0, SAID_MAX_CHARS), n);
}

export function nextEventAt(sql: Sql): number | null {
  return intOrNull(sql.exec("SELECT min(due) AS at FROM events WHERE due IS NOT NULL")[0]?.at);
}

/** Below a number, the newest first. */
export function readEvents(sql: Sql, before: number, limit: number): EventRow[] {
  return sql.exec("SELECT * FROM events WHERE n < ? ORDER BY n DESC LIMIT ?", before, limit).map(rowOf);
}

function rowOf(raw: SqlRow): EventRow {
  const { id, endpoint, type, body } = raw;
  return {
    n: int(raw.n),
    id: text(id),
    endpoint: text(endpoint),
    type: text(type),
    at: int(raw.at),
    body: text(body),
    due: intOrNull(raw.due),
    tries: int(raw.tries),
    status: intOrNull(raw.status),
    said: textOrNull(raw.said),
  };
}

/** Numbers of bulk runs that ended after a time (Unix ms) and accept no more rows, in the order of their end. */
export function finishedRuns(sql: Sql, after: number, limit: number): number[] {
  const query = `SELECT n FROM runs WHERE ${BULK_ENDED} AND open = 0 AND accepting = 0 AND ended > ? ORDER BY ended LIMIT ?`;
  return sql.exec(query, after, limit).map((raw) => int(raw.n));
}
