import type { Block } from "@prewarm/control-schema/removal";
import { type ExternalJob, NOTHING } from "@prewarm/durable-queue";
import { nodeSql, observe, wakesDue } from "@prewarm/durable-queue/testing";
import { encodeId } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { ANY_JOB } from "../../src/console/calls.ts";
import { beforeImagesRestore } from "../../src/images/restored-images.ts";
import { passDone } from "../../src/images/sweeps.ts";
import { findRemoval } from "../../src/images/tables/removals.ts";
import { chunkOf } from "../../src/ledger/testing/chunk-of.ts";
import { nextAlarmOf } from "../../src/ledger/testing/next-alarm-of.ts";
import { STORED, setup } from "../../src/ledger/testing/setup.ts";
import { testConfig } from "../../src/ledger/testing/setup-config.ts";
import { testEngine } from "../../src/ledger/testing/test-engine.ts";

const KEY = "a/400-high.webp";
const OTHER = "b/400-high.webp";
const HOLD_S = 120;

type World = ReturnType<typeof setup>;

/** A job of this ledger as Ittybit's list shows it. */
function listed(gen: number, key: string, more: Partial<ExternalJob> = {}): ExternalJob {
  const words = { status: "pending", said: "processing", known: true, output: null, error: null } as const;
  const metadata = { ledger: "test", gen: String(gen), key, etag: '"1"' };
  return { id: `job-${gen}`, ...words, metadata, input: null, createdAt: null, finishedAt: null, ...more };
}

const find = ({ transactions }: World, ...found: ExternalJob[]) =>
  transactions.write((tx) =>
    observe(tx, { ...NOTHING, found, ended: found.filter(({ status }) => status !== "pending") }),
  );
const done = { status: "done", said: "succeeded", output: "https://out.example/o" } as const;
const taken = ({ ledger }: World) => ledger.getGate().slots;

describe("for two minutes after a restore", () => {
  it("nothing is handed out: no look, no grant, no result, and nothing to viewers", () => {
    const world = setup({ gate: { concurrency: 1 } });
    const { granted, submit, ended, ledger, call, leave, view, row, clock } = world;
    const go = granted("o", KEY);
    submit("o", go);
    // A viewer waits for the slot.
    view("early", OTHER);
    leave("early");
    ended(`job-${go.gen}`);
    ledger.restored("operator");
    clock.advance(HOLD_S - 1);
    expect(call("p").give).toEqual([]);
    expect(call("l", { role: "urgent", room: 40 }).give).toEqual([]);
    expect(view("v", OTHER, "c/400-high.webp").give).toEqual([]);
    expect(row("c/400-high.webp")).toBeNull();
    clock.advance(2);
    expect(call("p").give).toMatchObject([
      { key: KEY, phase: "finish", beforeRestore: true },
      { key: OTHER, phase: "admitted" },
    ]);
  });

  it("no worker is called, those that come are sent home, and it is said why", () => {
    const { accept, granted, submit, ended, ledger, transactions, call, clock } = setup();
    const go = granted("o", OTHER);
    submit("o", go);
    ended(`job-${go.gen}`);
    accept(KEY);
    ledger.restored("operator");
    expect([transactions.read(wakesDue), call("p").stay]).toEqual([0, false]);
    const until = clock.ms + HOLD_S * 1_000;
    expect(ledger.getGate().reasons).toContainEqual(expect.objectContaining({ lane: null, code: "restored", until }));
    expect(
      ledger.getJob(ledger.listJobs({ filter: { ...ANY_JOB, id: "a" }, cursor: null, limit: 1 }).jobs[0]?.job ?? ""),
    ).toMatchObject({
      waitingFor: { code: "restored", text: expect.stringMatching(/^The ledger was put back .*\.$/) },
    });
    clock.advance(HOLD_S + 1);
    expect(transactions.read(wakesDue)).toBe(1);
  });

  it("the alarm rings often enough that the poller's loop goes on, and then all jobs of before are looked for", () => {
    const { ledger, transactions, clock } = setup();
    ledger.restored("operator");
    expect(transactions.read(nextAlarmOf)).toBe(clock.ms + 10_000);
  });
});

describe("a job from before a restore that Ittybit's list shows", () => {
  /** The copy holds a row that waits. It was granted after the copy, under the generation that it has. */
  function putBack() {
    const world = setup();
    world.accept(KEY);
    const gen = world.row(KEY)?.gen ?? 0;
    world.ledger.restored("operator");
    return { ...world, world, gen };
  }

  it("is taken over by the row that waits for it, and stored under its own generation", () => {
    const { world, gen, clock, call, settle, row } = putBack();
    find(world, listed(gen, KEY, done));
    expect(row(KEY)?.gen).toBe(gen);
    clock.advance(HOLD_S + 1);
    const [given] = call("p").give;
    expect(given).toMatchObject({ gen, phase: "finish", job: `job-${gen}`, beforeRestore: true });
    settle("p", { id: given?.id ?? 0, gen }, STORED);
    expect(row(KEY)).toBeNull();
  });

  it("holds a slot while it runs, and counts in the budget", () => {
    const { world, gen, ledger } = putBack();
    const before = ledger.getGate().budget.used;
    find(world, listed(gen, KEY));
    expect(taken(world)).toBe(1);
    expect(ledger.getGate().budget.used).toBe(before + 1);
    find(world, listed(gen, KEY, done));
    expect(taken(world)).toBe(0);
  });

  it("is made anew under a new generation, without an attempt, when it is of another original", () => {
    const { world, gen, clock, call, settle, row } = putBack();
    find(world, listed(gen, KEY, done));
    clock.advance(HOLD_S + 1);
    const [given] = call("p").give;
    settle("p", { id: given?.id ?? 0, gen }, { kind: "outdated" });
    expect(row(KEY)?.gen).toBeGreaterThan(gen + 3_600_000_000);
    expect(row(KEY)).toMatchObject({ state: 0, attempts: 0 });
    expect(taken(world)).toBe(0);
  });

  it("is the newest of its variant's: an older one is not taken, also where the newest has failed", () => {
    const { world, gen, clock, call, row } = putBack();
    find(world, listed(gen + 7, KEY, { status: "failed", said: "failed" }), listed(gen, KEY, done));
    clock.advance(HOLD_S + 1);
    expect(call("p").give).toMatchObject([{ phase: "standby" }]);
    expect(row(KEY)?.gen).toBeGreaterThan(gen + 3_600_000_000);
    const { world: other, gen: first } = putBack();
    find(other, listed(first, KEY, done), listed(first + 7, KEY, done));
    expect(other.row(KEY)?.gen).toBe(first + 7);
  });

  it.each([
    [
      "another ledger's",
      (gen: number) => listed(gen, KEY, { ...done, metadata: { ledger: "other", gen: String(gen), key: KEY } }),
    ],
    ["another variant's", (gen: number) => listed(gen, OTHER, done)],
    ["an earlier generation's", (gen: number) => listed(gen - 1, KEY, done)],
    ["one without metadata", (gen: number) => listed(gen, KEY, { ...done, metadata: {} })],
  ])("is not taken over when it is %s", (_, jobOf) => {
    const { world, gen, clock, call } = putBack();
    find(world, jobOf(gen));
    clock.advance(HOLD_S + 1);
    expect(call("p").give).toMatchObject([{ key: KEY, phase: "standby" }]);
  });

  it("is not taken over below a floor: what was forced or purged before the copy was made", () => {
    const world = setup();
    world.order({ keys: [KEY], force: true });
    const gen = world.row(KEY)?.gen ?? 0;
    world.ledger.restored("operator");
    find(world, listed(gen - 1, KEY, done));
    expect(world.row(KEY)?.gen).toBe(gen);
    expect(taken(world)).toBe(0);
  });

  it("is taken over by a row that is ordered after the restore, unless it is forced or was tried already", () => {
    const orderedAfter = (more: { force?: boolean } = {}) => {
      const world = setup();
      world.ledger.restored("operator");
      world.order({ keys: [KEY], ...more });
      return world;
    };
    const world = orderedAfter();
    find(world, listed(5, KEY, done));
    expect(world.row(KEY)?.gen).toBe(5);
    const forced = orderedAfter({ force: true });
    const gen = forced.row(KEY)?.gen;
    find(forced, listed(5, KEY, done));
    expect(forced.row(KEY)?.gen).toBe(gen);
    const held = orderedAfter();
    held.clock.advance(HOLD_S + 1);
    held.ready("o", held.call("o").give);
    find(held, listed(5, KEY, done));
    expect(held.row(KEY)?.gen).toBeGreaterThan(5);
  });

  it("of a variant that does not wait has a slot until it ends", () => {
    const world = setup();
    world.ledger.restored("operator");
    find(world, listed(5, KEY));
    expect([taken(world), world.abandoned()]).toEqual([1, [expect.objectContaining({ gen: 5, job: "job-5" })]]);
    world.ended("job-5");
    expect(taken(world)).toBe(0);
  });

  it("is not taken over where nothing was restored", () => {
    const world = setup();
    world.accept(KEY);
    const gen = world.row(KEY)?.gen ?? 0;
    find(world, listed(gen, KEY, done));
    expect(world.call("p").give).toMatchObject([{ phase: "standby" }]);
  });
});

describe("what the replaced ledger knew", () => {
  it("goes on: its purges, with the image locked and rows of before them gone", () => {
    const old = setup();
    old.accept(KEY, OTHER);
    const { fence } = old.purge("a");
    const before = old.transactions.read(beforeImagesRestore);
    const world = setup();
    world.accept(KEY, OTHER);
    world.ledger.restored("operator", {}, before);
    expect([world.row(KEY), world.row(OTHER)?.group]).toEqual([null, "b"]);
    expect(world.image("a")).toEqual({ floor: fence, locked: true });
    expect(world.passes()).toMatchObject([{ id: "a", kind: "delete", fence, pass: 1 }]);
  });

  it("goes on where the copy has it: a purge that the copy knows is not begun anew", () => {
    const world = setup();
    const first = world.purge("a");
    world.transactions.write((tx) => passDone(tx, first, []));
    world.accept(KEY);
    const before = world.transactions.read(beforeImagesRestore);
    expect(before.purges).toEqual([{ seq: first.fence, id: "a" }]);
    world.ledger.restored("operator", {}, before);
    expect(world.passes()).toEqual([]);
    world.clock.advance(16 * 60);
    expect(world.passes()).toMatchObject([{ seq: first.seq, pass: 2 }]);
    expect(world.row(KEY)).not.toBeNull();
  });

  it("goes on: no number below its ceiling is given, also not by the next instance", () => {
    const world = setup();
    const ceiling = (world.clock.ms + 7_200_000) * 1_000;
    world.ledger.restored("operator", {}, { ceiling, purges: [] });
    world.accept(KEY);
    expect(world.row(KEY)?.gen).toBeGreaterThan(ceiling);
    world.evict().acceptChunk(chunkOf({ keys: [OTHER] }, { id: "later", chunk: 0, hash: "h" }));
    expect(world.row(OTHER)?.gen).toBeGreaterThan(ceiling);
  });

  it("is read with the platform's bookmarks, before the object restarts", async () => {
    const bookmarks = {
      now: async () => "b-now",
      at: async (time: number) => `b-${time}`,
      restoreNext: async () => "b-now",
      restart: () => undefined,
    };
    const clock = { now: () => 1_800_000_000_000, random: () => 0.5 };
    const { engine, host } = testEngine(nodeSql(), { config: testConfig(), clock });
    Object.assign(host, { bookmarks });
    const purge = Number(engine.purgeImage("a", null, "test").purge);
    const found = await engine.findBookmark({ bookmark: "b" });
    expect(found?.before.purges).toEqual([{ id: encodeId("a"), seq: purge }]);
    expect(found?.before.ceiling).toBeGreaterThan(purge);
  });
});

describe("until R2 has listed the blocks of removed images", () => {
  /** A ledger whose lists of blocks are answered by the test. */
  function listing() {
    const lists: ((blocks: Block[]) => void)[] = [];
    const begun: (() => void)[] = [];
    const listBlocks = () =>
      new Promise<Block[]>((answered) => {
        lists.push(answered);
        begun.shift()?.();
      });
    const world = setup({}, { listBlocks });
    /** The alarm rings; R2 is asked. The answer's `ended` is the end of the alarm. */
    const ring = async () => {
      const isAsked = new Promise<void>((asked) => void begun.push(asked));
      const ended = world.ledger.alarm();
      await isAsked;
      return { ended };
    };
    return { ...world, world, lists, ring };
  }
  const block = (id: string): Block => ({ id, reason: "asked", who: "ops", at: 7 });
  const isRemoved = ({ sql }: World, id: string) => findRemoval(sql, id) !== null;

  it("no removal of the copy deletes; one without a block is lifted, unless it was ordered again", async () => {
    const { world, ledger, lists, ring, clock, passes } = listing();
    for (const id of ["lifted", "again", "kept"]) ledger.removeImage([id], "asked", "ops");
    clock.advance(60);
    ledger.restored("ops");
    const { ended } = await ring();
    const objects = ["lifted", "kept"].map((id) => ({ key: `${id}/400-high.webp`, gen: 1 }));
    const page = { from: "", to: null, at: clock.ms, objects, markers: [] };
    expect(passes()).toEqual([]);
    expect(ledger.doctorSlice({ page, fix: true, keep: false, who: "test" }).findings).toEqual([]);
    clock.advance(1);
    ledger.removeImage(["again"], "asked again", "ops");
    lists[0]?.([block("kept"), block("lacking")]);
    await ended;
    expect(["lifted", "again", "kept", "lacking"].map((id) => isRemoved(world, id))).toEqual([false, true, true, true]);
    clock.advance(5);
    expect(passes().filter(({ id }) => id === "lifted")).toMatchObject([{ removes: false }]);
  });

  it("another restore asks anew, and its own two minutes hold", async () => {
    const { world, ledger, lists, ring, clock, accept, call } = listing();
    accept(KEY, OTHER);
    ledger.restored("ops");
    const first = await ring();
    clock.advance(30);
    ledger.restored("ops");
    lists[0]?.([]);
    await first.ended;
    // The two minutes of the first restore have ended.
    clock.advance(HOLD_S - 20);
    expect(call("p").give).toEqual([]);
    const second = await ring();
    lists[1]?.([block("a")]);
    await second.ended;
    expect(isRemoved(world, "a")).toBe(true);
    clock.advance(21);
    expect(call("p").give.map(({ key }) => key)).toEqual([OTHER]);
  });
});
