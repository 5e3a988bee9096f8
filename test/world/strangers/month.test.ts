import { defineConfig } from "@prewarm/shared/config";
import { READS_PER_REQUEST } from "@prewarm/shared/limits";
import { expect, it } from "vitest";
import { listUsd, PATHS, sum, times } from "../../../packages/shared/src/cost/operations.ts";
import { CHECK, DAY, dayBill, imageDay, MESSAGE, monthBill } from "../../../scripts/cost/strangers.ts";
import { CalmWorld, ORIGINALS } from "../calm-world.ts";
import { edgeInFront, INFO } from "./edge-in-front.ts";

const DAY_MS = 86_400_000;
const DAYS = 30;
const VERSIONS = 10_000;
const ADDRESSES = 1_000;
const IMAGES = Array.from({ length: 20 }, (_, n) => `known-${n}`);

const config = defineConfig({
  sources: [{ prefix: "", url: `${ORIGINALS}/{id}` }],
  budget: { month: 2_000, shares: { live: 0.5, liveDay: 0.1 }, per1000Jobs: 2 },
});

function address(n: number): string {
  return `10.0.${Math.floor(n / 250)}.${n % 250}`;
}

it(`${VERSIONS} made-up versions from ${ADDRESSES} addresses in a month cost no more jobs, messages, checks, rows and dollars than the table says`, async () => {
  const since = Date.UTC(2027, 0, 1);
  const world = new CalmWorld({ bornAt: since, budget: config.budget, isMissing: (id) => id.startsWith("made-up") });
  const edge = edgeInFront(world, config);
  for (const id of IMAGES) await world.store.leave(`info/${id}/_`, INFO);
  const jobsByDay: number[] = [];
  const jobsByImageDay = new Map<string, number>();
  let asked = 0;
  for (let day = 0; day < DAYS; day += 1) {
    const [before, jobsBefore] = [asked, world.ittybit.jobs.length];
    for (; asked - before < VERSIONS / DAYS && asked < VERSIONS; asked += 1) {
      const from = address((asked * 7) % ADDRESSES);
      // Every image in turn, so that all have many; beside it a size that is open to all, and an id that is made up.
      const id = IMAGES[asked % IMAGES.length] ?? "";
      await edge.get(`/images/${id}?w=320&v=made-up-${asked}`, from);
      await edge.get(`/images/${id}?w=${16 * (1 + (asked % 100))}`, from);
      await edge.get(`/images/made-up-${asked}?w=320`, from);
      await world.clock.run(100);
    }
    await world.clock.run(since + (day + 1) * DAY_MS - 1 - world.clock.now());
    jobsByDay.push(world.ittybit.jobs.length - jobsBefore);
    for (const { order } of world.ittybit.jobs.slice(jobsBefore)) {
      const place = `${order.metadata.key?.split("/")[0]} ${day}`;
      jobsByImageDay.set(place, (jobsByImageDay.get(place) ?? 0) + 1);
    }
    await world.clock.run(1);
  }
  const markers = [...world.store.objects.keys()].filter((key) => key.startsWith("dead/made-up"));
  const jobs = world.ittybit.jobs.length;
  const [ofDay, ofMonth, ofImage] = [dayBill(config, ADDRESSES), monthBill(config, ADDRESSES), imageDay(config)];
  const history = await world.clock.until(
    world.ask((ledger) => ledger.getHistory({ tier: "day", from: since - DAY_MS, to: world.clock.now() })),
  );
  const rows = history?.buckets.reduce((n, { accepted }) => n + accepted, 0) ?? Number.NaN;
  const versions = Map.groupBy(
    world.ittybit.jobs.filter(({ order }) => order.metadata.key?.includes("@")),
    ({ order, createdAt }) => `${order.metadata.key?.split("/")[0]} ${Math.floor(createdAt / DAY_MS)}`,
  );
  const { requests, reads } = edge.counts;
  const caused = sum(
    times(PATHS.miss.operations, edge.messages.sent),
    times(MESSAGE, edge.messages.sent),
    times(CHECK, markers.length),
    times(DAY, DAYS),
    times(PATHS.live.operations, jobs),
  );
  const usd = listUsd(caused, 1) + (jobs * 2) / 1_000;
  console.log(
    `jobs ${jobs} of ${ofMonth.jobs}, a day ${Math.max(...jobsByDay)} of ${ofDay.jobs}, messages ${edge.messages.sent}, $${usd.toFixed(2)} of $${ofMonth.usd.toFixed(2)}`,
  );
  expect(asked).toBe(VERSIONS);
  // They tried: the day's slice and the month's share are spent.
  expect(Math.max(...jobsByDay)).toBe(ofDay.jobs);
  expect(jobs).toBe(ofMonth.jobs);
  expect(usd).toBeLessThanOrEqual(ofMonth.usd);
  expect(edge.messages.sent).toBeLessThanOrEqual(ofMonth.messages);
  // The gate file is read once in 10 s.
  expect(reads).toBeLessThanOrEqual(requests * READS_PER_REQUEST.miss + (DAYS * DAY_MS) / 10_000);
  expect(markers.length).toBeLessThanOrEqual(ofMonth.checks);
  expect(rows).toBeLessThanOrEqual(ofMonth.rows);
  expect(rows).toBeGreaterThanOrEqual(jobs);
  expect(Math.max(...jobsByImageDay.values())).toBeLessThanOrEqual(ofImage.jobs);
  expect(Math.max(...[...versions.values()].map((list) => list.length))).toBe(ofImage.versions);
  expect(world.stored).toBe(jobs);
  await world.clock.run(DAY_MS + 7 * 3_600_000);
  expect(world.sql.exec("SELECT * FROM jobs")).toEqual([]);
  expect(world.sql.exec("SELECT * FROM images")).toEqual([]);
  expect(world.violations).toEqual([]);
}, 600_000);
