import { cancelSlices } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import { chunkOf } from "../../src/ledger/testing/chunk-of.ts";
import { PERMANENT, STORED, setup, TRANSIENT } from "../../src/ledger/testing/setup.ts";

const KEY = "a/400-high.webp";
const run = (id: string, ...keys: string[]) => ({ run: id, lane: "bulk" as const, keys });

describe("accept", () => {
  it("is one job however often and in whatever lanes it is asked for", () => {
    const { sql, row, call, order } = setup();
    for (let n = 0; n < 100; n += 1) {
      order({ lane: "bulk", keys: [KEY] });
      order({ run: "r", lane: "upload", keys: [KEY, KEY] });
    }
    expect(row(KEY)?.lane).toBe(1);
    expect([call("o").give, call("p").give].map((give) => give.length)).toEqual([1, 0]);
    expect(sql.exec("SELECT * FROM jobs")).toHaveLength(1);
  });

  it("counts what is new and what waits already; what is stored is found by who looks", () => {
    const { order, accept, made, call, settle, ledger } = setup();
    const { gen } = made("a/1-high.webp");
    accept("a/2-high.webp");
    const answer = order(run("r", "a/1-high.webp", "a/2-high.webp", "a/3-high.webp"));
    expect(answer).toMatchObject({ accepted: 2, duplicates: 1 });
    const again = call("o").give.find(({ key }) => key === "a/1-high.webp")!;
    settle("o", again, { kind: "present", objectGen: gen, bytes: 1, posted: false });
    expect(ledger.getRun({ run: "r" })).toMatchObject({ existing: 1, states: { stored: 1, queued: 2 } });
    expect(ledger.getGate()).toMatchObject({ slots: 0 });
  });

  it("orders dead and cancelled rows anew, with their attempts forgotten", () => {
    const { job, settle, accept, granted, cancel, row } = setup({ limits: { maxAttempts: 1 } });
    settle("o", granted("o", KEY), TRANSIENT);
    expect(job(KEY)?.state).toBe("dead");
    expect(accept(KEY)).toMatchObject({ accepted: 1 });
    expect(row(KEY)).toMatchObject({ state: 0, attempts: 0, error: null });
    cancel(KEY);
    expect(job(KEY)?.state).toBe("cancelled");
    expect(accept(KEY)).toMatchObject({ accepted: 1 });
    expect(job(KEY)?.state).toBe("queued");
  });

  it("gives a forced row a floor, so that the stored object counts no more", () => {
    const { row, order, made } = setup();
    const { gen } = made(KEY);
    order({ ...run("r", KEY), force: true });
    expect(row(KEY)?.floor).toBeGreaterThan(gen);
    expect(row(KEY)?.gen).toBe(row(KEY)?.floor);
  });

  it("makes anew what a force finds waiting, in whoever's hands it is", () => {
    const { row, order, granted, call } = setup();
    const go = granted("o", KEY);
    order({ ...run("r", KEY), force: true });
    expect(row(KEY)?.gen).toBeGreaterThan(go.gen);
    expect(call("o").stop).toEqual([{ id: go.id, gen: go.gen }]);
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
    expect(ledger.getRun({ run: "r" })).toMatchObject({ accepted: 2, duplicates: 0 });
    expect(ledger.acceptChunk({ ...chunk, delivery: { ...delivery, hash: "other" } })).toEqual({ status: "mismatch" });
  });

  it("knows a delivery once it is finished, and its run takes no more", () => {
    const { ledger } = setup();
    const finish = (hash: string) =>
      ledger.finishDelivery({ delivery: { id: "d", chunks: 1, hash }, run: "r", who: "test", summary: {} });
    ledger.acceptChunk(chunkOf(run("r", KEY), { id: "d", chunk: 0, hash: "h" }));
    expect(ledger.findDelivery("d")).toBeNull();
    expect(ledger.getRun({ run: "r" })?.state).toBe("accepting");
    expect(finish("h")).toBe("done");
    expect(ledger.findDelivery("d")).toEqual({ run: "r", hash: "h" });
    expect(ledger.getRun({ run: "r" })?.state).toBe("running");
    expect([finish("h"), finish("other")]).toEqual(["repeat", "mismatch"]);
  });

  it("writes nothing at all when any part of it fails", () => {
    const { sql, order } = setup();
    sql.exec("CREATE TRIGGER broken BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'disk'); END");
    expect(() => order(run("r", KEY))).toThrow("disk");
    expect(
      sql.exec("SELECT 1 FROM jobs UNION ALL SELECT 1 FROM runs UNION ALL SELECT 1 FROM docs WHERE name = 'counts'"),
    ).toEqual([]);
  });

  it("refuses a chunk when more is open than the caller allows", () => {
    const { ledger, accept } = setup();
    accept(KEY);
    const chunk = chunkOf(run("r", "b/1-high.webp"), { id: "d", chunk: 0, hash: "h" });
    expect(ledger.acceptChunk({ ...chunk, backlogMax: 1 })).toEqual({ status: "full", retryAfterSeconds: 60 });
    expect(ledger.acceptChunk({ ...chunk, backlogMax: 2 })).toMatchObject({ status: "done", accepted: 1 });
  });
});

describe("runs", () => {
  it("shows progress by state and the time to ready", () => {
    const { clock, ledger, call, ready, settle, order, cancel, leave } = setup();
    order(run("r", KEY, "b/1-high.webp"));
    clock.advance(10);
    const go = ready("o", call("o").give).find(({ key }) => key === KEY)!;
    settle("o", go, STORED);
    const view = ledger.getRun({ run: "r" });
    expect(view).toMatchObject({ accepted: 2, states: { processing: 1, stored: 1 }, endedAt: null });
    expect(view?.timeToReady.p50).toBeGreaterThan(8_000);
    leave("o", { settled: [{ ...call("o").give[0]!, outcome: { kind: "unposted" } }] });
    cancel("b/1-high.webp");
    expect(ledger.getRun({ run: "r" })).toMatchObject({ states: { stored: 1, cancelled: 1 }, endedAt: clock.ms });
  });

  it("cancels only what nobody else asked for", () => {
    const { ledger, job, view, order, accept, leave } = setup({ gate: { concurrency: 1, burst: 1 } });
    const names = ["a", "b", "c", "d", "e"].map((id) => `${id}/1-high.webp`);
    const [alone, joined, byNobodysRun, viewed, first] = names as [string, string, string, string, string];
    order(run("other", first));
    order(run("r", alone, joined, byNobodysRun, viewed, first));
    order(run("other", joined));
    accept(byNobodysRun);
    view("viewer", viewed);
    leave("viewer");
    expect(ledger.cancelRun("r", "test")).toBe(true);
    expect(ledger.getRun({ run: "r" })).toMatchObject({ state: "cancelled" });
    const states = () => names.map((key) => job(key)?.state);
    expect(states()).toEqual(["cancelled", "queued", "queued", "processing", "queued"]);
    expect(ledger.getRun({ run: "r" })).toMatchObject({ states: { cancelled: 5 } });
    expect(ledger.getRun({ run: "other" })).toMatchObject({ states: { queued: 2 } });
    ledger.cancelRun("other", "test");
    expect([joined, first].map((key) => job(key)?.state)).toEqual(["cancelled", "cancelled"]);
    expect(ledger.cancelRun("unknown", "test")).toBe(false);
  });

  it("a job tried again by hand is of none that had asked for it: they stay as they ended", () => {
    const { sql, ledger, order, retry, call, ready, settle } = setup();
    // As they are in the table: a view makes up for a member that was counted out twice.
    const counted = () => sql.exec("SELECT states FROM runs ORDER BY n").map(({ states }) => String(states));
    for (const id of ["r", "other"]) order(run(id, KEY));
    settle("o", ready("o", call("o").give)[0]!, PERMANENT);
    const before = counted();
    expect(retry(KEY)).toMatchObject({ status: "ok" });
    settle("p", ready("p", call("p").give)[0]!, STORED);
    expect(counted()).toEqual(before);
    for (const id of ["r", "other"])
      expect(ledger.getRun({ run: id })).toMatchObject({ states: { stored: 0, dead: 1 } });
  });

  it("cancels a large run in slices, and hands none of it out meanwhile", () => {
    const { ledger, transactions, call, order } = setup();
    const keys = Array.from({ length: 5_000 }, (_, n) => `i${n}/1-high.webp`);
    for (let at = 0; at < keys.length; at += 1_000) order(run("r", ...keys.slice(at, at + 1_000)));
    ledger.cancelRun("r", "test");
    expect(ledger.getRun({ run: "r" })?.states.cancelled).toBe(2_000);
    expect(call("o").give).toEqual([]);
    while (transactions.write(cancelSlices));
    expect(ledger.getRun({ run: "r" })).toMatchObject({ states: { cancelled: 5_000 } });
  });

  it("that is cancelled lets go what is in a worker's hand once it has said something, also what it has only looked at", () => {
    const { ledger, job, call, ready, settle, order } = setup();
    order(run("r", KEY));
    const [go] = ready("o", call("o").give);
    order(run("r", "b/1-high.webp"));
    const [standby] = call("o", { have: [{ ...go!, phase: "admitted" }] }).give;
    expect(standby).toMatchObject({ phase: "standby" });
    ledger.cancelRun("r", "test");
    const states = () => [KEY, "b/1-high.webp"].map((key) => job(key)?.state);
    expect(states()).toEqual(["processing", "processing"]);
    expect(call("o").stop).toMatchObject([{ id: go?.id }, { id: standby?.id }]);
    settle("o", go!, { kind: "unposted" });
    expect(states()).toEqual(["cancelled", "processing"]);
    settle("o", standby!, { kind: "unposted" });
    expect(states()).toEqual(["cancelled", "cancelled"]);
  });

  it("leaves a retried job outside the run that was cancelled", () => {
    const { ledger, job, retry, order, call } = setup();
    order(run("r", KEY));
    ledger.cancelRun("r", "test");
    expect(retry(KEY)).toMatchObject({ status: "ok" });
    expect(job(KEY)).toMatchObject({ state: "queued", run: null });
    expect(call("o").give).toMatchObject([{ key: KEY }]);
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
