import { type ExternalJob, NOTHING, type Observations, type WatchExternalJobs } from "@prewarm/durable-queue";
import { expireLeases, observe } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import { withKeys } from "../../src/ledger/testing/keys.ts";
import { setup } from "../../src/ledger/testing/setup.ts";

const KEY = "a/400-high.webp";
const OTHER = "b/400-high.webp";

type World = ReturnType<typeof setup>;

/** As Ittybit's list shows it. */
function listed(gen: number, status: "pending" | "done" = "pending"): ExternalJob {
  const words = { status, said: status, known: true, output: null, error: null };
  return {
    id: `job-${gen}`,
    ...words,
    metadata: { ledger: "test", gen: `${gen}`, key: KEY },
    input: null,
    createdAt: null,
    finishedAt: null,
  };
}

function find({ transactions }: World, job: ExternalJob): void {
  transactions.write((tx) => observe(tx, { ...NOTHING, found: [job], ended: job.status === "pending" ? [] : [job] }));
}

/** Passes time while the ledger is awake. */
function pass({ clock, transactions }: World, seconds: number): void {
  for (let left = seconds; left > 0; left -= 10) {
    clock.advance(Math.min(10, left));
    transactions.write(expireLeases);
  }
}

it("after an eviction slots count in full until their owners have had time to report the ids again", () => {
  const world = setup({ gate: { concurrency: 3 } });
  const { granted, submit, accept, clock, evict } = world;
  for (const key of [KEY, OTHER]) submit("o", granted("o", key));
  pass(world, 20);
  accept("c/400-high.webp");
  const later = evict();
  const call = (first: boolean) => {
    const said = { owner: "p", first, role: "work" as const, room: 5, have: [], asks: [], submitted: [], settled: [] };
    const answer = withKeys(later.exchange({ ...said, leave: false }));
    return answer.status === "ok" ? answer.give : [];
  };
  // While no slot is free, a worker gets nothing to prepare.
  expect(call(true)).toEqual([]);
  clock.advance(9);
  expect(call(false)).toEqual([]);
  clock.advance(2);
  expect(call(false)).toMatchObject([{ key: "c/400-high.webp", phase: "standby" }]);
});

describe("a job that nobody has told, found in Ittybit's list", () => {
  it("frees its slot when it ends, though its handler is dead and its lease is not over", () => {
    const world = setup();
    const { gen } = world.granted("dead", KEY);
    pass(world, 20);
    expect(world.ledger.getGate().slots).toBe(1);
    find(world, listed(gen));
    expect([world.ledger.getGate().slots, world.job(KEY)?.ittybitJob]).toEqual([1, `job-${gen}`]);
    find(world, listed(gen, "done"));
    expect(world.ledger.getGate().slots).toBe(0);
  });

  it("takes no blame from its handler: it died at the POST of that very job", () => {
    const world = setup();
    const { gen } = world.granted("dead", KEY);
    pass(world, 20);
    find(world, listed(gen, "done"));
    pass(world, 50);
    expect(world.row(KEY)?.crashes).toBe(2);
    // Whoever tells its job lives.
    const other = setup();
    const given = other.granted("alive", KEY);
    find(other, listed(given.gen));
    other.submit("alive", given);
    pass(other, 70);
    expect(other.row(KEY)?.crashes).toBe(0);
  });

  it("of a generation that was given up holds the slot until it ends, and no longer", () => {
    const world = setup();
    const { gen } = world.granted("dead", KEY);
    world.order({ keys: [KEY], force: true });
    pass(world, 70);
    expect(world.abandoned()).toMatchObject([{ gen, job: null }]);
    find(world, listed(gen));
    expect(world.abandoned()).toMatchObject([{ gen, job: `job-${gen}` }]);
    find(world, listed(gen, "done"));
    expect(world.abandoned()).toEqual([]);
  });

  it("is no news of a generation that is known, and none of another ledger's", () => {
    const world = setup();
    const go = world.granted("o", KEY);
    world.submit("o", go, "job-told");
    find(world, listed(go.gen));
    expect(world.job(KEY)?.ittybitJob).toBe("job-told");
    const { gen } = world.granted("p", OTHER);
    find(world, { ...listed(gen), metadata: { ledger: "other", gen: `${gen}` } });
    expect(world.job(OTHER)?.ittybitJob).toBeNull();
  });
});

describe("a generation that was given up and of which complete lists show no job", () => {
  it("has no slot any more; one whose job is known keeps it", () => {
    const world = setup();
    const { gen } = world.granted("dead", KEY);
    world.order({ keys: [KEY], force: true });
    pass(world, 70);
    world.transactions.write((tx) => observe(tx, { ...NOTHING, unmade: [gen] }));
    expect(world.abandoned()).toEqual([]);
    const go = world.granted("o", OTHER);
    world.submit("o", go);
    world.order({ keys: [OTHER], force: true });
    pass(world, 70);
    world.transactions.write((tx) => observe(tx, { ...NOTHING, unmade: [go.gen] }));
    expect(world.abandoned()).toMatchObject([{ gen: go.gen }]);
  });

  it("wakes a worker for what waits for its slot, without the alarm", async () => {
    let report = (_: Observations): void => undefined;
    const watchExternalJobs: WatchExternalJobs = (_view, told) => {
      report = told;
      return { keepRunning: () => null };
    };
    const world = setup({ gate: { concurrency: 1 } }, { sleep: async () => {}, watchExternalJobs });
    const { gen } = world.granted("dead", KEY);
    world.order({ keys: [KEY], force: true });
    pass(world, 70);
    // All that follows the calls above.
    await world.ledger.alarm();
    const before = world.done.sent;
    report({ ...NOTHING, unmade: [gen] });
    await expect.poll(() => world.done.sent).toBe(before + 1);
  });
});
