import { type Histogram, observe } from "./histogram.ts";
import { CANCELLED, isOpen, type LaneCode, LIVE, OPEN_STATES, type Row, STORED } from "./row.ts";
import type { Change } from "./rows.ts";
import { int, intOrNull, type Sql, type SqlRow, text, textOrNull } from "./sql.ts";

/** The jobs of a bulk request. Its counts follow its rows. A row that is pruned or taken over stays counted as it was last. */
export interface Run {
  /** Small number used in `jobs.run`; 0 is none. */
  n: number;
  id: string;
  label: string | null;
  lane: LaneCode;
  created: number;
  updated: number;
  /** Unix ms when its last row ended; 0 while any is open. */
  ended: number;
  cancelledAt: number;
  /** How far the cancelling slices have come (a seq); 0 when none are due. */
  cancelCursor: number;
  firstSeq: number;
  lastSeq: number;
  accepted: number;
  duplicates: number;
  existing: number;
  /** Members by state code, QUEUED … REFUSED. */
  states: number[];
  ready: Histogram;
  /** 1 while its request is still being sent. */
  accepting: number;
  open: number;
}

interface HeldRun {
  run: Run;
  before: string;
}

/** The runs a transaction has in hand. */
export class Runs {
  readonly #sql: Sql;
  readonly #now: number;
  readonly #byNumber = new Map<number, HeldRun | null>();

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
    const raw = this.#sql.exec("SELECT * FROM runs WHERE id = ?", id)[0];
    return raw === undefined ? null : (this.byNumber(int(raw.n)) ?? null);
  }

  /** The run of this id, made if it is new. */
  open(id: string, lane: LaneCode, label: string | null): Run {
    const known = this.byId(id);
    if (known) return known;
    const raw = this.#sql.exec(
      `INSERT INTO runs (id, label, lane, created, updated, ended, cancelled_at, cancel_cursor, first_seq, last_seq, accepted, duplicates,
        existing, states, ready, accepting, open) VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0, '[0,0,0,0,0,0,0]', '[]', 0, 0) RETURNING *`,
      id,
      label,
      lane,
      this.#now,
      this.#now,
    )[0];
    const run = this.#hold(int(raw?.n), raw);
    if (run === null) throw new Error("a run just inserted is not there");
    return run;
  }

  /** Numbers of all that wait for this row, the first asker first; 0 stands for somebody outside any run. */
  askersOf(row: Row): number[] {
    if (row.joined === 0) return [row.run];
    return [row.run, ...this.#sql.exec("SELECT run FROM joins WHERE seq = ?", row.seq).map((raw) => int(raw.run))];
  }

  /** Makes a further asker of a row; false when it already is one. The row must have been written or be about to be. */
  join(row: Row, run: number): boolean {
    if (this.askersOf(row).includes(run)) return false;
    this.#sql.exec("INSERT OR IGNORE INTO joins (seq, run) VALUES (?, ?)", row.seq, run);
    row.joined = 1;
    return true;
  }

  /** Takes a further asker back. */
  unjoin(row: Row, run: number): void {
    if (row.joined === 0) return;
    this.#sql.exec("DELETE FROM joins WHERE seq = ? AND run = ?", row.seq, run);
    row.joined = this.#sql.exec("SELECT 1 FROM joins WHERE seq = ? LIMIT 1", row.seq).length;
  }

  /** The row is nobody's business any more: runs keep the count they have of it. */
  leave(row: Row): void {
    if (row.joined === 1) this.#sql.exec("DELETE FROM joins WHERE seq = ?", row.seq);
    row.run = 0;
    row.joined = 0;
  }

  /** Counts a member's change of state. An open row that is purged counts as cancelled; a row that passes to another run stays counted in the old one. */
  move({ before, after, row }: Change): void {
    const to = after === null ? CANCELLED : after.state;
    if (before === null || before.run !== row.run) {
      if (after !== null) this.#count(row.run, null, to);
      return;
    }
    if (before.state === to || (after === null && before.state >= STORED)) return;
    for (const run of this.askersOf(row)) this.#count(run, before.state, to);
  }

  /** Counts a member that joins or leaves by itself. */
  shift(n: number, from: number | null, to: number): void {
    this.#count(n, from, to);
  }

  /** Time from order to stored, for each run that waited. */
  stored(row: Row, ms: number): void {
    for (const n of this.askersOf(row)) {
      const run = this.byNumber(n);
      if (run) observe(run.ready, Math.max(0, ms));
    }
  }

  flush(): void {
    for (const held of this.#byNumber.values()) {
      if (held === null || JSON.stringify(held.run) === held.before) continue;
      const { run } = held;
      run.open = OPEN_STATES.reduce<number>((sum, state) => sum + (run.states[state] ?? 0), 0);
      run.ended = run.open === 0 ? run.ended || this.#now : 0;
      this.#sql.exec(
        `UPDATE runs SET updated = ?2, ended = ?3, cancelled_at = ?4, cancel_cursor = ?5, first_seq = ?6, last_seq = ?7, accepted = ?8,
          duplicates = ?9, existing = ?10, states = ?11, ready = ?12, accepting = ?13, open = ?14, lane = ?15 WHERE n = ?1`,
        run.n,
        this.#now,
        run.ended,
        run.cancelledAt,
        run.cancelCursor,
        run.firstSeq,
        run.lastSeq,
        run.accepted,
        run.duplicates,
        run.existing,
        JSON.stringify(run.states),
        JSON.stringify(run.ready),
        run.accepting,
        run.open,
        run.lane,
      );
    }
  }

  #count(n: number, from: number | null, to: number): void {
    const run = this.byNumber(n);
    if (run === null) return;
    if (from !== null) run.states[from] = (run.states[from] ?? 0) - 1;
    run.states[to] = (run.states[to] ?? 0) + 1;
  }

  #hold(n: number, raw: SqlRow | undefined): Run | null {
    const run = raw === undefined ? null : runFrom(raw);
    this.#byNumber.set(n, run === null ? null : { run, before: JSON.stringify(run) });
    return run;
  }
}

/** Runs that are being cancelled, by number. */
export function cancellingRuns(sql: Sql): number[] {
  return sql.exec("SELECT n FROM runs WHERE cancel_cursor > 0").map((raw) => int(raw.n));
}

/** The run that has been in cancelling for longest, by number; null when none is. */
export function nextCancelling(sql: Sql): number | null {
  return intOrNull(sql.exec("SELECT n FROM runs WHERE cancel_cursor > 0 ORDER BY cancelled_at LIMIT 1")[0]?.n);
}

const OF_STATE = {
  open: "open > 0 AND cancelled_at = 0",
  done: "open = 0 AND cancelled_at = 0",
  cancelled: "cancelled_at > 0",
} as const;

/** Runs below a number, the newest first; `state` null is all of them. */
export function readRuns(sql: Sql, before: number, limit: number, state: keyof typeof OF_STATE | null): Run[] {
  const where = state === null ? "1" : OF_STATE[state];
  return sql.exec(`SELECT * FROM runs WHERE n < ? AND ${where} ORDER BY n DESC LIMIT ?`, before, limit).map(runFrom);
}

/** Forgets runs of which nothing is open and nothing has changed since a time, Unix ms. */
export function forgetRuns(sql: Sql, before: number): void {
  sql.exec("DELETE FROM runs WHERE open = 0 AND cancel_cursor = 0 AND updated < ?", before);
}

/** True when every run that asked for the row was cancelled, so that nobody waits for it. For a row of the live lane a viewer waits. */
export function forsaken(runs: Runs, row: Row): boolean {
  if (!isOpen(row) || row.run === 0 || row.lane === LIVE) return false;
  if ((runs.byNumber(row.run)?.cancelledAt ?? 0) === 0) return false;
  return runs.askersOf(row).every((n) => n !== 0 && (runs.byNumber(n)?.cancelledAt ?? 0) > 0);
}

function runFrom(raw: SqlRow): Run {
  return {
    n: int(raw.n),
    id: text(raw.id),
    label: textOrNull(raw.label),
    lane: int(raw.lane) as LaneCode,
    created: int(raw.created),
    updated: int(raw.updated),
    ended: int(raw.ended),
    cancelledAt: int(raw.cancelled_at),
    cancelCursor: int(raw.cancel_cursor),
    firstSeq: int(raw.first_seq),
    lastSeq: int(raw.last_seq),
    accepted: int(raw.accepted),
    duplicates: int(raw.duplicates),
    existing: int(raw.existing),
    states: JSON.parse(text(raw.states)) as number[],
    ready: JSON.parse(text(raw.ready)) as Histogram,
    accepting: int(raw.accepting),
    open: int(raw.open),
  };
}
