import { CANCELLED, CANCELLING, DEAD, REFUSED, stateCounts, stateOf } from "@prewarm/durable-queue";
import type { JobState } from "@prewarm/shared/job";
import { expect, it } from "vitest";
import { ANY_JOB } from "../../src/console/calls.ts";
import { countMatches } from "../../src/console/count-matches.ts";
import { tables } from "../../src/ledger/testing/tables.ts";

/** Keys by what happens to them. */
const STATES: Record<string, JobState> = {
  "fresh/400-high.webp": "queued",
  "standby/400-high.webp": "queued",
  "granted/400-high.webp": "processing",
  "tried/400-high.webp": "retrying",
  "tried-again/400-high.webp": "processing",
  "stopping/400-high.webp": "processing",
  "outdated/400-high.webp": "queued",
  "dead/400-high.webp": "dead",
  "refused/400-high.webp": "refused",
  "cancelled/400-high.webp": "cancelled",
};
const KEYS = Object.keys(STATES);

function oneOfEach() {
  const world = tables();
  world.order(KEYS);
  world.hold("w", ["standby/400-high.webp"], {});
  world.hold("w", [
    "granted/400-high.webp",
    "tried-again/400-high.webp",
    "stopping/400-high.webp",
    "outdated/400-high.webp",
  ]);
  world.change("tried/400-high.webp", { attempts: 1, due: 5 });
  world.change("tried-again/400-high.webp", { attempts: 2, due: 5 });
  world.change("stopping/400-high.webp", { state: CANCELLING });
  // A new original: the generation in the worker's hands is an older one.
  world.write((tx) => {
    world.rowOf(tx, "outdated/400-high.webp").gen = tx.next();
  });
  world.change("dead/400-high.webp", { state: DEAD });
  world.change("refused/400-high.webp", { state: REFUSED });
  world.change("cancelled/400-high.webp", { state: CANCELLED });
  return world;
}

it("a job is being made when a slot was taken for its generation, whatever its row says", () => {
  const world = oneOfEach();
  expect(world.read((tx) => Object.fromEntries(KEYS.map((key) => [key, stateOf(tx, world.rowOf(tx, key))])))).toEqual(
    STATES,
  );
});

it("counts say the same as the jobs, and remember every stored one", () => {
  const world = oneOfEach();
  world.order(["a/400-high.webp", "b/400-high.webp"], { lane: "upload" });
  world.hold("x", ["a/400-high.webp", "b/400-high.webp"]);
  world.store(["a/400-high.webp", "b/400-high.webp"]);
  const counts = world.read(stateCounts);
  const bulk = Object.fromEntries(Object.entries(counts).map(([state, lanes]) => [state, lanes.bulk]));
  expect(bulk).toEqual({ queued: 3, processing: 3, retrying: 1, stored: 0, dead: 1, refused: 1, cancelled: 1 });
  expect(counts.stored).toEqual({ live: 0, upload: 2, bulk: 0 });
  const counted = (states: JobState[]) => world.read((tx) => countMatches(tx, { ...ANY_JOB, states }));
  expect(counted(["processing", "retrying"])).toEqual({ total: 4, exact: true });
  expect(counted([])).toEqual({ total: 12, exact: true });
});
