import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { CALM } from "../weather.ts";
import { checkAtRest, checkNow, isSettled, missingObjects, unsettled, type Verdict } from "./checks.ts";
import { checkHeld } from "./limits.ts";
import { VARIANTS_PER_IMAGE } from "./originals.ts";
import { createSoakWorld, type SoakWorld } from "./soak-world.ts";
import { Story } from "./story.ts";

export interface RoundOptions {
  variants: number;
  seed: number;
  scale: number;
  traced: boolean;
  /** The service that makes variants. */
  service: "ittybit" | "plain";
}

export interface Round {
  world: SoakWorld;
  story: Story;
  verdict: Verdict;
  realMs: number;
  stormMs: number;
  virtualMs: number;
  /** Heap in use after a collection, in bytes, every few seconds of the storm. */
  heap: number[];
  retried: number;
  stats: Awaited<ReturnType<SoakWorld["upstream"]["stats"]>>;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const SAMPLE_MS = 4_000;
const DRAIN_MAX_MS = 6 * 3_600_000;

export function heapInUse(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Waits until all is settled; false when it never is, which is a violation. */
async function drain(world: SoakWorld, what: string): Promise<boolean> {
  const until = world.clock.now() + DRAIN_MAX_MS;
  while (!isSettled(world)) {
    if (world.clock.now() > until) {
      world.diary.violation(`not settled 6 hours after ${what}: ${unsettled(world)}`);
      return false;
    }
    await world.clock.sleep(5_000);
  }
  return true;
}

/** Asks for what was deleted by hand, as its viewers would. */
async function heal(world: SoakWorld): Promise<void> {
  const { diary, clock } = world;
  for (const key of missingObjects(world)) if (diary.deletedByHand.has(key)) world.view(key);
  await clock.sleep(30_000);
  await drain(world, "the views of what was deleted by hand");
}

function printProgress(world: SoakWorld, story: Story, bornAt: number): void {
  const { clock, work, live, diary } = world;
  const stored = [...world.store.objects.keys()].filter((name) => name.startsWith("variants/")).length;
  const minutes = ((clock.now() - bornAt) / 60_000).toFixed(1);
  const queues = `${work.depth}+${live.depth} queued`;
  process.stderr.write(
    `${minutes} min: ${world.open} open, ${stored} stored, ${queues}, ${diary.violations.length} violations, ${story.acts.at(-1) ?? "-"}\n`,
  );
}

/** One storm with a world of its own, then calm, retries and the verdict. */
export async function playRound({ variants, seed, scale, traced, service }: RoundOptions): Promise<Round> {
  const startedAt = performance.now();
  const world = await createSoakWorld({
    images: Math.ceil(variants / VARIANTS_PER_IMAGE),
    seed,
    scale,
    traced,
    service,
    handlers: { live: 2, work: 24 },
    concurrency: 200,
    ratePerSecond: 100,
    burst: 20,
    jobMs: { min: 400, max: 4_000 },
  });
  const bornAt = world.clock.now();
  const story = new Story(world);
  const heap: number[] = [];
  const sampler = setInterval(() => {
    heap.push(heapInUse());
    checkNow(world);
    void checkHeld(world);
    printProgress(world, story, bornAt);
  }, SAMPLE_MS);
  try {
    await story.storm();
    const stormMs = performance.now() - startedAt;
    world.setRates(CALM);
    await world.upstream.trouble("none");
    let retried = 0;
    if (await drain(world, "the storm")) {
      retried = await story.retryDead();
      if (await drain(world, "the retry of the dead")) await heal(world);
    }
    clearInterval(sampler);
    checkNow(world);
    const stats = await world.upstream.stats();
    const verdict = await checkAtRest(world, await world.upstream.jobs());
    const virtualMs = world.clock.now() - bornAt;
    return { world, story, verdict, realMs: performance.now() - startedAt, stormMs, virtualMs, heap, retried, stats };
  } finally {
    clearInterval(sampler);
  }
}
