import {
  countedAs,
  isOpen,
  type LaneCode,
  OPEN_CODES,
  type Row,
  STATE_CODES,
  type StateCode,
  URGENT,
} from "../tables/row.ts";
import { CANCELS, IS_FIRST } from "../tables/schema.ts";
import { int, intOrNull, type Sql, type SqlRow, text, textOrNull } from "../tables/sql.ts";

/** A run: the jobs of a request. Its counts follow its rows. */
export interface Run {
  /** A small number for `jobs.run`. 0: no run. */
  n: number;
  id: string;
  label: string | null;
  lane: LaneCode;
  created: number;
  updated: number;
  /** Unix ms of the end of its last row. 0: a row is open. */
  ended: number;
  cancelledAt: number;
  /** Position of the cancel (an id). 0: no cancel is due. */
  cancelCursor: number;
  accepted: number;
  duplicates: number;
  /** Jobs whose results were found in the store and not made. */
  existing: number;
  /** Members by counted state code. */
  states: number[];
  /** What the user of the queue keeps of the run, as text. Null: nothing. */
  own: string | null;
  /** 1: its request is still being sent. */
  accepting: number;
  open: number;
  /** Rejected items. */
  rejected: number;
  /** The last requester. Null: not known. */
  who: string | null;
  /** Since when it goes before the other runs of its lane, Unix ms. 0: it takes turns with them. */
  first: number;
}

interface HeldRun {
  run: Run;
  before: string;
}

/** The runs of a transaction. */
export class Runs {
  readonly #sql: Sql;
  readonly #now: number;
  readonly #byNumber = new Map<number, HeldRun | null>();
  /** Further subscribers by row, as they were read last. */
  readonly #joins = new Map<number, readonly number[]>();

  constructor(sql: Sql, now: number) {
    this.#sql = sql;
    this.#now = now;
  }

  byNumber(n: number): Run | null {
    if (n === 0) return null;
    const known = this.#byNumber.get(n);
    if (known !== undefined) return known?.run ?? null;
    return this.#hold(n, this.#sql.exec("SELECT * FROM runs WHERE n = ?", n)[0]);
  }

  byId(id: string): Run | null {
    for (const held of this.#byNumber.values()) if (held?.run.id === id) return held.run;
    const raw = this.#sql.exec("SELECT * FROM runs WHERE id = ?", id)[0];
    return raw === undefined ? null : this.#hold(int(raw.n), raw);
  }

  /** The run of this id. It is created if it is new. */
  open(id: string, lane: LaneCode, label: string | null): Run {
    const known = this.byId(id);
    if (known) return known;
    const n = int(this.#sql.exec("SELECT max(n) AS n FROM runs")[0]?.n) + 1;
    const states = Array<number>(STATE_CODES).fill(0);
    const run: Run = {
      n,
      id,
      label,
      lane,
      created: this.#now,
      updated: this.#now,
      ended: 0,
      cancelledAt: 0,
      cancelCursor: 0,
      accepted: 0,
      duplicates: 0,
      existing: 0,
      states,
      own: null,
      accepting: 0,
      open: 0,
      rejected: 0,
      who: null,
      first: 0,
    };
    this.#byNumber.set(n, { run, before: "" });
    return run;
  }

  /** Numbers of all subscribers of the row, the first one first. 0: a subscriber without a run. */
  subscribersOf(row: Row): number[] {
    if (row.joined === 0) return [row.run];
    const known = this.#joins.get(row.id);
    const joins = known ?? this.#sql.exec("SELECT run FROM joins WHERE id = ?", row.id).map((raw) => int(raw.run));
    this.#joins.set(row.id, joins);
    return [row.run, ...joins];
  }

  /** Adds a subscriber to a row. False: it already is one. */
  subscribe(row: Row, run: number): boolean {
    if (row.run === run) return false;
    const query = "INSERT OR IGNORE INTO joins (id, run) VALUES (?, ?) RETURNING run";
    if (this.#sql.exec(query, row.id, run).length === 0) return false;
    this.#joins.delete(row.id);
    row.joined = 1;
    return true;
  }

  /** Removes a further subscriber. */
  unjoin(row: Row, run: number): void {
    if (row.joined === 0) return;
    this.#sql.exec("DELETE FROM joins WHERE id = ? AND run = ?", row.id, run);
    this.#joins.delete(row.id);
    row.joined = this.#sql.exec("SELECT 1 FROM joins WHERE id = ? LIMIT 1", row.id).length;
  }

  /** Removes every subscriber of the row. The runs keep their counts of it. */
  unsubscribe(row: Row): void {
    if (row.joined === 1) this.#sql.exec("DELETE FROM joins WHERE id = ?", row.id);
    this.#joins.delete(row.id);
    row.run = 0;
    row.joined = 0;
  }

  /** Counts a member that joins a run (`from` null) or changes its counted state. */
  move(n: number, from: number | null, to: number): void {
    const states = this.byNumber(n)?.states;
    if (states === undefined) return;
    if (from !== null) states[from] = (states[from] ?? 0) - 1;
    states[to] = (states[to] ?? 0) + 1;
  }

  /** Lets a run go before the other runs of its lane (`at`: Unix ms), or take turns with them again (0). */
  setFirst(run: Run, at: number): void {
    run.first = at;
    // The update of a run's counts does not name the column, because it would write an entry of the index each time.
    this.#sql.exec("UPDATE runs SET first = ? WHERE n = ?", at, run.n);
  }

  /** Counts a member whose result was found in the store, for each subscriber. */
  found(row: Row): void {
    for (const n of this.subscribersOf(row)) {
      const run = this.byNumber(n);
      if (run !== null) run.existing += 1;
    }
  }

  flush(): void {
    for (const held of this.#byNumber.values()) {
      if (held === null || print(held.run) === held.before) continue;
      const { run } = held;
      run.open = openOf(run.states);
      run.ended = run.open === 0 ? run.ended || this.#now : 0;
      run.updated = this.#now;
      // An update that does not name `id` writes no index entry.
      if (held.before === "") this.#insert(run);
      else this.#update(run);
    }
  }

  #insert(run: Run): void {
    const columns = ["n", "id", "label", "created", ...Object.keys(CHANGING)];
    const values = [run.n, run.id, run.label, run.created, ...changing(run)];
    this.#sql.exec(`INSERT INTO runs (${columns.join(", ")}) VALUES (${values.map(() => "?").join(", ")})`, ...values);
  }

  #update(run: Run): void {
    const set = Object.keys(CHANGING).map((column) => `${column} = ?`);
    this.#sql.exec(`UPDATE runs SET ${set.join(", ")} WHERE n = ?`, ...changing(run), run.n);
  }

  #hold(n: number, raw: SqlRow | undefined): Run | null {
    const run = raw === undefined ? null : runFrom(raw);
    this.#byNumber.set(n, run === null ? null : { run, before: print(run) });
    return run;
  }
}

const CHANGING = {
  lane: "lane",
  updated: "updated",
  ended: "ended",
  cancelled_at: "cancelledAt",
  cancel_cursor: "cancelCursor",
  accepted: "accepted",
  duplicates: "duplicates",
  existing: "existing",
  states: "states",
  own: "own",
  accepting: "accepting",
  open: "open",
  rejected: "rejected",
  who: "who",
} as const satisfies Record<string, keyof Run>;

function changing(run: Run): (string | number | null)[] {
  return Object.values(CHANGING).map((field) => {
    const value = run[field];
    return Array.isArray(value) ? JSON.stringify(value) : value;
  });
}

/**
 * Jobs that were ordered under a run and may be paid. Another order of an open job counts too, because its input may be
 * new. A job whose result was in the store does not count.
 */
export function orderedBy(run: Run | null): number {
  return run === null ? 0 : run.accepted + run.duplicates - run.existing;
}

/** The number of open members. */
export function openOf(states: readonly number[]): number {
  return OPEN_CODES.reduce<number>((sum, code) => sum + (states[code] ?? 0), 0);
}

/** The members of the runs by the rows, by number of the run and counted state. Reads the tables as a whole. */
export function countMembers(sql: Sql): Map<number, number[]> {
  const members = new Map<number, number[]>();
  const first = "SELECT run, state, attempts FROM jobs WHERE run > 0";
  const further = "SELECT joins.run, state, attempts FROM joins JOIN jobs USING (id) WHERE joins.run > 0";
  const all = `${first} UNION ALL ${further}`;
  const query = `SELECT run, state, attempts > 0 AS failed, count(*) AS n FROM (${all}) GROUP BY 1, 2, 3`;
  for (const raw of sql.exec(query)) {
    const code = countedAs({ state: int(raw.state) as StateCode, attempts: int(raw.failed) });
    const states = members.get(int(raw.run)) ?? Array<number>(STATE_CODES).fill(0);
    states[code] = (states[code] ?? 0) + int(raw.n);
    members.set(int(raw.run), states);
  }
  return members;
}

/**
 * The numbers of the open runs that go first, the one that was promoted first at the front. In the urgent lane no run
 * goes before another.
 */
export function firstRuns(sql: Sql, lane: LaneCode): number[] {
  if (lane === URGENT) return [];
  const query = `SELECT n FROM runs WHERE ${IS_FIRST} AND open > 0 ORDER BY first`;
  return sql.exec(query).map((raw) => int(raw.n));
}

/** Ids of jobs above an id that the run shares, and of which another run is the first subscriber. */
export function sharedIds(sql: Sql, run: number, above: number, limit: number): number[] {
  const query = "SELECT id FROM joins WHERE run = ? AND id > ? ORDER BY id LIMIT ?";
  return sql.exec(query, run, above, limit).map((raw) => int(raw.id));
}

/** The number of the run whose cancel has run longest. Null: no cancel runs. */
export function nextCancelling(sql: Sql): number | null {
  return intOrNull(sql.exec(`SELECT n FROM runs WHERE ${CANCELS} ORDER BY cancelled_at LIMIT 1`)[0]?.n);
}

const OF_STATE = {
  open: "open > 0 AND cancelled_at = 0",
  done: "open = 0 AND cancelled_at = 0",
  cancelled: "cancelled_at > 0",
} as const;

/** Runs that one read walks past, some 5 MB. Chosen. */
const WALKED_MAX = 5_000;

/** Which runs are read. `label`: a part of it, in any case of ASCII letters. `from`, `to`: opened within, Unix ms. */
export interface WantedRuns {
  state?: keyof typeof OF_STATE | undefined;
  label?: string | undefined;
  from?: number | undefined;
  to?: number | undefined;
}

/**
 * Runs below a number, the newest first. `next`: the number below which the list goes on; null: it ends. A page may be
 * short, or empty, where few runs are wanted.
 */
export function readRuns(
  sql: Sql,
  before: number,
  limit: number,
  { state, label = "", from = 0, to = Number.MAX_SAFE_INTEGER }: WantedRuns = {},
): { runs: Run[]; next: number | null } {
  const ofState = state === undefined ? "1" : OF_STATE[state];
  const where = `${ofState} AND created >= ?2 AND created <= ?3 AND (?4 = '' OR instr(lower(label), lower(?4)) > 0)`;
  const below = "SELECT * FROM runs WHERE n < ?5 ORDER BY n DESC LIMIT ?6";
  const query = `SELECT * FROM (${below}) WHERE ${where} ORDER BY n DESC LIMIT ?1`;
  const runs = sql.exec(query, limit, from, to, label, before, WALKED_MAX).map(runFrom);
  if (runs.length === limit) return { runs, next: runs.at(-1)?.n ?? null };
  const last = "SELECT n FROM runs WHERE n < ? ORDER BY n DESC LIMIT 1 OFFSET ?";
  return { runs, next: intOrNull(sql.exec(last, before, WALKED_MAX - 1)[0]?.n) };
}

/** Whether every subscriber of the row is cancelled. A row of the urgent lane always has a subscriber. */
export function hasNoSubscribers(runs: Runs, row: Row): boolean {
  if (!isOpen(row) || row.run === 0 || row.lane === URGENT) return false;
  if ((runs.byNumber(row.run)?.cancelledAt ?? 0) === 0) return false;
  return runs.subscribersOf(row).every((n) => n !== 0 && (runs.byNumber(n)?.cancelledAt ?? 0) > 0);
}

function print(run: Run): string {
  return JSON.stringify(run);
}

function runFrom(raw: SqlRow): Run {
  return {
    n: int(raw.n),
    id: text(raw.id),
    label: textOrNull(raw.label),
    lane: int(raw.lane),
    created: int(raw.created),
    updated: int(raw.updated),
    ended: int(raw.ended),
    cancelledAt: int(raw.cancelled_at),
    cancelCursor: int(raw.cancel_cursor),
    accepted: int(raw.accepted),
    duplicates: int(raw.duplicates),
    existing: int(raw.existing),
    states: JSON.parse(text(raw.states)) as number[],
    own: textOrNull(raw.own),
    accepting: int(raw.accepting),
    open: int(raw.open),
    rejected: int(raw.rejected),
    who: textOrNull(raw.who),
    first: int(raw.first),
  };
}
