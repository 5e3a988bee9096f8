import { DEAD, REFUSED } from "@prewarm/durable-queue";
import { expect, it } from "vitest";
import { tables } from "../testing/tables.ts";
import { listRuns, runView } from "./runs.ts";

const KEYS = ["a", "b", "c", "d", "e"].map((id) => `${id}/400-high.webp`);
const [A, B, C, D, E] = KEYS as [string, string, string, string, string];

type World = ReturnType<typeof tables>;

function view(world: World, id: string) {
  return world.read((tx) => {
    const run = tx.runs.byId(id);
    return run === null ? null : runView(tx, run);
  });
}

function listed(world: World, state?: "open" | "done" | "cancelled") {
  return world.read((tx) => listRuns(tx, { limit: 10, state })).runs.map(({ run }) => run);
}

it("a run counts its members as they are shown, and those it joined too", () => {
  const world = tables();
  world.order(KEYS, { run: "r" });
  world.order([], { run: "s" });
  world.write((tx) => {
    const s = tx.runs.byId("s")?.n ?? 0;
    tx.runs.subscribe(world.rowOf(tx, A), s);
    tx.runs.move(s, null, world.rowOf(tx, A).state);
  });
  world.hold("w", [A, B, C]);
  world.change(D, { state: DEAD });
  world.change(E, { state: REFUSED });
  const NONE = { queued: 0, processing: 0, retrying: 0, stored: 0, dead: 0, refused: 0, cancelled: 0 };
  expect(view(world, "r")?.states).toEqual({ ...NONE, processing: 3, dead: 1, refused: 1 });
  expect(view(world, "s")?.states).toEqual({ ...NONE, processing: 1 });
  world.store([A, B]);
  expect(view(world, "r")?.states).toEqual({ ...NONE, processing: 1, stored: 2, dead: 1, refused: 1 });
  expect(view(world, "s")?.states).toEqual({ ...NONE, stored: 1 });
  const before = view(world, "r");
  world.write((tx) => {
    const claim = tx.memory.claims.byJob(world.rowOf(tx, C).id);
    if (claim) tx.memory.claims.remove(claim);
  });
  expect(view(world, "r")?.states).toEqual({ ...NONE, queued: 1, stored: 2, dead: 1, refused: 1 });
  expect(view(world, "r")?.timeToReady.p50).toBe(before?.timeToReady.p50);
});

it("a run is done when its last job is, and keeps its end", () => {
  const world = tables();
  world.order([A], { run: "r" });
  world.order([B], { run: "s" });
  world.hold("w", [A]);
  expect(listed(world, "open")).toEqual(["s", "r"]);
  world.clock.ms += 10_000;
  world.store([A]);
  expect(view(world, "r")).toMatchObject({ state: "done", endedAt: world.clock.ms, pace: { perSecond: 0.1 } });
  expect(listed(world, "open")).toEqual(["s"]);
  const endedAt = world.clock.ms;
  world.clock.ms += 10_000;
  expect(view(world, "r")).toMatchObject({ state: "done", endedAt });
  expect(listed(world, "done")).toEqual(["r"]);
});
