import { describe, expect, it } from "vitest";
import { setup, TRANSIENT } from "../testing/setup.ts";

// One test for each line of the table in docs/protocol.md, in its order.
const KEY = "a/400-high.webp";
const MATE = "a/800-high.webp";

describe("claim", () => {
  it("gives the same answer again to the same owner", () => {
    const { clock, sql, ledger, accept } = setup();
    accept(KEY);
    const ask = () => ledger.claim("o", [{ keys: [KEY], live: false, at: clock.ms }]).claims;
    const first = ask();
    const before = JSON.stringify(sql.exec("SELECT * FROM jobs"));
    expect(ask()).toEqual(first);
    expect(JSON.stringify(sql.exec("SELECT * FROM jobs"))).toBe(before);
  });

  it("parks what a purge has locked, and makes no row", () => {
    const { clock, row, claim, accept, purge } = setup();
    purge("a");
    accept(KEY);
    expect(claim("o", KEY)).toEqual({ do: "parked", until: clock.ms + 120_000 });
    expect(row(KEY)).toMatchObject({ owner: null, due: clock.ms + 120_000, hold: 0 });
    expect(claim("o", MATE, true)).toEqual({ do: "parked", until: clock.ms + 120_000 });
    expect(row(MATE)).toBeNull();
  });

  it("drops a key without a row, unless a viewer waits: then the row is born and run", () => {
    const { row, claim } = setup();
    expect(claim("o", KEY)).toEqual({ do: "drop", reason: "unknown" });
    expect(claim("o", KEY, true)).toMatchObject({ do: "run", floor: 0, input: null, attempts: 0, granted: "first" });
    expect(row(KEY)).toMatchObject({ lane: 0, state: 1, owner: "o", granted: 1 });
  });

  it("lets views make a bounded number of rows for one image and day", () => {
    const { clock, claim } = setup({ limits: { liveRowsPerImageDay: 2 } });
    const key = (width: number) => `a/${width}-high.webp`;
    expect([1, 2].map((width) => claim("o", key(width), true).do)).toEqual(["run", "run"]);
    expect(claim("o", key(3), true)).toEqual({ do: "drop", reason: "capped" });
    expect(claim("o", "b/1-high.webp", true).do).toBe("run");
    clock.advance(86_400);
    expect(claim("p", key(3), true).do).toBe("run");
  });

  it("calls a leased row a duplicate; a viewer raises its lane", () => {
    const { row, claim, granted } = setup();
    granted("o", KEY);
    expect(claim("p", KEY, true)).toEqual({ do: "duplicate" });
    expect(row(KEY)).toMatchObject({ owner: "o", lane: 0 });
  });

  it("keeps a lease that is over for 30 s when its row has an intent", async () => {
    const { clock, row, claim, granted, cancel } = setup();
    granted("o", KEY);
    await cancel(KEY);
    clock.advance(60 + 29);
    expect(claim("p", KEY)).toEqual({ do: "duplicate" });
    clock.advance(1);
    expect(claim("p", KEY)).toEqual({ do: "drop", reason: "cancelled" });
    expect(row(KEY)).toMatchObject({ state: 5, owner: null });
  });

  it("rescues a row whose lease is over and goes on", () => {
    const { clock, row, claim, granted } = setup();
    const gen = granted("o", KEY);
    clock.advance(60);
    expect(claim("p", KEY)).toMatchObject({ do: "run", gen, granted: "again" });
    expect(row(KEY)?.crashes).toBeGreaterThan(0);
  });

  it("has nothing to do for a stored row, unless a view missed it since: then R2 is to be looked at", () => {
    const { clock, ledger, row, claim, made } = setup();
    const gen = made(KEY);
    expect(claim("o", KEY)).toEqual({ do: "done" });
    expect(ledger.claim("o", [{ keys: [KEY], live: true, at: clock.ms - 1 }]).claims[KEY]).toEqual({ do: "done" });
    clock.advance(1);
    expect(claim("o", KEY, true)).toEqual({ do: "verify", gen, floor: 0 });
    expect(row(KEY)).toMatchObject({ state: 3, owner: "o" });
  });

  it("drops a dead row until a view comes after its time", () => {
    const { clock, row, claim, settle, granted } = setup();
    const gen = granted("o", KEY);
    settle("o", KEY, { kind: "refused", code: "missing", until: clock.ms + 60_000, message: "404" });
    expect(claim("p", KEY, true)).toEqual({ do: "drop", reason: "dead" });
    clock.advance(60);
    expect(claim("p", KEY)).toEqual({ do: "drop", reason: "dead" });
    const revived = claim("p", KEY, true);
    expect(revived).toMatchObject({ do: "run", attempts: 0 });
    expect(row(KEY)?.gen).toBeGreaterThan(gen);
  });

  it("drops a cancelled row, and revives it for a viewer under a new generation", async () => {
    const { row, claim, settle, granted, cancel } = setup();
    const gen = granted("o", KEY);
    await cancel(KEY);
    settle("o", KEY, { kind: "stopped" });
    expect(claim("p", KEY)).toEqual({ do: "drop", reason: "cancelled" });
    expect(claim("p", KEY, true)).toMatchObject({ do: "run" });
    expect(row(KEY)?.gen).toBeGreaterThan(gen);
  });

  it("drops what only a cancelled run asked for, before its slices have come to it", () => {
    const { sql, row, claim, order } = setup();
    order({ run: "r", lane: "bulk", keys: [KEY] });
    sql.exec("UPDATE runs SET cancelled_at = 1, cancel_cursor = 1");
    expect(claim("o", KEY)).toEqual({ do: "drop", reason: "cancelled" });
    expect(row(KEY)?.state).toBe(5);
  });

  it("parks what is not due yet", () => {
    const { row, claim, settle, granted } = setup();
    granted("o", KEY);
    settle("o", KEY, TRANSIENT);
    const due = row(KEY)?.due;
    expect(claim("p", KEY)).toEqual({ do: "parked", until: due });
    expect(claim("p", KEY, true)).toEqual({ do: "parked", until: due });
  });

  it("resumes what Ittybit already has, without a token, and while all lanes are paused", () => {
    const { clock, ledger, claim, settle, submit, granted } = setup({ gate: { ratePerSecond: 0.001, burst: 1 } });
    const gen = granted("o", KEY);
    submit("o", KEY, gen, "j1");
    settle("o", KEY, { kind: "pending", due: clock.ms });
    ledger.patchGate({ paused: { live: true, upload: true, bulk: true } }, "test");
    expect(claim("p", KEY)).toEqual({
      do: "resume",
      gen,
      floor: 0,
      ittybitJob: "j1",
      submittedAt: clock.ms,
      attempts: 0,
    });
  });

  it("parks a paused lane's rows and drops a live row that would be born", () => {
    const { ledger, row, claim, accept } = setup();
    ledger.patchGate({ paused: { live: true, bulk: true } }, "test");
    accept(KEY);
    expect(claim("o", KEY).do).toBe("parked");
    expect(claim("o", MATE, true)).toEqual({ do: "drop", reason: "paused" });
    expect(row(MATE)).toBeNull();
  });

  it("takes a new generation when the old one's idempotency key is no longer replayed", () => {
    const { clock, claim, settle, granted } = setup();
    const gen = granted("o", KEY);
    settle("o", KEY, { kind: "unclear", failure: { code: "upstream_unclear", message: "timeout" } });
    clock.advance(23 * 3600 + 1);
    const answer = claim("p", KEY);
    expect(answer).toMatchObject({ do: "run", granted: "first" });
    expect(answer.do === "run" && answer.gen).toBeGreaterThan(gen);
  });

  it("parks without a slot, leaving a tenth to viewers and uploads", () => {
    const { claim, accept, slots } = setup({ gate: { concurrency: 2 } });
    accept("a/1-high.webp", "b/1-high.webp");
    expect(claim("o", "a/1-high.webp").do).toBe("run");
    expect(claim("o", "b/1-high.webp").do).toBe("parked");
    expect(claim("o", "c/1-high.webp", true).do).toBe("run");
    expect(claim("o", "d/1-high.webp", true).do).toBe("parked");
    expect(slots()).toBe(2);
  });

  it("hands out tokens ahead of time, at most 20 s", () => {
    const { clock, ledger, accept } = setup({ gate: { ratePerSecond: 0.1, burst: 1 } });
    const keys = ["a/1-high.webp", "b/1-high.webp", "c/1-high.webp", "d/1-high.webp"];
    accept(...keys);
    const { claims } = ledger.claim("o", [{ keys, live: false, at: clock.ms }]);
    const waits = keys.map((key) => {
      const answer = claims[key];
      return answer?.do === "run" ? answer.notBefore - clock.ms : answer?.do;
    });
    expect(waits).toEqual([0, 10_000, 20_000, "parked"]);
  });

  it("runs at most one suspect in a claim, after its innocent mates", () => {
    const { clock, ledger, steps, row, accept } = setup();
    const keys = ["a/1-high.webp", "b/1-high.webp"];
    accept(...keys);
    ledger.claim("o", [{ keys, live: false, at: clock.ms }]);
    clock.advance(60);
    steps.sweep();
    accept("c/1-high.webp");
    const { claims } = ledger.claim("p", [{ keys: [...keys, "c/1-high.webp"], live: false, at: clock.ms }]);
    expect(Object.entries(claims).map(([key, answer]) => `${key[0]} ${answer.do}`)).toEqual([
      "c run",
      "a run",
      "b parked",
    ]);
    expect(row("b/1-high.webp")?.due).toBeGreaterThan(clock.ms);
  });

  it("serves viewers first when tokens are short", () => {
    const { clock, ledger, accept } = setup({ gate: { concurrency: 1 } });
    accept("a/1-high.webp");
    const { claims } = ledger.claim("o", [
      { keys: ["a/1-high.webp"], live: false, at: clock.ms },
      { keys: ["b/1-high.webp"], live: true, at: clock.ms },
    ]);
    expect(claims["b/1-high.webp"]?.do).toBe("run");
    expect(claims["a/1-high.webp"]?.do).toBe("parked");
  });

  it("lets a viewer take over a bulk row that only waits for the gate", () => {
    const { ledger, row, claim, accept } = setup();
    ledger.patchGate({ paused: { bulk: true } }, "test");
    accept(KEY);
    expect(claim("o", KEY).do).toBe("parked");
    expect(claim("o", KEY, true).do).toBe("run");
    expect(row(KEY)?.lane).toBe(0);
  });
});
