// Dry-run deploy of both Workers in every environment, as wrangler would upload them, and the edge's size budget.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

/** Gzipped bytes a Worker may weigh. The edge's is a promise (design: ≤ 21 kB); the consumer's only catches accidents. */
const BUDGETS_KB = { edge: 21, consumer: 400 };

const env = {
  ...process.env,
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
};
const ENVIRONMENTS = ["staging", "production"];
let over = false;
for (const [worker, budget] of Object.entries(BUDGETS_KB)) {
  const args = ["deploy", "-c", `wrangler.${worker}.toml`, "--dry-run", "--outdir", `dist/${worker}`, "--minify"];
  const runs = ENVIRONMENTS.map((name) => spawnSync("wrangler", [...args, "-e", name], { encoding: "utf8", env }));
  const run = runs.find(({ status }) => status !== 0) ?? runs.at(-1);
  if (run.status !== 0) {
    console.error(run.stdout, run.stderr);
    process.exit(1);
  }
  // To the byte: wrangler prints hundredths of a KiB.
  const bytes = gzipSync(readFileSync(`dist/${worker}/worker.js`), { level: 9 }).length;
  console.log(`${worker}: ${bytes} bytes gzip of ${budget * 1000}`);
  over ||= bytes > budget * 1000;
}
process.exit(over ? 1 : 0);
