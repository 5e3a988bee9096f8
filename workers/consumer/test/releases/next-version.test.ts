import { migrate } from "@prewarm/durable-queue";
import { expireLeases, nodeSql } from "@prewarm/durable-queue/testing";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { LEDGER_TABLES } from "../../src/ledger/tables/own-tables.ts";
import { chunkOf } from "../../src/ledger/testing/chunk-of.ts";
import type { DirectLedger } from "../../src/ledger/testing/direct-calls.ts";
import { testConfig } from "../../src/ledger/testing/setup-config.ts";
import { testEngine } from "../../src/ledger/testing/test-engine.ts";
import { everyRecording, left, tablesOf } from "./recorded.ts";

/*
 * A migration of a version to come is appended to the list, as CONTRIBUTING.md says under "Add a table or a column". All other code is
 * today's. The database of today and of each release, with work under way, is brought to the next version, goes back to code that does not
 * know the version, and goes forward again.
 */

type Sql = ReturnType<typeof nodeSql>;

/** What a next version may do: a column, a table with an index that is filled from documents, rows that are changed. */
const NEXT = [
  "ALTER TABLE jobs ADD COLUMN asked_by TEXT",
  "ALTER TABLE claims ADD COLUMN why TEXT NOT NULL DEFAULT 'unknown'",
  "CREATE TABLE open (job INTEGER PRIMARY KEY, run INTEGER NOT NULL)",
  "INSERT INTO open (job, run) SELECT gen, run FROM jobs WHERE due IS NOT NULL",
  "CREATE INDEX open_run ON open (run)",
  "UPDATE jobs SET asked_by = 'run ' || run WHERE run > 0",
];

/** Whether the code that runs is the next version's. */
const code = vi.hoisted(() => ({ isNext: false }));
vi.mock("../../src/ledger/tables/own-tables.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../src/ledger/tables/own-tables.ts")>();
  const today = original.LEDGER_TABLES;
  return {
    ...original,
    get LEDGER_TABLES() {
      return code.isNext ? [...today, NEXT] : today;
    },
  };
});

const NEXT_VERSION = LEDGER_TABLES.length + 1;

const clock = { ms: 0, now: () => clock.ms, random: () => 0.5 };
beforeEach(() => {
  code.isNext = false;
  clock.ms = Date.UTC(2026, 10, 24, 13);
});

function open(sql: Sql): DirectLedger {
  const { engine } = testEngine(sql, { config: testConfig(), clock });
  clock.ms += 60_000;
  return engine;
}

/** What the tables are: of which columns with which types, and of which indexes. */
function shapeOf(sql: Sql) {
  const columns =
    "SELECT m.name AS t, c.name, c.type, c.pk, c.\"notnull\" AS must FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1, 2";
  const indexes = "SELECT name, tbl_name AS t, sql FROM sqlite_master WHERE type = 'index' ORDER BY name";
  return { columns: sql.exec(columns), indexes: sql.exec(indexes) };
}

/** The rows of a table in the columns that it had before. */
function rowsOf(sql: Sql, table: string, before: Sql) {
  const names = before.exec("SELECT name FROM pragma_table_info(?)", table).map(({ name }) => name);
  return sql.exec(`SELECT ${names} FROM ${table} ORDER BY 1, 2`);
}

const versionOf = (sql: Sql) => Number(sql.exec("SELECT version FROM schema_version")[0]?.version);

const RUN_JOBS = 120;
const keysOf = (run: string) => Array.from({ length: RUN_JOBS }, (_, n) => `${run}-${n % 20}/${400 + n}-high.webp`);
const REQUEST = { role: "work" as const, asks: [], submitted: [], leave: false };

/** Asks for new variants. Three handlers take some of the work each and are never heard again. */
function order(engine: DirectLedger, run: string): void {
  engine.patchGate({ paused: { bulk: false }, budget: { monthlyJobs: 10_000 } }, "test");
  engine.acceptChunk(chunkOf({ run, lane: "bulk", keys: keysOf(run) }, { id: run, chunk: 0, hash: "h" }));
  for (const n of [1, 2, 3]) {
    const lost = { ...REQUEST, owner: `${run}, lost ${n}`, room: 5, settled: [] };
    const answer = engine.exchange({ ...lost, first: true, have: [] });
    if (answer.status !== "ok") throw new Error(answer.status);
    const have = answer.give.map(({ id, gen }) => ({ id, gen, phase: "ready" as const }));
    engine.exchange({ ...lost, room: 0, first: false, have });
  }
}

/** Makes all that is handed out until the run is stored. */
function make(engine: DirectLedger, run: string): void {
  const isStored = () => engine.getRun({ run })?.states.stored === RUN_JOBS;
  const request = { ...REQUEST, owner: `${run} at ${clock.ms}`, room: 40 };
  let answer = engine.exchange({ ...request, first: true, have: [], settled: [] });
  for (let calls = 0; calls < 200 && !isStored(); calls += 1) {
    clock.ms += 10_000;
    // The alarm's work: leases of handlers that are gone end.
    engine.transactions.write(expireLeases);
    if (answer.status !== "ok") throw new Error(answer.status);
    // A job that a lost handler was granted comes back granted.
    const have = answer.give.map(({ id, gen, phase }) => ({
      id,
      gen,
      phase: phase === "admitted" ? phase : ("ready" as const),
    }));
    const go = engine.exchange({ ...request, first: false, have, settled: [] });
    if (go.status !== "ok") throw new Error(go.status);
    const gone = [...answer.give, ...go.give].filter(({ phase }) => phase === "admitted");
    const outcome = { kind: "stored" as const, bytes: 9, tookMs: 5 };
    const settled = gone.map(({ id, gen }) => ({ id, gen, outcome }));
    answer = engine.exchange({ ...request, first: false, have: [], settled });
  }
  expect(engine.getRun({ run })?.states).toMatchObject({ stored: RUN_JOBS });
}

const all = everyRecording();

describe.each(all)("the database of %s and the next version", (_, old) => {
  it("is brought to it with all rows, and works on", () => {
    const [sql, before] = [left(old), left(old)];
    const tables = tablesOf(before);
    code.isNext = true;
    migrate(sql, "other", LEDGER_TABLES);
    expect(versionOf(sql)).toBe(NEXT_VERSION);
    for (const table of tables) expect(rowsOf(sql, table, before), table).toEqual(rowsOf(before, table, before));
    const fresh = nodeSql();
    migrate(fresh, "L", LEDGER_TABLES);
    expect(shapeOf(sql)).toEqual(shapeOf(fresh));
    expect(sql.exec("SELECT DISTINCT why FROM claims")).toEqual([{ why: "unknown" }]);
    const next = open(sql);
    order(next, "next");
    make(next, "next");
  });

  it("goes back under older code and forward again: what one version begins the other ends, and no migration is run twice", () => {
    const sql = left(old);
    order(open(sql), "before");
    code.isNext = true;
    const next = open(sql);
    const shape = shapeOf(sql);
    make(next, "before");
    order(next, "next");
    code.isNext = false;
    const back = open(sql);
    make(back, "next");
    order(back, "back");
    code.isNext = true;
    make(open(sql), "back");
    expect(shapeOf(sql)).toEqual(shape);
    expect(versionOf(sql)).toBe(NEXT_VERSION);
  });
});

describe.each(all)("callers of %s and the next version's ledger", (_, old) => {
  it("understand each other, call by call", () => {
    code.isNext = true;
    const engine = open(nodeSql());
    for (const { call, args } of old.calls)
      expect(() => (engine[call] as (...args: unknown[]) => unknown)(...structuredClone(args)), call).not.toThrow();
  });
});
