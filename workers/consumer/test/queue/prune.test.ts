import { FULL_BYTES, Memory, RULES as QUEUE_RULES, SHED_BYTES, type Sql } from "@prewarm/durable-queue";
import { pruneSlice, type Round, readRound, writeRound } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import { ImageTx } from "../../src/images/image-tx.ts";
import { OWN_RULES } from "../../src/ledger/tables/own-tables.ts";
import { STORED, setup } from "../../src/ledger/testing/setup.ts";
import { queueConfigOf } from "../../src/queue-settings.ts";

const RULES = { ...QUEUE_RULES, ...OWN_RULES };

const DAY_MS = 86_400_000;
const ROWS = 3_000;

/** Fills a table with rows of one moment, whatever its columns are called; `values` gives some of them. */
function fill(sql: Sql, table: string, values: Record<string, string>, rows = ROWS): void {
  const columns = sql.exec("SELECT name, type FROM pragma_table_info(?)", table);
  const value = ({ name, type }: { name?: unknown; type?: unknown }) =>
    values[String(name)] ?? (type === "TEXT" ? "'[]'" : "0");
  const list = columns.map(({ name }) => name).join(", ");
  const numbers = `WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < ${rows})`;
  sql.exec(`INSERT INTO ${table} (${list}) ${numbers} SELECT ${columns.map(value).join(", ")} FROM k`);
}

const count = (sql: Sql, table: string) => Number(sql.exec(`SELECT count(*) AS n FROM ${table}`)[0]?.n);

it("sheds every table that grows, each after its time", async () => {
  const { sql, clock, ledger } = setup();
  const at = String(clock.ms);
  const grp = "printf('i%05d', n)";
  for (const [state, first] of [
    [2, 10_000],
    [3, 20_000],
    [4, 30_000],
  ] as const)
    fill(sql, "jobs", {
      id: `n + ${first}`,
      grp,
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
  expect(await left(0.3)).toEqual([ROWS, ROWS, ROWS, 2_000, ROWS, ROWS, ROWS, ROWS, 2_000]);
  expect(await left(1)).toEqual([ROWS, 0, 0, 2_000, ROWS, ROWS, ROWS, ROWS, 2_000]);
  expect(await left(3)).toEqual([ROWS, 0, 0, 0, ROWS, ROWS, ROWS, ROWS, 2_000]);
  expect(await left(11)).toEqual([ROWS, 0, 0, 0, ROWS, 0, ROWS, ROWS, 2_000]);
  expect(await left(16)).toEqual([0, 0, 0, 0, 0, 0, 0, ROWS, 2_000]);
  expect(await left(60)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
  await left(401);
  expect(count(sql, "hist")).toBe(0);
});

it("keeps a dead letter that only viewers asked for a day", async () => {
  const { sql, clock, ledger } = setup();
  const at = String(clock.ms);
  const row = { grp: "printf('i%05d', n)", state: "2", created: at, due: "NULL", error: "NULL" };
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

it("keeps a run for a month after its last job has ended", async () => {
  const { accept, call, clock, leave, ledger, ready, settle, submit } = setup();
  const days = async (n: number) => {
    clock.advance((n * DAY_MS) / 1_000);
    for (let round = 0; round < 4; round += 1) {
      await ledger.rearm();
      clock.advance(3_700);
    }
  };
  accept("a/400-high.webp");
  await days(20);
  for (const given of ready("o", call("o").give)) {
    submit("o", given);
    settle("o", given, STORED);
  }
  leave("o");
  await days(20);
  expect(ledger.getRun({ run: "test" })).toMatchObject({ states: { stored: 1 } });
  await days(11);
  expect(ledger.getRun({ run: "test" })).toBeNull();
});

/** A whole round, with a number of rows of a test's own. */
function roundOf(world: ReturnType<typeof setup>, most: number): Round {
  const { sql, deps, clock } = world;
  const { config: site } = deps;
  const config = queueConfigOf(site);
  const memory = new Memory(sql, { now: () => clock.ms, random: Math.random });
  const rules = Object.fromEntries(Object.entries(RULES).map(([name, rule]) => [name, { ...rule, most }]));
  const write = <T>(work: (tx: ImageTx) => T): T =>
    sql.transaction(() => {
      const tx = new ImageTx(sql, {
        site,
        config,
        instance: { version: null, metricErrors: 0 },
        memory,
        now: clock.ms,
        random: Math.random,
      });
      const answer = work(tx);
      tx.commit();
      return answer;
    });
  const round = write(readRound);
  while (write((tx) => pruneSlice(tx, round, rules)));
  write((tx) => writeRound(tx, round));
  return round;
}

describe("a large table with more rows than it may have", () => {
  it.each(["images", "inbox"] as const)("keeps the newest, and a day's in any case: %s", (table) => {
    const world = setup();
    const { sql, clock } = world;
    const [id, time] = table === "images" ? ["'i' || n", "updated"] : ["'d' || n", "at"];
    // One a minute for a week, and one that is locked.
    fill(sql, table, { id: id ?? "", [time ?? ""]: `${clock.ms} - n * 60000` }, 7 * 1_440);
    if (table === "images") sql.exec("UPDATE images SET lock = ? WHERE id = 'i10000'", clock.ms + 60_000);
    // The first sweep counts, and the second one deletes.
    expect(roundOf(world, 3_000).keep[table]).toBe(3_000 * 60_000);
    expect(count(sql, table)).toBe(7 * 1_440);
    roundOf(world, 3_000);
    expect(count(sql, table)).toBe(3_000 + (table === "images" ? 1 : 0));
    expect(roundOf(world, 100).keep[table]).toBe(24 * 3_600_000);
    // Fewer than may be: the whole time again.
    expect(roundOf(world, 4_000).keep[table]).toBe(RULES[table].ms);
  });
});

describe("a small table with more rows than it may have", () => {
  it.each([
    ["recent", { n: "n" }, "at"],
    ["runs", { n: "n", id: "'r' || n" }, "updated"],
    ["rejections", { run: "n % 7", n: "n" }, "at"],
    ["events", { n: "n" }, "at"],
    ["actions", { n: "n", id: "'a' || n", state: "'done'" }, "ended"],
    ["dead_messages", { id: "'m' || n" }, "at"],
  ])("keeps the newest: %s", (table, values, time) => {
    const world = setup();
    const { sql, clock } = world;
    fill(sql, table, { ...values, [time]: `${clock.ms} - n` });
    roundOf(world, 100);
    const [left] = sql.exec(`SELECT count(*) AS n, min(${time}) AS first FROM ${table}`);
    expect(left).toEqual({ n: 100, first: clock.ms - 100 });
  });

  it("keeps an action that runs, and a run that has open jobs", () => {
    const world = setup();
    const { sql } = world;
    fill(sql, "actions", { n: "n", id: "'a' || n", state: "'running'", ended: "NULL" });
    fill(sql, "runs", { n: "n", id: "'r' || n", open: "1" });
    roundOf(world, 100);
    expect([count(sql, "actions"), count(sql, "runs")]).toEqual([ROWS, ROWS]);
  });
});

it("goes on with its round each minute while there is more, though the ledger is another instance each time", async () => {
  const { sql, clock, evict } = setup();
  fill(sql, "inbox", { id: "'d' || n", at: "1" }, 80_000);
  const left: number[] = [];
  for (let minute = 0; minute < 4; minute += 1) {
    await evict().rearm();
    left.push(count(sql, "inbox"));
    clock.advance(60);
  }
  expect(left).toEqual([46_000, 6_000, 0, 0]);
});

it("keeps the newest ten thousand dead messages", () => {
  const { sql, ledger } = setup();
  fill(sql, "dead_messages", { id: "'m' || n", at: "n" }, 12_000);
  ledger.recordDead([{ queue: "q", id: "new", body: "{}", reason: "r", at: 20_000 }]);
  expect(sql.exec("SELECT count(*) AS n, min(at) AS first, max(at) AS last FROM dead_messages")).toEqual([
    { n: 10_000, first: 2_002, last: 20_000 },
  ]);
});

describe("near the platform's limit", () => {
  async function near(bytes: number) {
    const world = setup();
    const { sql, clock, ledger } = world;
    const hours = (n: number) => String(clock.ms - n * 3_600_000);
    const grp = "printf('i%05d', n)";
    for (const [state, first] of [
      [2, 10_000],
      [3, 20_000],
      [4, 30_000],
    ] as const)
      fill(
        sql,
        "jobs",
        {
          id: `n + ${first}`,
          grp,
          state: String(state),
          lane: "2",
          created: hours(30),
          updated: hours(state === 2 ? 30 : 2),
          due: "NULL",
          error: "NULL",
        },
        100,
      );
    fill(sql, "recent", { n: "n", at: hours(1) }, 100);
    fill(sql, "runs", { n: "n", id: "'r' || n", updated: `${hours(0)} - n * 3600000` }, 100);
    fill(sql, "inbox", { id: "'d' || n", at: `${hours(0)} - n * 3600000` }, 100);
    fill(sql, "images", { id: "'i' || n", updated: `${hours(0)} - n * 3600000` }, 100);
    const real = Object.getOwnPropertyDescriptor(sql, "bytes");
    Object.defineProperty(sql, "bytes", { get: () => bytes, configurable: true });
    await ledger.rearm();
    Object.defineProperty(sql, "bytes", real ?? {});
    const ended = [2, 3, 4].map((state) => sql.exec("SELECT count(*) AS n FROM jobs WHERE state = ?", state)[0]?.n);
    const kept = [...ended, ...["recent", "runs", "inbox", "images"].map((table) => count(sql, table))];
    return { ...world, kept, fullOf: () => Object.defineProperty(sql, "bytes", { get: () => bytes }) };
  }

  // Dead, refused, cancelled; recent, runs, inbox, images.
  it.each([
    ["below 5 GB nothing goes before its time", SHED_BYTES, [100, 100, 100, 100, 100, 100, 100]],
    [
      "above it what is only there to be seen goes, and of the rest all but a day's",
      SHED_BYTES + 1,
      [100, 0, 0, 0, 24, 24, 24],
    ],
    ["above 8 GB dead letters older than a day go too", FULL_BYTES + 1, [0, 0, 0, 0, 24, 24, 24]],
  ])("%s", async (_, bytes, kept) => {
    expect((await near(bytes)).kept).toEqual(kept);
  });

  it("new bulk is refused above 8 GB, and views, uploads and what is open go on", async () => {
    const { fullOf, order, view, call, settle, row } = await near(FULL_BYTES + 1);
    order({ keys: ["open/400-high.webp"] });
    fullOf();
    expect(order({ keys: ["new/400-high.webp"] })).toEqual({ status: "no_room", retryAfterSeconds: 3_600 });
    expect(row("new/400-high.webp")).toBeNull();
    expect(order({ lane: "upload", keys: ["up/400-high.webp"] })).toMatchObject({ status: "done", accepted: 1 });
    expect(view("v", "seen/400-high.webp").give).toMatchObject([{ phase: "admitted" }]);
    const open = call("o").give.find(({ key }) => key === "open/400-high.webp");
    settle("o", open!, { kind: "present", objectGen: open!.gen, bytes: 1, posted: false });
    expect(row("open/400-high.webp")).toBeNull();
  });
});
