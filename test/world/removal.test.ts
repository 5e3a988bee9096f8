import { blockKey, encodeId, infoKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { findRemoval } from "../../workers/consumer/src/images/tables/removals.ts";
import { CalmWorld } from "./calm-world.ts";
import { Life } from "./life.ts";
import type { Copy } from "./virtual-object.ts";

const ID = "picture";
/** Originals of this world are 1000 px wide: of the first two one is a copy of the other. */
const KEYS = ["1080-high.webp", "1440-high.webp", "400-high.webp", "800-high.webp"].map((name) => `${ID}/${name}`);
const BLOCK = [blockKey(ID), infoKey(ID)];
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** A POST that its handler had begun ends within this. */
const POST_MS = MINUTE;
/** Long enough for passes, leases and the end of the caches of this world. */
const CHECKED_MS = 150 * MINUTE;
/** Removals are tried at each so many awaits of the story. 1 each night. */
const STEP = Number(process.env.REMOVAL_STEP ?? 12);

type Landed = Map<string, number>;

/** A world whose image is removed at one of its awaits: calls of the ledger and of R2, and points of handlers. */
class RemovalWorld extends CalmWorld {
  awaits = 0;
  removedAt: number | null = null;
  readonly #at: number | null;
  /** What stood in R2 of the image at the removal or since, and when it was put. */
  readonly stood: Landed = new Map();

  constructor(at: number | null) {
    super({
      weather: {
        wire: () => this.#next({ ms: 8, backMs: 8, lost: null }),
        store: () => this.#next({ ms: 40, backMs: 0, lost: null }),
        point: () => this.#next(0),
      },
      watcher: { putLanded: ({ key }) => this.#landed(key) },
    });
    this.#at = at;
  }

  #next<T>(answer: T): T {
    this.awaits += 1;
    if (this.awaits === this.#at) this.remove();
    return answer;
  }

  remove(): void {
    this.removedAt = this.clock.now();
    for (const name of this.own) this.#landed(name);
    void this.removeImage(ID);
  }

  #landed(name: string): void {
    const object = this.store.objects.get(name);
    if (this.removedAt === null || object === undefined || !isOwn(name) || "removed" in object.customMetadata) return;
    if (name !== blockKey(ID)) this.stood.set(name, object.uploaded);
  }

  get own(): string[] {
    return [...this.store.objects.keys()].filter(isOwn);
  }

  get removal() {
    return findRemoval(this.sql, encodeId(ID));
  }
}

const isOwn = (name: string) => name.split("/")[1] === ID;

async function putBack(world: CalmWorld, copy: Copy): Promise<void> {
  world.object.putBack(copy);
  await world.clock.until(world.ask((ledger) => ledger.restored("test", {}, null)));
}

async function told(world: CalmWorld, order: string | null, sourceEtag: string | null, force = false): Promise<void> {
  const images = [{ id: ID, keys: KEYS, order, sourceEtag }];
  const delivery = { id: `told ${order} ${world.clock.now()}`, chunk: 0, hash: "h" };
  const run = { run: "told", label: null, lane: "upload" as const };
  await world.clock.until(
    world.ask((ledger) => ledger.acceptChunk({ run, delivery, images, force, backlogMax: 1_000 })),
  );
}

/** Everything that makes variants of an image, or brings them back. */
async function story(world: RemovalWorld): Promise<void> {
  await world.accept("bulk", { [ID]: KEYS.slice(0, 3) });
  const copy = world.object.copy();
  await world.clock.run(20 * SECOND);
  world.view(KEYS[3] ?? "");
  await world.clock.run(2 * SECOND);
  await told(world, "1", null);
  await world.clock.run(5 * SECOND);
  await world.clock.until(world.ask((ledger) => ledger.setFocal(ID, [0.2, 0.3], "test")));
  await world.clock.until(world.doctor());
  await putBack(world, copy);
  await world.clock.run(3 * MINUTE);
  await told(world, "2", '"b"', true);
  await world.clock.run(3 * SECOND);
  await world.clock.until(world.doctor());
}

/** Everything once more; nothing may come of it. */
async function again(world: RemovalWorld): Promise<void> {
  await told(world, "3", '"c"');
  await told(world, "4", null, true);
  await world.clock.until(world.ask((ledger) => ledger.setFocal(ID, [0.7, 0.7], "test")));
  for (const key of KEYS) world.view(key, { unknown: true });
  for (const key of KEYS) world.view(key);
  await world.clock.run(5 * MINUTE);
}

function expectGone(world: RemovalWorld, at: number): void {
  expect(world.own.sort(), `at ${at}`).toEqual([...BLOCK].sort());
  for (const table of ["jobs", "claims", "sweeps"])
    expect(world.sql.exec(`SELECT * FROM ${table}`), `${table} at ${at}`).toEqual([]);
  expect(world.sql.exec("SELECT * FROM focals WHERE x IS NOT NULL"), `focal point at ${at}`).toEqual([]);
  const late = world.ittybit.jobs.filter(({ createdAt }) => createdAt > (world.removedAt ?? 0) + POST_MS);
  expect(late, `jobs at ${at}`).toEqual([]);
  expect(world.violations).toEqual([]);
}

/**
 * The receipt's list is what stood in R2, each object once and with the time of its delete, and its last check found
 * nothing. Of objects with one name the last one counts: a put may have replaced the others.
 */
function expectReceipt({ removal, stood }: RemovalWorld, at: number): void {
  const inOrder = (removal?.objects ?? []).toSorted((a, b) => a.uploadedAt - b.uploadedAt);
  const listed = new Map(inOrder.map(({ name, uploadedAt }) => [name, uploadedAt]));
  expect([...listed].sort(), `receipt at ${at}`).toEqual([...stood].sort());
  expect(removal?.objects.every(({ deletedAt }) => deletedAt !== null)).toBe(true);
  expect(removal?.checks.at(-1)).toMatchObject({ found: 0 });
}

describe("a removed image", () => {
  it("never comes back, at whatever await of put, copy, view, doctor, restore and replay it was removed", async () => {
    const calm = new RemovalWorld(null);
    await story(calm);
    expect(calm.stored).toBe(KEYS.length);
    const { awaits } = calm;
    await calm.close();
    expect(awaits).toBeGreaterThan(100);
    for (let at = 1; at <= awaits; at += STEP) {
      const world = new RemovalWorld(at);
      await story(world);
      await world.clock.run(CHECKED_MS);
      expectGone(world, at);
      await again(world);
      await world.clock.until(world.doctor());
      expectGone(world, at);
      await world.close();
    }
  }, 600_000);

  it("has a receipt that lists what stood in R2, whatever landed meanwhile", async () => {
    for (let at = 1; at <= 90; at += STEP) {
      const world = new RemovalWorld(at);
      await world.accept("bulk", { [ID]: KEYS.slice(0, 3) });
      await world.clock.run(20 * SECOND);
      await told(world, "1", null);
      await world.clock.run(20 * SECOND);
      if (world.removedAt === null) world.remove();
      await world.clock.run(CHECKED_MS);
      expectGone(world, at);
      expectReceipt(world, at);
      await world.close();
    }
  }, 300_000);

  it("stays removed through a purge, and is made again once it is unblocked", async () => {
    const world = new RemovalWorld(null);
    await world.accept("bulk", { [ID]: KEYS });
    await world.clock.run(30 * SECOND);
    world.remove();
    await world.clock.run(MINUTE);
    await world.clock.until(world.ask((ledger) => ledger.purgeImage(ID, null, "test")));
    await world.clock.run(CHECKED_MS);
    await again(world);
    expectGone(world, 0);
    await world.clock.until(world.unblockImage(ID));
    await world.clock.run(20 * MINUTE);
    expect([world.own, world.removal]).toEqual([[], null]);
    await told(world, "9", null);
    await world.clock.run(MINUTE);
    expect(world.stored).toBe(KEYS.length);
    await world.close();
  });

  it("is deleted once more where a hand has put an object of it, which its receipt lists", async () => {
    const world = new RemovalWorld(null);
    const name = `variants/${KEYS[0]}`;
    await world.store.leave(name, "once");
    world.remove();
    await world.clock.run(CHECKED_MS);
    await world.store.leave(name, "a copy");
    // After 90 days the fence of the image is forgotten; the block is not.
    world.sql.exec("DELETE FROM images");
    await world.clock.until(world.doctor());
    await world.clock.run(CHECKED_MS);
    expectGone(world, 0);
    expect(world.removal?.objects).toMatchObject([
      { name, bytes: 4 },
      { name, bytes: 6 },
    ]);
    expect(world.removal?.checks.at(-1)).toMatchObject({ found: 0 });
    await world.close();
  });

  it("that was allowed again and uploaded anew stays through a restore of its removal, with its original", async () => {
    const world = new RemovalWorld(null);
    const original = "originals/of the picture";
    world.original = () => ({ bucket: world.store.bucket(new Life()), binding: "ORIGINALS", key: original });
    await world.store.leave(original, "first");
    await world.accept("bulk", { [ID]: KEYS });
    await world.clock.run(30 * SECOND);
    await world.clock.until(world.removeImage(ID));
    await world.clock.run(CHECKED_MS);
    expect([world.stored, world.store.objects.has(original)]).toEqual([0, false]);
    const copy = world.object.copy();
    await world.clock.until(world.unblockImage(ID));
    await world.clock.run(20 * MINUTE);
    await world.store.leave(original, "second");
    await told(world, null, null);
    await world.clock.run(5 * MINUTE);
    expect(world.stored).toBe(KEYS.length);
    await putBack(world, copy);
    for (let minutes = 0; minutes < 60; minutes += 1) {
      await world.clock.until(world.doctor());
      await world.clock.run(MINUTE);
    }
    expect([world.stored, world.store.objects.has(original), world.removal]).toEqual([KEYS.length, true, null]);
    await told(world, "9", null);
    await world.clock.run(MINUTE);
    expect(world.stored).toBe(KEYS.length);
    await world.close();
  });

  it("stays removed although R2 gives no list of blocks for five minutes after a restore", async () => {
    let isOut = false;
    const world = new CalmWorld({
      weather: { store: (call) => ({ ms: 1, backMs: 0, lost: isOut && call === "list" ? "call" : null }) },
    });
    await world.accept("bulk", { [ID]: KEYS });
    const copy = world.object.copy();
    await world.clock.until(world.removeImage(ID));
    await world.clock.run(MINUTE);
    isOut = true;
    await putBack(world, copy);
    const before = world.ittybit.jobs.length;
    await world.clock.run(5 * MINUTE);
    isOut = false;
    await world.clock.run(10 * MINUTE);
    expect([world.stored, world.ittybit.jobs.length]).toEqual([0, before]);
    await world.close();
  });
});
