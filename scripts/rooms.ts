// `npm run rooms [-- --check]`: the rooms of every house, what they import from each other, and every import that should not be.
// With --check exits 1 when a rule of scripts/rooms/walls.ts is broken.
import { dirname } from "node:path";
import { type Breach, judge } from "./rooms/judge.ts";
import { printHouse } from "./rooms/print-rooms.ts";
import { isTest, readSources } from "./rooms/read-imports.ts";
import { HOUSES } from "./rooms/walls.ts";

const files = readSources(dirname(import.meta.dirname));
for (const house of HOUSES) console.log(printHouse(files, house));

const code = files.filter(({ path }) => !isTest(path));
const long = code.filter(({ lines }) => lines > 300).map(({ path, lines }) => `${path} (${lines})`);
console.log(
  `Smells, not faults: ${code.filter(({ lines }) => lines <= 30).length} files of at most 30 lines; over 300: ${long.join(", ") || "none"}.\n`,
);

const found = Map.groupBy(judge(files), ({ rule }: Breach) => rule);
for (const [rule, places] of found) {
  console.log(`${rule.replace(/\.$/, "")}: ${places.length}`);
  for (const { place } of places) console.log(`    ${place}`);
}
console.log(
  found.size === 0 ? "No wall is broken." : `${[...found.values()].flat().length} breaches of ${found.size} rules.`,
);
if (process.argv.includes("--check") && found.size > 0) process.exitCode = 1;
