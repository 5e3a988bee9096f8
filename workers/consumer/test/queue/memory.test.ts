import { type Claim, Memory, type Sql } from "@prewarm/durable-queue";
import { hasRow } from "@prewarm/durable-queue/testing";
import { expect, it } from "vitest";
import { createChance } from "../../../../test/world/chance.ts";
import { StatisticsDoc } from "../../src/console/statistics-doc.ts";
import { PERMANENT, STORED, setup, TRANSIENT } from "../../src/ledger/testing/setup.ts";

const SEEDS = Number(process.env.MEMORY_SEEDS ?? 12);
const CALLS = 100;
/** Share of calls in which a statement throws, and the last statement that may. */
const THROWS = { share: 0.1, last: 12 };
const UNCLEAR = { kind: "unclear", failure: { code: "upstream_unreachable", message: "no answer" } } as const;

type World = ReturnType<typeof setup>;
type Held = { id: number; gen: number };

/** A claim as its row has it: the id of a job and a due time are written when the claim has no owner. */
function rowOf(claim: Claim, isHeld: boolean) {
  const { gen, id, state, lane, paidBy, admittedAt, unfetchedSince, externalId, due, until } = claim;
  const free = isHeld ? {} : { externalId, due };
  return { gen, id, state, lane, paidBy, admittedAt, unfetchedSince, ...free, until };
}

/** What a memory holds of that which is kept in tables. `now`: the memory of the instance. */
function keptIn(memory: Memory, now: Memory) {
  const { claims, counters, gateDoc } = memory;
  const rows = [...claims.held(), ...claims.abandoned()].filter(hasRow);
  return {
    claims: rows.map((claim) => rowOf(claim, now.claims.byGen(claim.gen)?.owner != null)).sort((a, b) => a.gen - b.gen),
    counts: counters.state,
    statistics: memory.of(StatisticsDoc).state,
    gate: { ...gateDoc.state, updatedAt: 0 },
  };
}

/** A database whose n-th statement from now on throws. */
function throwing(sql: Sql): { after(n: number): void } {
  const exec = sql.exec.bind(sql);
  let left = Number.POSITIVE_INFINITY;
  sql.exec = (query, ...params) => {
    left -= 1;
    if (left === 0) throw new Error("the statement throws (test)");
    return exec(query, ...params);
  };
  return {
    after: (n) => {
      left = n;
    },
  };
}

/** Calls of workers, viewers and operators, each by chance. */
function calls(world: World, random: () => number): (() => void)[] {
  const held = new Map<string, Held[]>();
  const jobs: string[] = [];
  const any = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const image = () => any([..."abcdef"]);
  const key = () => `${image()}/${any([100, 200, 300])}-high.webp`;
  const owner = () => any(["o1", "o2", "o3"]);
  const of = (name: string) => held.get(name) ?? [];
  const outcomes = () => [
    STORED,
    TRANSIENT,
    PERMANENT,
    UNCLEAR,
    { kind: "unposted" } as const,
    { kind: "stopped" } as const,
    { kind: "pending", due: world.clock.ms + 500 } as const,
    { kind: "throttled", until: world.clock.ms + 1_000 } as const,
  ];
  const call = () => {
    const name = owner();
    held.set(name, [...of(name), ...world.call(name).give].slice(-20));
  };
  const ready = () => {
    const name = owner();
    world.ready(name, of(name) as never);
  };
  const submit = () => {
    const name = owner();
    const one = of(name)[0];
    if (one === undefined) return;
    jobs.push(`j${one.gen}`);
    world.submit(name, one, `j${one.gen}`);
  };
  const settle = () => {
    const name = owner();
    const one = of(name).shift();
    if (one !== undefined) world.settle(name, one, any(outcomes()));
  };
  const leave = () => {
    const name = owner();
    held.delete(name);
    world.leave(name);
  };
  const keys = () => [...new Set([key(), key(), key()])];
  const order = () =>
    void world.order({ run: any(["r", "s"]), lane: any(["bulk", "upload"]), keys: keys(), force: random() < 0.2 });
  return [
    ...[order, order, call, call, ready, ready, ready, submit, submit, settle, settle, settle, leave],
    () => world.ended(...jobs.splice(0, 2)),
    () => void world.view("viewer", key()),
    () => void world.cancel(key()),
    () => void world.retry(key()),
    () => void world.ledger.purgeImage(image(), null, "test"),
    () => world.clock.advance(random() < 0.1 ? 100 : 1),
  ];
}

const isExpected = (error: unknown) => /lost its lease|the statement throws/.test(String(error));

it("the memory is what the tables say after every call, also after one whose statement throws", () => {
  let thrown = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { random } = createChance(seed);
    const world = setup({ gate: { concurrency: 6, ratePerSecond: 50 } });
    const statements = throwing(world.sql);
    const acts = calls(world, random);
    for (let n = 1; n <= CALLS; n += 1) {
      if (random() < THROWS.share) statements.after(1 + Math.floor(random() * THROWS.last));
      try {
        acts[Math.floor(random() * acts.length)]?.();
      } catch (error) {
        if (!isExpected(error)) throw error;
        if (String(error).includes("throws")) thrown += 1;
      }
      statements.after(Number.POSITIVE_INFINITY);
      const { memory } = world.transactions;
      const read = new Memory(world.sql, world.clock);
      expect(keptIn(memory, memory), `seed ${seed}, call ${n}`).toEqual(keptIn(read, memory));
    }
  }
  expect(thrown).toBeGreaterThan(SEEDS);
});
