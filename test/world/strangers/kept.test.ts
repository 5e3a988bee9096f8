import type { Config } from "@prewarm/shared/config";
import { ENCODED_ID_MAX_BYTES, OUTPUT_MAX_BYTES } from "@prewarm/shared/limits";
import { type TestSite, testSite } from "@prewarm/shared/testing/test-site";
import { expect, it, vi } from "vitest";
import { sum, times } from "../../../packages/shared/src/cost/operations.ts";
import { CHECK, dayBill, imageDay, MESSAGE, monthBill, passingBytes, ROW } from "../../../scripts/cost/strangers.ts";
import { picture } from "../../../workers/consumer/src/testing/pictures.ts";
import { CalmWorld, HTML_ID, ORIGINALS } from "../calm-world.ts";

/*
 * What strangers leave in R2 and in the ledger, made by the consumer's real code: variants as large as one may be, and beside them what is
 * gone within a day: refused rows with the longest ids, and markers.
 */

const NONE = { objectRequest: 0, r2A: 0, r2B: 0, logBytes: 0 };
const DAY_MS = 86_400_000;
vi.setConfig({ testTimeout: 120_000 });
const SINCE = Date.UTC(2027, 0, 1);

function siteOf(unknownPerSecond: number, { budget, limits }: Pick<TestSite, "budget" | "limits"> = {}): Config {
  return testSite({
    sources: [{ prefix: "", url: `${ORIGINALS}/{id}` }],
    limits: { ...limits, unknownPerSecond },
    budget: { month: 80, shares: { live: 0.5, liveDay: 0.1 }, ...budget },
  });
}

function comesNear(bytes: number, most: number): void {
  expect(bytes).toBeLessThanOrEqual(most);
  expect(bytes).toBeGreaterThan(0.8 * most);
}

/** A picture of so many bytes, whose one chunk goes on after its pixels. */
async function large(width: number, bytes: number): Promise<Uint8Array> {
  const padded = new Uint8Array(bytes);
  padded.set(await picture("webp", width, width / 2));
  new DataView(padded.buffer).setUint32(4, bytes - 8, true);
  new DataView(padded.buffer).setUint32(16, bytes - 20, true);
  return padded;
}

/** A world whose results are all as large as one may be, but each tenth, which is larger; and what it keeps. */
function largeWorld(config: Config) {
  const sizes = new Map<string, number>();
  let results = 0;
  const world = new CalmWorld({
    bornAt: SINCE,
    budget: config.budget,
    config: { limits: config.limits },
    result(width) {
      results += 1;
      return large(width, results % 10 === 0 ? 2 * OUTPUT_MAX_BYTES : OUTPUT_MAX_BYTES);
    },
    watcher: {
      // Only its length is kept: all of them are a gigabyte.
      putLanded({ key }, object) {
        sizes.set(key, object.bytes.byteLength);
        if (key.startsWith("variants/")) object.bytes = object.bytes.slice(0, 64);
      },
    },
  });
  const kept = () => [...world.store.objects.keys()].reduce((sum, key) => sum + (sizes.get(key) ?? 0), 0);
  return { world, kept };
}

it("a day's slice and a month's share of variants are kept, each as large as one may be, and none that is larger", async () => {
  const config = siteOf(0.01, { budget: { month: 40, shares: { live: 0.5, liveDay: 0.1 } } });
  const { world, kept } = largeWorld(config);
  // The month's share is spent within ten days.
  for (let day = 0; day < 12; day += 1) {
    // More than may be made, each of an image of its own, so that it has a note as well.
    for (let n = 0; n < 10; n += 1) world.view(`known-${day}-${n}/320-high.webp`);
    await world.clock.run(SINCE + (day + 1) * DAY_MS - world.clock.now());
    if (day === 0) for (const addresses of [1, 1_000]) comesNear(kept(), dayBill(config, addresses).bytes);
  }
  console.log(`${kept()} bytes of ${monthBill(config, 1).bytes}`);
  for (const addresses of [1, 1_000]) comesNear(kept(), monthBill(config, addresses).bytes);
  expect(world.violations).toEqual([]);
});

it("of one image a day's rows are kept, each as large as one may be", async () => {
  const config = siteOf(0.01, { limits: { liveRowsPerImageDay: 20 }, budget: { month: null } });
  const { world, kept } = largeWorld(config);
  for (let width = 16; width <= 640; width += 16) world.view(`photo/${width}-high.webp`);
  await world.clock.run(DAY_MS - 1);
  console.log(`${kept()} bytes of ${imageDay(config).bytes}`);
  comesNear(kept(), imageDay(config).bytes);
  expect(world.violations).toEqual([]);
});

it("a message and a check cost no more calls and no more log than the table reckons", async () => {
  const counts = { objectRequest: 0, r2A: 0, r2B: 0, logged: 0, sent: 0 };
  const world = new CalmWorld({
    bornAt: SINCE,
    config: { limits: siteOf(5).limits },
    isMissing: (id) => !id.startsWith(HTML_ID),
    log: (event, fields) => {
      counts.logged += JSON.stringify({ event, part: "consumer", version: "0".repeat(40), ...fields }).length;
    },
    watcher: {
      hear: (_call, _args, work) => {
        counts.objectRequest += 1;
        return work();
      },
    },
    weather: {
      store(call) {
        if (call !== "delete") counts[call === "put" || call === "list" ? "r2A" : "r2B"] += 1;
        return { ms: 1, backMs: 1, lost: null };
      },
    },
  });
  // One by one, so that each is a batch of its own.
  for (; counts.sent < 1_000; counts.sent += 1) {
    // Each fourth is no picture, which is a row.
    const id = `${counts.sent % 4 === 0 ? HTML_ID : "made-up"}-${counts.sent}`.padEnd(ENCODED_ID_MAX_BYTES, "x");
    world.view(`${id}/320-high.webp`, { unknown: true });
    await world.clock.run(50);
  }
  await world.clock.run(9_000);
  const rows = Number(world.sql.exec("SELECT count(*) AS n FROM jobs")[0]?.n);
  const markers = [...world.store.objects.keys()].filter((key) => key.startsWith("dead/")).length;
  console.log(JSON.stringify({ ...counts, markers, rows }));
  const reckoned = { ...NONE, ...sum(times(MESSAGE, counts.sent), times(CHECK, markers), times(ROW, rows)) };
  // Beside them the minute's cron, and the gate file.
  expect(counts.objectRequest).toBeLessThanOrEqual(reckoned.objectRequest + 5);
  expect(counts.objectRequest).toBeGreaterThan(0.9 * reckoned.objectRequest);
  expect(counts.r2A).toBeLessThanOrEqual(reckoned.r2A + 5);
  expect(counts.r2B).toBeLessThanOrEqual(reckoned.r2B + 5);
  expect(counts.logged).toBeLessThanOrEqual(reckoned.logBytes);
  expect(world.violations).toEqual([]);
});

it("of what passes no more is kept than a day's, and that of the hours until the next round of pruning", async () => {
  const config = siteOf(0.005, { budget: { month: 20 } });
  const world = new CalmWorld({ bornAt: SINCE, budget: config.budget, config: { limits: config.limits } });
  // History and the list of recent jobs have ends of their own, whoever fills them.
  const SIZE = "SELECT sum(pgsize) AS n FROM dbstat WHERE name NOT IN ('hist', 'recent')";
  const tables = () => Number(world.sql.exec(SIZE)[0]?.n);
  const before = tables();
  let rows = 0;
  for (let n = 0; world.clock.now() < SINCE + 2 * DAY_MS; n += 1) {
    // Twice as many as are checked.
    for (const of of [0, 1]) {
      const id = `${HTML_ID}-${n}-${of}-`.padEnd(ENCODED_ID_MAX_BYTES, "x");
      world.view(`${id}/320-high.webp`, { unknown: true });
    }
    await world.clock.run(201_000);
    rows = Math.max(rows, tables() - before);
  }
  // The bucket's rule takes them after a day, and within another.
  const markers = [...world.store.objects].filter(([key]) => key.startsWith("dead/"));
  const bytes = markers.reduce((sum, [, object]) => sum + object.bytes.byteLength, 0);
  console.log(`rows ${rows} and ${markers.length} markers ${bytes} bytes, of ${passingBytes(config, 1)}`);
  comesNear(rows + bytes, passingBytes(config, 1));
  expect(passingBytes(config, 1_000)).toBe(passingBytes(config, 1));
  expect(world.violations).toEqual([]);
});
