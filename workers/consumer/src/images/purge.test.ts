import { expireLeases } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import { STORED, setup } from "../ledger/testing/setup.ts";
import { passDone, passGoesOn } from "./sweeps.ts";

const KEY = "a/400-high.webp";

describe("purge", () => {
  it("deletes the image's rows at once, and raises its floor above all its objects", () => {
    const { transactions, row, accept, made, purge, passes, image } = setup();
    const { gen } = made(KEY);
    accept("a/2-high.webp", "ab/1-high.webp");
    const pass = purge("a");
    expect(pass).toMatchObject({ id: "a", kind: "delete", pass: 1 });
    expect(pass.fence).toBeGreaterThan(gen);
    expect(row("a/2-high.webp")).toBeNull();
    expect(row("ab/1-high.webp")).not.toBeNull();
    expect(image("a")).toEqual({ locked: true, floor: pass.fence });
    transactions.write((tx) => passDone(tx, pass, []));
    expect(image("a").locked).toBe(false);
    expect(passes()).toEqual([]);
  });

  it("locks the image from the call on, and in the second pass again", () => {
    const { clock, ledger, transactions, passes, image } = setup();
    ledger.purgeImage("a", null, "test");
    expect(image("a").locked).toBe(true);
    const [first] = passes();
    transactions.write((tx) => passDone(tx, first!, []));
    clock.advance(16 * 60);
    const [second] = passes();
    expect(image("a").locked).toBe(true);
    transactions.write((tx) => passDone(tx, second!, []));
    expect(image("a").locked).toBe(false);
  });

  it("delays its second pass, under the lock, while a worker holds a job of the image", () => {
    const { clock, transactions, settle, granted, purge, passes, image } = setup();
    const begun = purge("a");
    transactions.write((tx) => passDone(tx, begun, []));
    clock.advance(16 * 60 - 1);
    const go = granted("o", KEY);
    clock.advance(1);
    expect(passes()).toEqual([]);
    expect(image("a").locked).toBe(true);
    settle("o", go, STORED);
    clock.advance(5);
    expect(passes()).toMatchObject([{ pass: 2 }]);
  });

  it("keeps the lock when a pass ends while another purge of the image makes its second pass", () => {
    const { clock, transactions, purge, passes, image } = setup();
    const begun = purge("a");
    transactions.write((tx) => passDone(tx, begun, []));
    clock.advance(60);
    const later = purge("a");
    transactions.write((tx) => passDone(tx, later, []));
    clock.advance(15 * 60);
    const [first] = passes();
    clock.advance(60);
    const [second] = passes();
    expect([first, second]).toMatchObject([{ pass: 2 }, { pass: 2 }]);
    transactions.write((tx) => passDone(tx, second!, []));
    expect(image("a").locked).toBe(true);
    transactions.write((tx) => passDone(tx, first!, []));
    expect(image("a").locked).toBe(false);
  });

  it("hands out no job of the image during a pass, and its new jobs afterwards", () => {
    const { clock, transactions, accept, call, purge } = setup();
    const pass = purge("a");
    accept(KEY);
    expect(call("o").give).toEqual([]);
    clock.advance(1);
    transactions.write((tx) => passDone(tx, pass, []));
    expect(call("o").give).toMatchObject([{ key: KEY }]);
  });

  it("makes one more pass at once for objects that were stored below it, and the second pass in its time", () => {
    const { clock, transactions, granted, settle, purge, passes, image } = setup();
    const [go, other] = [granted("o", KEY), granted("o", "a/800-high.webp")];
    const first = purge("a");
    settle("o", go, STORED);
    settle("o", other, STORED);
    const [more, ...rest] = passes();
    expect([more, rest]).toMatchObject([{ id: "a", fence: first.fence, pass: 2 }, []]);
    transactions.write((tx) => passDone(tx, first, []));
    expect(image("a").locked).toBe(true);
    transactions.write((tx) => passDone(tx, more!, []));
    expect(image("a").locked).toBe(false);
    clock.advance(16 * 60);
    expect(passes()).toMatchObject([{ id: "a", fence: first.fence, pass: 2 }]);
  });

  it("keeps a row's slot when a worker dies with its job", () => {
    const { clock, transactions, granted, purge, row, abandoned } = setup();
    const go = granted("o", KEY);
    const begun = purge("a");
    transactions.write((tx) => passDone(tx, begun, []));
    clock.advance(90);
    transactions.write(expireLeases);
    expect(row(KEY)).toBeNull();
    expect(abandoned()).toMatchObject([{ gen: go.gen }]);
  });

  it("keeps its lock from slice to slice", () => {
    const { clock, transactions, purge, image } = setup();
    const pass = purge("a");
    for (let slice = 0; slice < 3; slice += 1) {
      clock.advance(100);
      expect(transactions.write((tx) => passGoesOn(tx, pass))).toBe(true);
    }
    clock.advance(100);
    expect(image("a").locked).toBe(true);
  });

  it("goes before new originals", () => {
    const { clock, ledger, order, passes } = setup();
    order({ keys: ["b/400-high.webp"], originals: [{ id: "b", order: "1", sourceEtag: null }] });
    clock.advance(1);
    ledger.purgeImage("c", null, "test");
    expect(passes()).toMatchObject([{ id: "c" }, { id: "b" }]);
  });
});
