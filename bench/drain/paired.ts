import { type LocalStack, startLocalStack, TRANSFORMS } from "./local-stack.ts";
import { drained } from "./measure.ts";
import { type MinimalStack, startMinimal } from "./minimal.ts";
import { runtimeCpuMs } from "./runtime-cpu.ts";

/** What a variant took, in one round. */
export interface Taken {
  /** Of the runtime. */
  cpuMs: number;
  /** From the first POST until all of them are stored. */
  perSecond: number;
}

/** What each side took in one round. */
export type Round = Record<"ours" | "minimal", Taken>;

/** So short that neither slots nor jobs bound anything: what is left is what a variant costs. */
const JOB_MS = 100;
const GATE = { slots: 1_000, perSecond: 1_000 };
const LOOK_MS = 100;
const LONGEST_MS = 3_000;

/** After the last variant its image's note is written: a handler that has ended has written all of its own. It may have ended before. */
async function untilNoted({ batches }: LocalStack): Promise<void> {
  const before = batches.length;
  const end = performance.now() + LONGEST_MS;
  while (batches.length === before && performance.now() < end)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}

async function taken(
  { emulator, pid }: Pick<LocalStack | MinimalStack, "emulator"> & { pid: number },
  variants: number,
  drain: () => Promise<void>,
  settle: () => Promise<void> = async () => undefined,
): Promise<Taken> {
  const before = runtimeCpuMs(pid);
  await drain();
  const endedAt = Date.now();
  await settle();
  const cpuMs = (runtimeCpuMs(pid) - before) / variants;
  const times = emulator.control.jobs({ limit: variants }).map(({ createdAt }) => createdAt);
  return { cpuMs, perSecond: (1_000 * variants) / (endedAt - Math.min(...times)) };
}

function orderOf(image: number, variants: number, perImage: number, originalsUrl: string) {
  return Array.from({ length: variants }, (_, n) => {
    const id = `image-${image + Math.floor(n / perImage)}.jpg`;
    const [, width = "", format = ""] = /^w=(\d+)&f=(\w+)$/.exec(TRANSFORMS[n % perImage] ?? "") ?? [];
    return { key: `${id}/${width}.${format}`, input: `${originalsUrl}/${id}`, width: Number(width), format };
  });
}

/**
 * Drains so many variants by the production stack and the minimal Worker, in turn. Each has an Ittybit of its own, which make the same pictures.
 * Every other round reverses the order; the first two are not counted, for code is compiled in them.
 */
export async function measureRounds(one: { variants: number; perImage: number; rounds: number }): Promise<Round[]> {
  const { variants, perImage, rounds } = one;
  const stack = await startLocalStack({ jobMs: { min: JOB_MS, max: JOB_MS } });
  const minimal = await startMinimal(stack, JOB_MS);
  try {
    await stack.setGate(GATE.slots, GATE.perSecond);
    const images = variants / perImage;
    const sides = {
      ours: (from: number) =>
        taken(
          stack,
          variants,
          () => drained(stack, { variants, variantsPerImage: perImage }, from),
          () => untilNoted(stack),
        ),
      minimal: (from: number) => {
        const order = orderOf(from, variants, perImage, stack.originalsUrl);
        return taken({ emulator: minimal.emulator, pid: process.pid }, variants, () => minimal.drain(order));
      },
    };
    const measured: Round[] = [];
    for (let round = -2; round < rounds; round += 1) {
      const order = ["ours", "minimal"] as const;
      const all: Partial<Round> = {};
      for (const side of round % 2 === 0 ? order : order.toReversed())
        all[side] = await sides[side]((round + 2) * images);
      if (round >= 0) measured.push(all as Round);
    }
    return measured;
  } finally {
    await minimal.close();
    await stack.close();
  }
}
