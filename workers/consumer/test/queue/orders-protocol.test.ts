import { placeOf } from "@prewarm/durable-queue";
import { allJobs, cancelSlices, recount } from "@prewarm/durable-queue/testing";
import { jobOfKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { passDone } from "../../src/images/sweeps.ts";
import { keyOfRow, withKeys } from "../../src/ledger/testing/keys.ts";
import { PERMANENT, STORED, setup, TRANSIENT } from "../../src/ledger/testing/setup.ts";

const [A, B, C] = ["a/1-high.webp", "a/2-high.webp", "a/3-high.webp"] as const;
const OTHER = "b/1-high.webp";

/** A ledger in which three variants of one image wait for one run. */
function world(...given: Parameters<typeof setup>) {
  const made = setup(...given);
  const { sql, order, ledger, transactions, clock } = made;
  order({ run: "r", keys: [A, B, C] });
  /** The keys in orders, by order; null where a part was taken out. */
  const waiting = () =>
    sql
      .exec("SELECT parts FROM orders ORDER BY gen")
      .map(({ parts }) => (JSON.parse(String(parts)) as (string | null)[]).map((part) => part && `a/${part}`));
  const rows = () => sql.exec("SELECT grp, part FROM jobs ORDER BY grp, part").map(keyOfRow);
  /** Counts and runs are what rows and orders say, and each job is in one place. */
  const agree = () => {
    expect(transactions.read((tx) => recount(tx, false))).toEqual({ lanes: 0, runs: [] });
    const ids = allJobs(sql).map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
  };
  let workers = 0;
  /** What every worker is given until nothing is left, each job stored at once. */
  const makeAll = (): string[] => {
    const keys: string[] = [];
    for (let n = 0; n < 20; n += 1) {
      clock.advance(60);
      workers += 1;
      const owner = `all-${workers}`;
      const go = made.ready(owner, made.call(owner).give).filter(({ phase }) => phase === "go");
      for (const one of go) made.settle(owner, one, STORED);
      keys.push(...go.map(({ key }) => key));
      made.leave(owner);
    }
    agree();
    expect(allJobs(sql).filter(({ state }) => Number(state) < 2)).toEqual([]);
    return keys.sort();
  };
  const states = () => ledger.getRun("r")?.states;
  return { ...made, waiting, rows, agree, makeAll, states };
}

describe("variants that one run asked of one image", () => {
  it("wait in one row, and each leaves the row when it is stored", () => {
    const { waiting, rows, call, ready, settle, agree, sql } = world();
    expect([waiting(), rows()]).toEqual([[[A, B, C]], []]);
    const go = ready("o", call("o").give);
    expect(go.map(({ key }) => key)).toEqual([A, B, C]);
    expect(waiting()).toEqual([[A, B, C]]);
    settle("o", go[1]!, STORED);
    expect([waiting(), rows()]).toEqual([[[A, null, C]], []]);
    agree();
    settle("o", go[0]!, STORED);
    settle("o", go[2]!, STORED);
    expect([waiting(), rows(), sql.exec("SELECT * FROM claims")]).toEqual([[], [], []]);
    agree();
  });

  it("of two runs, lanes or images are orders of their own", () => {
    const { order, sql } = world();
    order({ run: "s", keys: ["a/4-high.webp", OTHER] });
    order({ run: "s", lane: "upload", keys: ["a/5-high.webp"] });
    expect(sql.exec("SELECT lane, run, grp FROM orders ORDER BY gen")).toMatchObject([
      { lane: 2, grp: "a" },
      { lane: 2, grp: "a" },
      { lane: 2, grp: "b" },
      { lane: 1, grp: "a" },
    ]);
  });

  it("are found again by an instance that knows of no offer: what is being made is not made twice", () => {
    const { call, ready, evict, leave } = world();
    expect(ready("o", call("o", { room: 1 }).give)[0]).toMatchObject({ key: A, phase: "go" });
    leave("o");
    const later = evict();
    const request = { owner: "p", first: true, role: "work" as const, room: 5, have: [], asks: [] };
    const answer = withKeys(later.exchange({ ...request, submitted: [], settled: [], leave: false }));
    expect(answer).toMatchObject({ give: [A, B, C].map((key, n) => ({ key, phase: n === 0 ? "go" : "standby" })) });
  });
});

describe("a variant that waits in an order", () => {
  it("that is viewed waits in the viewers' lane, and the others wait on", () => {
    const { view, waiting, rows, row, agree, leave, makeAll } = world();
    expect(view("v", B).give.map(({ key, urgent }) => [key, urgent])).toEqual([[B, true]]);
    expect([waiting(), rows()]).toEqual([[[A, null, C]], [B]]);
    expect(row(B)).toMatchObject({ lane: 0, state: 0, attempts: 0 });
    agree();
    leave("v");
    expect(makeAll()).toEqual([A, B, C]);
  });

  it("that is forced has a new generation and a floor, and is due", () => {
    const { order, waiting, rows, row, clock, agree, makeAll, states } = world();
    const before = row(B)!;
    order({ run: "s", keys: [B], force: true });
    expect([waiting(), rows()]).toEqual([[[A, null, C]], [B]]);
    expect(row(B)?.gen).toBeGreaterThan(before.gen);
    expect(row(B)).toMatchObject({ floor: row(B)?.gen, due: clock.ms });
    agree();
    expect(makeAll()).toEqual([A, B, C]);
    expect(states()).toMatchObject({ stored: 3 });
  });

  it("that is cancelled has ended, and the others go on", () => {
    const { cancel, job, waiting, rows, agree, makeAll, states, retry } = world();
    cancel(B);
    expect([waiting(), rows()]).toEqual([[[A, null, C]], [B]]);
    expect(job(B)?.state).toBe("cancelled");
    agree();
    expect(makeAll()).toEqual([A, C]);
    expect(states()).toMatchObject({ stored: 2, cancelled: 1 });
    retry(B);
    expect(makeAll()).toEqual([B]);
  });

  it("that is cancelled in a handler's hand ends when the handler has said something", () => {
    const { call, cancel, settle, job, waiting, agree } = world();
    const given = call("o").give.find(({ key }) => key === B);
    cancel(B);
    expect(waiting()).toEqual([[A, null, C]]);
    agree();
    settle("o", given!, { kind: "stopped" });
    expect(job(B)?.state).toBe("cancelled");
    agree();
  });

  it("that fails waits for its retry, and is dead after its attempts", () => {
    const { call, ready, settle, waiting, rows, row, clock, agree, leave, job } = world({ limits: { maxAttempts: 2 } });
    const go = ready("o", call("o").give);
    for (const one of go) if (one.key === B) settle("o", one, TRANSIENT);
    expect([waiting(), rows()]).toEqual([[[A, null, C]], [B]]);
    expect(row(B)).toMatchObject({ attempts: 1 });
    expect(row(B)?.due).toBeGreaterThan(clock.ms);
    agree();
    for (const one of go) if (one.key === A) settle("o", one, PERMANENT);
    expect(job(A)?.state).toBe("dead");
    expect([waiting(), rows()]).toEqual([[[null, null, C]], [A, B]]);
    agree();
    leave("o");
  });

  it("goes with the whole order when its image is purged", () => {
    const { purge, sql, rows, agree, states, order } = world();
    order({ run: "s", keys: [OTHER] });
    let updates = 0;
    const exec = sql.exec;
    sql.exec = (query, ...params) => {
      if (query.startsWith("UPDATE orders")) updates += 1;
      return exec(query, ...params);
    };
    purge("a");
    expect(sql.exec("SELECT grp FROM orders")).toEqual([{ grp: "b" }]);
    expect([rows(), updates]).toEqual([[], 0]);
    expect(states()).toMatchObject({ queued: 0 });
    agree();
  });

  it("gets a new generation with a new original, and is made once", () => {
    const { order, row, agree, makeAll } = world();
    const before = row(B)!.gen;
    order({ run: "s", keys: [B], originals: [{ id: "a", order: "2", sourceEtag: null }] });
    expect(row(B)?.gen).toBeGreaterThan(before);
    agree();
    expect(makeAll()).toEqual([A, B, C]);
  });

  it("that another run asks for waits on where it is, and both runs count it", () => {
    const { order, waiting, rows, agree, makeAll, ledger, states } = world();
    expect(order({ run: "s", keys: [B] })).toMatchObject({ accepted: 0, duplicates: 1 });
    expect([waiting(), rows()]).toEqual([[[A, B, C]], []]);
    expect(ledger.getRun("s")?.states).toMatchObject({ queued: 1 });
    agree();
    expect(makeAll()).toEqual([A, B, C]);
    expect(states()).toMatchObject({ stored: 3 });
    expect(ledger.getRun("s")?.states).toMatchObject({ queued: 0, stored: 1 });
  });

  it("of a cancelled run is left to the run that joined it, also in the other one's order", () => {
    const { order, ledger, transactions, agree, states, job, makeAll } = world();
    order({ run: "s", keys: [B, OTHER] });
    ledger.cancelRun("s", "test");
    while (transactions.write(cancelSlices));
    agree();
    expect(job(OTHER)?.state).toBe("cancelled");
    expect(ledger.getRun("s")?.states).toMatchObject({ queued: 0, cancelled: 2 });
    order({ run: "t", keys: [C] });
    ledger.cancelRun("r", "test");
    while (transactions.write(cancelSlices));
    agree();
    expect(states()).toMatchObject({ queued: 0, cancelled: 3 });
    expect(makeAll()).toEqual([C]);
  });

  it("of a locked image lets the others of its line pass, and is the next when the lock ends", () => {
    const { order, call, leave, ledger, clock, transactions, makeAll } = world();
    for (const id of ["b", "c"]) {
      clock.advance(1);
      order({ run: "r", keys: [`${id}/1-high.webp`] });
    }
    transactions.write((tx) => {
      tx.images.load(["a"]);
      tx.images.get("a").lock = clock.ms + 30_000;
    });
    expect(call("o", { room: 1 }).give.map(({ key }) => key)).toEqual([OTHER]);
    expect(ledger.stats().counts.bulk.queued).toBe(5);
    clock.advance(31);
    expect(call("p", { room: 1 }).give.map(({ key }) => key)).toEqual([A]);
    for (const owner of ["o", "p"]) leave(owner);
    expect(makeAll()).toEqual([A, B, C, OTHER, "c/1-high.webp"]);
  });

  it("of a locked image is not lost where all jobs of all lines are of locked images", () => {
    const { order, call, clock, transactions, makeAll } = world();
    order({ run: "s", keys: [OTHER] });
    transactions.write((tx) => {
      for (const id of ["a", "b"]) tx.images.get(id).lock = clock.ms + 30_000;
    });
    expect(call("o", { room: 3 }).give).toEqual([]);
    clock.advance(31);
    expect(makeAll()).toEqual([A, B, C, OTHER]);
  });

  it("of a locked image goes at once when the image is unlocked", () => {
    const { call, leave, purge, order, transactions, makeAll } = world();
    const pass = purge("a");
    order({ run: "r", keys: [A, B, C] });
    expect(call("o").give).toEqual([]);
    transactions.write((tx) => passDone(tx, pass, []));
    expect(call("o").give.map(({ key }) => key)).toEqual([A, B, C]);
    leave("o");
    expect(makeAll()).toEqual([A, B, C]);
  });

  it("is handed out again when its handler leaves without it", () => {
    const { call, leave, waiting, rows, makeAll } = world();
    expect(call("o").give).toHaveLength(3);
    leave("o");
    expect([waiting(), rows()]).toEqual([[[A, B, C]], []]);
    expect(makeAll()).toEqual([A, B, C]);
  });

  it("is renewed when it is handed out after a restore", () => {
    const { ledger, clock, makeAll, row, states } = world();
    const before = row(B)!.gen;
    ledger.restored("test");
    clock.advance(130);
    expect(makeAll()).toEqual([A, B, C]);
    expect(states()).toMatchObject({ stored: 3 });
    expect(before).toBeGreaterThan(0);
  });
});

it("a key whose place another key has gets a row of its own", () => {
  const { order, sql, row, makeAll } = setupPair();
  const [one, two] = collision();
  order({ run: "r", keys: [one] });
  order({ run: "r", keys: [two] });
  const rows = sql.exec("SELECT grp, part, due IS NULL AS untouched FROM jobs");
  expect(rows.map((raw) => [keyOfRow(raw), raw.untouched])).toEqual([[two, 0]]);
  expect(row(two)?.id).toBe(row(one)!.id + 1);
  expect(makeAll()).toEqual([one, two].sort());
});

function setupPair() {
  const made = world();
  made.purge("a");
  return made;
}

/** Two keys of one image with one first place. `test`: the id of the ledgers of tests. */
function collision(): [string, string] {
  const seen = new Map<number, string>();
  for (let n = 1; ; n += 1) {
    const key = `pair/${n}-high.webp`;
    const place = placeOf(jobOfKey(key), "test");
    const other = seen.get(place);
    if (other !== undefined) return [other, key];
    seen.set(place, key);
  }
}
