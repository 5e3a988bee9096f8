// The laboratory for a real Ittybit, with ITTYBIT_API_KEY: what `prewarm ittybit check` says in one sentence, and beside it what lists, failed
// jobs, metadata, a key with another body and limits look like, what words for qualities mean, whether webhooks come, and a record of it all.
// node scripts/boot.mjs node scripts/ittybit-lab/main.ts --original URL [--panorama URL] [--quality] [--webhook URL --webhook-port PORT]
//   [--within 10m] [--record FOLDER] [--json]
import { setTimeout } from "node:timers/promises";
import { CliError } from "../../apps/cli/src/platform/exit-codes.ts";
import { systemClock } from "../../packages/shared/src/clock.ts";
import { runLabLine } from "./lab.ts";
import { listen } from "./listen.ts";

const bench = {
  fetch,
  clock: systemClock,
  listen,
  env: process.env,
  cwd: process.cwd(),
  sleep: (ms: number) => setTimeout(ms),
  data: (line: string) => console.log(line),
  note: (line: string) => console.error(line),
};

try {
  process.exitCode = await runLabLine(process.argv.slice(2), bench);
} catch (error) {
  if (!(error instanceof CliError)) throw error;
  for (const line of [error.message, ...error.hints]) console.error(line);
  process.exitCode = error.exitCode;
}
