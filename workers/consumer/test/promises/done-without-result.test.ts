import { expect, it } from "vitest";
import { batchWorld, message, wakeUp } from "../../src/testing/batch-world.ts";

const KEY = "photo/400-high.webp";

it("fails a job that is done and names no result, even where no batch may look at it twice", async () => {
  const { consume, ledger, ittybit, clock } = batchWorld();
  // With more than 100 open jobs a batch looks once and hands over.
  ledger.answer.open = 500;
  ittybit.plan = () => ({ ms: 1_000, output: null });
  await consume([message(wakeUp([KEY]))]);
  const submittedAt = clock.now();
  const job = ittybit.jobs[0]?.id ?? "";
  ledger.claims.set(KEY, { do: "resume", gen: 1001, floor: 0, ittybitJob: job, submittedAt, attempts: 0 });

  clock.advance(2_000);
  await consume([message(wakeUp([KEY]))]);
  expect(ledger.outcomes.get(KEY)?.kind, "the result may show up a moment later").toBe("pending");

  clock.advance(60_000);
  await consume([message(wakeUp([KEY]))]);
  expect(ledger.outcomes.get(KEY)).toMatchObject({ kind: "failed", failure: { code: "output_missing" }, ended: true });
});
