import { missMessage } from "@prewarm/shared/messages";
import { describe, expect, it } from "vitest";
import { LedgerUnavailable } from "../ledger/ledger-unavailable.ts";
import { consumeMiss } from "./consume-miss.ts";
import { batchWorld } from "./testing/batch-world.ts";

const KEY = "photo/400-high.webp";

function setup(options?: Parameters<typeof batchWorld>[0]) {
  const world = batchWorld(options);
  const background: Promise<void>[] = [];
  const call = (body: unknown) => consumeMiss(body, world.deps, (work) => void background.push(work));
  const view = (more: Parameters<typeof missMessage>[2] = {}) => call(missMessage(KEY, world.clock.now(), more));
  return Object.assign(world, { call, view, rest: () => Promise.all(background) });
}

describe("a miss that the edge calls in", () => {
  it("is recorded before it is made, and one handler makes the variant from the miss to the note", async () => {
    const { call, clock, view, rest, ledger, ittybit, images } = setup();
    ittybit.plan = () => ({ ms: 2_000 });
    // How long such jobs take is learned.
    for (const id of ["one", "two"]) await call(missMessage(`${id}/400-high.webp`, clock.now())).then(rest);
    const [calls, jobs] = [ledger.requests.length, ittybit.jobs.length];
    expect(await view()).toBe(true);
    expect([ledger.requests.length - calls, images.objects.has(`variants/${KEY}`)]).toEqual([1, false]);
    await rest();
    expect(ledger.lastOutcome(KEY)).toMatchObject({ kind: "stored" });
    expect([ittybit.jobs.length - jobs, images.objects.has("info/photo/_")]).toEqual([1, true]);
    expect(ledger.requests.length - calls).toBeLessThanOrEqual(8);
    expect(ledger.alive).toEqual([]);
  });

  it.each([
    ["is believed of what the edge has just seen to be absent", 0, 0],
    ["is looked for again where that was five seconds ago", 5_000, 1],
  ])("%s", async (_what, age, heads) => {
    const { call, clock, rest, ledger, images } = setup();
    await call(missMessage(KEY, clock.now() - age));
    await rest();
    expect(ledger.lastOutcome(KEY)).toMatchObject({ kind: "stored" });
    expect(images.calls.filter((made) => made === `head variants/${KEY}`)).toHaveLength(heads);
  });

  it("has no row of its own in the ledger, because it leaves within seconds", async () => {
    const { view, rest, ledger } = setup();
    await view();
    await rest();
    expect(ledger.requests.map(({ brief }) => brief)).toEqual(ledger.requests.map(() => true));
  });

  it("is left to the queue if its image is unknown, because anybody can make up an id", async () => {
    const { view, ledger } = setup();
    expect([await view({ unknown: true }), ledger.requests]).toEqual([false, []]);
  });

  it("is not recorded where the ledger does not answer: its message must be sent", async () => {
    const { view, deps, logs } = setup();
    deps.ledger.exchange = () => Promise.reject(new LedgerUnavailable("exchange", "no answer"));
    expect(await view()).toBe(false);
    expect(logs.join()).toContain("miss.failed");
  });

  it.each([{ v: 99, keys: [KEY] }, { v: 1, wake: true }, "photo", null, { v: 1, keys: [], lane: "live", at: 0 }])(
    "is not recorded where this code cannot read it: %j",
    async (body) => {
      const { call, ledger } = setup();
      expect(await call(body)).toBe(false);
      expect(ledger.requests).toEqual([]);
    },
  );

  it("ends within the 30 s that the platform gives, and leaves a job that runs longer to other handlers", async () => {
    const { view, rest, ledger, ittybit, clock } = setup();
    ittybit.plan = () => ({ ms: 120_000 });
    const since = clock.now();
    await view();
    await rest();
    expect(clock.now() - since).toBeLessThanOrEqual(28_000);
    expect(ledger.requests.at(-1)).toMatchObject({ leave: true });
    expect([ledger.alive, ittybit.jobs.length]).toEqual([[], 1]);
  });
});
