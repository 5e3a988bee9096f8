import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writePage } from "../../../examples/plain/write-page.ts";

const plain = join(import.meta.dirname, "../../../examples/plain");

it("examples/plain/index.html is what write-page.ts prints", () => {
  expect(readFileSync(join(plain, "index.html"), "utf8")).toBe(writePage("http://localhost:8787"));
});
