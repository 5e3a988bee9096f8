import { idOfKey, infoKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { CRASH_POINTS, type CrashPoint } from "../../../workers/consumer/src/making/crash-points.ts";
import { picture } from "../../../workers/consumer/src/testing/pictures.ts";
import { CrashWorld, KEYS } from "./crash-world.ts";

async function run(killAt: ConstructorParameters<typeof CrashWorld>[0]): Promise<CrashWorld> {
  const world = new CrashWorld(killAt);
  await world.play();
  return world;
}

const [STORED, REFUSED] = [3, 6];

/** Whatever died on the way: each variant once, nothing else, nothing open. */
async function expectConverged(world: CrashWorld): Promise<void> {
  const { store, ittybit, sql } = world;
  const job = (key: string) => sql.exec("SELECT state, gen, error FROM jobs WHERE key = ?", key)[0];
  for (const [key, width] of [
    [KEYS.small, 400],
    [KEYS.large, 800],
    [KEYS.left, 400],
  ] as const) {
    expect(job(key)?.state, key).toBe(STORED);
    const object = store.objects.get(`variants/${key}`);
    expect(object?.bytes, key).toEqual(await picture("webp", width, width / 2));
    expect(Number(object?.customMetadata.gen), key).toBe(job(key)?.gen);
  }
  expect(job(KEYS.bad)).toMatchObject({ state: REFUSED, error: expect.stringContaining('"unshowable"') });
  expect(job(KEYS.purged)).toBeUndefined();
  expect([...store.objects.keys()].sort()).toEqual(
    // What is known of an image is written whoever dies.
    [
      `dead/${KEYS.bad}`,
      ...new Set([KEYS.small, KEYS.large, KEYS.left].flatMap((key) => [`variants/${key}`, infoKey(idOfKey(key))])),
    ].sort(),
  );
  const jobsByKey = Object.groupBy(ittybit.jobs, (job) => job.order.metadata.key ?? "");
  expect(Object.fromEntries(Object.entries(jobsByKey).map(([key, jobs]) => [key, jobs?.length]))).toEqual({
    [KEYS.small]: 1,
    [KEYS.large]: 1,
    [KEYS.left]: 1,
    [KEYS.purged]: 1,
  });
  expect(world.isIdle, "every message is acked").toBe(true);
  expect([world.live.counts.dead, world.work.counts.dead]).toEqual([0, 0]);
  expect(world.violations).toEqual([]);
  expect(sql.exec("SELECT reason FROM dead_messages")).toHaveLength(1);
  expect(sql.exec("SELECT * FROM claims")).toEqual([]);
  expect(sql.exec("SELECT * FROM abandoned")).toEqual([]);
  expect(sql.exec("SELECT key FROM jobs WHERE state < 3 OR owner IS NOT NULL")).toEqual([]);
  const counted = sql.exec("SELECT state, lane, n FROM counters WHERE n > 0 ORDER BY state, lane");
  expect(counted).toEqual(
    sql.exec("SELECT state, lane, count(*) AS n FROM jobs GROUP BY state, lane ORDER BY state, lane"),
  );
}

describe("a handler killed at any point", () => {
  it("passes every named point when nobody kills it, and converges", async () => {
    const world = await run(null);
    expect(CRASH_POINTS.filter((point) => !world.passed.has(point))).toEqual([]);
    await expectConverged(world);
  });

  it.each(CRASH_POINTS)("%s: each time it is passed", async (point: CrashPoint) => {
    const clean = await run(null);
    const times = clean.passed.get(point) ?? 0;
    expect(times).toBeGreaterThan(0);
    for (let nth = 1; nth <= times; nth += 1) {
      const world = await run({ point, nth });
      expect(world.counts.crashes, `${point} #${nth}`).toEqual(new Map([[point, 1]]));
      await expectConverged(world);
    }
  });
});
