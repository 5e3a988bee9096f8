import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { readCopy } from "@prewarm/durable-queue/schema/copy";
import { migrate } from "@prewarm/durable-queue/schema/migrate";
import { nodeSql } from "@prewarm/durable-queue/testing/node-sql";
import { describe, expect, it } from "vitest";
import { bundleRelease } from "../../../../dev/bundle.ts";
import { LEDGER_CALLS, type LedgerCalls } from "../../src/ledger/contract.ts";
import { LEDGER_TABLES } from "../../src/ledger/tables/own-tables.ts";
import { testConfig } from "../../src/ledger/testing/setup-config.ts";
import { testEngine } from "../../src/ledger/testing/test-engine.ts";
import { left, linesOf, RELEASES, read, schemaOf } from "./recorded.ts";
import { type Call, playSession } from "./session.ts";
import { addShape, missingIn, type Shape } from "./shapes.ts";

/*
 * At a deploy callers of one release meet the ledger of another, and a ledger's tables outlive both. A folder a release: every call as its
 * callers made it (`calls.json`), its database with rows in every table (`schema.json`, `rows.ndjson`), and the consumer as it was
 * deployed, which `test/e2e/skew.e2e.test.ts` runs beside today's.
 * RECORD_RELEASE=1.2.0 npm test -- releases.test writes one.
 */

const BUNDLE = "consumer.mjs.br";
const BUNDLE_MAX_BYTES = 220_000;
const session = playSession();

function shapesOf(calls: readonly Call[]): { args: Shape; answers: Shape } {
  const [args, answers]: [Shape, Shape] = [{}, {}];
  for (const { call, args: given, answer } of calls) {
    for (const [place, one] of given.entries()) addShape(args, one, `${call}.${place}`);
    addShape(answers, answer, call);
  }
  return { args, answers };
}

function statementsOf(sql: ReturnType<typeof nodeSql>): string[] {
  const query =
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT GLOB 'import_*' ORDER BY type DESC, name";
  return sql.exec(query).map((row) => String(row.sql));
}

function rowsOf(sql: ReturnType<typeof nodeSql>): string[] {
  const lines: string[] = [];
  for (let cursor: string | null = null; ; ) {
    const slice = readCopy(sql, cursor);
    lines.push(...slice.lines);
    cursor = slice.next;
    if (cursor === null) return lines;
  }
}

if (process.env.RECORD_RELEASE !== undefined) {
  const folder = join(RELEASES, process.env.RECORD_RELEASE);
  mkdirSync(folder, { recursive: true });
  const { sql, calls } = playSession();
  writeFileSync(join(folder, "calls.json"), `${JSON.stringify(calls, null, 1)}\n`);
  const version = sql.exec("SELECT version FROM schema_version")[0]?.version;
  writeFileSync(
    join(folder, "schema.json"),
    `${JSON.stringify({ version, statements: statementsOf(sql) }, null, 1)}\n`,
  );
  writeFileSync(join(folder, BUNDLE), brotliCompressSync(await bundleRelease("workers/consumer/src/worker.ts")));
  writeFileSync(
    join(folder, "rows.ndjson"),
    rowsOf(sql)
      .map((line) => `${line}\n`)
      .join(""),
  );
}

// Read after the recording.
const releases = readdirSync(RELEASES);

it("there is a folder for each release, with its bundle", () => {
  expect(releases).toContain(JSON.parse(readFileSync("package.json", "utf8")).version);
  const sizes = releases.map((release) => statSync(join(RELEASES, release, BUNDLE)).size);
  expect(Math.max(...sizes)).toBeLessThan(BUNDLE_MAX_BYTES);
});

describe.each(releases)("callers of release %s", (release) => {
  const old = JSON.parse(read(release, "calls.json")) as Call[];

  it("are understood by today's ledger, call by call, and find in its answers all that they read", () => {
    const clock = { now: () => Date.UTC(2026, 10, 24, 13), random: () => 0.5 };
    const { engine } = testEngine(nodeSql(), { config: testConfig(), clock });
    for (const { call, args } of old)
      expect(() => (engine[call] as (...args: unknown[]) => unknown)(...structuredClone(args)), call).not.toThrow();
    expect(missingIn(shapesOf(session.calls).answers, shapesOf(old).answers)).toEqual([]);
  });

  it("had a ledger that finds in today's calls all that it reads, and answers no word that today's callers do not know", () => {
    const called = new Set(old.map(({ call }) => call));
    const today = session.calls.filter(({ call }) => called.has(call));
    expect(missingIn(shapesOf(today).args, shapesOf(old).args)).toEqual([]);
    expect([...called].filter((call: keyof LedgerCalls) => !(call in LEDGER_CALLS))).toEqual([]);
  });
});

describe.each(releases)("the database of release %s", (release) => {
  const { version, statements } = schemaOf(release);
  const rows = linesOf(release);

  it("is brought to today's tables, with all its rows, and opened", () => {
    const sql = left(release);
    migrate(sql, "other", LEDGER_TABLES);
    const fresh = nodeSql();
    migrate(fresh, "L", LEDGER_TABLES);
    const columns = (one: typeof sql) =>
      one.exec(
        "SELECT m.name AS t, c.name, c.type, c.pk FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1, 2",
      );
    expect(columns(sql)).toEqual(columns(fresh));
    const clock = { now: () => Date.UTC(2026, 10, 24, 14), random: () => 0.5 };
    const { engine } = testEngine(sql, { config: testConfig(), clock });
    const tables = new Set(rows.map((line) => String(JSON.parse(line).table)));
    expect(tables.size).toBeGreaterThan(15);
    expect(engine.stats().rows).toBe(rows.filter((line) => line.startsWith('{"table":"jobs"')).length);
    expect(engine.listRuns({ limit: 5, cursor: null, state: null }).runs.length).toBeGreaterThan(0);
    engine.restored("test");
  });

  it("is what its migrations make: what is released is never changed", () => {
    const made = nodeSql();
    made.exec("CREATE TABLE schema_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)");
    for (const statement of LEDGER_TABLES.migrations.slice(0, version).flat()) made.exec(statement);
    expect(statementsOf(made)).toEqual(statements);
  });
});
