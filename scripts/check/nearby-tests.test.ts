import { describe, expect, it } from "vitest";
import { nearbyTests } from "./nearby-tests.ts";

const IMPORTS: Record<string, string[]> = {
  "packages/queue/src/settle.ts": [],
  "packages/queue/src/queue.ts": ["packages/queue/src/settle.ts", "workers/consumer/src/ledger.ts"],
  "workers/consumer/src/ledger.ts": ["packages/queue/src/queue.ts"],
  "workers/consumer/test/far.test.ts": ["workers/consumer/src/ledger.ts"],
  "workers/consumer/test/purge.test.ts": ["packages/queue/src/settle.ts"],
  "packages/queue/test/claims.test.ts": ["packages/queue/src/queue.ts"],
  "packages/queue/test/gate.test.ts": ["packages/queue/src/gate.ts"],
  "test/e2e/settle.e2e.test.ts": ["packages/queue/src/settle.ts"],
};
const sources = Object.entries(IMPORTS).map(([path, imports]) => ({ path, imports }));

describe("nearby tests", () => {
  it("of a file reach it by any import, the nearest first; none is end to end", () => {
    expect(nearbyTests(["packages/queue/src/settle.ts"], sources)).toEqual([
      "workers/consumer/test/purge.test.ts",
      "packages/queue/test/claims.test.ts",
      "workers/consumer/test/far.test.ts",
    ]);
  });

  it("of a changed test are this test alone", () => {
    const test = "packages/queue/test/claims.test.ts";
    expect(nearbyTests([test], sources)).toEqual([test]);
  });

  it("of a page or of a deleted test are none", () => {
    expect(nearbyTests(["docs/settle.md", "workers/consumer/test/deleted.test.ts"], sources)).toEqual([]);
  });
});
