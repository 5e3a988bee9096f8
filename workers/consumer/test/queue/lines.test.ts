import { placeOf } from "@prewarm/durable-queue";
import { cancelSlices, recount } from "@prewarm/durable-queue/testing";
import { jobOfKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { passDone } from "../../src/images/sweeps.ts";
import { withKeys } from "../../src/ledger/testing/keys.ts";
import { STORED, setup } from "../../src/ledger/testing/setup.ts";

const [A, B, C] = ["a/1-high.webp", "a/2-high.webp", "a/3-high.webp"] as const;
const OTHER = "b/1-high.webp";

/** A ledger in which three variants of one image wait for one run. */
function world() {
  const made = setup();
  const { sql, order, transactions, clock } = made;
  order({ run: "r", keys: [A, B, C] });
  /** Counts and runs are what the rows say. */
  const agree = () => expect(transactions.read((tx) => recount(tx, false))).toEqual({ lanes: 0, runs: [] });
  let workers = 0;
  /** The keys that a new worker gets, which has room for so many jobs. It stores them, and leaves. */
  const make = (room: number): string[] => {
    workers += 1;
    clock.advance(1);
    const owner = `worker-${workers}`;
    const { give } = made.call(owner, { room });
    const have = give.map((one) => ({ ...one, phase: "ready" as const }));
    for (const one of made.call(owner, { room: 0, have }).give) made.settle(owner, one, STORED);
    made.leave(owner);
    return give.map(({ key }) => key);
  };
  /** The keys that workers get until nothing is left. */
  const makeAll = (): string[] => {
    const keys = Array.from({ length: 20 }, () => make(40)).flat();
    agree();
    expect(sql.exec("SELECT * FROM jobs WHERE due IS NOT NULL")).toEqual([]);
    return keys.sort();
  };
  return { ...made, agree, make, makeAll };
}

const lock = ({ transactions }: ReturnType<typeof world>, id: string, until: number) =>
  transactions.write((tx) => {
    tx.images.load([id]);
    tx.images.get(id).lock = until;
  });
const keysOf = (id: string, n: number) => Array.from({ length: n }, (_, at) => `${id}/${at + 1}-high.webp`);

describe("the jobs of a run", () => {
  it("are rows from their acceptance until they are stored, due at once", () => {
    const { sql, clock, makeAll } = world();
    const rows = () => sql.exec("SELECT due, created, updated FROM jobs");
    expect(rows()).toEqual(Array(3).fill({ due: clock.ms, created: clock.ms, updated: 0 }));
    expect(makeAll()).toEqual([A, B, C]);
    expect(rows()).toEqual([]);
  });

  it("go in the order of arrival, those of one call too", () => {
    const { order, make, clock } = world();
    const first = Array.from({ length: 30 }, (_, n) => `i${(n * 7) % 30}/1-high.webp`);
    order({ run: "r", keys: first });
    clock.advance(1);
    order({ run: "r", keys: ["last/1-high.webp"] });
    const found = [];
    for (let n = 0; n < 40; n += 1) found.push(...make(1));
    expect(found).toEqual([A, B, C, ...first, "last/1-high.webp"]);
  });

  it("of one image go together beyond what is wanted, and of no more than that image", () => {
    const { order, call } = world();
    order({ run: "r", keys: keysOf("big", 8) });
    order({ run: "r", keys: keysOf("next", 9) });
    const images = call("o").give.map(({ key }) => key.split("/")[0]);
    const last = images.at(-1) ?? "";
    const complete = { a: 3, big: 8, next: 9 }[last];
    expect(images.filter((image) => image === last)).toHaveLength(complete ?? 0);
  });

  it("take turns with those of other runs, over calls and however many runs there are", () => {
    const { order, make } = world();
    for (let run = 0; run < 30; run += 1) order({ run: `s${run}`, keys: keysOf(`s${run}`, 2) });
    const images = Array.from({ length: 31 }, () => make(1)[0]?.split("/")[0]);
    expect(new Set(images).size).toBe(31);
    expect(make(1)).toEqual([B]);
  });

  it("are found again by an instance that knows of no turn: a job that is made is not made twice", () => {
    const { call, ready, evict, leave } = world();
    expect(ready("o", call("o", { room: 1 }).give)[0]).toMatchObject({ key: A, phase: "admitted" });
    leave("o");
    const later = evict();
    const request = { owner: "p", first: true, role: "work" as const, room: 5, have: [], asks: [] };
    const answer = withKeys(later.exchange({ ...request, submitted: [], settled: [], leave: false }));
    expect(answer).toMatchObject({
      give: [A, B, C].map((key, n) => ({ key, phase: n === 0 ? "admitted" : "standby" })),
    });
  });

  it("are left to the run that joined them when their own run is cancelled", () => {
    const { order, ledger, transactions, agree, job, makeAll } = world();
    order({ run: "s", keys: [B, OTHER] });
    expect(ledger.getRun({ run: "s" })?.states).toMatchObject({ queued: 2 });
    ledger.cancelRun("s", "test");
    while (transactions.write(cancelSlices));
    agree();
    expect(job(OTHER)?.state).toBe("cancelled");
    order({ run: "t", keys: [C] });
    ledger.cancelRun("r", "test");
    while (transactions.write(cancelSlices));
    agree();
    expect(ledger.getRun({ run: "r" })?.states).toMatchObject({ queued: 0, cancelled: 3 });
    expect(makeAll()).toEqual([C]);
    expect(ledger.getRun({ run: "t" })?.states).toMatchObject({ stored: 1 });
  });

  it("are handed out again when their handler leaves without them, and renewed after a restore", () => {
    const { call, leave, ledger, clock, makeAll } = world();
    expect(call("o").give).toHaveLength(3);
    leave("o");
    expect(call("p").give).toHaveLength(3);
    ledger.restored("test");
    clock.advance(130);
    expect(makeAll()).toEqual([A, B, C]);
  });
});

describe("the jobs of a locked image", () => {
  it("let the others of their line pass, and go when the lock ends", () => {
    const made = world();
    const { order, ledger, clock, make, makeAll } = made;
    order({ run: "r", keys: [OTHER] });
    lock(made, "a", clock.ms + 30_000);
    expect(make(1)).toEqual([OTHER]);
    expect(ledger.stats().counts.bulk.queued).toBe(3);
    expect(make(1)).toEqual([]);
    clock.advance(31);
    expect(make(1)).toEqual([A]);
    expect(makeAll()).toEqual([B, C]);
  });

  it("keep no job behind them waiting, however many they are", () => {
    const made = world();
    const { order, clock, make } = made;
    order({ run: "r", keys: [...keysOf("a", 400), OTHER] });
    lock(made, "a", clock.ms + 3_600_000);
    const found = Array.from({ length: 10 }, () => make(1)).flat();
    expect(found).toEqual([OTHER]);
  });

  it("go at once, and before later ones, when the image is unlocked", () => {
    const { purge, order, transactions, clock, make } = world();
    const pass = purge("a");
    order({ run: "r", keys: [A, B, C] });
    expect(make(5)).toEqual([]);
    clock.advance(1);
    order({ run: "r", keys: [OTHER] });
    transactions.write((tx) => passDone(tx, pass, []));
    expect(make(5)).toEqual([A, B, C, OTHER]);
  });
});

it("a key whose place another key has gets the next place", () => {
  const { order, row, purge, makeAll } = world();
  purge("a");
  const [one, two] = collision();
  order({ run: "r", keys: [one] });
  order({ run: "r", keys: [two] });
  expect(row(two)?.id).toBe(row(one)!.id + 1);
  expect(makeAll()).toEqual([one, two].sort());
});

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
