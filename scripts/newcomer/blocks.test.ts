import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { BLOCKS, blockOf, blocksIn } from "./blocks.ts";

const ROOT = join(import.meta.dirname, "../..");
const blocks = blocksIn(ROOT);

it("every block of commands in the pages is played, or says why not", () => {
  expect(blocks.filter((block) => blockOf(block) === undefined)).toEqual([]);
});

it("none is told that is in no page", () => {
  const told = blocks.map(blockOf);
  expect(BLOCKS.filter((block) => !told.includes(block))).toEqual([]);
});

it("what is not played is run by a file that is there, or needs somebody else's account or repository", () => {
  const skipped = BLOCKS.flatMap((block) => ("skip" in block.does ? [{ ...block, ...block.does }] : []));
  for (const { runBy } of skipped) if (runBy !== undefined) expect(existsSync(join(ROOT, runBy)), runBy).toBe(true);
  expect(skipped.filter(({ runBy }) => runBy === undefined).map(({ page, skip }) => `${page}: ${skip}`)).toEqual([
    "examples/ci/README.md: writes into a site beside the repository, which GitHub runs",
    "docs/hooks.md: needs an account at AWS",
    "docs/hooks.md: needs an account at Google Cloud",
  ]);
});
