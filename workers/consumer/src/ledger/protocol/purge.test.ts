import { describe, expect, it } from "vitest";
import { setup } from "../testing/setup.ts";

const KEY = "a/400-high.webp";

describe("purge", () => {
  it("deletes rows nobody owns and raises the image's floor above all that was made", () => {
    const { core, made, accept, row, clock } = setup();
    const gen = made(KEY);
    made("ab/1-high.webp");
    accept("a/2-high.webp");
    const task = core.purgeBegin("a");
    expect(task).toMatchObject({ id: "a", look: "first" });
    expect(task.floor).toBeGreaterThan(gen);
    expect([row(KEY), row("a/2-high.webp")]).toEqual([null, null]);
    expect(row("ab/1-high.webp")).not.toBeNull();
    expect(core.imageRows("a")).toMatchObject({ purging: true, floor: task.floor });
    core.purgeEnd(task);
    expect(core.imageRows("a").purging).toBe(false);
    expect(core.purgesDue()).toEqual([]);
    expect(clock.ms).toBeGreaterThan(0);
  });

  it("is run again while nobody has reported its end, and looks a second time after 16 minutes", () => {
    const { core, clock } = setup();
    const first = core.purgeBegin("a");
    clock.advance(120);
    const [again] = core.purgesDue();
    expect(again).toEqual(first);
    expect(core.purgesDue()).toEqual([]);
    core.purgeEnd(first);
    clock.advance(16 * 60 - 1);
    expect(core.purgesDue()).toEqual([]);
    clock.advance(1);
    const [second] = core.purgesDue();
    expect(second).toEqual({ ...first, look: "second" });
    expect(core.imageRows("a").purging).toBe(true);
    core.purgeEnd(second!);
    clock.advance(3_600);
    expect(core.purgesDue()).toEqual([]);
    expect(core.imageRows("a").purging).toBe(false);
  });

  it("does not take a first look's end that is told twice for the second", () => {
    const { core, clock } = setup();
    const task = core.purgeBegin("a");
    core.purgeEnd(task);
    core.purgeEnd(task);
    clock.advance(16 * 60);
    expect(core.purgesDue()).toMatchObject([{ look: "second" }]);
  });

  it("waits with its second look while a handler holds a row of the image", () => {
    const { core, clock, granted, settle, stored } = setup();
    core.purgeEnd(core.purgeBegin("a"));
    clock.advance(16 * 60 - 1);
    const gen = granted("o", KEY);
    clock.advance(1);
    expect(core.purgesDue()).toEqual([]);
    settle("o", KEY, stored(gen));
    clock.advance(5);
    expect(core.purgesDue()).toHaveLength(1);
  });

  it("leaves alone what was ordered after it began, when it is run again", () => {
    const { core, clock, accept, row } = setup();
    core.purgeBegin("a");
    accept(KEY);
    clock.advance(120);
    core.purgesDue();
    expect(row(KEY)).toMatchObject({ state: 0, intent: 0 });
  });

  it("looks again at once when a handler dies under it", () => {
    const { core, clock, granted, row } = setup();
    granted("o", KEY);
    core.purgeEnd(core.purgeBegin("a"));
    clock.advance(90);
    core.sweep();
    expect(row(KEY)).toBeNull();
    expect(core.purgesDue()).toMatchObject([{ id: "a", look: "first" }]);
  });

  it("keeps its lock while it goes on in slices", () => {
    const { core, clock } = setup();
    const { purge } = core.purgeBegin("a");
    clock.advance(100);
    expect(core.purgeContinue(purge)).toBe(true);
    clock.advance(100);
    expect(core.imageRows("a").purging).toBe(true);
    expect(core.purgeContinue(purge + 1)).toBe(false);
  });
});
