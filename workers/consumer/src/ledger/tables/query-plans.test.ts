import { afterEach, expect, it } from "vitest";
import { setup } from "../testing/setup.ts";
import type { SqlValue } from "./sql.ts";

// A scan of `jobs` is invisible with ten rows and stops every claim with ten million: no call but an operator's bounded list may
// contain one. Every statement that the calls below make is explained.
const spied: { query: string; params: SqlValue[] }[] = [];

afterEach(() => {
  spied.length = 0;
});

it("looks every row up by key, number or partial index", async () => {
  const world = setup();
  const { ledger, steps, sql, clock, order, submit, purge, retry, attempts } = world;
  const exec = sql.exec;
  sql.exec = (query, ...params) => {
    spied.push({ query, params });
    return exec(query, ...params);
  };
  order({
    run: "r",
    lane: "bulk",
    keys: ["a/1-high.webp", "b/1-high.webp"],
    originals: [{ id: "a", order: "1", sourceEtag: null }],
  });
  order({ run: "s", lane: "upload", keys: ["a/1-high.webp"], force: true });
  steps.dispatch();
  const { claims } = ledger.claim("o", [{ keys: ["a/1-high.webp", "b/1-high.webp"], live: true, at: clock.ms }]);
  const run = claims["a/1-high.webp"];
  submit("o", "a/1-high.webp", run?.do === "run" ? run.gen : 0);
  ledger.settle("o", { "a/1-high.webp": { kind: "pending", due: clock.ms + 1_000 } });
  steps.observeEnded(["j"]);
  steps.openAtIttybit();
  steps.openJobsAtIttybit();
  clock.advance(700);
  steps.sweep();
  steps.nextAlarm();
  steps.purgeEnd(purge("a"));
  clock.advance(1_000);
  steps.purgesDue();
  ledger.cancelRun("r", "test");
  steps.cancelSlice();
  // A job is found by its name once it was shown.
  await ledger.imageRows("b");
  await retry("b/1-high.webp");
  await ledger.imageRows("a");
  await attempts("b/1-high.webp");
  ledger.getGate();
  ledger.stats();
  steps.pruneSlice();
  expect(spied.length).toBeGreaterThan(60);
  const explainable = spied.filter(({ query }) => /^(SELECT|UPDATE|DELETE|INSERT)/.test(query));
  const plans = explainable.map(({ query, params }) => ({
    query,
    plan: exec(`EXPLAIN QUERY PLAN ${query}`, ...params).map(({ detail }) => String(detail)),
  }));
  // `SCAN jobs USING INDEX jobs_granted` walks a partial index that is as small as the gate is narrow.
  const scans = plans.filter(({ plan }) =>
    plan.some((step) => /^SCAN jobs(?! USING (COVERING )?INDEX jobs_granted)/.test(step)),
  );
  expect(scans).toEqual([]);
  expect(plans.some(({ plan }) => plan.some((step) => step.includes("jobs_waiting")))).toBe(true);
});
