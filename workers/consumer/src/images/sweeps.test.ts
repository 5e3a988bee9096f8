import { describe, expect, it } from "vitest";
import { setup } from "../ledger/testing/setup.ts";
import { passDone, passGoesOn } from "./sweeps.ts";

const KEY = "a/400-high.webp";
type World = ReturnType<typeof setup>;

const SWEEPS: [string, (world: World) => void][] = [
  ["a purge", ({ ledger }) => void ledger.purgeImage("a", null, "test")],
  [
    "a new original",
    ({ order }) => void order({ keys: [KEY], originals: [{ id: "a", order: "1", sourceEtag: null }] }),
  ],
  ["a new focal point", ({ ledger }) => void ledger.setFocal("a", [0, 0], "test")],
];

describe.each(SWEEPS)("the sweep of %s", (_, begin) => {
  function begun() {
    const world = setup();
    begin(world);
    const [pass] = world.passes();
    if (pass === undefined) throw new Error("no sweep was begun");
    const done = (one = pass) => world.transactions.write((tx) => passDone(tx, one, []));
    return { ...world, pass, done };
  }

  it("makes one pass at once, and one 16 minutes after its end", () => {
    const { clock, passes, pass, done } = begun();
    expect(pass).toMatchObject({ id: "a", pass: 1 });
    expect(passes()).toEqual([]);
    clock.advance(60);
    done();
    clock.advance(16 * 60 - 1);
    expect(passes()).toEqual([]);
    clock.advance(1);
    const [second] = passes();
    expect(second).toMatchObject({ seq: pass.seq, fence: pass.fence, id: "a", pass: 2 });
    done(second);
    clock.advance(3_600);
    expect(passes()).toEqual([]);
  });

  it("makes a pass again whose end is not reported", () => {
    const { clock, passes, pass } = begun();
    clock.advance(119);
    expect(passes()).toEqual([]);
    clock.advance(1);
    expect(passes()).toMatchObject([{ seq: pass.seq, pass: 1 }]);
  });

  it("does not take a repeated report of the first pass for the second", () => {
    const { clock, passes, done } = begun();
    done();
    done();
    clock.advance(16 * 60);
    expect(passes()).toMatchObject([{ pass: 2 }]);
  });

  it("stops a pass whose time is over, and does not take its end for that of its repeat", () => {
    const { clock, transactions, passes, pass, done } = begun();
    const goesOn = () => transactions.write((tx) => passGoesOn(tx, { ...pass }));
    expect(goesOn()).toBe(true);
    clock.advance(120);
    // The image was unlocked meanwhile, so variants that count may have the names of a list from before.
    expect(goesOn()).toBe(false);
    expect(passes()).toHaveLength(1);
    expect(goesOn()).toBe(false);
    done();
    clock.advance(120);
    expect(passes()).toMatchObject([{ seq: pass.seq, pass: 1 }]);
  });
});
