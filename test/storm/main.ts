// `npm run prove -- storm`: the local stack under kills, faults, purges, removals, replacements and a
// restore; the verdict is made from outside, over HTTP.
// Exits 1 on a violation.
import { parseArgs } from "node:util";
import { printStorm } from "./report.ts";
import { playStorm } from "./storm.ts";

const HELP = `npm run prove -- storm [--variants N] [--kills N] [--seed N] [--faults SHARE] [--restore] [--slots N]
  --variants  how many are accepted (default 300)
  --kills     SIGKILLs of the whole stack (default 3)
  --seed      decides faults and images (default random)
  --faults    share of calls and downloads that go wrong (default 0.05)
  --restore   the ledger is put back to a copy in the middle
  --slots     jobs at Ittybit at once, and jobs a second (default 60)`;

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
  options: {
    variants: { type: "string", default: "300" },
    kills: { type: "string", default: "3" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
    faults: { type: "string", default: "0.05" },
    slots: { type: "string", default: "60" },
    restore: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function number(name: "variants" | "kills" | "seed" | "faults" | "slots"): number {
  const value = Number(values[name]);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} must be a number\n${HELP}`);
  return value;
}

if (values.help) console.log(HELP);
else {
  const settings = {
    variants: number("variants"),
    kills: number("kills"),
    seed: number("seed"),
    faults: number("faults"),
    slots: number("slots"),
    restore: values.restore,
    say: (line: string) => console.log(line),
  };
  const played = await playStorm(settings);
  printStorm(played, settings);
  process.exitCode = played.verdict.violations.length === 0 ? 0 : 1;
}
