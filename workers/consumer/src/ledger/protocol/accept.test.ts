import { describe, expect, it } from "vitest";
import { chunkOf } from "../testing/chunk-of.ts";
import { setup, TRANSIENT } from "../testing/setup.ts";

const KEY = "a/400-high.webp";
const run = (id: string, ...keys: string[]) => ({ run: id, lane: "bulk" as const, keys });

describe("accept", () => {
  it("is one job however often and in whatever lanes it is asked for", () => {
    const { sql, row, claim, order, slots } = setup();
    for (let n = 0; n < 100; n += 1) {
      order({ lane: "bulk", keys: [KEY] });
      order({ run: "r", lane: "upload", keys: [KEY, KEY] });
    }
    expect(row(KEY)?.lane).toBe(1);
    expect(claim("o", KEY, true).do).toBe("run");
    expect(claim("p", KEY, true).do).toBe("duplicate");
    expect(sql.exec("SELECT count(*) AS n FROM jobs")).toEqual([{ n: 1 }]);
    expect(slots()).toBe(1);
  });

  it("counts what is new, what waits already, and what is stored", () => {
    const { order, accept, made } = setup();
    made("a/1-high.webp");
    accept("a/2-high.webp");
    const answer = order(run("r", "a/1-high.webp", "a/2-high.webp", "a/3-high.webp"));
    expect(answer).toMatchObject({ accepted: 1, duplicates: 1, existing: 1 });
  });

  it("orders dead and cancelled rows anew, with their attempts forgotten", async () => {
    const { row, settle, accept, granted, cancel } = setup({ limits: { maxAttempts: 1 } });
    granted("o", KEY);
    settle("o", KEY, TRANSIENT);
    expect(row(KEY)?.state).toBe(4);
    expect(accept(KEY)).toMatchObject({ accepted: 1 });
    expect(row(KEY)).toMatchObject({ state: 0, attempts: 0, error: null });
    await cancel(KEY);
    expect(accept(KEY)).toMatchObject({ accepted: 1 });
    expect(row(KEY)?.state).toBe(0);
  });

  it("gives a forced row a floor, so that the stored object counts no more, even if its row was pruned", () => {
    const { sql, row, order, made } = setup();
    const gen = made(KEY);
    order({ ...run("r", KEY), force: true });
    expect(row(KEY)?.floor).toBeGreaterThan(gen);
    expect(row(KEY)?.gen).toBeGreaterThan(row(KEY)!.floor);
    sql.exec("DELETE FROM jobs");
    order({ ...run("r2", KEY), force: true });
    expect(row(KEY)?.floor).toBeGreaterThan(gen);
  });

  it("answers a chunk that is sent again as before, and does nothing; with another body it is a mismatch", () => {
    const { ledger } = setup();
    const delivery = { id: "d", chunk: 0, hash: "h" };
    const chunk = chunkOf(run("r", KEY, "b/1-high.webp"), delivery);
    expect(ledger.acceptChunk(chunk)).toEqual({ status: "done", accepted: 2, duplicates: 0, existing: 0, outdated: 0 });
    expect(ledger.acceptChunk(chunk)).toEqual({
      status: "repeat",
      accepted: 2,
      duplicates: 0,
      existing: 0,
      outdated: 0,
    });
    expect(ledger.getRun("r")).toMatchObject({ accepted: 2, duplicates: 0 });
    expect(ledger.acceptChunk({ ...chunk, delivery: { ...delivery, hash: "other" } })).toEqual({ status: "mismatch" });
  });

  it("knows a delivery once it is finished, and its run takes no more", () => {
    const { ledger } = setup();
    const finish = (hash: string) =>
      ledger.finishDelivery({ delivery: { id: "d", chunks: 1, hash }, run: "r", who: "test", summary: {} });
    ledger.acceptChunk(chunkOf(run("r", KEY), { id: "d", chunk: 0, hash: "h" }));
    expect(ledger.findDelivery("d")).toBeNull();
    expect(ledger.getRun("r")?.state).toBe("accepting");
    expect(finish("h")).toBe("done");
    expect(ledger.findDelivery("d")).toEqual({ run: "r", hash: "h" });
    expect(ledger.getRun("r")?.state).toBe("running");
    expect([finish("h"), finish("other")]).toEqual(["repeat", "mismatch"]);
  });

  it("writes nothing at all when any part of it fails", () => {
    const { sql, order } = setup();
    sql.exec("CREATE TRIGGER broken BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'disk'); END");
    expect(() => order(run("r", KEY))).toThrow("disk");
    expect(sql.exec("SELECT 1 FROM jobs UNION ALL SELECT 1 FROM runs UNION ALL SELECT 1 FROM counters")).toEqual([]);
  });

  it("refuses a chunk when more is open than the caller allows", () => {
    const { ledger, accept } = setup();
    accept(KEY);
    const chunk = chunkOf(run("r", "b/1-high.webp"), { id: "d", chunk: 0, hash: "h" });
    expect(ledger.acceptChunk({ ...chunk, backlogMax: 1 })).toEqual({ status: "full", retryAfterSeconds: 60 });
    expect(ledger.acceptChunk({ ...chunk, backlogMax: 2 })).toMatchObject({ status: "done", accepted: 1 });
  });
});

describe("a new original", () => {
  const replaced = (order: string, sourceEtag: string | null = null) => ({
    originals: [{ id: "a", order, sourceEtag }],
  });

  it("makes anew what is stored and what is open; an older or equal order changes nothing", () => {
    const { row, order, made, image } = setup();
    made(KEY);
    const ask = (at: string) => order({ ...run("r", KEY), ...replaced(at) });
    expect(ask("9")).toMatchObject({ accepted: 1, duplicates: 0, existing: 0 });
    const { gen } = row(KEY)!;
    expect(image("a").floor).toBeLessThan(gen);
    ask("8");
    ask("9");
    expect(row(KEY)?.gen).toBe(gen);
    ask("10"); // longer is newer
    expect(row(KEY)?.gen).toBeGreaterThan(gen);
  });

  it("does nothing when the bytes are the same ones, told under a later order", () => {
    const { row, order, made } = setup();
    order({ ...run("r", "a/1-high.webp"), ...replaced("1", "etag") });
    const gen = made(KEY);
    expect(order({ ...run("r", KEY), ...replaced("2", "etag") })).toMatchObject({ existing: 1 });
    expect(row(KEY)?.gen).toBe(gen);
  });

  it("reaches the image's other variants, and lets views ask for dead ones again", () => {
    const { clock, row, claim, settle, order, granted, made } = setup();
    made("a/1-high.webp");
    granted("o", "a/2-high.webp");
    settle("o", "a/2-high.webp", { kind: "refused", code: "missing", until: clock.ms + 3_600_000, message: "404" });
    order({ ...run("r", KEY), ...replaced("1") });
    expect(row("a/1-high.webp")?.state).toBe(0);
    expect(claim("p", "a/2-high.webp", true).do).toBe("run");
  });
});

describe("runs", () => {
  it("shows progress by state and the time to ready", async () => {
    const { clock, ledger, claim, settle, order, stored, cancel } = setup();
    order(run("r", KEY, "b/1-high.webp"));
    clock.advance(10);
    const answer = claim("o", KEY);
    settle("o", KEY, stored(answer.do === "run" ? answer.gen : 0));
    const view = ledger.getRun("r");
    expect(view).toMatchObject({ accepted: 2, states: { queued: 1, stored: 1 }, endedAt: null });
    expect(view?.readyP50).toBeGreaterThan(8_000);
    await cancel("b/1-high.webp");
    expect(ledger.getRun("r")).toMatchObject({ states: { stored: 1, cancelled: 1 }, endedAt: clock.ms });
  });

  it("cancels only what nobody else asked for", () => {
    const { ledger, row, claim, order, accept } = setup({ gate: { concurrency: 1, burst: 1 } });
    const [alone, joined, byNobodysRun, viewed, first] = ["a", "b", "c", "d", "e"].map((id) => `${id}/1-high.webp`) as [
      string,
      string,
      string,
      string,
      string,
    ];
    order(run("other", first));
    order(run("r", alone, joined, byNobodysRun, viewed, first));
    order(run("other", joined));
    accept(byNobodysRun);
    claim("busy", "z/1-high.webp", true);
    expect(claim("viewer", viewed, true).do).toBe("parked");
    expect(ledger.cancelRun("r", "test")).toMatchObject({ state: "cancelled" });
    expect([alone, joined, byNobodysRun, viewed, first].map((key) => row(key)?.state)).toEqual([5, 0, 0, 0, 0]);
    expect(ledger.getRun("r")).toMatchObject({ states: { cancelled: 5 } });
    expect(ledger.getRun("other")).toMatchObject({ states: { queued: 2 } });
    ledger.cancelRun("other", "test");
    expect([joined, first].map((key) => row(key)?.state)).toEqual([5, 5]);
    expect(ledger.cancelRun("unknown", "test")).toBeNull();
  });

  it("cancels a large run in slices, and drops its rows at once meanwhile", () => {
    const { ledger, steps, claim, order } = setup();
    const keys = Array.from({ length: 5_000 }, (_, n) => `i${n}/1-high.webp`);
    for (let at = 0; at < keys.length; at += 1_000) order(run("r", ...keys.slice(at, at + 1_000)));
    ledger.cancelRun("r", "test");
    expect(ledger.getRun("r")?.states.cancelled).toBe(2_000);
    expect(claim("o", keys[4_999]!)).toEqual({ do: "drop", reason: "cancelled" });
    expect(steps.dispatch()).toEqual([]);
    while (steps.cancelSlice());
    expect(ledger.getRun("r")).toMatchObject({ states: { cancelled: 5_000 } });
  });

  it("takes no bulk after its cancel, and makes uploads outside it", () => {
    const { ledger, row, order } = setup();
    order(run("r", KEY));
    ledger.cancelRun("r", "test");
    expect(order(run("r", "b/1-high.webp"))).toMatchObject({ accepted: 0, closed: true });
    expect(row("b/1-high.webp")).toBeNull();
    expect(order({ run: "r", lane: "upload", keys: ["c/1-high.webp"] })).toMatchObject({ accepted: 1 });
    expect(row("c/1-high.webp")).toMatchObject({ run: 0, state: 0 });
  });
});
