import { describe, expect, it } from "vitest";
import { crashWorld, KEYS } from "../testing/crash-world.ts";
import { picture } from "../testing/pictures.ts";
import { CRASH_POINTS, type CrashPoint } from "./crash-points.ts";

type World = ReturnType<typeof crashWorld>;

async function run(killAt: Parameters<typeof crashWorld>[0]): Promise<World> {
  const world = crashWorld(killAt);
  await world.begin();
  await world.settleDown();
  return world;
}

/** Whatever died on the way: each variant once, nothing else, nothing open. */
async function expectConverged(world: World): Promise<void> {
  const { core, images, ittybit, sql } = world;
  for (const [key, width] of [
    [KEYS.small, 400],
    [KEYS.large, 800],
    [KEYS.left, 400],
  ] as const) {
    expect(core.job(key)?.state, key).toBe("stored");
    const object = images.objects.get(`variants/${key}`);
    expect(object?.bytes, key).toEqual(await picture("webp", width, width / 2));
    expect(Number(object?.customMetadata.gen), key).toBe(core.job(key)?.gen);
  }
  expect(core.job(KEYS.bad)).toMatchObject({ state: "dead", error: { code: "unshowable" } });
  expect(core.job(KEYS.purged)).toBeNull();
  expect([...images.objects.keys()].sort()).toEqual(
    [`dead/${KEYS.bad}`, ...[KEYS.small, KEYS.large, KEYS.left].map((key) => `variants/${key}`)].sort(),
  );
  const jobsByKey = Object.groupBy(ittybit.jobs, (job) => job.order.metadata.key ?? "");
  expect(Object.fromEntries(Object.entries(jobsByKey).map(([key, jobs]) => [key, jobs?.length]))).toEqual({
    [KEYS.small]: 1,
    [KEYS.large]: 1,
    [KEYS.left]: 1,
    [KEYS.purged]: 1,
  });
  expect(world.queue).toEqual([]);
  expect(world.delivered.every(({ fate }) => fate === "ack")).toBe(true);
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
      expect(world.crashes(), `${point} #${nth}`).toBe(1);
      await expectConverged(world);
    }
  });
});
