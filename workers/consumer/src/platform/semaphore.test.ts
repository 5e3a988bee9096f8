import { describe, expect, it } from "vitest";
import { createSemaphore } from "./semaphore.ts";

function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, open: resolve };
}

describe("createSemaphore", () => {
  it("starts as much as fits, the rest in order, and gives room back after a failure", async () => {
    const semaphore = createSemaphore(3);
    const started: string[] = [];
    const gates = { a: gate(), b: gate(), c: gate(), d: gate() };
    const run = (name: keyof typeof gates, weight: number) =>
      semaphore.run(
        async () => {
          started.push(name);
          await gates[name].promise;
          if (name === "a") throw new Error("a failed");
        },
        { weight },
      );
    const runs = [run("a", 2), run("b", 1), run("c", 3), run("d", 1)].map((act) =>
      act.catch((error: Error) => error.message),
    );
    await Promise.resolve();
    expect(started).toEqual(["a", "b"]);
    gates.a.open();
    expect(await runs[0]).toBe("a failed");
    expect(started).toEqual(["a", "b"]); // c waits for all three, and d does not overtake it
    gates.b.open();
    await runs[1];
    expect(started).toEqual(["a", "b", "c"]);
    gates.c.open();
    gates.d.open();
    await Promise.all(runs);
    expect(started).toEqual(["a", "b", "c", "d"]);
  });

  it("lets the smaller rank go first, and those of one rank in order", async () => {
    const semaphore = createSemaphore(1);
    const first = gate();
    const started: string[] = [];
    const run = (name: string, rank: number) => semaphore.run(async () => void started.push(name), { rank });
    const all = [semaphore.run(() => first.promise), run("late", 3), run("a", 1), run("b", 1), run("soon", 0)];
    first.open();
    await Promise.all(all);
    expect(started).toEqual(["soon", "a", "b", "late"]);
  });

  it("runs what weighs more than there is, alone", async () => {
    const semaphore = createSemaphore(3);
    expect(await semaphore.run(async () => "ran", { weight: 100 })).toBe("ran");
  });
});
