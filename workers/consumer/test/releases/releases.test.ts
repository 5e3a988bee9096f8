import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { migrate } from "@prewarm/durable-queue";
import { nodeSql } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import { bundleRelease } from "../../../../dev/bundle.ts";
import { LEDGER_TABLES } from "../../src/ledger/tables/own-tables.ts";
import { CALLS } from "../../src/ledger/testing/direct-calls.ts";
import { testConfig } from "../../src/ledger/testing/setup-config.ts";
import { testEngine } from "../../src/ledger/testing/test-engine.ts";
import { everyRecording, left, RELEASES, releases, statementsOf } from "./recorded.ts";
import type { Call } from "./session.ts";
import { addShape, missingIn, type Shape } from "./shapes.ts";

/*
 * At a deploy callers of one release meet the ledger of another, and a ledger's tables outlive both. A folder a release: every call as its
 * callers made it (`calls.json`), its database with rows in every table (`schema.json`, `rows.ndjson`), and the consumer as it was
 * deployed, which `test/e2e/skew.e2e.test.ts` runs beside today's.
 * RECORD_RELEASE=1.2.0 npm test -- releases.test writes one. Today's code is held to the same rules, so that they are tried before the first.
 */

const all = everyRecording();
const today = all[0][1];

function shapesOf(calls: readonly Call[]): { args: Shape; answers: Shape } {
  const [args, answers]: [Shape, Shape] = [{}, {}];
  for (const { call, args: given, answer } of calls) {
    for (const [place, one] of given.entries()) addShape(args, one, `${call}.${place}`);
    addShape(answers, answer, call);
  }
  return { args, answers };
}

if (process.env.RECORD_RELEASE !== undefined) {
  const folder = join(RELEASES, process.env.RECORD_RELEASE);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "calls.json"), `${JSON.stringify(today.calls, null, 1)}\n`);
  writeFileSync(join(folder, "schema.json"), `${JSON.stringify(today.schema, null, 1)}\n`);
  writeFileSync(join(folder, "rows.ndjson"), today.rows.map((line) => `${line}\n`).join(""));
  writeFileSync(
    join(folder, "consumer.mjs.br"),
    brotliCompressSync(await bundleRelease("workers/consumer/src/worker.ts")),
  );
}

it("a change log that names a release as published has its folder", () => {
  const published = readFileSync("CHANGELOG.md", "utf8").matchAll(/^## (\d+\.\d+\.\d+) /gm);
  expect([...published].map(([, version]) => version).filter((version) => !releases.includes(version ?? ""))).toEqual(
    [],
  );
});

describe.each(all)("callers of %s", (_, old) => {
  it("are understood by today's ledger, call by call, and find in its answers all that they read", () => {
    const clock = { now: () => Date.UTC(2026, 10, 24, 13), random: () => 0.5 };
    const { engine } = testEngine(nodeSql(), { config: testConfig(), clock });
    for (const { call, args } of old.calls)
      expect(() => (engine[call] as (...args: unknown[]) => unknown)(...structuredClone(args)), call).not.toThrow();
    expect(missingIn(shapesOf(today.calls).answers, shapesOf(old.calls).answers)).toEqual([]);
  });

  it("had a ledger that finds in today's calls all that it reads, and answers no word that today's callers do not know", () => {
    const called = new Set(old.calls.map(({ call }) => call));
    const shared = today.calls.filter(({ call }) => called.has(call));
    expect(missingIn(shapesOf(shared).args, shapesOf(old.calls).args)).toEqual([]);
    expect([...called].filter((call) => !(call in CALLS))).toEqual([]);
  });
});

it("a field, a type or a word that another release reads is missed", () => {
  const shapeOf = (value: unknown) => addShape({}, value, "call");
  const wanted = shapeOf({ kind: "stored", bytes: 9, list: [{ id: 1 }] });
  expect(missingIn(shapeOf({ kind: "stored", bytes: 9, list: [{ id: 1 }], more: 1 }), wanted)).toEqual([]);
  expect(missingIn(shapeOf({ kind: "kept", bytes: "9", list: [{}] }), wanted).length).toBeGreaterThan(3);
});

describe.each(all)("the database of %s", (_, old) => {
  it("is brought to today's tables, with all its rows, and opened", () => {
    const sql = left(old);
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
    const tables = new Set(old.rows.map((line) => String(JSON.parse(line).table)));
    expect(tables.size).toBeGreaterThan(15);
    expect(engine.stats().rows).toBe(old.rows.filter((line) => line.startsWith('{"table":"jobs"')).length);
    expect(engine.listRuns({ limit: 5 }).runs.length).toBeGreaterThan(0);
    engine.restored("test");
  });

  it("is what its migrations make: what is released is never changed", () => {
    const made = nodeSql();
    made.exec("CREATE TABLE schema_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)");
    for (const statement of LEDGER_TABLES.slice(0, old.schema.version).flat()) made.exec(statement);
    expect(statementsOf(made)).toEqual(old.schema.statements);
  });
});
