import { expireLeases } from "@prewarm/durable-queue/claims/leases";
import { observe } from "@prewarm/durable-queue/claims/observe";
import { openExternally } from "@prewarm/durable-queue/claims/open-externally";
import { NOTHING } from "@prewarm/durable-queue/external-jobs";
import { allJobs } from "@prewarm/durable-queue/testing/all-jobs";
import { nodeSql } from "@prewarm/durable-queue/testing/node-sql";
import { describe, expect, it } from "vitest";
import type { IttybitJob } from "../../src/ittybit/dialects.ts";
import type { ExchangeRequest } from "../../src/ledger/contract.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { LEDGER_TABLES } from "../../src/ledger/tables/own-tables.ts";
import { chunkOf } from "../../src/ledger/testing/chunk-of.ts";
import { testConfig } from "../../src/ledger/testing/setup-config.ts";
import { testEngine } from "../../src/ledger/testing/test-engine.ts";
import { read, schemaOf } from "./recorded.ts";
import { NO_FILTER } from "./shapes.ts";

/*
 * Release 0.1.0 kept what a handler holds in a document, with the changes of counts, runs, history and stored jobs that were not in their
 * tables yet. `in-flight.json` is a database that 0.1.0 left in the middle of the work, and what its own views showed of it.
 * `rolled-back.json` is the same after an upgrade to version 2 and some work of 0.1.0 after a rollback.
 */

type Sql = ReturnType<typeof nodeSql>;
interface InFlight {
  /** Unix ms. */
  at: number;
  rows: { table: string; row: Record<string, string | number | null> }[];
  views: ReturnType<typeof viewsOf>;
}

const RELEASE = "0.1.0";
const inFlight = JSON.parse(read(RELEASE, "in-flight.json")) as InFlight;
const config = testConfig({ gate: { concurrency: 30, ratePerSecond: 100, burst: 50, monthlyJobs: 1000 } });
const clock = { now: () => inFlight.at, random: () => 0.5 };
const open = (sql: Sql): Ledger => testEngine(sql, { config, clock }).engine;

function insert(sql: Sql, rows: InFlight["rows"]): void {
  for (const { table, row } of rows) {
    const values = Object.values(row);
    sql.exec(`INSERT INTO ${table} (${Object.keys(row)}) VALUES (${values.map(() => "?")})`, ...values);
  }
}

/** The database as 0.1.0 left it. */
function left(): Sql {
  const sql = nodeSql();
  const { version, statements } = schemaOf(RELEASE);
  for (const statement of statements) sql.exec(statement);
  sql.exec("INSERT INTO schema_version (id, version) VALUES (1, ?)", version);
  insert(sql, inFlight.rows);
  return sql;
}

/** What the recording has of the views. */
function viewsOf(engine: Ledger) {
  const page = { limit: 100, cursor: null };
  const { counts, totals, rates, lanes, wait, run } = engine.stats();
  const runs = engine.listRuns({ ...page, state: null }).runs.map((one) => ({
    ...{ run: one.run, state: one.state, states: one.states, existing: one.existing, readyP50: one.readyP50 },
    accepted: one.accepted,
  }));
  const { slots, budget: shown } = engine.getGate();
  // 0.1.0 did not show what is left.
  const { left: _, ...budget } = shown;
  const history = engine.history("minute", inFlight.at - 3_600_000, inFlight.at);
  const { jobs } = engine.listJobs({ ...page, filter: NO_FILTER });
  return {
    ...{ stats: { counts, totals, rates, lanes, wait, run }, runs, history, pulse: engine.pulse(), jobs },
    gate: { slots, budget },
  };
}

const endOf = (id: string): IttybitJob => ({
  ...{ id, status: "done", said: "succeeded", known: true, output: "https://out.example/o", error: null },
  ...{ metadata: {}, input: null, createdAt: null, finishedAt: null },
});

/** What the views showed before the upgrade. Its untouched jobs are due since their order from now on. */
const VIEWS = {
  ...inFlight.views,
  jobs: inFlight.views.jobs.map((job) => (job.state === "stored" ? job : { ...job, due: job.due ?? job.createdAt })),
};

const claimsOf = (sql: Sql) => sql.exec("SELECT * FROM claims ORDER BY gen");

describe("the documents of release 0.1.0", () => {
  it("become claims, counts, runs, history and stored jobs: each view shows what it showed before", () => {
    const sql = left();
    const documents = sql.exec("SELECT body FROM hands").map(({ body }) => JSON.parse(String(body)));
    const entries = documents.flatMap((one: { entries: unknown[] }) => one.entries);
    const engine = open(sql);
    expect(viewsOf(engine)).toEqual(VIEWS);
    expect(claimsOf(sql)).toHaveLength(entries.length + 1);
    expect(sql.exec("SELECT name FROM owners ORDER BY name")).toEqual([{ name: "w" }, { name: "x" }]);
    expect(sql.exec("SELECT * FROM hands UNION ALL SELECT gen, job, until, 0, 0 FROM abandoned")).toEqual([]);
  });

  it("are moved once: another start changes nothing", () => {
    const sql = left();
    open(sql);
    const tables = ["claims", "owners", "docs", "runs", "hist", "recent"];
    const dump = () => tables.map((table) => sql.exec(`SELECT * FROM ${table} ORDER BY 1`));
    const before = dump();
    expect(viewsOf(open(sql))).toEqual(VIEWS);
    expect(dump()).toEqual(before);
  });

  it("keep their leases: an owner goes on with what it holds, and one that is unknown is told to stop", () => {
    const sql = left();
    const engine = open(sql);
    const [job] = sql.exec(
      "SELECT job AS id, gen FROM claims WHERE owner = 'w' AND external_id IS NOT NULL ORDER BY gen",
    );
    const one = { id: Number(job?.id), gen: Number(job?.gen) };
    const call = { first: false, role: "work" as const, room: 0, asks: [], submitted: [], leave: false };
    const have = [{ ...one, phase: "watch" as const }];
    const settled = [{ ...one, outcome: { kind: "stored" as const, bytes: 1, etag: "e", tookMs: 1 } }];
    expect(engine.exchange({ ...call, owner: "nobody", have, settled: [] })).toEqual({ status: "lost" });
    const before = engine.stats().counts.bulk.stored;
    expect(engine.exchange({ ...call, owner: "w", have, settled })).toMatchObject({ status: "ok" });
    expect(engine.stats().counts.bulk.stored).toBe(before + 1);
    expect(claimsOf(sql).some(({ gen }) => gen === one.gen)).toBe(false);
  });

  it("of a copy are moved when it is imported", () => {
    const sql = nodeSql();
    const engine = open(sql);
    expect(engine.importBegin(schemaOf(RELEASE).version)).toBe(true);
    const lines = inFlight.rows.filter(({ table }) => table !== "schema_version").map((row) => JSON.stringify(row));
    expect(engine.importRows(lines)).toBeNull();
    expect(engine.importEnd(lines.length, "test")).toBe(true);
    const { stats, runs, history, gate } = viewsOf(engine);
    expect({ stats: stats.counts, runs, history, slots: gate.slots }).toEqual({
      ...{ stats: inFlight.views.stats.counts, runs: inFlight.views.runs, history: inFlight.views.history },
      slots: inFlight.views.gate.slots,
    });
  });

  it("of a ledger that was rolled back win over the claims from before: a job has one claim, and the older one keeps its slot", () => {
    const sql = left();
    open(sql);
    const [claim] = sql.exec("SELECT job, gen FROM claims WHERE owner = 'x' ORDER BY gen LIMIT 1");
    const gen = Number(claim?.gen) + 1_000_000;
    const entry = [claim?.job, gen, 1, null, 0, inFlight.at, 2, "2026-11-24", 2];
    const sums = { counts: {}, used: {}, runs: {}, minutes: {}, recent: [] };
    const body = JSON.stringify({ role: "work", entries: [entry], sums });
    sql.exec("INSERT INTO hands VALUES ('y', ?, 0, 0, ?)", inFlight.at + 60_000, body);
    const before = claimsOf(sql).length;
    const engine = open(sql);
    expect(claimsOf(sql)).toHaveLength(before + 1);
    const ofJob = sql.exec("SELECT gen, state, owner FROM claims WHERE job = ? ORDER BY gen", claim?.job ?? null);
    expect(ofJob).toEqual([
      { gen: claim?.gen, state: "abandoned", owner: null },
      { gen, state: "admitted", owner: "y" },
    ]);
    expect(engine.getGate().slots).toBe(inFlight.views.gate.slots + 1);
  });

  it("and the claims from before a rollback all end: each job is stored once, and no slot is left", () => {
    const { at, rows } = JSON.parse(read(RELEASE, "rolled-back.json")) as Omit<InFlight, "views">;
    const sql = nodeSql();
    sql.exec("CREATE TABLE schema_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)");
    for (const statement of LEDGER_TABLES.migrations.slice(0, 2).flat()) sql.exec(statement);
    insert(sql, [...rows, { table: "schema_version", row: { id: 1, version: 2 } }]);
    const time = { ms: at, now: () => time.ms, random: () => 0.5 };
    const { engine } = testEngine(sql, { config, clock: time });
    expect(claimsOf(sql).length).toBeGreaterThan(10);
    const stored = { kind: "stored" as const, bytes: 1, etag: "e", tookMs: 1 };
    const request = { role: "work" as const, asks: [], submitted: [] };
    for (let turn = 0; turn < 100 && claimsOf(sql).length > 0; turn += 1) {
      time.ms += 20_000;
      engine.transactions.write(expireLeases);
      engine.transactions.write((tx) =>
        observe(tx, { ...NOTHING, ended: openExternally(tx).map(({ job }) => endOf(job)) }),
      );
      const owner = `later ${turn}`;
      const exchange = (said: Partial<ExchangeRequest>) => {
        const answer = engine.exchange({
          ...request,
          owner,
          first: false,
          room: 0,
          have: [],
          settled: [],
          leave: false,
          ...said,
        });
        return answer.status === "ok" ? answer.give : [];
      };
      const first = exchange({ first: true, room: 10 });
      const go = exchange({ have: first.map(({ id, gen }) => ({ id, gen, phase: "ready" })) });
      const made = [...first, ...go].filter(({ phase }) => phase !== "standby");
      exchange({ settled: made.map(({ id, gen }) => ({ id, gen, outcome: stored })), leave: true });
    }
    expect([claimsOf(sql), sql.exec("SELECT * FROM owners"), sql.exec("SELECT * FROM jobs")]).toEqual([[], [], []]);
    expect(engine.getGate().slots).toBe(0);
    expect(engine.getRun("campaign")?.states).toMatchObject({ stored: 24, queued: 0, processing: 0, retrying: 0 });
  });

  it("of a ledger that was rolled back leave a job in its order that 0.1.0 did not see, and its run ends", () => {
    const sql = nodeSql();
    const before = open(sql);
    const KEY = "z/1-high.webp";
    const request = { id: "late", chunk: 0, hash: "h" };
    before.acceptChunk(chunkOf({ run: "late", lane: "bulk", keys: [KEY, "z/2-high.webp"] }, request));
    const id = before.transactions.read((tx) => tx.rows.loadKeys([KEY])[0]?.id ?? 0);
    const gen = inFlight.at * 1000 + 7_000_000;
    const row = { id, key: KEY, state: 0, lane: 0, run: 0, due: inFlight.at, attempts: 0, crashes: 0, gen, floor: 0 };
    insert(sql, [
      { table: "jobs", row: { ...row, unclear: 0, joined: 0, dead_until: 0, created: inFlight.at, updated: 0 } },
    ]);
    const sums = { counts: { "0 0": 1 }, used: {}, runs: {}, minutes: {}, recent: [] };
    const entries = [[id, gen, 1, "job", 0, inFlight.at, 0, "2026-11-24", 0]];
    const body = JSON.stringify({ role: "live", entries, sums });
    sql.exec("INSERT INTO hands VALUES ('y', ?, 0, 0, ?)", inFlight.at + 60_000, body);
    const engine = open(sql);
    expect([sql.exec("SELECT * FROM jobs"), allJobs(sql).length]).toEqual([[], 2]);
    expect(claimsOf(sql)).toMatchObject([{ job: id, gen, state: "abandoned", owner: null }]);
    expect(engine.stats().counts).toMatchObject({ live: { queued: 0 }, bulk: { queued: 2 } });
    const call = { owner: "o", role: "work" as const, room: 5, have: [], asks: [], submitted: [], leave: false };
    const answer = engine.exchange({ ...call, first: true, settled: [] });
    const give = answer.status === "ok" ? answer.give : [];
    const outcome = { kind: "present" as const, objectGen: gen, bytes: 1, etag: "e", posted: false };
    const settled = give.map((one) => ({ id: one.id, gen: one.gen, outcome }));
    engine.exchange({ ...call, room: 0, first: false, settled });
    expect(engine.getRun("late")?.states).toMatchObject({ stored: 2, queued: 0 });
  });

  it("keep no origin where 0.1.0 wrote one in place of an address", () => {
    const sql = left();
    const told = (hook: string) => {
      sql.exec(
        "UPDATE hands SET body = replace(body, ?, ?) WHERE owner = 'x'",
        '"2026-11-24",2]',
        `"2026-11-24",2,"${hook}"]`,
      );
      open(sql);
      return sql.exec("SELECT DISTINCT hook FROM claims WHERE owner = 'x'");
    };
    expect(told("https://prewarm.example.com")).toEqual([{ hook: null }]);
  });
});
