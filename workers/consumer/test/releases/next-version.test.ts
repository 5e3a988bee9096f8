import { expireLeases } from "@prewarm/durable-queue/claims/leases";
import { migrate } from "@prewarm/durable-queue/schema/migrate";
import { nodeSql } from "@prewarm/durable-queue/testing/node-sql";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { LEDGER_TABLES } from "../../src/ledger/tables/own-tables.ts";
import { chunkOf } from "../../src/ledger/testing/chunk-of.ts";
import { testConfig } from "../../src/ledger/testing/setup-config.ts";
import { testEngine } from "../../src/ledger/testing/test-engine.ts";
import { left, linesOf, read, releases, schemaOf } from "./recorded.ts";
import { type Call, playSession } from "./session.ts";

/*
 * A migration of a version to come is appended to the list, as CONTRIBUTING.md says under "Add a table or a column". All other code is
 * today's. The database of each release is brought to the next version, goes back to code that does not know the version, and goes forward
 * again. A copy of each release is imported by the next version.
 */

type Sql = ReturnType<typeof nodeSql>;

/** What a next version may do: a column, a table with an index that is filled from documents, rows that are changed. */
const NEXT = [
  "ALTER TABLE jobs ADD COLUMN asked_by TEXT",
  "ALTER TABLE claims ADD COLUMN why TEXT NOT NULL DEFAULT 'unknown'",
  "CREATE TABLE untouched (job INTEGER PRIMARY KEY, run INTEGER NOT NULL)",
  "INSERT INTO untouched (job, run) SELECT gen + part.key, run FROM orders, json_each(parts) AS part",
  "CREATE INDEX untouched_run ON untouched (run)",
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
      return code.isNext ? { ...today, migrations: [...today.migrations, NEXT] } : today;
    },
  };
});

beforeEach(() => {
  code.isNext = false;
});

/** Of today's code, and of the next. */
const TODAY = LEDGER_TABLES.migrations.length;
const NEXT_VERSION = TODAY + 1;

const clock = { ms: 0, now: () => clock.ms, random: () => 0.5 };
beforeEach(() => {
  clock.ms = Date.UTC(2026, 10, 24, 13);
});

function open(sql: Sql): Ledger {
  const { engine } = testEngine(sql, { config: testConfig(), clock });
  clock.ms += 60_000;
  return engine;
}

function tablesOf(sql: Sql): string[] {
  const query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'schema_version' ORDER BY name";
  return sql.exec(query).map(({ name }) => String(name));
}

/** What the tables are: of which columns with which types, and of which indexes. */
function shapeOf(sql: Sql) {
  const columns =
    "SELECT m.name AS t, c.name, c.type, c.pk, c.\"notnull\" AS must FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1, 2";
  const indexes = "SELECT name, tbl_name AS t, sql FROM sqlite_master WHERE type = 'index' ORDER BY name";
  return { columns: sql.exec(columns), indexes: sql.exec(indexes) };
}

/** The rows of a table in columns that the release knew. Untouched rows of 0.1.0 have no due time until a start gives them one. */
function rowsOf(sql: Sql, table: string, release: string) {
  const old = nodeSql();
  for (const statement of schemaOf(release).statements) old.exec(statement);
  const names = old.exec("SELECT name FROM pragma_table_info(?) WHERE name <> 'due'", table).map(({ name }) => name);
  return sql.exec(`SELECT ${names} FROM ${table} ORDER BY 1, 2`);
}

const versionOf = (sql: Sql) => Number(sql.exec("SELECT version FROM schema_version")[0]?.version);
const jobsOf = (sql: Sql) => sql.exec("SELECT * FROM jobs ORDER BY id");

const keysOf = (run: string) => [1, 2, 3].map((n) => `${run}-${n}/400-high.webp`);
const REQUEST = { role: "work" as const, asks: [], submitted: [], leave: false };

/** Asks for new variants; a handler takes some of the work and is never heard again. */
function order(engine: Ledger, run: string): void {
  engine.patchGate({ paused: { bulk: false } }, "test");
  engine.acceptChunk(chunkOf({ run, lane: "bulk", keys: keysOf(run) }, { id: run, chunk: 0, hash: "h" }));
  const lost = { ...REQUEST, owner: `${run}, lost`, room: 2, settled: [] };
  const answer = engine.exchange({ ...lost, first: true, have: [] });
  if (answer.status !== "ok") throw new Error(answer.status);
  const have = answer.give.map(({ id, gen }) => ({ id, gen, phase: "ready" as const }));
  engine.exchange({ ...lost, room: 0, first: false, have });
}

/** Makes all that is handed out until the run is stored. */
function make(engine: Ledger, run: string): void {
  const keys = keysOf(run);
  const stored = new Set<string>();
  const request = { ...REQUEST, owner: `${run} at ${clock.ms}`, room: 40 };
  let answer = engine.exchange({ ...request, first: true, have: [], settled: [] });
  for (let calls = 0; calls < 60 && keys.some((key) => !stored.has(key)); calls += 1) {
    clock.ms += 10_000;
    // The alarm's work: leases of handlers that are gone end.
    engine.transactions.write(expireLeases);
    if (answer.status !== "ok") throw new Error(answer.status);
    // A job that the lost handler was granted comes back granted.
    const have = answer.give.map(({ id, gen, phase }) => ({
      id,
      gen,
      phase: phase === "go" ? phase : ("ready" as const),
    }));
    const go = engine.exchange({ ...request, first: false, have, settled: [] });
    if (go.status !== "ok") throw new Error(go.status);
    const gone = [...answer.give, ...go.give].filter(({ phase }) => phase === "go");
    for (const { key } of gone) stored.add(key);
    const outcome = { kind: "stored" as const, bytes: 9, etag: "e", tookMs: 5 };
    const settled = gone.map(({ id, gen }) => ({ id, gen, outcome }));
    answer = engine.exchange({ ...request, first: false, have: [], settled });
  }
  expect([...stored]).toEqual(expect.arrayContaining(keys));
  expect(engine.getRun(run)?.states).toMatchObject({ stored: 3 });
}

function work(engine: Ledger, run: string): void {
  order(engine, run);
  make(engine, run);
}

/** What `prewarm ledger export` reads. */
function copyOf(engine: Ledger): { schema: number; lines: string[] } {
  const { schema, ...first } = engine.exportSlice(null, "test");
  const lines = [...first.lines];
  for (let { next } = first; next !== null; ) {
    const slice = engine.exportSlice(next, "test");
    lines.push(...slice.lines);
    next = slice.next;
  }
  return { schema, lines };
}

describe.each(releases)("the database of release %s and the next version", (release) => {
  it("is brought to it with all rows, and works on", () => {
    const sql = left(release);
    // Release 0.1.0 has what handlers hold in documents, with changes of counts, untouched rows in `fresh` (documents.test.ts), and sweeps in two
    // tables (sweeps.test.ts).
    const moved = ["hands", "abandoned", "docs", "hist", "runs", "fresh", "purges", "renewals"];
    const tables = tablesOf(sql).filter((table) => !moved.includes(table));
    const before = tables.map((table) => rowsOf(sql, table, release));
    expect(before.filter((rows) => rows.length > 0).length).toBeGreaterThan(10);
    code.isNext = true;
    migrate(sql, "other", LEDGER_TABLES);
    expect(versionOf(sql)).toBe(NEXT_VERSION);
    expect(tables.map((table) => rowsOf(sql, table, release))).toEqual(before);
    const fresh = nodeSql();
    migrate(fresh, "L", LEDGER_TABLES);
    expect(shapeOf(sql)).toEqual(shapeOf(fresh));
    expect(sql.exec("SELECT DISTINCT why FROM claims")).toEqual([{ why: "unknown" }]);
    work(open(sql), "next");
  });

  it("goes back under older code and forward again: what one version begins the other ends, and no migration is run twice", () => {
    const sql = left(release);
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

describe.each(releases)("a copy of release %s", (release) => {
  it("is imported by the next version: all its rows, in that version's tables, and the ledger works", () => {
    const { version } = schemaOf(release);
    const lines = linesOf(release);
    code.isNext = true;
    const sql = nodeSql();
    const engine = open(sql);
    work(engine, "before");
    expect(engine.importBegin(version)).toBe(true);
    for (const line of lines) expect(engine.importRows([line])).toBeNull();
    expect(engine.importEnd(lines.length, "test")).toBe(true);
    const fresh = nodeSql();
    migrate(fresh, "L", LEDGER_TABLES);
    expect(shapeOf(sql)).toEqual(shapeOf(fresh));
    expect(versionOf(sql)).toBe(NEXT_VERSION);
    const old = left(release);
    for (const table of ["jobs", "runs", "images", "attempts", "recent", "actions"])
      expect(rowsOf(sql, table, release).length, table).toBe(rowsOf(old, table, release).length);
    expect(sql.exec("SELECT count(*) AS n FROM jobs WHERE asked_by IS NOT NULL")[0]?.n).toBe(
      old.exec("SELECT count(*) AS n FROM jobs WHERE run > 0")[0]?.n,
    );
    work(engine, "after");
  });

  it("is imported by older code into tables of the next version, and then in their place", () => {
    const sql = left(release);
    code.isNext = true;
    const { schema, lines } = copyOf(open(sql));
    expect(schema).toBe(NEXT_VERSION);
    code.isNext = false;
    const back = open(sql);
    expect(back.importBegin(schema)).toBe(true);
    expect(back.importRows(lines)).toBeNull();
    expect(back.importEnd(lines.length, "test")).toBe(true);
    work(back, "back");
    expect(back.importBegin(schemaOf(release).version)).toBe(true);
    expect(back.importRows(linesOf(release))).toBeNull();
    expect(back.importEnd(linesOf(release).length, "test")).toBe(true);
    expect(versionOf(sql)).toBe(TODAY);
    work(back, "older");
    code.isNext = true;
    work(open(sql), "forward");
    expect(versionOf(sql)).toBe(NEXT_VERSION);
  });

  it("of the next version is refused by older code, and changes nothing", () => {
    const sql = left(release);
    const engine = open(sql);
    const before = jobsOf(sql);
    for (const schema of [NEXT_VERSION, 0, -1]) expect(engine.importBegin(schema)).toBe(false);
    expect(jobsOf(sql)).toEqual(before);
  });

  it("that ends under other code than it began under is whole or nothing", () => {
    const lines = linesOf(release);
    const sql = nodeSql();
    const engine = open(sql);
    expect(engine.importBegin(schemaOf(release).version)).toBe(true);
    expect(engine.importRows(lines)).toBeNull();
    code.isNext = true;
    const next = open(sql);
    expect(next.importEnd(lines.length, "test")).toBe(true);
    expect(versionOf(sql)).toBe(NEXT_VERSION);
    work(next, "after");
  });
});

describe.each(releases)("callers of release %s and the next version's ledger", (release) => {
  it("understand each other, call by call", () => {
    code.isNext = true;
    const old = JSON.parse(read(release, "calls.json")) as Call[];
    const engine = open(nodeSql());
    for (const { call, args } of old)
      expect(() => (engine[call] as (...args: unknown[]) => unknown)(...structuredClone(args)), call).not.toThrow();
    expect(playSession().calls.length).toBeGreaterThanOrEqual(old.length);
  });
});
