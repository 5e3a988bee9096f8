import { expect, it } from "vitest";
import { drain } from "../../bench/simulate/drain.ts";

// At 500 slots one consumer alone reaches 0.2 of the limit. At 50 few are needed.
it.each([
  { slots: 50, ratePerSecond: 20, variants: 1_200, atLeast: 0.9 },
  { slots: 500, ratePerSecond: 500, variants: 5_000, atLeast: 0.75 },
])(
  "a run at $slots slots reaches $atLeast of the limit where the queue adds a consumer only when a batch completes",
  async ({ atLeast, ...gate }) => {
    const { share, messages } = await drain({
      ...{ ...gate, jobMs: 2_000, jitter: 0, variantsPerImage: 6, workers: 250, grows: true, seed: 1 },
    });
    expect(share).toBeGreaterThan(atLeast);
    expect(messages).toBeLessThan(0.02);
  },
);
