import { CountersDoc, STORED } from "@prewarm/durable-queue/testing";
import { expect, it } from "vitest";
import type { ExchangeRequest } from "../../workers/consumer/src/ledger/calls.ts";
import { BULK, LIVE } from "../../workers/consumer/src/queue-settings.ts";
import { CalmWorld } from "./calm-world.ts";

const WIDTHS = [400, 800, 1_200];
const keysOf = (id: string) => WIDTHS.map((width) => `${id}/${width}-high.webp`);

it("makes what is accepted, and what viewers miss, and comes to rest", async () => {
  const world = new CalmWorld();
  const ids = Array.from({ length: 20 }, (_, n) => `picture${n}`);
  await world.accept("bulk", Object.fromEntries(ids.map((id) => [id, keysOf(id)])));
  world.view("viewed/400-high.webp");
  for (let turn = 0; turn < 120 && world.stored < 61; turn += 1) await world.clock.run(1_000);
  expect(world.stored).toBe(61);
  await world.clock.run(120_000);
  expect(world.violations).toEqual([]);
  expect(world.ittybit.jobs).toHaveLength(61);
  expect(world.sql.exec("SELECT * FROM jobs")).toEqual([]);
  expect(world.sql.exec("SELECT * FROM claims")).toEqual([]);
  expect(world.sql.exec("SELECT * FROM owners")).toEqual([]);
  expect(world.isIdle).toBe(true);
  const counts = Object.entries(new CountersDoc(world.sql).state.jobs).filter(([, n]) => n !== 0);
  expect(Object.fromEntries(counts)).toEqual({ [`${STORED} ${LIVE}`]: 1, [`${STORED} ${BULK}`]: 60 });
});

it("hears no more of a handler that died while it waited to ask again", async () => {
  let isLost = false;
  const askers: string[] = [];
  const world = new CalmWorld({
    weather: { wire: () => ({ ms: 5, backMs: 5, lost: isLost ? "answer" : null }) },
    watcher: {
      hear(call, args, work) {
        if (call === "exchange") askers.push((args[0] as ExchangeRequest).owner);
        return work();
      },
    },
  });
  await world.accept("bulk", { p: keysOf("p") });
  isLost = true;
  while (askers.length === 0) await world.clock.run(5);
  await world.clock.until(world.restart());
  isLost = false;
  await world.clock.run(120_000);
  expect(askers.filter((owner) => owner === "owner1")).toHaveLength(1);
  expect(world.stored).toBe(3);
});
