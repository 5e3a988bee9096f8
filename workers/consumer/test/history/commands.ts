import fc from "fast-check";
import { CRASH_POINTS } from "../../src/making/crash-points.ts";
import type { Faults } from "./faults.ts";
import { HAPPENINGS, type Target } from "./happenings.ts";
import { IMAGES, WIDTHS } from "./pictures.ts";
import type { World } from "./world.ts";

type Model = Record<string, never>;
export type Command = fc.AsyncCommand<Model, World>;

/** A command that is always possible, and prints itself, so that a failing history can be read. */
class Named implements Command {
  readonly #name: string;
  readonly #act: (world: World) => void | Promise<void>;

  constructor(name: string, act: (world: World) => void | Promise<void>) {
    this.#name = name;
    this.#act = act;
  }

  check(): boolean {
    return true;
  }

  async run(_model: Model, world: World): Promise<void> {
    await this.#act(world);
    if (world.invariants.bad.length > 0) throw new Error(world.invariants.bad.join("\n"));
  }

  toString(): string {
    return this.#name;
  }
}

const target: fc.Arbitrary<Target> = fc.record({
  image: fc.constantFrom(...IMAGES),
  width: fc.constantFrom(...WIDTHS),
  lane: fc.constantFrom("upload", "bulk"),
  run: fc.constantFrom(null, "run1", "run2"),
});
const NAMES = Object.keys(HAPPENINGS) as (keyof typeof HAPPENINGS)[];
// Work to do comes oftener than what undoes it.
const OFTEN = [
  ...Array<"accept">(8).fill("accept"),
  "view",
  "view",
  "view",
  "force",
  "replace",
  "replace",
  "purge",
] as const;

const happening = fc.tuple(fc.constantFrom(...NAMES, ...OFTEN), target).map(([name, at]) => {
  const told = [at.image, at.width, at.lane, at.run ?? "-"].join(" ");
  return new Named(`${name}(${told})`, (world) => HAPPENINGS[name](world, at));
});

/** Time: mostly short, so that things meet; now and then longer than a lease, a deadline, a day. */
const advance = fc
  .oneof(
    { weight: 12, arbitrary: fc.integer({ min: 20, max: 3_000 }) },
    { weight: 6, arbitrary: fc.integer({ min: 3_000, max: 90_000 }) },
    { weight: 1, arbitrary: fc.constantFrom(700_000, 25 * 3_600_000) },
  )
  .map((ms) => new Named(`advance(${ms} ms)`, (world) => world.clock.run(ms)));

function fault(name: string, set: (faults: Faults) => void, mayDie = true): Named {
  return new Named(name, (world) => {
    set(world.faults);
    if (mayDie) world.invariants.mayDie = true;
  });
}

const crash = fc
  .tuple(fc.constantFrom(...CRASH_POINTS), fc.integer({ min: 1, max: 2 }))
  .map(([point, times]) =>
    fault(`crash(${point} ×${times})`, ({ crash: list }) => list.push(...Array<typeof point>(times).fill(point))),
  );
const stall = fc
  .tuple(fc.constantFrom(...CRASH_POINTS), fc.constantFrom(20_000, 45_000, 70_000, 100_000, 300_000))
  .map(([point, ms]) => fault(`stall(${point}, ${ms} ms)`, ({ stall: list }) => list.push({ point, ms })));
const few = fc.integer({ min: 1, max: 4 });

const upstreamFault = fc.oneof(
  fc
    .constantFrom(null, 1_000, 30_000)
    .map((retryAfterMs) =>
      fault(`429(${retryAfterMs})`, ({ throttled }) => throttled.push({ retryAfterMs }, { retryAfterMs })),
    ),
  fc.constant(null).map(() => fault("402", (faults) => (faults.account += 1))),
  fc.constant(null).map(() => fault("400", (faults) => (faults.rejected += 1))),
  few.map((n) => fault(`unanswered(${n})`, (faults) => (faults.unanswered += n))),
  few.map((n) => fault(`blind(${n})`, (faults) => (faults.blind += n))),
  fc
    .tuple(fc.constantFrom("done", "failed", "cancelled"), fc.constantFrom(100, 5_000, 40_000, 900_000))
    .map(([ends, ms]) => fault(`job(${ends} after ${ms} ms)`, ({ jobs }) => jobs.push({ ends, ms }))),
  fc
    .constantFrom("html", "truncated", "gone", "error")
    .map((how) => fault(`output(${how})`, ({ outputs }) => outputs.push(how))),
);
const platformFault = fc.oneof(
  few.map((n) => fault(`lostCalls(${n})`, (faults) => (faults.lostCalls += n))),
  few.map((n) => fault(`lostAnswers(${n})`, (faults) => (faults.lostAnswers += n))),
  few.map((n) => fault(`r2Out(${n})`, (faults) => (faults.store += n))),
  fc.constantFrom(5_000, 40_000, 120_000).map((ms) => fault(`latePut(${ms} ms)`, ({ latePuts }) => latePuts.push(ms))),
  fc
    .constantFrom(5_000, 70_000)
    .map((ms) => fault(`reorder(${ms} ms)`, ({ lateMessages }) => lateMessages.push(ms), false)),
  few.map((n) => fault(`duplicate(${n})`, (faults) => (faults.doubled += n), false)),
);

/** A put that is on its way for minutes while the world moves on: what the conditional put and the second look are for. */
const race = fc
  .tuple(fc.constantFrom("replace", "purge", "force", "deleteObject"), target, fc.integer({ min: 500, max: 6_000 }))
  .map(
    ([name, at, ms]) =>
      new Named(`race(accept, put 150 s late, ${ms} ms, ${name} ${at.image} ${at.width})`, async (world) => {
        world.invariants.mayDie = true;
        HAPPENINGS.accept(world, at);
        world.faults.latePuts.push(150_000, 150_000);
        await world.clock.run(ms);
        await HAPPENINGS[name](world, at);
      }),
  );

/** An owner is told to delete what it has put, and stalls; its image was purged, and is ordered anew meanwhile. */
const lateDelete = fc.tuple(target, fc.integer({ min: 1_000, max: 8_000 })).map(
  ([at, ms]) =>
    new Named(`lateDelete(accept, ${ms} ms, purge and accept ${at.image}, delete 300 s late)`, async (world) => {
      world.invariants.mayDie = true;
      HAPPENINGS.accept(world, at);
      world.faults.stall.push({ point: "before-settle", ms: 10_000 }, { point: "before-delete", ms: 300_000 });
      await world.clock.run(ms);
      HAPPENINGS.purge(world, at);
      await world.clock.run(1_000);
      HAPPENINGS.accept(world, at);
    }),
);

/** A history's commands, in the order they come. Time stands between most of them. */
export function histories(maxCommands: number): fc.Arbitrary<Iterable<Command>> {
  const kinds = [
    happening,
    happening,
    happening,
    happening,
    advance,
    advance,
    advance,
    crash,
    stall,
    race,
    lateDelete,
    upstreamFault,
    platformFault,
  ];
  return fc.commands<Model, World, false>(kinds, { maxCommands, size: "max" });
}
