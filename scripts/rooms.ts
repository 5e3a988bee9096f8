// `npm run rooms [-- --check]`: the rooms of every house, what they import from each other, and every import that should not be.
// With --check exits 1 when a rule of scripts/rooms/walls.ts is broken more or less often than scripts/rooms/breaches.ts still allows.
import { dirname } from "node:path";
import { BREACHES } from "./rooms/breaches.ts";
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
let wrong = 0;
for (const rule of new Set([...found.keys(), ...Object.keys(BREACHES)])) {
  const places = found.get(rule) ?? [];
  const allowed = BREACHES[rule] ?? 0;
  console.log(`${rule.replace(/\.$/, "")}: ${places.length}`);
  for (const { place } of places) console.log(`    ${place}`);
  if (places.length === allowed) continue;
  wrong += 1;
  console.log(
    places.length > allowed
      ? `    NEW: ${allowed} were there before`
      : `    FEWER: write ${places.length} in place of ${allowed} into scripts/rooms/breaches.ts`,
  );
}
console.log(
  found.size === 0 ? "No wall is broken." : `${[...found.values()].flat().length} breaches of ${found.size} rules.`,
);
if (process.argv.includes("--check") && wrong > 0) process.exitCode = 1;
