import { parseInfo } from "@prewarm/shared/image-info";
import { idOfKey, infoKey, missingKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { CRASH_POINTS, type CrashPoint } from "../../../workers/consumer/src/making/crash-points.ts";
import { picture } from "../../../workers/consumer/src/testing/pictures.ts";
import { HTML_ID, ORIGINALS, STAGED } from "../calm-world.ts";
import { lookAt, REFUSED } from "../histories/ledger-look.ts";
import { sumsAtFault } from "../histories/sums-check.ts";
import { PlainService } from "../plain-service.ts";
import { CrashWorld, KEYS } from "./crash-world.ts";

async function run(...how: ConstructorParameters<typeof CrashWorld>): Promise<CrashWorld> {
  const world = new CrashWorld(...how);
  await world.play();
  await world.clock.until(world.doctor());
  return world;
}

/** Whatever died on the way: each variant once, nothing else, nothing open. */
async function expectConverged(world: CrashWorld, killedAt: CrashPoint | null): Promise<void> {
  const { store, service, sql } = world;
  const all = service.made();
  for (const [key, width] of [
    [KEYS.small, 400],
    [KEYS.large, 800],
    [KEYS.broken, 400],
    [KEYS.largeBroken, 800],
    [KEYS.left, 400],
    [KEYS.viewed, 400],
  ] as const) {
    const object = store.objects.get(`variants/${key}`);
    expect(object?.bytes, key).toEqual(await picture("webp", width, width / 2));
    expect(object?.customMetadata.gen, key).toBe(String(all.find((job) => job.key === key)?.gen));
  }
  // Stored rows are gone; those that are left were refused. Of what is missing there never was one.
  const refused = { state: REFUSED, error: expect.stringContaining('"unshowable"') };
  expect(sql.exec("SELECT grp, part, state, error FROM jobs ORDER BY grp, part")).toEqual([
    { grp: HTML_ID, part: "400-high.webp", ...refused },
    { grp: `${HTML_ID}-viewed`, part: "400-high.webp", ...refused },
  ]);
  // After the ledger was told, the old marker is cleared and what is known of an image is written. Either may die with its handler: the
  // marker then runs out, and the doctor writes the note.
  const made = [KEYS.small, KEYS.large, KEYS.broken, KEYS.largeBroken, KEYS.left, KEYS.viewed];
  const marked = [KEYS.bad, KEYS.badView, KEYS.missing].map((key) => missingKey(idOfKey(key)));
  const mayStay = missingKey(idOfKey(KEYS.small));
  const known = [...new Set(made.map((key) => infoKey(idOfKey(key))))];
  // Besides what is staged, and what the edges were told of the purge.
  const isLeft = (name: string) => !/^(staged|control)\//.test(name) && (killedAt === null || name !== mayStay);
  const objects = [...store.objects.keys()].filter(isLeft);
  for (const name of known) {
    const listed = parseInfo(new TextDecoder().decode(store.objects.get(name)?.bytes))?.stored.webp;
    const isPair = [KEYS.small, KEYS.broken].some((key) => infoKey(idOfKey(key)) === name);
    const widths = isPair ? [400, 800] : [400];
    expect(listed, name).toEqual(widths);
  }
  expect(objects.sort()).toEqual([...new Set([...marked, ...made.map((key) => `variants/${key}`), ...known])].sort());
  const jobsByKey = Object.groupBy(all, ({ key }) => key);
  expect(Object.fromEntries(Object.entries(jobsByKey).map(([key, jobs]) => [key, jobs?.length]))).toEqual({
    [KEYS.small]: 1,
    [KEYS.large]: 1,
    [KEYS.broken]: 1,
    [KEYS.largeBroken]: 1,
    [KEYS.left]: 1,
    [KEYS.viewed]: 1,
    [KEYS.purged]: 1,
  });
  const inputs = [...new Set(all.map(({ input }) => input))].sort();
  const staged = expect.stringMatching(`^${STAGED}/\\d+/a$`);
  expect(inputs).toEqual([...["broken", "o", "p", "v"].map((id) => `${ORIGINALS}/${id}`), staged]);
  expect(world.isIdle, "every message is acked").toBe(true);
  expect([world.live.counts.dead, world.work.counts.dead]).toEqual([0, 0]);
  expect(world.violations).toEqual([]);
  expect(sql.exec("SELECT reason FROM dead_messages")).toHaveLength(1);
  for (const table of ["owners", "claims", "sweeps", "outbox"])
    expect(sql.exec(`SELECT * FROM ${table}`), table).toEqual([]);
  expect(sumsAtFault(sql, lookAt(sql))).toEqual([]);
}

const plain = (clock: { now(): number }) =>
  new PlainService(clock, ({ format, transform: { width } }) => picture(format, width ?? 0, (width ?? 0) / 2));

describe.each([
  ["sent to the queue", true, undefined],
  ["called in by the edge", false, undefined],
  ["called in by the edge, for a plain engine", false, plain],
])("a handler killed at any point, of misses %s", (_road, queued, service) => {
  let unharmed: Promise<CrashWorld> | undefined;
  const clean = () => {
    unharmed ??= run(null, queued, service);
    return unharmed;
  };

  it("passes every named point when nobody kills it, and converges", async () => {
    const world = await clean();
    expect(CRASH_POINTS.filter((point) => !world.passed.has(point))).toEqual([]);
    await expectConverged(world, null);
  });

  it.each(CRASH_POINTS)("%s: each time it is passed", async (point: CrashPoint) => {
    const times = (await clean()).passed.get(point) ?? 0;
    expect(times).toBeGreaterThan(0);
    for (let nth = 1; nth <= times; nth += 1) {
      const world = await run({ point, nth }, queued, service);
      expect(world.counts.crashes, `${point} #${nth}`).toEqual(new Map([[point, 1]]));
      await expectConverged(world, point);
    }
  });
});
