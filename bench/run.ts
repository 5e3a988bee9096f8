// `npm run bench [-- name…]`: the benches, one after another, since two at once would measure each other. Each prints its figures as
// ratios to something run beside it (a bare Worker, an empty ledger, an idle system) and fails beyond its target.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { basename, join } from "node:path";

/** The soak judges promises, not times; the client is a part of the edge's bench. */
const NOT_BENCHES = ["run", "soak", "load-client"];

const all = globSync("*.ts", { cwd: import.meta.dirname }).map((file) => basename(file, ".ts"));
const benches = all.filter((name) => !NOT_BENCHES.includes(name)).toSorted();
const asked = process.argv.slice(2).filter((argument) => argument !== "--");
const unknown = asked.filter((name) => !benches.includes(name));
if (unknown.length > 0) throw new Error(`there is no bench ${unknown.join(", ")}; there are ${benches.join(", ")}`);

const results = [];
for (const name of asked.length > 0 ? asked : benches) {
  console.log(`\n## ${name}\n`);
  const start = performance.now();
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`)], { stdio: "inherit" });
  results.push({
    name,
    seconds: Math.round((performance.now() - start) / 1000),
    verdict: status === 0 ? "ok" : "FAILED",
  });
}
console.log("\n| bench | seconds | within its target |\n|---|--:|---|");
for (const { name, seconds, verdict } of results) console.log(`| ${name} | ${seconds} | ${verdict} |`);
if (results.some(({ verdict }) => verdict === "FAILED")) process.exitCode = 1;
