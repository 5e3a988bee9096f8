import { expect, it } from "vitest";
import { drain } from "../../bench/simulate/drain.ts";

it("a run reaches nine tenths of the limit where the queue adds a consumer only when a batch completes", async () => {
  const gate = { slots: 50, ratePerSecond: 20, jobMs: 2_000, jitter: 0 };
  const { share, messages } = await drain({
    ...{ ...gate, variants: 1_200, variantsPerImage: 6, workers: 250, grows: true, seed: 1 },
  });
  expect(share).toBeGreaterThan(0.9);
  expect(messages).toBeLessThan(0.02);
});
