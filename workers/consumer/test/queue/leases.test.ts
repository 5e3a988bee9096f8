import { expireLeases } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import { withKeys } from "../../src/ledger/testing/keys.ts";
import { STORED, setup } from "../../src/ledger/testing/setup.ts";

const KEY = "a/400-high.webp";
const OTHER = "b/400-high.webp";
/** A ledger that was put back hands nothing out for two minutes. */
const HOLD_S = 121;

/** A world whose ledger is awake: it is called every ten seconds by somebody who wants nothing. */
function awake(...args: Parameters<typeof setup>) {
  const world = setup(...args);
  const { clock, transactions } = world;
  const pass = (seconds: number) => {
    for (let left = seconds; left > 0; left -= 10) {
      clock.advance(Math.min(10, left));
      transactions.write(expireLeases);
    }
  };
  return { ...world, pass };
}

describe("blame", () => {
  it("makes suspects of what a dead worker had in hand, and a suspect is handed out alone", () => {
    const { accept, call, pass, row } = awake();
    accept(KEY, OTHER);
    call("o");
    pass(70);
    expect([row(KEY)?.crashes, row(OTHER)?.crashes]).toEqual([1, 1]);
    const { give } = call("p");
    expect(give).toHaveLength(1);
    expect(call("p", { have: [{ ...give[0]!, phase: "standby" }] }).give).toEqual([]);
    expect(call("q").give).toHaveLength(1);
  });

  it("loses no suspect that was offered to a worker with another job: it is offered again once that is done", () => {
    const { accept, call, pass, granted, settle, row } = awake();
    accept(KEY);
    call("o");
    pass(50);
    const go = granted("p", OTHER);
    pass(20);
    expect(row(KEY)?.crashes).toBe(2);
    expect(call("p", { have: [{ ...go, phase: "admitted" }] }).give).toEqual([]);
    settle("p", go, STORED);
    expect(call("p").give).toMatchObject([{ key: KEY }]);
  });

  it("ends with a dead letter for what killed three workers by itself", () => {
    const { accept, call, pass, job } = awake();
    accept(KEY);
    for (let n = 0; n < 3; n += 1) {
      expect(call(`o${n}`).give).toHaveLength(1);
      pass(70);
    }
    expect(job(KEY)).toMatchObject({ state: "dead", error: { code: "crashed" } });
  });

  it("is none while the ledger could not be reached, or after an eviction", () => {
    const slept = setup();
    slept.accept(KEY);
    slept.call("o");
    slept.clock.advance(70);
    slept.transactions.write(expireLeases);
    expect(slept.row(KEY)?.crashes).toBe(0);

    const evicted = awake();
    evicted.accept(KEY);
    const [standby] = evicted.call("o").give;
    evicted.submit("o", evicted.ready("o", [standby!])[0]!, "j");
    const { transactions } = evicted.evict();
    for (let n = 0; n < 7; n += 1) {
      evicted.clock.advance(10);
      transactions.write(expireLeases);
    }
    expect(evicted.row(KEY)?.crashes).toBe(0);
  });

  it("does not fall on what merely waits for Ittybit", () => {
    const { granted, submit, pass, row } = awake();
    submit("o", granted("o", KEY), "j1");
    pass(70);
    expect(row(KEY)?.crashes).toBe(0);
  });

  it("is taken back by any word of the job", () => {
    const { accept, call, pass, row, ready, settle } = awake();
    accept(KEY);
    call("o");
    pass(70);
    expect(row(KEY)?.crashes).toBe(2);
    const [go] = ready("p", call("p").give);
    settle("p", go!, { kind: "pending", due: 0 });
    expect(row(KEY)?.crashes).toBe(0);
  });
});

describe("an eviction", () => {
  it("keeps who holds what was granted, and tells its holder to drop what was only looked at", () => {
    const { accept, granted, call, evict } = setup();
    const go = granted("o", KEY);
    accept(OTHER);
    const [standby] = call("o", { have: [{ ...go, phase: "admitted" }] }).give;
    expect(standby).toMatchObject({ key: OTHER, phase: "standby" });
    const have = [
      { id: go.id, gen: go.gen, phase: "admitted" as const },
      { id: standby!.id, gen: standby!.gen, phase: "ready" as const },
    ];
    const said = { asks: [], submitted: [], settled: [], leave: false };
    const answer = withKeys(evict().exchange({ owner: "o", first: false, role: "work", room: 0, have, ...said }));
    expect(answer).toMatchObject({ status: "ok", stop: [{ id: standby!.id, gen: standby!.gen }], give: [] });
  });

  it("gives no number twice", () => {
    const { accept, row, evict, clock } = setup();
    accept(KEY);
    const { gen } = row(KEY)!;
    clock.ms -= 30_000; // a clock that was set back
    evict().acceptChunk({
      run: { run: "r", label: null, lane: "bulk" },
      delivery: { id: "d", chunk: 0, hash: "h" },
      images: [{ id: "b", keys: [OTHER], order: null, sourceEtag: null }],
      force: false,
      backlogMax: 10,
    });
    expect(row(OTHER)?.gen).toBeGreaterThan(gen);
  });
});

describe("a restored copy", () => {
  it("goes on above all numbers, believes nobody, and gives what waits a new generation", () => {
    const { granted, ask, ledger, row, call, leave, clock } = setup();
    const go = granted("o", KEY);
    ledger.restored("operator");
    expect(ask("o")).toEqual({ status: "lost" });
    clock.advance(HOLD_S);
    call("p");
    leave("p");
    expect(call("q").give).toMatchObject([{ key: KEY, phase: "standby" }]);
    expect(row(KEY)?.gen).toBeGreaterThan(go.gen + 3_600_000_000);
    expect(ledger.doctorFrom()).toBe("");
  });

  it("gives a viewer a new generation too", () => {
    const { accept, view, row, ledger, clock } = setup();
    accept(KEY);
    const gen = row(KEY)?.gen ?? 0;
    ledger.restored("operator");
    clock.advance(HOLD_S);
    expect(view("v", KEY).give).toMatchObject([{ key: KEY, phase: "admitted" }]);
    expect(row(KEY)?.gen).toBeGreaterThan(gen);
  });
});
