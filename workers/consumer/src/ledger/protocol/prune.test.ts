import { expect, it } from "vitest";
import type { Sql } from "../tables/sql.ts";
import { setup } from "../testing/setup.ts";

const DAY_MS = 86_400_000;
const ROWS = 3_000;

/** Fills a table with rows of one moment, whatever its columns are called; `values` gives some of them. */
function fill(sql: Sql, table: string, values: Record<string, string>): void {
  const columns = sql.exec("SELECT name, type FROM pragma_table_info(?)", table);
  const value = ({ name, type }: { name?: unknown; type?: unknown }) =>
    values[String(name)] ?? (type === "TEXT" ? "'[]'" : "0");
  const list = columns.map(({ name }) => name).join(", ");
  const numbers = `WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < ${ROWS})`;
  sql.exec(`INSERT INTO ${table} (${list}) ${numbers} SELECT ${columns.map(value).join(", ")} FROM k`);
}

const count = (sql: Sql, table: string) => Number(sql.exec(`SELECT count(*) AS n FROM ${table}`)[0]?.n);

it("sheds every table that grows, each after its time", async () => {
  const { sql, clock, ledger } = setup();
  const at = String(clock.ms);
  const key = "printf('i%05d/400-high.webp', n)";
  for (const [state, first] of [
    [2, 10_000],
    [3, 20_000],
    [4, 30_000],
  ] as const)
    fill(sql, "jobs", {
      id: `n + ${first}`,
      key,
      state: String(state),
      lane: "1",
      created: at,
      due: "NULL",
      error: "NULL",
    });
  fill(sql, "recent", { n: "n", at });
  fill(sql, "runs", { n: "n", id: "'r' || n", created: at, updated: at, ended: at });
  fill(sql, "inbox", { id: "'d' || n", at });
  fill(sql, "dead_messages", { id: "'m' || n", at });
  fill(sql, "images", { id: "'i' || n", updated: at });
  fill(sql, "actions", { n: "n", id: "'a' || n", state: "'done'", ended: at });
  fill(sql, "hist", { day: `${Math.floor(clock.ms / DAY_MS)} - 400 + n`, body: `'{"minutes":{},"hours":{}}'` });
  sql.exec("DELETE FROM hist WHERE day > ?", Math.floor(clock.ms / DAY_MS));

  const left = async (days: number) => {
    clock.ms += days * DAY_MS;
    for (let round = 0; round < 4; round += 1) {
      await ledger.rearm();
      clock.advance(3_700);
    }
    const tables = ["recent", "runs", "inbox", "dead_messages", "images", "actions"];
    const ended = [2, 3, 4].map((state) => sql.exec("SELECT count(*) AS n FROM jobs WHERE state = ?", state)[0]?.n);
    return [...ended, ...tables.map((table) => count(sql, table))];
  };
  // Dead, refused, cancelled; recent, runs, inbox, messages, images, actions.
  await left(0.1);
  expect(await left(0.3)).toEqual([ROWS, ROWS, ROWS, 2_000, ROWS, ROWS, ROWS, ROWS, ROWS]);
  expect(await left(1)).toEqual([ROWS, 0, 0, 2_000, ROWS, ROWS, ROWS, ROWS, ROWS]);
  expect(await left(3)).toEqual([ROWS, 0, 0, 0, ROWS, ROWS, ROWS, ROWS, ROWS]);
  expect(await left(11)).toEqual([ROWS, 0, 0, 0, ROWS, 0, ROWS, ROWS, ROWS]);
  expect(await left(16)).toEqual([0, 0, 0, 0, 0, 0, 0, ROWS, ROWS]);
  expect(await left(60)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
  await left(401);
  expect(count(sql, "hist")).toBe(0);
});

it("keeps a dead letter that only viewers asked for a day", async () => {
  const { sql, clock, ledger } = setup();
  const at = String(clock.ms);
  const row = { key: "printf('i%05d/400-high.webp', n)", state: "2", created: at, due: "NULL", error: "NULL" };
  fill(sql, "jobs", { ...row, id: "n + 10000", lane: "0" });
  fill(sql, "jobs", { ...row, id: "n + 20000", lane: "2" });
  const left = async (days: number) => {
    clock.ms += days * DAY_MS;
    for (let round = 0; round < 4; round += 1) {
      await ledger.rearm();
      clock.advance(3_700);
    }
    return [0, 2].map((lane) => sql.exec("SELECT count(*) AS n FROM jobs WHERE lane = ?", lane)[0]?.n);
  };
  expect(await left(0.1)).toEqual([ROWS, ROWS]);
  expect(await left(1)).toEqual([0, ROWS]);
});
