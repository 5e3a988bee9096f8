import { nodeSql } from "@prewarm/durable-queue/testing/node-sql";
import { expect, it } from "vitest";
import type { LedgerDeps } from "../../src/ledger/ledger-deps.ts";
import { testConfig } from "../../src/ledger/testing/setup-config.ts";
import { testEngine } from "../../src/ledger/testing/test-engine.ts";
import { left, linesOf, schemaOf } from "./recorded.ts";

/*
 * Release 0.1.0 had one table of purges and one of renewals. Its recorded database has a purge and ten renewals in their first pass. The rows
 * below are what it writes later.
 */

type Sql = ReturnType<typeof nodeSql>;

const RELEASE = "0.1.0";
/** When the recorded purge was begun, Unix ms. */
const T0 = 1_795_521_721_000;
const MINUTE = 60_000;
const FLOOR = T0 * 1_000;

const LATER = [
  // The second pass of a purge, in its time.
  { table: "purges", row: { seq: FLOOR + 10, id: "k", look: 2, at: T0 + 9 * MINUTE, last: T0 + 9 * MINUTE, more: 0 } },
  // An object was stored below the purge after its first pass: a pass now, and one in its time.
  { table: "purges", row: { seq: FLOOR + 11, id: "l", look: 2, at: T0, last: T0 + 12 * MINUTE, more: 0 } },
  // An object was stored below the purge during its first pass.
  { table: "purges", row: { seq: FLOOR + 12, id: "m", look: 1, at: T0 + 2 * MINUTE, last: 0, more: 1 } },
  { table: "renewals", row: { seq: FLOOR + 13, id: "n", lane: 1, look: 2, at: T0 + 6 * MINUTE } },
];

/** The passes of some of these images that the ledger makes: at which minute, and of which kind. */
const PASSES = {
  a: ["0 remake 1", "16 remake 2"],
  j: ["0 remake 1", "2 delete 1", "16 remake 2", "18 delete 2"],
  k: ["9 delete 2"],
  l: ["0 delete 2", "12 delete 2"],
  m: ["2 delete 2", "2 delete 1", "18 delete 2"],
  n: ["6 remake 2"],
};

function insert(sql: Sql, rows: typeof LATER): void {
  for (const { table, row } of rows) {
    const values = Object.values(row);
    sql.exec(`INSERT INTO ${table} (${Object.keys(row)}) VALUES (${values.map(() => "?")})`, ...values);
  }
}

function open(sql: Sql) {
  const made: Record<string, string[]> = {};
  const fences: Record<string, number> = {};
  const clock = { ms: T0, now: () => clock.ms, random: () => 0.5 };
  const sweep: LedgerDeps["sweep"] = async ({ id, kind, pass, fence }) => {
    made[id] = [...(made[id] ?? []), `${Math.floor((clock.ms - T0) / MINUTE)} ${kind} ${pass}`];
    fences[`${kind} ${id}`] = fence;
    return [];
  };
  const { engine } = testEngine(sql, { config: testConfig(), clock }, { sweep });
  /** What the cron does for 40 minutes. */
  const play = async () => {
    for (; clock.ms <= T0 + 40 * MINUTE; clock.ms += MINUTE) await engine.rearm();
    return made;
  };
  return { engine, play, fences };
}

const isLeft = (sql: Sql) => ["purges", "renewals", "sweeps"].filter((table) => sql.exec(`SELECT 1 FROM ${table}`)[0]);

it("the purges and renewals of release 0.1.0 go on as sweeps, in the pass and at the time where they were", async () => {
  const sql = left(RELEASE);
  insert(sql, LATER);
  const { play, fences } = open(sql);
  expect(isLeft(sql)).toEqual(["sweeps"]);
  expect(await play()).toMatchObject(PASSES);
  expect(fences).toMatchObject({ "delete j": FLOOR + 2, "delete k": FLOOR + 10, "remake n": FLOOR + 13 });
  expect(isLeft(sql)).toEqual([]);
});

it("those that 0.1.0 begins after a rollback are moved by the next start, and no sweep is moved twice", async () => {
  const sql = left(RELEASE);
  open(sql);
  insert(sql, LATER);
  open(sql);
  const before = sql.exec("SELECT * FROM sweeps ORDER BY seq");
  const { play } = open(sql);
  expect(sql.exec("SELECT * FROM sweeps ORDER BY seq")).toEqual(before);
  expect(await play()).toMatchObject(PASSES);
});

it("those of a copy that 0.1.0 exported go on when the copy is imported", async () => {
  const sql = nodeSql();
  const { engine, play } = open(sql);
  const lines = [...linesOf(RELEASE), ...LATER.map((line) => JSON.stringify(line))];
  expect(engine.importBegin(schemaOf(RELEASE).version)).toBe(true);
  expect(engine.importRows(lines)).toBeNull();
  expect(engine.importEnd(lines.length, "test")).toBe(true);
  expect(isLeft(sql)).toEqual(["sweeps"]);
  expect(await play()).toMatchObject(PASSES);
});

it("a purge that a ledger of 0.1.0 tells the restored ledger goes on", async () => {
  const { engine, play } = open(nodeSql());
  const [, { row }] = LATER as [unknown, (typeof LATER)[0]];
  engine.restored("test", {}, { ceiling: 0, purges: [row] });
  expect(await play()).toEqual({ l: ["0 delete 1", "16 delete 2"] });
});
