import { describe, expect, it } from "vitest";
import type { IttybitJob } from "../dialects.ts";
import { dueAt, OpenJobMemory } from "./open-job-memory.ts";

const shown = (id: string, createdAt: number | null): IttybitJob => ({
  ...{ id, status: "pending", said: "processing", known: true, output: null, error: null, metadata: {}, input: null },
  ...{ createdAt, finishedAt: null },
});
const known = (memory: OpenJobMemory) => memory.places().map((place) => place.job);
const job = (n: number, createdAt: number | null = null) => ({
  ...{ job: `j${n}`, gen: n, admittedAt: n, heardAt: 0, live: false },
  createdAt,
});

describe("OpenJobMemory", () => {
  it("orders by the grant, whenever an id was told", () => {
    const memory = new OpenJobMemory();
    memory.update([job(1), job(3)]);
    memory.update([job(1), job(2), job(3)]);
    expect(known(memory)).toEqual(["j1", "j2", "j3"]);
  });

  it("orders by Ittybit's time once a page has shown it, and knows the jobs of others there", () => {
    const memory = new OpenJobMemory();
    memory.update([job(1), job(2), job(900)]);
    memory.onPage([shown("j1", 1_300), shown("other", 1_200), shown("j2", 1_100)]);
    memory.update([job(1), job(2), job(900)]);
    expect(known(memory)).toEqual(["j2", "other", "j1", "j900"]);
  });

  it("learns how long after its grant a job stands in the list, whatever Ittybit's clock shows", () => {
    const memory = new OpenJobMemory();
    memory.update([job(100), job(110), job(200)]);
    // A minute ahead, and the second POST overtook the first.
    memory.onPage([shown("j100", 60_130), shown("j110", 60_120)]);
    memory.update([job(100), job(110), job(200), job(105)]);
    expect(known(memory)).toEqual(["j110", "j105", "j100", "j200"]);
  });

  it("knows the place of a job whose maker told when Ittybit made it, before a page shows it", () => {
    const memory = new OpenJobMemory();
    // A minute ahead, and the second POST overtook the first. Of the third job nobody told the time.
    memory.update([job(100, 60_130), job(110, 60_120)]);
    memory.update([job(100, 60_130), job(110, 60_120), job(112)]);
    expect(memory.places()).toMatchObject([
      { job: "j110", at: 100, isExact: true },
      { job: "j100", at: 110, isExact: true },
      { job: "j112", at: 112, isExact: false },
    ]);
  });

  it("keeps the order that pages show, though POSTs take longer than before", () => {
    const memory = new OpenJobMemory();
    memory.update([job(100)]);
    memory.onPage([shown("j100", 110)]);
    memory.update([job(100), job(60)]);
    memory.onPage([shown("j60", 115)]);
    memory.update([job(100), job(60)]);
    expect(known(memory)).toEqual(["j100", "j60"]);
  });

  it("leaves an old job before young ones when Ittybit's clock is set back", () => {
    const memory = new OpenJobMemory();
    memory.update([job(1)]);
    memory.onPage([shown("j1", 900_000)]);
    for (let n = 10; n < 70; n += 1) {
      memory.update([job(1), job(n)]);
      memory.onPage([shown(`j${n}`, n + 100)]);
    }
    memory.update([job(1), job(5_000)]);
    expect(known(memory)[0]).toBe("j1");
    expect(known(memory).at(-1)).toBe("j5000");
  });

  it("keeps the order of grants where Ittybit shows no times", () => {
    const memory = new OpenJobMemory();
    memory.update([job(1), job(2), job(3)]);
    memory.onPage([shown("j3", null), shown("j1", null)]);
    memory.update([job(1), job(2), job(3)]);
    expect(known(memory)).toEqual(["j1", "j2", "j3"]);
  });

  it("keeps the places of ended jobs from the oldest open one on", () => {
    const memory = new OpenJobMemory();
    memory.update([job(1), job(2), job(3), job(4)]);
    memory.update([job(2), job(4)]);
    expect(known(memory)).toEqual(["j2", "j3", "j4"]);
  });

  it("stays small behind a job that does not end", () => {
    const memory = new OpenJobMemory();
    for (let n = 1; n <= 15_000; n += 500) {
      memory.update([job(0), ...Array.from({ length: 500 }, (_, at) => job(n + at))]);
    }
    expect(known(memory).length).toBeLessThanOrEqual(10_001);
    expect(known(memory)[0]).toBe("j0");
    expect(known(memory).at(-1)).toBe("j15000");
    expect(memory.watched.size).toBe(501);
  });

  it("a forgotten cursor takes the ended jobs before it along, but no open one", () => {
    const memory = new OpenJobMemory();
    memory.update([job(1), job(2), job(3), job(4)]);
    memory.update([job(1), job(4)]);
    memory.forgetPlaces("j2");
    expect(known(memory)).toEqual(["j1", "j3", "j4"]);
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

  it("of a viewer's job falls at the learned time after its id was heard, so that it does not come a moment too early", () => {
    const viewed = { ...watched, live: true, polledAt: null, heardAt: 1_160 };
    expect(dueAt(viewed, jobMs, false)).toBe(3_160);
    expect(dueAt({ ...viewed, heardAt: 0 }, jobMs, false)).toBe(3_000);
  });

  it("falls at once where a webhook names the job", () => {
    expect(dueAt({ ...watched, polledAt: 100_000, isPinged: true }, jobMs, true)).toBe(1_000);
  });
});
