// `npm run bench [-- NAME… [flags]]`: the benches, one after another, since two at once would measure each other. Each of the named ones gets
// the flags. Every figure is a ratio, to a limit, to something run beside it, or for each variant, with how often it was measured, the median and the spread. Each bench leaves its
// figures in bench/results/, and fails where a median misses its target.
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { figureTable, RESULTS, type Summary } from "./figures.ts";

/** The soak judges promises, not times; the client is a part of the edge's bench. */
const NOT_BENCHES = ["run", "figures", "soak", "load-client"];

const all = globSync("*.ts", { cwd: import.meta.dirname }).map((file) => basename(file, ".ts"));
const benches = all.filter((name) => !NOT_BENCHES.includes(name)).toSorted();
const given = process.argv.slice(2).filter((argument) => argument !== "--");
const firstFlag = given.findIndex((argument) => argument.startsWith("--"));
const [asked, flags] = firstFlag < 0 ? [given, []] : [given.slice(0, firstFlag), given.slice(firstFlag)];
const unknown = asked.filter((name) => !benches.includes(name));
if (unknown.length > 0) throw new Error(`there is no bench ${unknown.join(", ")}; there are ${benches.join(", ")}`);

const figures: Summary[] = [];
const failed: string[] = [];
for (const name of asked.length > 0 ? asked : benches) {
  console.log(`\n## ${name}\n`);
  const file = join(RESULTS, `${name}.json`);
  rmSync(file, { force: true });
  const args = [join(import.meta.dirname, `${name}.ts`), ...flags];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) failed.push(name);
  if (!existsSync(file)) continue;
  const said = JSON.parse(readFileSync(file, "utf8")) as { figures: Summary[] };
  figures.push(...said.figures.map((figure) => ({ ...figure, name: `${name} · ${figure.name}` })));
}
console.log(`\n## All figures\n\n${figureTable(figures)}`);
if (failed.length > 0) {
  console.error(`Beyond a target, or not through: ${failed.join(", ")}`);
  process.exitCode = 1;
}
