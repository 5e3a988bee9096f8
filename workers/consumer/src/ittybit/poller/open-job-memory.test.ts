import { describe, expect, it } from "vitest";
import { dueAt, OpenJobMemory } from "./open-job-memory.ts";

const job = (n: number) => ({ job: `j${n}`, gen: n, admittedAt: n, live: false });

describe("OpenJobMemory", () => {
  it("orders by the grant, whenever an id was told", () => {
    const memory = new OpenJobMemory();
    memory.update([job(1), job(3)]);
    memory.update([job(1), job(2), job(3)]);
    expect(memory.known()).toEqual(["j1", "j2", "j3"]);
  });

  it("keeps the places of ended jobs from the oldest open one on", () => {
    const memory = new OpenJobMemory();
    memory.update([job(1), job(2), job(3), job(4)]);
    memory.update([job(2), job(4)]);
    expect(memory.known()).toEqual(["j2", "j3", "j4"]);
  });

  it("stays small behind a job that does not end", () => {
    const memory = new OpenJobMemory();
    for (let n = 1; n <= 15_000; n += 500) {
      memory.update([job(0), ...Array.from({ length: 500 }, (_, at) => job(n + at))]);
    }
    expect(memory.known().length).toBeLessThanOrEqual(10_001);
    expect(memory.known()[0]).toBe("j0");
    expect(memory.known().at(-1)).toBe("j15000");
    expect(memory.watched.size).toBe(501);
  });

  it("a forgotten cursor takes the ended jobs before it along, but no open one", () => {
    const memory = new OpenJobMemory();
    memory.update([job(1), job(2), job(3), job(4)]);
    memory.update([job(1), job(4)]);
    memory.forgetPlaces("j2");
    expect(memory.known()).toEqual(["j1", "j3", "j4"]);
  });
});

describe("a poll", () => {
  const jobMs = () => 2_000;
  const watched = { ...job(1_000), missed: 0, unknown: 0, pings: 0, isPinged: false };

  it("falls at the learned time, also for a job that a page happened to show before", () => {
    expect(dueAt({ ...watched, polledAt: null }, jobMs, false)).toBe(3_000);
    expect(dueAt({ ...watched, polledAt: 2_500 }, jobMs, false)).toBe(3_000);
    expect(dueAt({ ...watched, polledAt: 3_100 }, jobMs, false)).toBe(3_100);
  });

  it("falls at once where a webhook names the job", () => {
    expect(dueAt({ ...watched, polledAt: 100_000, isPinged: true }, jobMs, true)).toBe(1_000);
  });
});
