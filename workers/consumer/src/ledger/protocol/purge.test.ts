import { describe, expect, it } from "vitest";
import { STORED, setup } from "../testing/setup.ts";
import { sweep } from "./leases.ts";
import { purgeContinue, purgeDue, purgeEnd } from "./purge.ts";

const KEY = "a/400-high.webp";

describe("purge", () => {
  it("deletes the image's rows at once, and raises its floor above all that was made", () => {
    const { transactions, row, accept, made, purge, image } = setup();
    const { gen } = made(KEY);
    accept("a/2-high.webp", "ab/1-high.webp");
    const task = purge("a");
    expect(task).toMatchObject({ id: "a", look: 1 });
    expect(task.floor).toBeGreaterThan(gen);
    expect(row("a/2-high.webp")).toBeNull();
    expect(row("ab/1-high.webp")).not.toBeNull();
    expect(image("a")).toEqual({ locked: true, floor: task.floor });
    transactions.write((tx) => purgeEnd(tx, task));
    expect(image("a").locked).toBe(false);
    expect(transactions.write(purgeDue)).toBeNull();
  });

  it("is run again while nobody has reported its end, and looks a second time after 16 minutes", () => {
    const { clock, transactions, purge, image } = setup();
    const first = purge("a");
    clock.advance(120);
    expect(transactions.write(purgeDue)).toEqual(first);
    expect(transactions.write(purgeDue)).toBeNull();
    transactions.write((tx) => purgeEnd(tx, first));
    clock.advance(16 * 60 - 1);
    expect(transactions.write(purgeDue)).toBeNull();
    clock.advance(1);
    const second = transactions.write(purgeDue);
    expect(second).toEqual({ ...first, look: 2 });
    expect(image("a").locked).toBe(true);
    transactions.write((tx) => purgeEnd(tx, second!));
    clock.advance(3_600);
    expect(transactions.write(purgeDue)).toBeNull();
    expect(image("a").locked).toBe(false);
  });

  it("does not take a first look's end that is told twice for the second", () => {
    const { clock, transactions, purge } = setup();
    const task = purge("a");
    transactions.write((tx) => purgeEnd(tx, task));
    transactions.write((tx) => purgeEnd(tx, task));
    clock.advance(16 * 60);
    expect(transactions.write(purgeDue)).toMatchObject({ look: 2 });
  });

  it("waits with its second look, with the lock on, while a worker holds a job of the image", () => {
    const { clock, transactions, settle, granted, purge, image } = setup();
    const begun = purge("a");
    transactions.write((tx) => purgeEnd(tx, begun));
    clock.advance(16 * 60 - 1);
    const go = granted("o", KEY);
    clock.advance(1);
    expect(transactions.write(purgeDue)).toBeNull();
    expect(image("a").locked).toBe(true);
    settle("o", go, STORED);
    clock.advance(5);
    expect(transactions.write(purgeDue)).not.toBeNull();
  });

  it("leaves the lock on when it ends while another purge of the image is making its second look", () => {
    const { clock, transactions, purge, image } = setup();
    const begun = purge("a");
    transactions.write((tx) => purgeEnd(tx, begun));
    clock.advance(60);
    const later = purge("a");
    transactions.write((tx) => purgeEnd(tx, later));
    clock.advance(15 * 60);
    const first = transactions.write(purgeDue);
    clock.advance(60);
    const second = transactions.write(purgeDue);
    expect([first, second]).toMatchObject([{ look: 2 }, { look: 2 }]);
    transactions.write((tx) => purgeEnd(tx, second!));
    expect(image("a").locked).toBe(true);
    transactions.write((tx) => purgeEnd(tx, first!));
    expect(image("a").locked).toBe(false);
  });

  it("hands nothing of the image out while it looks, and what was ordered meanwhile afterwards", () => {
    const { clock, transactions, accept, call, purge } = setup();
    const task = purge("a");
    accept(KEY);
    expect(call("o").give).toEqual([]);
    clock.advance(1);
    transactions.write((tx) => purgeEnd(tx, task));
    expect(call("o").give).toMatchObject([{ key: KEY }]);
  });

  it("looks again at once for an object that was stored below it while it looked", () => {
    const { clock, transactions, granted, settle, purge } = setup();
    const go = granted("o", KEY);
    const first = purge("a");
    settle("o", go, STORED);
    transactions.write((tx) => purgeEnd(tx, first));
    expect(transactions.write(purgeDue)).toMatchObject({ id: "a", look: 2 });
    clock.advance(0);
  });

  it("keeps a row's slot when a worker dies with its job", () => {
    const { clock, transactions, granted, purge, row, abandoned } = setup();
    const go = granted("o", KEY);
    const begun = purge("a");
    transactions.write((tx) => purgeEnd(tx, begun));
    clock.advance(90);
    transactions.write(sweep);
    expect(row(KEY)).toBeNull();
    expect(abandoned()).toMatchObject([{ gen: go.gen }]);
  });

  it("keeps its lock while it goes on in slices", () => {
    const { clock, transactions, purge, image } = setup();
    const task = purge("a");
    clock.advance(100);
    expect(transactions.write((tx) => purgeContinue(tx, task.purge))).toBe(true);
    clock.advance(100);
    expect(image("a").locked).toBe(true);
    expect(transactions.write((tx) => purgeContinue(tx, task.purge + 1))).toBe(false);
  });
});
