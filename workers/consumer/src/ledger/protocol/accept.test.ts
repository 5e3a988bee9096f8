import { describe, expect, it } from "vitest";
import { setup, TRANSIENT } from "../testing/setup.ts";

const KEY = "a/400-high.webp";
const run = (id: string, ...keys: string[]) => ({ run: id, lane: "bulk" as const, keys });

describe("accept", () => {
  it("is one job however often and in whatever lanes it is asked for", () => {
    const { core, sql, claim, row } = setup();
    for (let n = 0; n < 100; n += 1) {
      core.accept({ run: null, lane: "bulk", keys: [KEY] });
      core.accept({ run: "r", lane: "upload", keys: [KEY, KEY] });
    }
    expect(row(KEY)?.lane).toBe(1);
    expect(claim("o", KEY, true).do).toBe("run");
    expect(claim("p", KEY, true).do).toBe("duplicate");
    expect(sql.exec("SELECT count(*) AS n FROM jobs")).toEqual([{ n: 1 }]);
    expect(core.counts().slots).toBe(1);
  });

  it("counts what is new, what waits already, and what is stored", () => {
    const { core, made, accept } = setup();
    made("a/1-high.webp");
    accept("a/2-high.webp");
    const answer = core.accept(run("r", "a/1-high.webp", "a/2-high.webp", "a/3-high.webp"));
    expect(answer).toEqual({ accepted: 1, duplicates: 1, existing: 1 });
  });

  it("orders dead and cancelled rows anew, with their attempts forgotten", () => {
    const { core, granted, settle, accept, row } = setup({ limits: { maxAttempts: 1 } });
    granted("o", KEY);
    settle("o", KEY, TRANSIENT);
    expect(row(KEY)?.state).toBe(4);
    expect(accept(KEY)).toMatchObject({ accepted: 1 });
    expect(row(KEY)).toMatchObject({ state: 0, attempts: 0, error: null });
    core.cancelKeys([KEY]);
    expect(accept(KEY)).toMatchObject({ accepted: 1 });
    expect(row(KEY)?.state).toBe(0);
  });

  it("gives a forced row a floor, so that the stored object counts no more, even if its row was pruned", () => {
    const { core, made, row, sql } = setup();
    const gen = made(KEY);
    core.accept({ ...run("r", KEY), force: true });
    expect(row(KEY)?.floor).toBeGreaterThan(gen);
    expect(row(KEY)?.gen).toBeGreaterThan(row(KEY)!.floor);
    sql.exec("DELETE FROM jobs");
    core.accept({ ...run("r2", KEY), force: true });
    expect(row(KEY)?.floor).toBeGreaterThan(gen);
  });

  it("answers a chunk that is sent again as before, and does nothing", () => {
    const { core } = setup();
    const chunk = { ...run("r", KEY, "b/1-high.webp"), chunk: 0 };
    const answer = core.accept(chunk);
    expect(core.accept(chunk)).toEqual(answer);
    expect(core.runView("r")).toMatchObject({ accepted: 2, duplicates: 0 });
  });

  it("keeps an idempotency record in the same transaction, complete with the last chunk", () => {
    const { core } = setup();
    expect(core.inbox("id", "h")).toEqual({ state: "new" });
    core.accept({ ...run("r", KEY), inbox: { id: "id", hash: "h", complete: false } });
    expect(core.inbox("id", "h")).toEqual({ state: "incomplete", run: "r" });
    core.accept({ ...run("r", "b/1-high.webp"), inbox: { id: "id", hash: "h", complete: true, answer: "{}" } });
    expect(core.inbox("id", "h")).toEqual({ state: "complete", run: "r", answer: "{}" });
    expect(core.inbox("id", "other")).toEqual({ state: "mismatch" });
  });

  it("writes nothing at all when any part of it fails", () => {
    const { core, sql } = setup();
    sql.exec("CREATE TRIGGER broken BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'disk'); END");
    const request = { ...run("r", KEY), inbox: { id: "id", hash: "h", complete: true } };
    expect(() => core.accept(request)).toThrow("disk");
    expect(sql.exec("SELECT 1 FROM jobs UNION ALL SELECT 1 FROM runs UNION ALL SELECT 1 FROM counters")).toEqual([]);
  });
});

describe("a new original", () => {
  const replaced = (order: string, sourceEtag: string | null = null) => ({
    originals: [{ id: "a", order, sourceEtag }],
  });

  it("makes anew what is stored and what is open; an older or equal order changes nothing", () => {
    const { core, made, row } = setup();
    made(KEY);
    const ask = (order: string) => core.accept({ ...run("r", KEY), ...replaced(order) });
    expect(ask("9")).toEqual({ accepted: 1, duplicates: 0, existing: 0 });
    const { gen } = row(KEY)!;
    expect(core.imageRows("a").floor).toBeLessThan(gen);
    ask("8");
    ask("9");
    expect(row(KEY)?.gen).toBe(gen);
    ask("10"); // longer is newer
    expect(row(KEY)?.gen).toBeGreaterThan(gen);
  });

  it("does nothing when the bytes are the same ones, told under a later order", () => {
    const { core, made, row } = setup();
    core.accept({ ...run("r", "a/1-high.webp"), ...replaced("1", "etag") });
    const gen = made(KEY);
    expect(core.accept({ ...run("r", KEY), ...replaced("2", "etag") })).toMatchObject({ existing: 1 });
    expect(row(KEY)?.gen).toBe(gen);
  });

  it("reaches the image's other variants, and lets views ask for dead ones again", () => {
    const { core, made, granted, settle, row, claim, clock } = setup();
    made("a/1-high.webp");
    granted("o", "a/2-high.webp");
    settle("o", "a/2-high.webp", { kind: "refused", code: "missing", until: clock.ms + 3_600_000, message: "404" });
    core.accept({ ...run("r", KEY), ...replaced("1") });
    expect(row("a/1-high.webp")?.state).toBe(0);
    expect(claim("p", "a/2-high.webp", true).do).toBe("run");
  });
});

describe("runs", () => {
  it("shows progress by state and the time to ready", () => {
    const { core, claim, settle, stored, clock } = setup();
    core.accept(run("r", KEY, "b/1-high.webp"));
    clock.advance(10);
    const answer = claim("o", KEY);
    settle("o", KEY, stored(answer.do === "run" ? answer.gen : 0));
    const view = core.runView("r");
    expect(view).toMatchObject({ accepted: 2, open: 1, states: { queued: 1, stored: 1 }, endedAt: null });
    expect(view?.timeToReadyMs.p50).toBeGreaterThan(8_000);
    core.cancelKeys(["b/1-high.webp"]);
    expect(core.runView("r")).toMatchObject({ open: 0, states: { stored: 1, cancelled: 1 }, endedAt: clock.ms });
  });

  it("cancels only what nobody else asked for", () => {
    const { core, accept, claim, row } = setup({ gate: { concurrency: 1, burst: 1 } });
    const [alone, joined, byNobodysRun, viewed, first] = ["a", "b", "c", "d", "e"].map((id) => `${id}/1-high.webp`) as [
      string,
      string,
      string,
      string,
      string,
    ];
    core.accept(run("other", first));
    core.accept(run("r", alone, joined, byNobodysRun, viewed, first));
    core.accept(run("other", joined));
    accept(byNobodysRun);
    claim("busy", "z/1-high.webp", true);
    expect(claim("viewer", viewed, true).do).toBe("parked");
    expect(core.cancelRun("r")).toBe(true);
    expect([alone, joined, byNobodysRun, viewed, first].map((key) => row(key)?.state)).toEqual([5, 0, 0, 0, 0]);
    expect(core.runView("r")).toMatchObject({ open: 0, states: { cancelled: 5 } });
    expect(core.runView("other")).toMatchObject({ open: 2, states: { queued: 2 } });
    core.cancelRun("other");
    expect([joined, first].map((key) => row(key)?.state)).toEqual([5, 5]);
    expect(core.cancelRun("unknown")).toBe(false);
  });

  it("cancels a large run in slices, and drops its rows at once meanwhile", () => {
    const { core, claim } = setup();
    const keys = Array.from({ length: 5_000 }, (_, n) => `i${n}/1-high.webp`);
    for (let at = 0; at < keys.length; at += 1_000) core.accept(run("r", ...keys.slice(at, at + 1_000)));
    core.cancelRun("r");
    expect(core.runView("r")?.states.cancelled).toBe(2_000);
    expect(claim("o", keys[4_999]!)).toEqual({ do: "drop", reason: "cancelled" });
    expect(core.dispatch()).toEqual([]);
    while (core.cancelSlices());
    expect(core.runView("r")).toMatchObject({ open: 0, states: { cancelled: 5_000 } });
  });

  it("takes no bulk after its cancel, and makes uploads outside it", () => {
    const { core, row } = setup();
    core.accept(run("r", KEY));
    core.cancelRun("r");
    expect(core.accept(run("r", "b/1-high.webp"))).toMatchObject({ accepted: 0, closed: true });
    expect(row("b/1-high.webp")).toBeNull();
    expect(core.accept({ run: "r", lane: "upload", keys: ["c/1-high.webp"] })).toMatchObject({ accepted: 1 });
    expect(row("c/1-high.webp")).toMatchObject({ run: 0, state: 0 });
  });
});
