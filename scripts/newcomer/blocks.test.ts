import { join } from "node:path";
import { expect, it } from "vitest";
import { BLOCKS, blockOf, blocksIn } from "./blocks.ts";

const blocks = blocksIn(join(import.meta.dirname, "../.."));

it("every block of commands in the pages is played, or says why not", () => {
  expect(blocks.filter((block) => blockOf(block) === undefined)).toEqual([]);
});

it("none is told that is in no page", () => {
  const told = blocks.map(blockOf);
  expect(BLOCKS.filter((block) => !told.includes(block))).toEqual([]);
});
