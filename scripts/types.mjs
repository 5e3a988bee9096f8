// Generates each Worker's `Env` from its wrangler file (never written by hand). `--check` fails when one is stale.
import { spawnSync } from "node:child_process";

const check = process.argv.includes("--check");
const env = {
  ...process.env,
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
};
for (const [worker, name] of [
  ["edge", "EdgeEnv"],
  ["consumer", "ConsumerEnv"],
]) {
  const args = [
    "types",
    `workers/${worker}/env.d.ts`,
    "-c",
    `wrangler.${worker}.toml`,
    "--env-interface",
    name,
    "--include-runtime=false",
  ];
  const run = spawnSync("wrangler", check ? [...args, "--check"] : args, {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    env,
  });
  if (run.status !== 0) {
    console.error(run.stdout, run.stderr);
    process.exit(1);
  }
}
