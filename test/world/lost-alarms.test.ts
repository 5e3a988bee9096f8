import { ALARM_LATE_MS } from "@prewarm/durable-queue";
import { GATE_KEY, parseGate } from "@prewarm/shared/markers";
import { describe, expect, it } from "vitest";
import { CalmWorld } from "./calm-world.ts";
import { createChance } from "./chance.ts";
import { type AlarmFate, type Faults, noFaults, scripted } from "./weather.ts";

/** No row, slot or second pass of a purge waits longer than this because of an alarm. */
const BOUND_S = 300;
const STEP_S = 5;
const GIVE_UP_S = 3 * 3_600;

const keysOf = (id: string) => [400, 800].map((width) => `${id}/${width}-high.webp`);
const wishOf = (n: number, name = "p") =>
  Object.fromEntries(Array.from({ length: n }, (_, at) => [`${name}${at}`, keysOf(`${name}${at}`)]));
const isEmpty = (world: CalmWorld, rest: string) => world.sql.exec(`SELECT 1 FROM ${rest} LIMIT 1`).length === 0;

interface Scene {
  /** Until only the alarm has something to do. */
  begin(world: CalmWorld, faults: Faults): Promise<void>;
  isDone(world: CalmWorld): boolean;
}

async function pause(world: CalmWorld, until: number | null = null): Promise<void> {
  await world.clock.until(world.ask((ledger) => ledger.patchGate({ paused: { bulk: { until } } }, "test")));
}

async function act(world: CalmWorld, rate: number): Promise<void> {
  const match = { states: [], lanes: [], run: null, id: null, format: null, error: null, text: [], fingerprint: null };
  const action = { kind: "cancel" as const, filter: {}, match: { ...match, jobs: null }, rate, who: "test" };
  await world.clock.until(world.ask((ledger) => ledger.createAction(action)));
}

const SCENES: Record<string, Scene> = {
  "what dead handlers held is made": {
    async begin(world, faults) {
      faults.crash.push("posted", "posted", "downloaded");
      await world.accept("bulk", wishOf(6));
      await world.clock.run(2_000);
    },
    isDone: (world) => world.stored === 12,
  },
  "a purge looks twice": {
    async begin(world) {
      await world.accept("bulk", wishOf(1));
      await world.clock.run(60_000);
      await world.clock.until(world.ask((ledger) => ledger.purgeImage("p0", null, "test")));
      await world.clock.run(1_000);
    },
    isDone: (world) => isEmpty(world, "sweeps"),
  },
  "a cancelled run of many rows is cancelled": {
    async begin(world) {
      await pause(world);
      for (const name of ["a", "b", "c", "d", "e"]) await world.accept("bulk", wishOf(500, name));
      await world.clock.until(world.ask((ledger) => ledger.cancelRun("bulk", "test")));
    },
    isDone: (world) => isEmpty(world, "runs WHERE cancel_cursor > 0"),
  },
  "an action of one job a second ends": {
    async begin(world) {
      await pause(world);
      await world.accept("bulk", { p0: keysOf("p0"), p1: [keysOf("p1")[0] ?? ""] });
      await act(world, 1);
    },
    isDone: (world) => isEmpty(world, "actions WHERE state = 'running'"),
  },
  "a slot whose job nobody knows comes free": {
    async begin(world, faults) {
      faults.crash.push("posted");
      await world.accept("bulk", { p0: [keysOf("p0")[0] ?? ""] });
      await world.clock.run(3_000);
      await world.clock.until(world.ask((ledger) => ledger.cancelRun("bulk", "test")));
    },
    isDone: (world) => isEmpty(world, "owners") && isEmpty(world, "claims"),
  },
  "the edge hears that a pause has ended": {
    async begin(world) {
      await pause(world, world.clock.now() + 600_000);
      await world.clock.run(5_000);
    },
    isDone(world) {
      const file = world.store.objects.get(GATE_KEY);
      return file !== undefined && parseGate(new TextDecoder().decode(file.bytes))?.closed.length === 0;
    },
  },
};

/** Seconds until it is done. */
async function timeOf({ begin, isDone }: Scene, fates: readonly AlarmFate[]): Promise<number> {
  const faults = noFaults();
  const weather = { ...scripted(() => faults, createChance(1)), message: () => [50] };
  const world = new CalmWorld({ gate: { concurrency: 4, ratePerSecond: 4, burst: 2 }, weather });
  try {
    await begin(world, faults);
    expect(isDone(world)).toBe(false);
    faults.alarms.push(...fates);
    let seconds = 0;
    for (; !isDone(world) && seconds < GIVE_UP_S; seconds += STEP_S) await world.clock.run(STEP_S * 1_000);
    expect(world.violations).toEqual([]);
    expect(faults.alarms.length).toBeLessThan(Math.max(1, fates.length));
    return seconds;
  } finally {
    await world.close();
  }
}

const FATES: [string, readonly AlarmFate[]][] = [
  ["is lost, and none reads as set", ["lost"]],
  ["is lost, and reads as set", ["stuck"]],
  ["is lost three times in a row", ["stuck", "lost", "stuck"]],
  ["never fires again", Array<AlarmFate>(1_000).fill("stuck")],
  ["is a minute late", [ALARM_LATE_MS]],
  ["fires twice, again and again", Array<AlarmFate>(20).fill("twice")],
];

describe.each(Object.entries(SCENES))("%s", (_, scene) => {
  it.each(FATES)("within five minutes more when the alarm %s", async (_name, fates) => {
    expect((await timeOf(scene, fates)) - (await timeOf(scene, []))).toBeLessThanOrEqual(BOUND_S);
  });
});
