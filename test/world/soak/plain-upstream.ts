import { idOfKey } from "@prewarm/shared/variant-key";
import { renderTiny } from "../../../packages/ittybit-emulator/src/pixels/tiny-pixels.ts";
import type { Opened, Order, Submitted } from "../../../workers/consumer/src/engine.ts";
import { expectedSize } from "../../../workers/consumer/src/output/expected-size.ts";
import type { Chance } from "../chance.ts";
import { PlainService, type Trouble as PlainTrouble } from "../plain-service.ts";
import type { VirtualClock } from "../virtual-clock.ts";
import { imageOf, sizeOf, stampOf } from "./originals.ts";
import type { Trouble } from "./storm.ts";
import type { Upstream } from "./upstream.ts";

/** The rates of the storm, about those of the emulator's faults. */
const RATES = { throttled: 0.006, refused: 0.03, lost: 0.012, failed: 0.02, cancelled: 0.006, wrong: 0.03, open: 0.05 };
const PLAN = {
  quality: "high",
  fit: "fill",
  position: "center",
  background: "#000000",
  animated: false,
  metadata: false,
} as const;
const UNCLEAR: Submitted = { kind: "unclear", failure: { code: "upstream_unavailable", message: "HTTP 500" } };
const GONE: Opened = { kind: "unfetched", code: "output_unreachable", status: 500, message: "no bytes" };

/** The plain engine in the place of the emulator, whose thread still serves the originals. */
export function plainUpstream(thread: Upstream, clock: VirtualClock, versions: Int32Array, chance: Chance): Upstream {
  let now: Trouble = "none";
  const counts: Record<string, number> = {};
  const count = <T>(name: string, answer: T): T => {
    counts[name] = (counts[name] ?? 0) + 1;
    return answer;
  };
  const isStorm = (rate: number) => now !== "none" && chance.hits(rate);
  const throttled = (): Submitted => ({ kind: "throttled", until: clock.now() + 2_000 });
  const trouble: PlainTrouble = {
    submit() {
      if (typeof now === "number") return count(`create ${now}`, { kind: "account", status: now, message: "refused" });
      if (now === "throttled" && chance.hits(0.6)) return count("create 429", throttled());
      if (isStorm(RATES.throttled)) return count("create 429", throttled());
      if (isStorm(RATES.refused)) return count("create 500", UNCLEAR);
      return isStorm(RATES.lost) ? count("create lost", "lost") : null;
    },
    end() {
      if (isStorm(RATES.failed)) return count("failed", "failed");
      return isStorm(RATES.cancelled) ? count("cancelled", "cancelled") : "done";
    },
    open: () => (isStorm(RATES.open) ? count("output 500", GONE) : null),
    look: () => (typeof now === "number" ? { account: { status: now, message: "refused" } } : null),
  };

  /** Of the original as it is now; sometimes a pixel row too high. */
  async function draw({ key, transform, format, input }: Order): Promise<Uint8Array> {
    const image = imageOf(idOfKey(key));
    const version = versions[image] ?? 0;
    const size = expectedSize(transform, sizeOf(image)) ?? sizeOf(image);
    const height = size.height + (isStorm(RATES.wrong) ? 3 : 0);
    const plan = { ...PLAN, ...size, height, format };
    return clock.holding(async () => (await renderTiny(plan, `${input} ${await stampOf(image, version)}`)).bytes);
  }

  const service = new PlainService(clock, draw);
  service.trouble = trouble;
  return {
    ...thread,
    engine: service.engine,
    trouble: async (next) => {
      now = next;
    },
    profile: async () => undefined,
    stats: async () => ({ counts: { ...counts, "create 201": service.jobs.length, "create 200": service.replays } }),
    jobs: async () =>
      service.jobs.map(({ id, key, gen, ends, at, order: { ledger } }) => ({
        id,
        key,
        gen,
        status: ends,
        createdAt: at,
        finishedAt: at,
        idempotencyKey: `${ledger}-${gen}`,
      })),
    running: async () => [],
  };
}
