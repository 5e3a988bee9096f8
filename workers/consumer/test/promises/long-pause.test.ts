import { expect, it } from "vitest";
import { CalmWorld } from "../../../../test/world/calm-world.ts";

const IMAGES = 500;
const WIDTHS = [160, 400, 640, 800];
const ROWS = IMAGES * WIDTHS.length;
const HOUR_MS = 3_600_000;
/** Platform limits: a message is delivered at most 1 + 100 times, each time after at most 12 hours. */
const HUNDRED_REDELIVERIES_MS = 101 * 12 * HOUR_MS;
const [QUEUED, DEAD] = [0, 2];

it("keeps bulk that is paused for longer than a hundred redeliveries at no cost, and makes all of it then", async () => {
  const world = new CalmWorld({ gate: { concurrency: 200, ratePerSecond: 1_000, burst: 200 } });
  const { clock, work, object } = world;
  const pause = (bulk: boolean) => clock.until(world.ledger.patchGate({ paused: { bulk } }, "test"));
  await pause(true);
  for (let first = 0; first < IMAGES; first += 250) {
    const ids = Array.from({ length: 250 }, (_, n) => `p${first + n}`);
    await world.accept(
      "bulk",
      Object.fromEntries(ids.map((id) => [id, WIDTHS.map((width) => `${id}/${width}-high.webp`)])),
    );
  }

  await clock.run(HUNDRED_REDELIVERIES_MS);
  expect(work.counts.sent, "queue operations while paused").toBe(0);
  const { alarms } = object.counts;
  expect(alarms, "alarms: once an hour").toBeLessThanOrEqual(HUNDRED_REDELIVERIES_MS / HOUR_MS + 5);
  expect(world.count(QUEUED)).toBe(ROWS);

  await pause(false);
  for (let turn = 0; turn < 400 && world.stored < ROWS; turn += 1) await clock.run(1_000);
  expect(world.stored).toBe(ROWS);
  expect(world.count(DEAD)).toBe(0);
  expect(world.violations).toEqual([]);
}, 60_000);
