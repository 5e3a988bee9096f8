import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, it } from "vitest";

// A state's number outside row.ts is found by nobody who changes the states.
const ledger = join(import.meta.dirname, "..");
const files = readdirSync(ledger, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.startsWith("testing/"))
  .map((file) => ({ file, source: readFileSync(join(ledger, file), "utf8") }));

const linesLike = (pattern: RegExp, within: (file: string) => boolean) =>
  files
    .filter(({ file }) => within(file))
    .flatMap(({ file, source }) =>
      source.split("\n").flatMap((line) => (pattern.test(line) ? [`${file}: ${line.trim()}`] : [])),
    );

it("writes codes of states and lanes by name but in row.ts", () => {
  const bare = /\b(state|lane) ?(={1,3}|!==?|[<>]=?|IN \()\s*-?\d/;
  expect(linesLike(bare, (file) => basename(file) !== "row.ts")).toEqual([]);
});
