import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ASSUMPTIONS } from "./assumptions.ts";
import { createLab } from "./lab.ts";
import { type RunningWorker, startLocal } from "./local.ts";
import { readRecorded } from "./results.ts";
import { runChecks } from "./run-checks.ts";

const KEY = "key of this test";

describe("every assumption about the platform", () => {
  let worker: RunningWorker;
  beforeAll(async () => {
    worker = await startLocal(KEY);
  });
  afterAll(() => worker.close());

  it("is observed on workerd as docs/internals/proofs.md says", async () => {
    const results = await runChecks(ASSUMPTIONS, createLab({ url: worker.url, key: KEY, place: "local" }));
    const recorded = readRecorded().local?.results ?? {};
    const verdicts = (all: typeof results) =>
      Object.fromEntries(Object.entries(all).map(([name, one]) => [name, one.verdict]));
    expect(verdicts(results), JSON.stringify(results, null, 2)).toEqual(verdicts(recorded));
  });

  it("answers nobody without the key", async () => {
    for (const path of ["healthz", "clean", "probe/put-if-absent"])
      expect((await fetch(`${worker.url}/${path}`, { headers: { authorization: "Bearer undefined" } })).status).toBe(
        401,
      );
  });
});
