import { describe, expect, it } from "vitest";
import { batchWorld } from "./testing/batch-world.ts";

/**
 * Originals here are 1000 px wide: 1080, the first of the pages' widths that shows all, stands for 1200, 1440, 1920 and
 * 2048.
 */

const ONE = "photo/1080-high.webp";
const WIDER = ["photo/1440-high.webp", "photo/1920-high.webp"];

async function dataOf({ images }: ReturnType<typeof batchWorld>, key: string): Promise<Record<string, string> | null> {
  const object = await images.bucket.get(`variants/${key}`);
  return object === null ? null : { bytes: await object.text(), ...object.customMetadata };
}

/** Until what was put back is due again. */
const AGAIN_MS = 20_000;

describe("widths from the original's own up", () => {
  it("cost one job together: the others are copies of it, of generations of their own", async () => {
    const world = batchWorld();
    const rows = [ONE, ...WIDER].map((key) => world.ledger.add(key));
    world.ledger.add("photo/640-high.webp");
    await world.shift();
    expect(WIDER.map((key) => world.ledger.lastOutcome(key)?.kind)).toEqual(["pending", "pending"]);
    world.clock.advance(AGAIN_MS);
    await world.shift();
    expect(world.ittybit.jobs.map(({ order }) => order.metadata.key)).toEqual([ONE, "photo/640-high.webp"]);
    const [one, ...copies] = await Promise.all([ONE, ...WIDER].map((key) => dataOf(world, key)));
    for (const [at, copy] of copies.entries())
      expect(copy).toMatchObject({ bytes: one?.bytes, job: one?.job, width: "1000", gen: String(rows[at + 1]?.gen) });
    for (const key of WIDER)
      expect(world.ledger.outcomes.get(key)).toMatchObject([{ kind: "pending" }, { kind: "present", posted: false }]);
  });

  it("are copied where one was made before", async () => {
    const world = batchWorld();
    world.ledger.add(ONE);
    await world.shift();
    for (const key of WIDER) world.ledger.add(key);
    await world.shift();
    expect(world.ittybit.jobs).toHaveLength(1);
    expect((await dataOf(world, WIDER[1] ?? ""))?.bytes).toBe((await dataOf(world, ONE))?.bytes);
  });

  it("have jobs of their own if the one variant does not come, is of another original, or is outdated", async () => {
    const alone = batchWorld();
    alone.ledger.add(WIDER[0] ?? "");
    await alone.shift();
    expect(alone.ittybit.jobs).toHaveLength(1);

    const metadata = { job: "job_0", width: "1000", height: "500", "created-at": "1" };
    // What is ordered by force has its own generation as its floor, and 40 is below it.
    for (const [etag, force] of [
      ["another", false],
      [null, true],
    ] as const) {
      const world = batchWorld();
      const customMetadata = { ...metadata, gen: "40", ...(etag === null ? {} : { "source-etag": etag }) };
      await world.images.bucket.put(`variants/${ONE}`, "old bytes", { customMetadata });
      world.ledger.add(WIDER[0] ?? "", { force });
      await world.shift();
      expect(world.ittybit.jobs).toHaveLength(1);
      expect((await dataOf(world, WIDER[0] ?? ""))?.bytes).not.toBe("old bytes");
    }
  });

  it("have jobs of their own where another worker waits for the one", async () => {
    const world = batchWorld();
    world.ittybit.plan = ({ metadata }) => (metadata.key === ONE ? { ms: 3_600_000 } : {});
    world.ledger.add(ONE);
    for (const key of WIDER) world.ledger.add(key);
    await world.shift();
    world.clock.advance(AGAIN_MS);
    await world.shift();
    expect(world.ittybit.jobs.map(({ order }) => order.metadata.key).toSorted()).toEqual([ONE, ...WIDER].toSorted());
    expect(WIDER.map((key) => world.ledger.lastOutcome(key)?.kind)).toEqual(["stored", "stored"]);
  });

  it("are made at once for a viewer", async () => {
    // The one token is taken: the viewer's job stands by for the next one, beside the one that shows the same.
    const world = batchWorld({ gate: { ratePerSecond: 1, burst: 1 } });
    const [wide = ""] = WIDER;
    world.ledger.addLeft("cat/400-high.webp");
    world.ledger.add(ONE);
    world.ledger.add(wide);
    world.ledger.view(wide);
    await world.shift();
    expect(world.ledger.outcomes.get(wide)).toMatchObject([{ kind: "stored" }]);
    expect(world.ittybit.jobs.map(({ order }) => order.metadata.key)).toContain(wide);
  });

  it("are made by jobs where R2 does not give the one", async () => {
    const world = batchWorld();
    world.ledger.add(ONE);
    await world.shift();
    const [wide = ""] = WIDER;
    world.images.fails = (call) => call.startsWith(`get variants/${ONE}`);
    world.ledger.add(wide);
    await world.shift();
    expect([world.ittybit.jobs.length, world.ledger.lastOutcome(wide)?.kind]).toEqual([2, "stored"]);
  });
});
