import { expect, it } from "vitest";
import { batchWorld } from "../../src/making/testing/batch-world.ts";

const KEY = "photo/400-high.webp";

it("fails a job that is done and names no result, and makes a new one, though no handler stays to look at it twice", async () => {
  const { shift, ledger, ittybit, clock } = batchWorld();
  ittybit.plan = () => ({ ms: 1_000, output: null });
  ledger.add(KEY);
  await shift();
  expect(ledger.lastOutcome(KEY)?.kind, "the result may show up a moment later").toBe("pending");

  clock.advance(60_000);
  await shift();
  expect(ledger.outcomes.get(KEY)?.[1]).toMatchObject({
    kind: "failed",
    failure: { code: "output_missing" },
    external: "ended",
  });
});
