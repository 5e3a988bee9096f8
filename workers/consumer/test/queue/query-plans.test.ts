import { openExternally, type SqlValue } from "@prewarm/durable-queue";
import { expireLeases, wakesDue } from "@prewarm/durable-queue/testing";
import { afterEach, expect, it } from "vitest";
import { passDone } from "../../src/images/sweeps.ts";
import { nextSweepAt } from "../../src/images/tables/sweeps.ts";
import { finishedRuns } from "../../src/ledger/tables/events.ts";
import { nextAlarmOf } from "../../src/ledger/testing/next-alarm-of.ts";
import { setup, TRANSIENT } from "../../src/ledger/testing/setup.ts";

// A scan of `jobs` is invisible with ten rows and stops every call with ten million: no call but an operator's bounded list may
// contain one. Every statement that the calls below make is explained.
const spied: { query: string; params: SqlValue[] }[] = [];

afterEach(() => {
  spied.length = 0;
});

it("looks every row up by id or partial index", async () => {
  const world = setup();
  const {
    ledger,
    transactions,
    sql,
    clock,
    order,
    call,
    ready,
    submit,
    settle,
    ended,
    leave,
    view,
    purge,
    passes,
    retry,
    attempts,
  } = world;
  const exec = sql.exec;
  sql.exec = (query, ...params) => {
    spied.push({ query, params });
    return exec(query, ...params);
  };
  order({
    run: "r",
    lane: "bulk",
    keys: ["a/1-high.webp", "b/1-high.webp", "c/1-high.webp"],
    originals: [{ id: "a", order: "1", sourceEtag: null }],
  });
  order({ run: "s", lane: "upload", keys: ["a/1-high.webp"], force: true });
  transactions.read(wakesDue);
  const { give } = call("o");
  const [one] = ready("o", give);
  // The upload goes first.
  const [two] = ready(
    "o",
    give.filter(({ id }) => id !== one?.id),
  );
  submit("o", one!, "j1");
  settle("o", two!, TRANSIENT);
  ended("j1");
  transactions.read(openExternally);
  view("v", "b/1-high.webp");
  leave("o");
  call("p");
  clock.advance(700);
  transactions.write(expireLeases);
  transactions.read(nextAlarmOf);
  for (const pass of passes()) transactions.write((tx) => passDone(tx, pass, []));
  const begun = purge("a");
  transactions.write((tx) => passDone(tx, begun, []));
  transactions.read(({ sql }) => nextSweepAt(sql));
  transactions.read(({ sql }) => finishedRuns(sql, 0, 1));
  clock.advance(1_000);
  passes();
  ledger.imageRows("b", []);
  retry("b/1-high.webp");
  attempts("b/1-high.webp");
  ledger.getGate();
  ledger.stats();
  expect(spied.length).toBeGreaterThan(60);
  const explainable = spied.filter(({ query }) => /^(SELECT|WITH|UPDATE|DELETE|INSERT)/.test(query));
  const plans = explainable.map(({ query, params }) => ({
    query,
    plan: exec(`EXPLAIN QUERY PLAN ${query}`, ...params).map(({ detail }) => String(detail)),
  }));
  const scans = plans.filter(({ plan }) => plan.some((step) => /^SCAN (jobs|sweeps)\b/.test(step)));
  expect(scans).toEqual([]);
  // A line is read in the order of its index, and the runs of a lane run by run.
  const ofLines = plans.filter(({ plan }) => plan.some((step) => /jobs_(due|run)\b/.test(step)));
  expect(ofLines.filter(({ plan }) => plan.some((step) => step.includes("TEMP B-TREE")))).toEqual([]);
  expect(ofLines.flatMap(({ plan }) => plan)).toContain("SEARCH jobs USING COVERING INDEX jobs_run (lane=? AND run>?)");
  const read = /^SCAN (runs|actions)(?! USING (COVERING )?INDEX)/;
  expect(plans.filter(({ plan }) => plan.some((step) => read.test(step)))).toEqual([]);
  for (const index of [
    "jobs_due",
    "jobs_run",
    "sweeps_place",
    "sweeps_due",
    "runs_ended",
    "runs_cancelling",
    "actions_running",
  ])
    expect(plans.some(({ plan }) => plan.some((step) => step.includes(index)))).toBe(true);
});
