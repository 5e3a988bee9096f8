import { it } from "vitest";
import { expectBounds } from "./day-runtime.ts";

it("no call of the ledger reads more rows than its bound, over a day of 300,000 stored variants", async () => {
  await expectBounds({ stored: 300_000, tables: 0.02 });
}, 120_000);
