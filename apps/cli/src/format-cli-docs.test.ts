import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { formatCliDocs } from "./format-cli-docs.ts";

it("docs/cli.md is what the code says", () => {
  const printed = readFileSync(join(import.meta.dirname, "../../../docs/cli.md"), "utf8");
  expect(printed).toBe(formatCliDocs());
});
