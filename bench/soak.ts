// `node bench/soak.ts`: real handlers, ledger and client under every fault at once, until all has settled; then every promise is
// checked against everything that is there. Exits 1 on any violation. `--variants N` (default 10,000) `--seed N` (default random)
// `--minutes N`: further rounds, each with the next seed, until the time is up. `--scale N`: see test/world/virtual-clock.ts.
// `--engine plain`: an engine that is not Ittybit (test/world/plain-service.ts). `--trace`: shows what passed for the key of each violation.
import { parseArgs } from "node:util";
import { printReport } from "../test/world/soak/report.ts";
import { heapInUse, playRound } from "../test/world/soak/round.ts";

const HELP = "node bench/soak.ts [--variants N] [--seed N] [--minutes N] [--scale N] [--engine plain] [--trace]";

function flagsOf() {
  const { values } = parseArgs({
    options: {
      variants: { type: "string", default: "10000" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
      minutes: { type: "string", default: "0" },
      scale: { type: "string", default: "25" },
      engine: { type: "string", default: "ittybit" },
      trace: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
    args: process.argv.slice(2).filter((argument) => argument !== "--"),
  });
  const number = (name: "variants" | "seed" | "minutes" | "scale"): number => {
    const value = Number(values[name]);
    if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} must be a number\n${HELP}`);
    return value;
  };
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  return {
    variants: number("variants"),
    seed: number("seed"),
    minutes: number("minutes"),
    scale: number("scale"),
    traced: values.trace,
    service: values.engine === "plain" ? ("plain" as const) : ("ittybit" as const),
  };
}

const flags = flagsOf();
const endsAt = performance.now() + flags.minutes * 60_000;
const heapAfter: number[] = [];
let violations = 0;
for (let round = 0; round === 0 || performance.now() < endsAt; round += 1) {
  const played = await playRound({ ...flags, seed: flags.seed + round });
  violations += printReport(played);
  await played.world.close();
  heapAfter.push(heapInUse());
}
if (heapAfter.length > 1)
  console.log(`heap after each round, MB: ${heapAfter.map((n) => (n / 1e6).toFixed(0)).join(" ")}`);
process.exitCode = violations > 0 ? 1 : 0;
