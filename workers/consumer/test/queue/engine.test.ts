import { expect, it } from "vitest";
import type { JobFilter } from "../../src/console/calls.ts";
import { setup } from "../../src/ledger/testing/setup.ts";
import { testEngine } from "../../src/ledger/testing/test-engine.ts";

const KEY = "a/1-high.webp";
const CANCELLED: JobFilter = {
  states: ["cancelled"],
  lanes: [],
  run: null,
  id: null,
  format: null,
  error: null,
  text: [],
  jobs: null,
  fingerprint: null,
};

/** A ledger with work that waits, evicted; its alarm was lost. */
function evicted() {
  const { accept, sql, deps, clock } = setup();
  accept(KEY);
  return { ...testEngine(sql, { config: deps.config, clock }), clock };
}

it("wakes a worker after a change that comes while R2 takes a gate file, without the alarm", async () => {
  const putting = Promise.withResolvers<void>();
  let puts = 0;
  const publishGate = () => {
    puts += 1;
    return putting.promise;
  };
  const { ledger, order, done } = setup({}, { sleep: async () => {}, publishGate });
  ledger.patchGate({ paused: { bulk: true } }, "test");
  await expect.poll(() => puts).toBe(1);
  order({ lane: "upload", keys: ["b/1-high.webp"] });
  putting.resolve();
  await expect.poll(() => done.sent).toBe(1);
});

it("wakes a worker for what a sweep has ordered, without the alarm", async () => {
  const found = [{ key: KEY, gen: 1 }];
  const { order, done } = setup({}, { sleep: async () => {}, sweep: async () => found });
  order({ lane: "upload", keys: [], originals: [] });
  order({ lane: "upload", keys: ["a/2-high.webp"], originals: [{ id: "a", order: "1", sourceEtag: "x" }] });
  await expect.poll(() => done.sent).toBeGreaterThan(0);
});

it("does all that follows a change though R2 takes no gate file: it looks for what a new original has outdated, and sets the next alarm", async () => {
  const looked: string[] = [];
  const { ledger, order, done, clock } = setup(
    {},
    {
      sleep: async () => {},
      publishGate: () => Promise.reject(new Error("too many writes of one key")),
      sweep: async ({ id }) => {
        looked.push(id);
        return [];
      },
    },
  );
  ledger.patchGate({ paused: { bulk: true } }, "test");
  order({ lane: "bulk", keys: [KEY], originals: [{ id: "a", order: "1", sourceEtag: "x" }] });
  await expect.poll(() => looked).toEqual(["a"]);
  expect(done.alarmAt).toBeLessThanOrEqual(clock.ms + 5_000);
});

it("sets an alarm that was lost with the cron", async () => {
  const { engine, done, clock } = evicted();
  await engine.rearm();
  expect(done.alarmAt).toBe(clock.ms + 10_000);
});

it("sets an alarm with the next change when the one that reads as set never fired", () => {
  const { accept, done, clock } = setup();
  accept(KEY);
  clock.advance(60);
  accept("b/1-high.webp");
  expect(done.alarmAt).toBeLessThan(clock.ms);
  clock.advance(60);
  accept("c/1-high.webp");
  expect(done.alarmAt).toBe(clock.ms + 5_000);
});

it("sets an alarm with the cron when the one that reads as set never fired", async () => {
  const { accept, sql, deps, clock } = setup();
  accept(KEY);
  const evicted = testEngine(sql, { config: deps.config, clock });
  evicted.done.alarmAt = clock.ms - 3_600_000;
  await evicted.engine.load();
  await evicted.engine.rearm();
  expect(evicted.done.alarmAt).toBe(clock.ms + 10_000);
});

it("sets an alarm with the cron that was lost since this instance set it", async () => {
  const { accept, ledger, done, clock } = setup();
  accept(KEY);
  expect(done.alarmAt).toBe(clock.ms + 5_000);
  done.alarmAt = null;
  await ledger.rearm();
  expect(done.alarmAt).toBe(clock.ms + 10_000);
});

it("sets an alarm that was lost before it asks R2, which may not answer", async () => {
  const { order, sql, deps, clock } = setup();
  order({ keys: [KEY], originals: [{ id: "a", order: "1", sourceEtag: "x" }] });
  const site = { config: deps.config, clock };
  const { engine, done } = testEngine(sql, site, { publishGate: () => new Promise<never>(() => undefined) });
  engine.patchGate({ paused: { live: true } }, "test");
  done.alarmAt = null;
  void engine.rearm();
  await expect.poll(() => done.alarmAt).toBe(clock.ms + 250);
});

it("does the alarm's work with the cron, though no alarm fires", async () => {
  const { accept, call, ledger, clock, row } = setup();
  accept(KEY);
  call("o");
  for (let seconds = 0; seconds < 70; seconds += 10) {
    clock.advance(10);
    await ledger.rearm();
  }
  expect(row(KEY)?.crashes).toBeGreaterThan(0);
  expect(call("p").give).toMatchObject([{ key: KEY }]);
});

it("sets an alarm that was lost though R2 cannot be listed", async () => {
  const { order, sql, deps, clock } = setup();
  order({ keys: [KEY], originals: [{ id: "a", order: "1", sourceEtag: "x" }] });
  const { engine, done } = testEngine(
    sql,
    { config: deps.config, clock },
    { sweep: () => Promise.reject(new Error("R2")) },
  );
  await engine.rearm();
  expect(done.alarmAt).toBe(clock.ms + 250);
});

it("sets an alarm that was lost with the cron when only an action's next slice is due", async () => {
  const { accept, cancel, ledger, sql, deps, clock } = setup();
  accept(KEY, "b/1-high.webp");
  for (const key of [KEY, "b/1-high.webp"]) cancel(key);
  ledger.createAction({ kind: "retry", filter: {}, match: CANCELLED, rate: 1, who: "test" });
  ledger.patchGate({ paused: { bulk: true } }, "test");
  await testEngine(sql, { config: deps.config, clock }).engine.alarm();
  const next = clock.ms + 1_000;
  const evicted = testEngine(sql, { config: deps.config, clock });
  await evicted.engine.rearm();
  expect(evicted.done.alarmAt).toBe(next);
});

it("writes a deploy into the audit log, once, and not the first version of a new ledger", () => {
  const { sql, deps, clock } = setup();
  const loaded = (id: string) =>
    testEngine(sql, { config: deps.config, clock }, { version: { id, tag: id } }).engine.listAudit({
      cursor: null,
      limit: 9,
    });
  expect(loaded("version-0").entries).toEqual([]);
  loaded("b2");
  expect(loaded("b2").entries).toMatchObject([
    { who: "deploy", what: "code.version", target: "b2", details: { before: "version-0" }, at: clock.ms },
  ]);
});
