import { expect, it } from "vitest";
import { drain } from "../../bench/simulate/drain.ts";

it("a run needs more consumers than one, and gets them where the queue adds one only when a batch completes", async () => {
  const gate = { slots: 500, ratePerSecond: 500, jobMs: 2_000, jitter: 0 };
  const { share, messages } = await drain({
    ...{ ...gate, variants: 3_000, variantsPerImage: 6, workers: 250, grows: true, seed: 1 },
  });
  // With one consumer it is 0.2.
  expect(share).toBeGreaterThan(0.6);
  expect(messages).toBeLessThan(0.02);
});
