import { describe, expect, it } from "vitest";
import { setup } from "../testing/setup.ts";

const KEY = "a/400-high.webp";

describe("purge", () => {
  it("deletes rows nobody owns and raises the image's floor above all that was made", () => {
    const { clock, steps, row, accept, made, purge, image } = setup();
    const gen = made(KEY);
    made("ab/1-high.webp");
    accept("a/2-high.webp");
    const task = purge("a");
    expect(task).toMatchObject({ id: "a", look: "first" });
    expect(task.floor).toBeGreaterThan(gen);
    expect([row(KEY), row("a/2-high.webp")]).toEqual([null, null]);
    expect(row("ab/1-high.webp")).not.toBeNull();
    expect(image("a")).toMatchObject({ purging: true, floor: task.floor });
    steps.purgeEnd(task);
    expect(image("a").purging).toBe(false);
    expect(steps.purgesDue()).toEqual([]);
    expect(clock.ms).toBeGreaterThan(0);
  });

  it("is run again while nobody has reported its end, and looks a second time after 16 minutes", () => {
    const { clock, steps, purge, image } = setup();
    const first = purge("a");
    clock.advance(120);
    const [again] = steps.purgesDue();
    expect(again).toEqual(first);
    expect(steps.purgesDue()).toEqual([]);
    steps.purgeEnd(first);
    clock.advance(16 * 60 - 1);
    expect(steps.purgesDue()).toEqual([]);
    clock.advance(1);
    const [second] = steps.purgesDue();
    expect(second).toEqual({ ...first, look: "second" });
    expect(image("a").purging).toBe(true);
    steps.purgeEnd(second!);
    clock.advance(3_600);
    expect(steps.purgesDue()).toEqual([]);
    expect(image("a").purging).toBe(false);
  });

  it("does not take a first look's end that is told twice for the second", () => {
    const { clock, steps, purge } = setup();
    const task = purge("a");
    steps.purgeEnd(task);
    steps.purgeEnd(task);
    clock.advance(16 * 60);
    expect(steps.purgesDue()).toMatchObject([{ look: "second" }]);
  });

  it("waits with its second look while a handler holds a row of the image", () => {
    const { clock, steps, settle, granted, stored, purge } = setup();
    steps.purgeEnd(purge("a"));
    clock.advance(16 * 60 - 1);
    const gen = granted("o", KEY);
    clock.advance(1);
    expect(steps.purgesDue()).toEqual([]);
    settle("o", KEY, stored(gen));
    clock.advance(5);
    expect(steps.purgesDue()).toHaveLength(1);
  });

  it("leaves alone what was ordered after it began, when it is run again", () => {
    const { clock, steps, row, accept, purge } = setup();
    purge("a");
    accept(KEY);
    clock.advance(120);
    steps.purgesDue();
    expect(row(KEY)).toMatchObject({ state: 0, intent: 0 });
  });

  it("looks again at once when a handler dies under it", () => {
    const { clock, steps, row, granted, purge } = setup();
    granted("o", KEY);
    steps.purgeEnd(purge("a"));
    clock.advance(90);
    steps.sweep();
    expect(row(KEY)).toBeNull();
    expect(steps.purgesDue()).toMatchObject([{ id: "a", look: "first" }]);
  });

  it("keeps its lock while it goes on in slices", () => {
    const { clock, steps, purge, image } = setup();
    const task = purge("a");
    clock.advance(100);
    expect(steps.purgeContinue(task.purge)).toBe(true);
    clock.advance(100);
    expect(image("a").purging).toBe(true);
    expect(steps.purgeContinue(task.purge + 1)).toBe(false);
  });
});
