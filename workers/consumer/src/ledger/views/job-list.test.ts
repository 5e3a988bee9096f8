import { CANCELLED, DEAD, nameOf, placeOf, REFUSED } from "@prewarm/durable-queue";
import type { JobState } from "@prewarm/shared/job";
import { jobOfKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { ANY_JOB, type JobFilter } from "../../console/calls.ts";
import { tables } from "../testing/tables.ts";
import { listJobs } from "./job-list.ts";
import { findJob, imageRows } from "./jobs.ts";

const key = (id: string) => `${encodeURIComponent(id)}/400-high.webp`;
const keys = (name: string, n: number) => Array.from({ length: n }, (_, at) => key(`${name}-${at}`));

type World = ReturnType<typeof tables>;

function page(world: World, filter: Partial<JobFilter>, cursor: string | null = null, limit = 50) {
  const { jobs, next } = world.read((tx) => listJobs(tx, { ...ANY_JOB, ...filter }, { cursor, limit }));
  return { ids: jobs.map((job) => decodeURIComponent(job.key.split("/")[0] ?? "")), jobs, next };
}

/** Every page, one after the other. */
function all(world: World, filter: Partial<JobFilter>, limit = 50): string[][] {
  const pages: string[][] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const { ids, next } = page(world, filter, cursor ?? null, limit);
    pages.push(ids);
    if (pages.length > 200) throw new Error("the list does not end");
    cursor = next;
  }
  return pages;
}

describe("a list of jobs", () => {
  it("shows what waits, then what was stored, each with the newest first, with no empty page between", () => {
    const world = tables();
    for (const id of ["a", "b", "c", "d"]) {
      world.order([key(id)]);
      world.clock.ms += 1_000;
    }
    world.store([key("a")]);
    world.clock.ms += 1_000;
    world.hold("w", [key("b")]);
    world.store([key("b")]);
    expect(all(world, {}, 2)).toEqual([
      ["d", "c"],
      ["b", "a"],
    ]);
    expect(all(world, {}, 3)).toEqual([["d", "c", "b"], ["a"]]);
    expect(all(world, { states: ["stored"] })).toEqual([["b", "a"]]);
    expect(all(world, { states: ["queued"] })).toEqual([["d", "c"]]);
    expect(page(world, { states: ["stored"] }).jobs[0]).toMatchObject({
      state: "stored",
      bytes: 10,
      storedAt: world.clock.ms,
    });
  });

  it("pages through everything once, while rows come in", () => {
    const world = tables();
    world.order(keys("waits", 1_500));
    world.order(keys("done", 1_600));
    world.hold("w", keys("done", 700));
    world.store(keys("done", 700));
    world.store(keys("done", 1_600).slice(700));
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const { ids, next } = page(world, {}, cursor ?? null, 90);
      seen.push(...ids);
      if (seen.length > 9_000) throw new Error("the list does not end");
      cursor = next;
      world.clock.ms += 1;
      world.order([key(`late-${seen.length}`)]);
    }
    const [early, late] = [seen.filter((id) => !id.startsWith("late")), seen.filter((id) => id.startsWith("late"))];
    expect(early).toHaveLength(3_100);
    expect(new Set(early).size).toBe(3_100);
    expect(new Set(late).size).toBe(late.length);
  });

  it("shows a job once: ordered again it is no stored one, stored twice it is the last one", () => {
    const world = tables();
    world.order([key("a"), key("b")]);
    world.store([key("a"), key("b")]);
    world.clock.ms += 1_000;
    world.order([key("a"), key("b")]);
    world.store([key("b")]);
    expect(page(world, {}).jobs.map(({ state, storedAt }) => [state, storedAt])).toEqual([
      ["queued", null],
      ["stored", world.clock.ms],
    ]);
  });

  it("does not call stored what a purge or a new original has outdated", () => {
    const world = tables();
    world.order([key("a"), key("b")]);
    world.store([key("a"), key("b")]);
    const [first] = page(world, { id: "a" }).jobs;
    world.write((tx) => {
      tx.images.get("a").floor = tx.next();
    });
    expect(page(world, {}).ids).toEqual(["b"]);
    expect(world.read((tx) => findJob(tx, first?.job ?? ""))).toBeNull();
  });

  it("finds an image by its whole id among many rows, and others by its beginning as it walks on", () => {
    const world = tables();
    world.order(keys("other", 5_000));
    world.order([key("photo"), key("photo-2")]);
    expect(page(world, { id: "photo" }).ids[0]).toBe("photo");
    expect(all(world, { id: "photo" }).flat().toSorted()).toEqual(["photo", "photo-2"]);
  });

  it("finds what is made and what is tried again at once among many that wait", () => {
    const world = tables();
    world.order(keys("other", 11_000));
    world.order([key("made"), key("tried"), key("tried-in-hand")]);
    world.hold("w", [key("made")]);
    world.hold("w", [key("tried-in-hand")], {});
    const error = JSON.stringify({ code: "failed", message: "m" });
    world.change(key("tried"), { attempts: 1, due: 9, error });
    world.change(key("tried-in-hand"), { attempts: 1, error });
    expect(all(world, { states: ["processing"] })).toEqual([["made"]]);
    expect(page(world, { states: ["retrying"] }).ids.toSorted()).toEqual(["tried", "tried-in-hand"]);
  });

  it("finds the dead, the refused and the cancelled by their index, the newest first", () => {
    const world = tables();
    world.order(keys("other", 3_000));
    world.order([key("d1"), key("d2"), key("r"), key("c")]);
    const ends = [
      ["d1", DEAD],
      ["r", REFUSED],
      ["c", CANCELLED],
      ["d2", DEAD],
    ] as const;
    for (const [id, state] of ends) {
      world.clock.ms += 1_000;
      world.change(key(id), { state, error: JSON.stringify({ code: `why-${id}`, message: "m" }) });
    }
    expect(all(world, { states: ["dead"] })).toEqual([["d2", "d1"]]);
    expect(all(world, { states: ["refused"] })).toEqual([["r"]]);
    expect(all(world, { states: ["dead", "refused", "cancelled"] }, 3)).toEqual([["d2", "c", "r"], ["d1"]]);
    expect(all(world, { states: ["refused"], error: "WHY-R" })).toEqual([["r"]]);
    expect(all(world, { states: ["refused"], error: "why-d1" })).toEqual([[]]);
  });

  it("has the newest of more than a thousand dead ones first", () => {
    const world = tables();
    world.order(keys("d", 1_800));
    for (const id of keys("d", 1_800)) {
      world.clock.ms += 1;
      world.change(id, { state: DEAD });
    }
    expect(page(world, { states: ["dead"] }, null, 3).ids).toEqual(["d-1799", "d-1798", "d-1797"]);
  });

  it("walks past a bounded number of rows for a page, and says that there may be more", () => {
    const world = tables();
    world.order(keys("other", 2_500));
    const found = page(world, { text: ["nothing-like-it"] });
    expect(found.ids).toEqual([]);
    expect(found.next).not.toBeNull();
    expect(all(world, { text: ["nothing-like-it"] })).toHaveLength(3);
  });

  it("lists a run's jobs, joined ones too while they have rows, and its stored ones", () => {
    const world = tables();
    world.order([key("a"), key("b")], { run: "r" });
    world.order([key("c"), key("d")], { run: "s" });
    world.write((tx) => tx.runs.subscribe(world.rowOf(tx, key("c")), tx.runs.byId("r")?.n ?? 0));
    world.store([key("a"), key("d")]);
    expect(all(world, { run: "r" }).flat().toSorted()).toEqual(["a", "b", "c"]);
    expect(all(world, { run: "none" })).toEqual([[]]);
  });

  it.each(["", "x", "0-0", "9-0---", "1-2-3-4-5", "-----", "0-99999999999999999999---"])(
    "answers a cursor like %j",
    (cursor) => {
      const world = tables();
      world.order([key("a")]);
      expect(() => page(world, {}, cursor)).not.toThrow();
    },
  );

  it("filters by the states that are asked for", () => {
    const world = tables();
    world.order([key("a"), key("b")]);
    world.hold("w", [key("b")]);
    const listed = (...states: JobState[]) => page(world, { states }).ids.toSorted();
    expect([listed("queued"), listed("processing"), listed("queued", "processing")]).toEqual([
      ["a"],
      ["b"],
      ["a", "b"],
    ]);
  });
});

describe("one job", () => {
  it("keeps its name and its page when its row is gone", () => {
    const world = tables();
    world.order([key("a"), key("b")], { run: "r" });
    const names = page(world, {}).jobs.map(({ job }) => job);
    world.hold("w", [key("a")]);
    world.write((tx) => {
      const claim = tx.memory.claims.byJob(world.rowOf(tx, key("a")).id);
      if (claim) claim.externalId = "job_1";
    });
    const found = (name = "") => world.read((tx) => findJob(tx, name))?.job;
    const [a, b] = [key("a"), key("b")].map((of) => names.find((name) => found(name)?.key === of));
    expect(found(a)).toMatchObject({ state: "processing", ittybitJob: "job_1" });
    expect(a).toMatch(/^[0-9a-z]{11}$/);
    world.store([key("a")]);
    world.store([key("b")]);
    expect(found(a)).toMatchObject({ key: key("a"), state: "stored", run: "r", bytes: 10 });
    expect(found(b)).toMatchObject({ key: key("b"), state: "stored", run: "r" });
    expect([found("zzzzzzzzzzz"), found("no name"), found(nameOf(7))]).toEqual([undefined, undefined, undefined]);
  });

  it("has its row's name on its image's page when another variant stands on its place", () => {
    const world = tables();
    const found = new Map<number, string>();
    const widths = Array.from({ length: 20_000 }, (_, width) => `a/${width + 1}-high.webp`);
    const second = widths.find((variant) => {
      const place = placeOf(jobOfKey(variant), "L");
      const taken = found.has(place);
      if (!taken) found.set(place, variant);
      return taken;
    });
    const first = found.get(placeOf(jobOfKey(second ?? ""), "L"));
    world.order([first ?? "", second ?? ""]);
    const { rows, names } = world.read((tx) => imageRows(tx, "a", [first ?? "", second ?? ""]));
    expect(rows.map(({ key, job }) => [key, job])).toEqual(expect.arrayContaining(Object.entries(names)));
    expect(new Set(Object.values(names)).size).toBe(2);
  });

  it("stands on its image's page though it was stored after R2 was listed", () => {
    const world = tables();
    world.order([key("a")]);
    world.hold("w", [key("a")]);
    world.store([key("a")]);
    expect(world.read((tx) => imageRows(tx, "a", [])).rows).toMatchObject([
      { key: key("a"), state: "stored", bytes: 10 },
    ]);
    expect(world.read((tx) => imageRows(tx, "b", [])).rows).toEqual([]);
  });

  it("has the same name on its image's page, with a row and without", () => {
    const world = tables();
    world.order([key("a"), "a/800-high.webp"]);
    const named = () => world.read((tx) => imageRows(tx, "a", [key("a"), "a/800-high.webp"]));
    const before = named();
    world.store([key("a")]);
    world.clock.ms += 61_000;
    const after = named();
    expect(before.rows).toHaveLength(2);
    expect(after.rows.map((row) => row.key)).toEqual(["a/800-high.webp"]);
    expect(after.names).toEqual(before.names);
    expect(world.read((tx) => findJob(tx, after.names[key("a")] ?? ""))?.job.key).toBe(key("a"));
  });
});
