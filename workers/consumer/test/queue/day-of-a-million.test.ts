import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { tempFolder } from "../../../../test/temp-folder.ts";
import { ROWS_READ_MAX } from "../../src/ledger/testing/day/bounds.ts";
import { expectBounds } from "./day-runtime.ts";

const PROGRAM = `${import.meta.dirname}/../../src/ledger/testing/day/small-heap.ts`;

it("no call of the ledger reads more rows than its bound, over a day of a million stored variants and full tables", async () => {
  await expectBounds({ stored: 1_000_000, tables: 1 });
}, 600_000);

it("every call over that day fits into a heap of 128 MB", async () => {
  const file = `${tempFolder("prewarm-day")}/ledger.db`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--max-old-space-size=128", PROGRAM, file]);
  expect(stdout).toContain(`${Object.keys(ROWS_READ_MAX).length} calls`);
}, 600_000);
