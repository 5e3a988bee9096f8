import { describe, expect, it } from "vitest";
import { STORED, setup } from "../testing/setup.ts";

const KEY = "a/400-high.webp";

describe("purge", () => {
  it("deletes the image's rows at once, and raises its floor above all that was made", () => {
    const { steps, row, accept, made, purge, image } = setup();
    const { gen } = made(KEY);
    accept("a/2-high.webp", "ab/1-high.webp");
    const task = purge("a");
    expect(task).toMatchObject({ id: "a", look: 1 });
    expect(task.floor).toBeGreaterThan(gen);
    expect(row("a/2-high.webp")).toBeNull();
    expect(row("ab/1-high.webp")).not.toBeNull();
    expect(image("a")).toEqual({ locked: true, floor: task.floor });
    steps.purgeEnd(task);
    expect(image("a").locked).toBe(false);
    expect(steps.purgeDue()).toBeNull();
  });

  it("is run again while nobody has reported its end, and looks a second time after 16 minutes", () => {
    const { clock, steps, purge, image } = setup();
    const first = purge("a");
    clock.advance(120);
    expect(steps.purgeDue()).toEqual(first);
    expect(steps.purgeDue()).toBeNull();
    steps.purgeEnd(first);
    clock.advance(16 * 60 - 1);
    expect(steps.purgeDue()).toBeNull();
    clock.advance(1);
    const second = steps.purgeDue();
    expect(second).toEqual({ ...first, look: 2 });
    expect(image("a").locked).toBe(true);
    steps.purgeEnd(second!);
    clock.advance(3_600);
    expect(steps.purgeDue()).toBeNull();
    expect(image("a").locked).toBe(false);
  });

  it("does not take a first look's end that is told twice for the second", () => {
    const { clock, steps, purge } = setup();
    const task = purge("a");
    steps.purgeEnd(task);
    steps.purgeEnd(task);
    clock.advance(16 * 60);
    expect(steps.purgeDue()).toMatchObject({ look: 2 });
  });

  it("waits with its second look, with the lock on, while a worker holds a job of the image", () => {
    const { clock, steps, settle, granted, purge, image } = setup();
    steps.purgeEnd(purge("a"));
    clock.advance(16 * 60 - 1);
    const go = granted("o", KEY);
    clock.advance(1);
    expect(steps.purgeDue()).toBeNull();
    expect(image("a").locked).toBe(true);
    settle("o", go, STORED);
    clock.advance(5);
    expect(steps.purgeDue()).not.toBeNull();
  });

  it("leaves the lock on when it ends while another purge of the image is making its second look", () => {
    const { clock, steps, purge, image } = setup();
    steps.purgeEnd(purge("a"));
    clock.advance(60);
    steps.purgeEnd(purge("a"));
    clock.advance(15 * 60);
    const first = steps.purgeDue();
    clock.advance(60);
    const second = steps.purgeDue();
    expect([first, second]).toMatchObject([{ look: 2 }, { look: 2 }]);
    steps.purgeEnd(second!);
    expect(image("a").locked).toBe(true);
    steps.purgeEnd(first!);
    expect(image("a").locked).toBe(false);
  });

  it("hands nothing of the image out while it looks, and what was ordered meanwhile afterwards", () => {
    const { clock, steps, accept, call, purge } = setup();
    const task = purge("a");
    accept(KEY);
    expect(call("o").give).toEqual([]);
    clock.advance(1);
    steps.purgeEnd(task);
    expect(call("o").give).toMatchObject([{ key: KEY }]);
  });

  it("looks again at once for an object that was stored below it while it looked", () => {
    const { clock, steps, granted, settle, purge } = setup();
    const go = granted("o", KEY);
    const first = purge("a");
    settle("o", go, STORED);
    steps.purgeEnd(first);
    expect(steps.purgeDue()).toMatchObject({ id: "a", look: 2 });
    clock.advance(0);
  });

  it("keeps a row's slot when a worker dies with its job", () => {
    const { clock, steps, granted, purge, row, abandoned } = setup();
    const go = granted("o", KEY);
    steps.purgeEnd(purge("a"));
    clock.advance(90);
    steps.sweep();
    expect(row(KEY)).toBeNull();
    expect(abandoned()).toMatchObject([{ gen: go.gen }]);
  });

  it("keeps its lock while it goes on in slices", () => {
    const { clock, steps, purge, image } = setup();
    const task = purge("a");
    clock.advance(100);
    expect(steps.purgeContinue(task.purge)).toBe(true);
    clock.advance(100);
    expect(image("a").locked).toBe(true);
    expect(steps.purgeContinue(task.purge + 1)).toBe(false);
  });
});
