import { ALARM_LATE_MS } from "@prewarm/durable-queue";
import fc from "fast-check";
import { CRASH_POINTS } from "../../../workers/consumer/src/making/crash-points.ts";
import type { AlarmFate } from "../weather.ts";
import { HAPPENINGS, type Target } from "./happenings.ts";
import type { HistoryWorld } from "./history-world.ts";
import { IMAGES, SAME_PICTURE, WIDTHS } from "./pictures.ts";
import type { Script } from "./upstream.ts";

type Model = Record<string, never>;
export type Command = fc.AsyncCommand<Model, HistoryWorld>;

/** A command that is always possible, and prints itself, so that a failing history can be read. */
class Named implements Command {
  readonly #name: string;
  readonly #act: (world: HistoryWorld) => void | Promise<void>;

  constructor(name: string, act: (world: HistoryWorld) => void | Promise<void>) {
    this.#name = name;
    this.#act = act;
  }

  check(): boolean {
    return true;
  }

  async run(_model: Model, world: HistoryWorld): Promise<void> {
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
  widths: fc.subarray([...WIDTHS], { minLength: 1 }),
  lane: fc.constantFrom("upload", "bulk"),
  run: fc.constantFrom("uploads", "run1", "run2"),
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
  "focal",
  "focal",
] as const;

function happeningOf(names: fc.Arbitrary<keyof typeof HAPPENINGS>): fc.Arbitrary<Named> {
  return fc.tuple(names, target).map(([name, at]) => {
    const told = [at.image, at.width, at.widths.join("+"), at.lane, at.run].join(" ");
    return new Named(`${name}(${told})`, (world) => HAPPENINGS[name](world, at));
  });
}
const happening = happeningOf(fc.constantFrom(...NAMES, ...OFTEN));

/** Time: mostly short, so that things meet; now and then longer than a lease, a deadline, a day. */
const advance = fc
  .oneof(
    { weight: 12, arbitrary: fc.integer({ min: 20, max: 3_000 }) },
    { weight: 6, arbitrary: fc.integer({ min: 3_000, max: 90_000 }) },
    { weight: 1, arbitrary: fc.constantFrom(700_000, 25 * 3_600_000) },
  )
  .map((ms) => new Named(`advance(${ms} ms)`, (world) => world.clock.run(ms)));

function fault(name: string, set: (script: Script) => void, mayDie = true): Named {
  return new Named(name, (world) => {
    set(world.script);
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
    .constantFrom(null, 1_000, 30_000, 7_200_000, 30 * 86_400_000)
    .map((retryAfterMs) =>
      fault(`429(${retryAfterMs})`, ({ throttled }) => throttled.push({ retryAfterMs }, { retryAfterMs })),
    ),
  fc.constant(null).map(() => fault("402", (script) => (script.account += 1))),
  fc.constant(null).map(() => fault("400", (script) => (script.rejected += 1))),
  few.map((n) => fault(`unanswered(${n})`, (script) => (script.unanswered += n))),
  few.map((n) => fault(`blind(${n})`, (script) => (script.blind += n))),
  fc
    .tuple(
      fc.constantFrom("done", "failed", "cancelled", "lost"),
      fc.constantFrom(100, 5_000, 40_000, 900_000, 1_500_000, 3 * 3_600_000),
    )
    .map(([ends, ms]) => fault(`job(${ends} after ${ms} ms)`, ({ jobs }) => jobs.push({ ends, ms }))),
  fc
    .tuple(fc.constantFrom("html", "truncated", "gone", "error"), fc.constantFrom(1, 8))
    .map(([how, n]) => fault(`output(${how}, ${n})`, ({ outputs }) => outputs.push(...Array(n).fill(how)))),
  fc
    .constantFrom(400, 3_000, 14_000)
    .map((ms) => fault(`lateAnswer(${ms} ms)`, ({ lateAnswers }) => lateAnswers.push(ms, ms), false)),
);
const platformFault = fc.oneof(
  few.map((n) => fault(`lostCalls(${n})`, (script) => (script.lostCalls += n))),
  few.map((n) => fault(`lostAnswers(${n})`, (script) => (script.lostAnswers += n))),
  few.map((n) => fault(`droppedAnswers(${n})`, (script) => (script.droppedAnswers += n))),
  few.map((n) => fault(`r2Out(${n})`, (script) => (script.store += n))),
  few.map((n) => fault(`r2Lost(${n})`, (script) => (script.storeAnswers += n))),
  fc.constantFrom(5_000, 20_000).map((ms) =>
    fault(
      `lateDeleteAndList(${ms} ms)`,
      ({ lateDeletes, lateLists }) => {
        lateDeletes.push(ms);
        lateLists.push(ms);
      },
      false,
    ),
  ),
  fc
    .constantFrom("none", "half", "all")
    .map((how) => fault(`send(${how})`, ({ sends }) => sends.push(how, how), false)),
  fc
    .tuple(fc.constantFrom("hungCalls", "hungStore", "hungSends"), fc.constantFrom(20_000, 130_000, 600_000), few)
    .map(([what, ms, n]) =>
      fault(`${what}(${ms} ms ×${n})`, (script) => script[what].push(...Array<number>(n).fill(ms))),
    ),
  few.map((n) => fault(`lostMessages(${n})`, (script) => (script.lostMessages += n), false)),
  fc
    .tuple(fc.constantFrom<AlarmFate>("lost", "stuck", "twice", ALARM_LATE_MS), few)
    .map(([fate, n]) => fault(`alarms(${fate} ×${n})`, ({ alarms }) => alarms.push(...Array<AlarmFate>(n).fill(fate)))),
  fc
    .tuple(fc.constantFrom(5_000, 40_000, 120_000, 300_000), fc.boolean())
    .map(([ms, answered]) =>
      fault(`latePut(${ms} ms, ${answered ? "answered" : "unanswered"})`, ({ latePuts }) =>
        latePuts.push({ ms, answered }),
      ),
    ),
  fc
    .constantFrom(5_000, 70_000, 25 * 3_600_000)
    .map((ms) => fault(`reorder(${ms} ms)`, ({ lateMessages }) => lateMessages.push(ms), false)),
  few.map((n) => fault(`duplicate(${n})`, (script) => (script.doubledMessages += n), false)),
);

/** A put is on its way for long while the world moves on: what the conditional put, the grace and the second pass are for. */
const race = fc
  .tuple(
    fc.constantFrom("replace", "replaceByEtag", "purge", "force", "deleteObject", "cancel"),
    target,
    fc.integer({ min: 500, max: 6_000 }),
    // Just within the time a put may take, and long after its handler's lease.
    fc.constantFrom(59_000, 150_000),
  )
  .map(
    ([name, at, ms, lateMs]) =>
      new Named(`race(accept, put ${lateMs} ms late, ${ms} ms, ${name} ${at.image} ${at.width})`, async (world) => {
        world.invariants.mayDie = true;
        HAPPENINGS.accept(world, at);
        const late = { ms: lateMs, answered: true };
        world.script.latePuts.push(late, late);
        await world.clock.run(ms);
        await HAPPENINGS[name](world, at);
      }),
  );

/** A POST makes a long job and nobody hears of it; who asks again under its key is refused, and cannot know. */
const lostPost = fc.tuple(target, fc.constantFrom("unanswered", "crash"), fc.constantFrom("429", "402")).map(
  ([at, first, second]) =>
    new Named(`lostPost(accept ${at.image}, ${first}, job of 900 s, ${second})`, async (world) => {
      const { script, invariants } = world;
      invariants.mayDie = true;
      script.jobs.unshift({ ends: "done", ms: 900_000 });
      if (first === "crash") script.crash.push("posted");
      else script.unanswered += 1;
      HAPPENINGS.accept(world, at);
      await world.clock.run(3_000);
      if (second === "402") script.account += 1;
      else script.throttled.push({ retryAfterMs: 1_000 });
      await world.clock.run(first === "crash" ? 100_000 : 20_000);
    }),
);

/** Ordered anew and cancelled while a handler is at work: what it stores is older than the order, and nobody waits for it. */
const forcedAndCancelled = fc.tuple(target, fc.integer({ min: 200, max: 1_500 })).map(
  ([at, ms]) =>
    new Named(`forcedAndCancelled(accept ${at.image}, ${ms} ms, force, cancel ${at.width})`, async (world) => {
      HAPPENINGS.accept(world, at);
      await world.clock.run(ms);
      HAPPENINGS.force(world, at);
      await world.clock.run(300);
      HAPPENINGS.cancel(world, at);
    }),
);

/** One that has the same picture is there, so that a copy of it is put without a grant, and meanwhile it is cancelled. */
const copyCancelled = fc.tuple(target, fc.integer({ min: 100, max: 1_500 }), fc.boolean()).map(
  ([at, ms, isEvicted]) =>
    new Named(`copyCancelled(${ms} ms, cancel${isEvicted ? ", evict" : ""} ${at.lane} ${at.run})`, async (world) => {
      const { made, copied } = SAME_PICTURE;
      HAPPENINGS.accept(world, { ...at, ...made, widths: [made.width] });
      await world.clock.run(8_000);
      HAPPENINGS.accept(world, { ...at, ...copied, widths: [copied.width] });
      await world.clock.run(ms);
      HAPPENINGS.cancel(world, { ...at, ...copied });
      await world.clock.run(200);
      if (isEvicted) world.object.evict();
    }),
);

/** A POST makes a job and nobody hears of it; the gate is closed until its key is older than a day. */
const overnight = target.map(
  (at) =>
    new Named(`overnight(accept ${at.image}, unanswered, 25 h pause)`, async (world) => {
      world.invariants.mayDie = true;
      world.script.unanswered += 1;
      HAPPENINGS.accept(world, at);
      await world.clock.run(2_500);
      for (const lane of ["upload", "bulk"] as const) HAPPENINGS.pause(world, { ...at, lane });
      await world.clock.run(25 * 3_600_000);
      HAPPENINGS.resume(world, at);
    }),
);

/** A job of many minutes is given up for a newer one. */
const slowAndForced = fc.tuple(target, fc.constantFrom(900_000, 1_500_000)).map(
  ([at, ms]) =>
    new Named(`slowAndForced(accept ${at.image}, job of ${ms} ms, force)`, async (world) => {
      world.script.jobs.unshift({ ends: "done", ms });
      HAPPENINGS.accept(world, at);
      await world.clock.run(4_000);
      HAPPENINGS.force(world, at);
      await world.clock.run(30_000);
    }),
);

/** A job is made of an original that is replaced while it runs; then the ledger is put back to before its grant. */
const replacedAndPutBack = fc.tuple(target, fc.integer({ min: 1_000, max: 4_000 })).map(
  ([at, ms]) =>
    new Named(`replacedAndPutBack(copy, accept ${at.image}, ${ms} ms, replace, put back)`, async (world) => {
      HAPPENINGS.accept(world, at);
      await HAPPENINGS.copyOrPutBack(world, at);
      await world.clock.run(ms);
      HAPPENINGS.replace(world, at);
      await HAPPENINGS.copyOrPutBack(world, at);
      // Nothing is handed out for two minutes.
      await world.clock.run(150_000);
    }),
);

/** An image is deleted, and two versions of it follow, soon one after the other. */
const publishedTwice = fc.tuple(target, fc.integer({ min: 500, max: 70_000 })).map(
  ([at, ms]) =>
    new Named(`publishedTwice(purge ${at.image}, publish, ${ms} ms, publish)`, async (world) => {
      HAPPENINGS.purge(world, at);
      await world.clock.run(100);
      HAPPENINGS.publish(world, { ...at, widths: [...WIDTHS] });
      await world.clock.run(ms);
      HAPPENINGS.publish(world, { ...at, widths: [...WIDTHS] });
    }),
);

/** What is stored is purged by a delete that takes long, and ordered anew meanwhile: what the purge's lock is for. */
const purgedLate = fc.tuple(target, fc.integer({ min: 20, max: 2_000 })).map(
  ([at, ms]) =>
    new Named(`purgedLate(accept ${at.image}, purge, ${ms} ms, accept)`, async (world) => {
      HAPPENINGS.accept(world, at);
      await world.clock.run(8_000);
      world.script.lateDeletes.push(20_000);
      HAPPENINGS.purge(world, at);
      await world.clock.run(ms);
      HAPPENINGS.accept(world, at);
      await world.clock.run(30_000);
    }),
);

/** A purge's delete takes long. The ledger is put back to before it, and the image is ordered anew at once. */
const purgedAndPutBack = fc.tuple(target, fc.integer({ min: 20, max: 2_000 })).map(
  ([at, ms]) =>
    new Named(`purgedAndPutBack(accept ${at.image}, copy, purge, ${ms} ms, put back, force)`, async (world) => {
      HAPPENINGS.accept(world, at);
      await world.clock.run(8_000);
      await HAPPENINGS.copyOrPutBack(world, at);
      world.script.lateDeletes.push(60_000);
      HAPPENINGS.purge(world, at);
      await world.clock.run(ms);
      await HAPPENINGS.copyOrPutBack(world, at);
      HAPPENINGS.force(world, at);
      await world.clock.run(200_000);
    }),
);

/** A handler stands still for longer than its lease, and comes back with what it has to tell. */
const lateWord = fc.tuple(target, fc.constantFrom("downloaded", "put", "posted", "before-exchange")).map(
  ([at, point]) =>
    new Named(`lateWord(accept ${at.image}, stall at ${point}, force)`, async (world) => {
      world.invariants.mayDie = true;
      world.script.stall.push({ point, ms: 70_000 });
      HAPPENINGS.accept(world, at);
      await world.clock.run(66_000);
      HAPPENINGS.force(world, at);
      await world.clock.run(20_000);
    }),
);

/** Handlers die, and so does the alarm that would end their leases: only the cron is left. */
const deadAndNoAlarm = fc.tuple(target, fc.constantFrom<AlarmFate>("lost", "stuck"), fc.boolean()).map(
  ([at, fate, isPurged]) =>
    new Named(
      `deadAndNoAlarm(accept ${at.image}, crash, alarms ${fate}${isPurged ? ", purge" : ""})`,
      async (world) => {
        world.invariants.mayDie = true;
        world.script.crash.push("posted", "downloaded");
        HAPPENINGS.accept(world, at);
        await world.clock.run(2_000);
        world.script.alarms.push(...Array<AlarmFate>(6).fill(fate));
        if (isPurged) HAPPENINGS.purge(world, at);
        await world.clock.run(700_000);
      },
    ),
);

const SCENES = {
  overnight,
  slowAndForced,
  race,
  lostPost,
  forcedAndCancelled,
  copyCancelled,
  replacedAndPutBack,
  purgedAndPutBack,
  purgedLate,
  publishedTwice,
  lateWord,
  deadAndNoAlarm,
};

/** Happenings and scenes that come far oftener than others, to try one rule hard. */
export type Favourites = readonly (keyof typeof HAPPENINGS | keyof typeof SCENES)[];

function favourite(name: Favourites[number]): fc.Arbitrary<Named> {
  return name in SCENES
    ? SCENES[name as keyof typeof SCENES]
    : happeningOf(fc.constant(name as keyof typeof HAPPENINGS));
}

/** A day of waiting is seldom worth its price. */
const scenes = [
  race,
  lostPost,
  forcedAndCancelled,
  copyCancelled,
  publishedTwice,
  deadAndNoAlarm,
  fc.oneof({ weight: 12, arbitrary: slowAndForced }, { weight: 1, arbitrary: overnight }),
];

/** A history's commands, in the order they come. Time stands between most of them. */
export function histories(maxCommands: number, favourites: Favourites = []): fc.Arbitrary<Iterable<Command>> {
  const faults = [crash, stall, ...scenes, upstreamFault, platformFault];
  const often = favourites.length === 0 ? happening : fc.oneof(...favourites.map(favourite));
  const kinds = [happening, often, often, often, advance, advance, advance, ...faults];
  return fc.commands<Model, HistoryWorld, false>(kinds, { maxCommands, size: "max" });
}
