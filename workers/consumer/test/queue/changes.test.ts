import { changeOf, isRemoved, NO_CHANGES, parseChanges } from "@prewarm/shared/changes";
import { describe, expect, it } from "vitest";
import { CHANGES_MAX_CHARS } from "../../src/images/changes.ts";
import { passDone } from "../../src/images/sweeps.ts";
import { setup } from "../../src/ledger/testing/setup.ts";

const KEY = "a/400-high.webp";
const DAY_S = 86_400;

type World = ReturnType<typeof setup>;

/** What the edges are told, once they know all. */
async function told(world: World) {
  await world.ledger.edgesTold();
  return parseChanges(world.done.changes.at(-1) ?? NO_CHANGES);
}

/** An image with a variant in R2, of which the edges know nothing any more. */
async function stored() {
  const world = setup();
  const { gen } = world.made(KEY);
  return { world, gen };
}

function upload({ ledger }: World, order: string | null, force = false): void {
  const delivery = { id: `upload ${order} ${force}`, chunk: 0, hash: "h" };
  const run = { run: "uploads", label: null, lane: "upload" as const };
  const images = [{ id: "a", keys: [KEY], order, sourceEtag: null }];
  ledger.acceptChunk({ run, delivery, images, force, backlogMax: 100_000 });
}

describe("the edges are told", () => {
  it.each<
    [string, (world: World) => unknown, { gone: boolean; replaced: boolean; recropped: boolean; removed: boolean }]
  >([
    [
      "a purge",
      ({ ledger }) => ledger.purgeImage("a", null, "test"),
      { gone: true, replaced: true, recropped: false, removed: false },
    ],
    [
      "a removal",
      ({ ledger }) => ledger.removeImage(["a"], "asked", "test"),
      { gone: true, replaced: true, recropped: false, removed: true },
    ],
    [
      "a new original",
      (world) => upload(world, "2"),
      { gone: false, replaced: true, recropped: false, removed: false },
    ],
    [
      "an order to make it anew",
      (world) => upload(world, null, true),
      { gone: false, replaced: true, recropped: false, removed: false },
    ],
    [
      "a focal point",
      ({ ledger }) => ledger.setFocal("a", [0.1, 0.2], "test"),
      { gone: false, replaced: false, recropped: true, removed: false },
    ],
  ])("%s, by a number above the objects that it makes old", async (_, act, fences) => {
    const { world, gen } = await stored();
    act(world);
    const [gone, replaced, recropped, removed] = changeOf(await told(world), "a");
    expect({ gone: gone > gen, replaced: replaced > gen, recropped: recropped > gen, removed: removed === 1 }).toEqual(
      fences,
    );
    const next = world.transactions.write((tx) => tx.next());
    expect(next).toBeGreaterThan(Math.max(gone, replaced, recropped));
  });

  it("that a block is lifted", async () => {
    const world = setup();
    world.ledger.removeImage(["a"], "asked", "test");
    await told(world);
    world.clock.advance(2);
    world.ledger.unblockImage(["a"], "test");
    const changes = await told(world);
    expect([changes.images.has("a"), isRemoved(changes, "a")]).toEqual([true, false]);
  });

  it("what the doctor deletes, though they were told of its change long ago", async () => {
    const world = setup();
    upload(world, "1");
    for (const pass of world.passes()) world.transactions.write((tx) => passDone(tx, pass, []));
    world.cancel(KEY);
    world.clock.advance(32 * DAY_S);
    world.ledger.rearm();
    for (const pass of world.passes()) world.transactions.write((tx) => passDone(tx, pass, []));
    const page = { from: "", to: null, at: world.clock.ms, objects: [{ key: KEY, gen: 1 }], markers: [] };
    const { objects } = world.ledger.doctorSlice({ page, fix: true, keep: false, who: "test" });
    expect([objects, [...(await told(world)).images.keys()]]).toEqual([[KEY], ["a"]]);
  });

  it("after a restore that any object may be old", async () => {
    const { world, gen } = await stored();
    world.ledger.restored("test");
    expect((await told(world)).before).toBeGreaterThan(gen);
  });
});

describe("an image leaves the changes", () => {
  const end = (world: World, found: { key: string; gen: number }[]) => {
    for (const pass of world.passes()) world.transactions.write((tx) => passDone(tx, pass, found));
  };

  it("when its first upload has found nothing in R2", async () => {
    const world = setup();
    upload(world, "1");
    expect((await told(world)).images.has("a")).toBe(true);
    end(world, []);
    world.ledger.purgeImage("b", null, "test");
    expect([...(await told(world)).images.keys()]).toEqual(["b"]);
  });

  it.each([
    ["an upload", (world: World) => upload(world, "0")],
    ["a viewer's miss", (world: World) => world.view("v", KEY)],
  ])("not while a handler of %s before it may still put an older object", async (_, order) => {
    const world = setup();
    order(world);
    end(world, []);
    upload(world, "1");
    end(world, []);
    world.ledger.purgeImage("b", null, "test");
    expect([...(await told(world)).images.keys()]).toEqual(["b", "a"]);
  });

  it("not when R2 has something of it, nor when it was purged before", async () => {
    const { world, gen } = await stored();
    upload(world, "1");
    end(world, [{ key: KEY, gen: gen + 10 ** 9 }]);
    world.ledger.purgeImage("b", null, "test");
    await told(world);
    world.clock.advance(2);
    world.ledger.purgeImage("c", null, "test");
    expect((await told(world)).images.has("a")).toBe(true);
    const other = setup();
    other.ledger.purgeImage("a", null, "test");
    upload(other, "1");
    end(other, []);
    expect(changeOf(await told(other), "a")[0]).toBeGreaterThan(0);
  });

  it("and comes back when the second pass finds what an older handler has put late", async () => {
    const world = setup();
    upload(world, "1");
    await told(world);
    end(world, []);
    world.clock.advance(1_000);
    end(world, [{ key: KEY, gen: 1 }]);
    world.ledger.purgeImage("b", null, "test");
    expect((await told(world)).images.has("a")).toBe(true);
  });

  it("when no copy can be as old as its change", async () => {
    const world = setup();
    world.ledger.purgeImage("a", null, "test");
    await told(world);
    world.clock.advance(30 * DAY_S);
    world.ledger.purgeImage("b", null, "test");
    expect([...(await told(world)).images.keys()]).toEqual(["b", "a"]);
    world.clock.advance(DAY_S + 60);
    world.ledger.purgeImage("b", null, "test");
    expect([...(await told(world)).images.keys()]).toEqual(["b"]);
  });

  it("when they are too long: every object of that time counts as old", { timeout: 60_000 }, async () => {
    const world = setup();
    const id = (n: number) => `${"x".repeat(900)}${n}`;
    const from = world.clock.ms * 1000;
    world.transactions.write(({ sql }) => {
      for (let n = 0; n < 3_000; n += 1)
        sql.exec("INSERT INTO changes (id, first, seq, forced) VALUES (?, 1, ?, 0)", id(n), from + n);
    });
    const { before, images } = await told(world);
    const oldest = 3_000 - images.size;
    expect([images.has(id(2_999)), images.has(id(oldest)), images.has(id(oldest - 1))]).toEqual([true, true, false]);
    expect(before).toBe(from + oldest - 1);
    // A later change leaves them out, and raises nothing.
    world.ledger.purgeImage("a", null, "test");
    const later = await told(world);
    expect([later.before, later.images.size]).toEqual([before, images.size + 1]);
  });

  it("but not while the objects of a purge are still to be deleted", { timeout: 60_000 }, async () => {
    const { world } = await stored();
    world.ledger.removeImage(["a"], "asked", "test");
    await told(world);
    const from = world.clock.ms * 1000 + 1_000_000;
    world.transactions.write(({ sql }) => {
      for (let n = 0; n < 60_000; n += 1)
        sql.exec("INSERT INTO changes (id, first, seq, forced) VALUES (?, 1, ?, 0)", `flood-${n}`, from + n);
    });
    const changes = await told(world);
    expect(changes.images.size).toBeLessThan(20_000);
    expect(changes.before).toBeGreaterThan(from);
    expect(isRemoved(changes, "a")).toBe(true);
    expect(world.done.changes.at(-1)?.length).toBeLessThan(CHANGES_MAX_CHARS + 1_000);
  });
});

describe("a put of the changes", () => {
  /** A world whose puts end when the test says how, and come when `turn` lets them. */
  function heldWorld() {
    const turn: { until: Promise<void> | null } = { until: null };
    const puts: { text: string; end: PromiseWithResolvers<void> }[] = [];
    const putChanges = (next: () => string | null) => {
      const put = () => {
        const end = Promise.withResolvers<void>();
        puts.push({ text: next() ?? "", end });
        return end.promise;
      };
      return turn.until?.then(put) ?? put();
    };
    return { world: setup({}, { putChanges }), puts, turn };
  }
  const settled = () => new Promise((turn) => setImmediate(turn));

  it("comes before the answer to a caller, and a change that comes meanwhile is in the next one", async () => {
    const { world, puts } = heldWorld();
    const heard: string[] = [];
    world.ledger.purgeImage("a", null, "test");
    void world.ledger.edgesTold().then(() => heard.push("a"));
    world.ledger.purgeImage("b", null, "test");
    void world.ledger.edgesTold().then(() => heard.push("b"));
    await settled();
    expect([puts.length, puts[0]?.text.includes('"b"'), heard]).toEqual([1, false, []]);
    puts[0]?.end.resolve();
    await settled();
    expect([puts.length, puts[1]?.text.includes('"b"'), heard]).toEqual([2, true, ["a"]]);
    puts[1]?.end.resolve();
    await settled();
    expect(heard).toEqual(["a", "b"]);
  });

  it("has every change that came while it waited for its turn", async () => {
    const { world, puts, turn } = heldWorld();
    const { promise, resolve } = Promise.withResolvers<void>();
    turn.until = promise;
    world.ledger.purgeImage("a", null, "test");
    const first = world.ledger.edgesTold();
    await settled();
    world.ledger.purgeImage("b", null, "test");
    const second = world.ledger.edgesTold();
    resolve();
    await settled();
    puts[0]?.end.resolve();
    await Promise.all([first, second]);
    expect(puts.map(({ text }) => text.includes('"b"'))).toEqual([true]);
  });

  it("that R2 refuses is repeated with all that has come since", async () => {
    const { world, puts } = heldWorld();
    world.ledger.purgeImage("a", null, "test");
    const heard = world.ledger.edgesTold();
    world.ledger.purgeImage("b", null, "test");
    puts[0]?.end.reject(new Error("too many writes of one key"));
    await settled();
    expect(puts[1]?.text).toMatch(/"a".*"b"|"b".*"a"/);
    puts[1]?.end.resolve();
    await heard;
  });

  it("that an eviction has cut off is made again", async () => {
    const { world, puts } = heldWorld();
    world.ledger.purgeImage("a", null, "test");
    void world.ledger.edgesTold();
    const next = world.evict();
    await next.alarm();
    expect(puts.map(({ text }) => text.includes('"a"'))).toEqual([true, true]);
  });

  it("that comes late makes the receipt of a removal complete later", async () => {
    const { world, puts } = heldWorld();
    world.ledger.removeImage(["a"], "asked", "test");
    const heard = world.ledger.edgesTold();
    expect(world.ledger.imageRows("a", []).removal).toMatchObject({ edgeUntil: null, completeAt: null });
    world.clock.advance(3_600);
    puts[0]?.end.resolve();
    await heard;
    const edgeUntil = world.clock.ms + 60_000;
    expect(world.ledger.imageRows("a", []).removal).toMatchObject({ edgeUntil, completeAt: edgeUntil });
  });
});
