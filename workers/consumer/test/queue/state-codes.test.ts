import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, it } from "vitest";

// A state's number outside row.ts is found by nobody who changes the states.
const root = join(import.meta.dirname, "../../../..");
const rooms = ["packages/durable-queue/src", "workers/consumer/src/images", "workers/consumer/src/ledger"];
const files = rooms
  .flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: "utf8" }).map((file) => join(room, file)),
  )
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.includes("/testing/"))
  .map((file) => ({ file, source: readFileSync(join(root, file), "utf8") }));

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
