import { pruneSlice, type Round } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import { OWN_RULES } from "../ledger/tables/own-tables.ts";
import { STORED, setup } from "../ledger/testing/setup.ts";
import { passDone } from "./sweeps.ts";

const CROP = "a/400x400-cover-high.webp";
const PLACED = "a/400x400-cover-top-high.webp";
const FITTED = "a/400x400-contain-high.webp";
const WHOLE = "a/400-high.webp";
const OF_ANOTHER = "b/400x400-cover-high.webp";
const ALL = [CROP, PLACED, FITTED, WHOLE, OF_ANOTHER];
const POINT = [0.25, 0.75] as const;

function world() {
  const made = setup();
  const set = (focal: readonly [number, number] | null) => made.ledger.setFocal("a", focal, "anna");
  const shown = () => made.ledger.imageRows("a", []).focal;
  const gens = () => ALL.map((key) => made.row(key)?.gen);
  return { ...made, set, shown, gens };
}

describe("another focal point", () => {
  it("outdates waiting crops without pos of its image, and no other variant", () => {
    const { accept, set, gens, row, clock } = world();
    accept(...ALL);
    const before = gens();
    expect(set(POINT)).toEqual({ changed: true });
    const isOutdated = gens().map((gen, at) => (gen ?? 0) > (before[at] ?? 0));
    expect(isOutdated).toEqual([true, false, false, false, false]);
    expect(row(CROP)?.due).toBe(clock.ms);
  });

  it("orders the stored crops without pos again, and no other variant, at once and 16 minutes later", () => {
    const { set, passes, transactions, row, clock } = world();
    set(POINT);
    const found = ALL.filter((key) => key !== OF_ANOTHER).map((key) => ({ key, gen: 5 }));
    const [first] = passes();
    transactions.write((tx) => passDone(tx, first!, found));
    expect(ALL.map((key) => row(key) !== null)).toEqual([true, false, false, false, false]);
    expect(row(CROP)).toMatchObject({ lane: 1, state: 0, due: clock.ms });
    const late = "a/800x800-cover-high.webp";
    clock.advance(16 * 60);
    const [second] = passes();
    transactions.write((tx) => passDone(tx, second!, [{ key: late, gen: 6 }, ...found.slice(1)]));
    expect([row(late) !== null, row(WHOLE)]).toEqual([true, null]);
    clock.advance(3_600);
    expect(passes()).toEqual([]);
  });

  it("leaves a crop that was made since as it is", () => {
    const { set, made, passes, transactions, row } = world();
    set(POINT);
    const { gen } = made(CROP);
    const [pass] = passes();
    transactions.write((tx) => passDone(tx, pass!, [{ key: CROP, gen }]));
    expect(row(CROP)).toBeNull();
  });

  it("outdates every older crop, and no older whole picture", () => {
    const { set, made, accept, call, settle, row } = world();
    const old = new Map([CROP, WHOLE].map((key) => [key, made(key).gen]));
    set(POINT);
    accept(CROP, WHOLE);
    for (const given of call("o").give) {
      const objectGen = old.get(given.key) ?? 0;
      expect(given.floor > objectGen).toBe(given.key === CROP);
      settle("o", given, { kind: "present", objectGen, bytes: 9, posted: false });
    }
    expect([row(CROP)?.state, row(WHOLE)]).toEqual([0, null]);
  });

  it("makes the job stale that makes a crop by the old point", () => {
    const { set, granted, submit, call, settle, row } = world();
    const go = granted("o", CROP);
    submit("o", go);
    set(POINT);
    expect(call("o").stop).toEqual([{ id: go.id, gen: go.gen }]);
    settle("o", go, STORED);
    expect(row(CROP)?.gen).toBeGreaterThan(go.gen);
  });

  it("comes with the jobs of crops without pos, and with no other job", () => {
    const { set, accept, call, row } = world();
    set(POINT);
    accept(...ALL);
    const { give, focals } = call("o");
    expect(give).toHaveLength(ALL.length);
    expect(focals).toEqual({ [row(CROP)?.id ?? 0]: POINT });
  });

  it("is one change, and one entry of the audit log, however often it is set", () => {
    const { set, accept, gens, ledger } = world();
    set(POINT);
    accept(CROP);
    const before = gens();
    expect(set([...POINT])).toEqual({ changed: false });
    expect(gens()).toEqual(before);
    const { entries } = ledger.listAudit({ limit: 10, cursor: null });
    expect(entries.filter(({ what }) => what === "image.focal")).toMatchObject([
      { who: "anna", target: "a", details: { focal: POINT } },
    ]);
  });

  it("is removed by null: crops show the centre again", () => {
    const { set, accept, call, gens, shown } = world();
    expect(set(null)).toEqual({ changed: false });
    set(POINT);
    accept(CROP);
    const before = gens();
    expect(set(null)).toEqual({ changed: true });
    expect(gens()[0]).toBeGreaterThan(before[0] ?? 0);
    expect([shown(), call("o").focals]).toEqual([null, {}]);
  });
});

describe("a focal point", () => {
  it("outlives a purge, a new original, an eviction and every round of pruning", () => {
    const { set, purge, order, evict, clock, transactions, sql, shown } = world();
    set(POINT);
    purge("a");
    order({ keys: [WHOLE], originals: [{ id: "a", order: "9", sourceEtag: "x" }] });
    expect(shown()).toEqual(POINT);
    const forget = () => {
      clock.advance(400 * 86_400);
      const round: Round = { next: 0, step: 0, busy: false, above: "", left: 0, oldest: clock.ms, keep: {} };
      while (transactions.write((tx) => pruneSlice(tx, round, OWN_RULES)));
      return Number(sql.exec("SELECT (SELECT count(*) FROM focals) AS n")[0]?.n);
    };
    expect(forget()).toBe(1);
    expect(evict().imageRows("a", []).focal).toEqual(POINT);
    set(null);
    expect(forget()).toBe(0);
  });

  it("comes with an upload, and stays as it is after an upload without one, or an older upload", () => {
    const { ledger, shown } = world();
    let n = 0;
    const upload = (order: string, focal?: readonly [number, number] | null) => {
      n += 1;
      const image = { id: "a", keys: [CROP], order, sourceEtag: null, ...(focal === undefined ? {} : { focal }) };
      ledger.acceptChunk({
        run: { run: "r", label: null, lane: "upload" },
        delivery: { id: `d${n}`, chunk: 0, hash: "h" },
        images: [image],
        force: false,
        backlogMax: 1000,
      });
    };
    upload("5", POINT);
    expect(shown()).toEqual(POINT);
    upload("6");
    expect(shown()).toEqual(POINT);
    upload("4", [0, 0]);
    expect(shown()).toEqual(POINT);
    upload("7", null);
    expect(shown()).toBeNull();
  });
});
