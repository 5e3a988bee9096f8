// `npm run prove` lists the proofs that are too long for a commit. `npm run prove -- NAME [flags]` runs one; it exits as its program does.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";

const ROOT = dirname(import.meta.dirname);

interface Proof {
  /** What holds when it exits 0. */
  proves: string;
  /** On a quiet machine with 2 cores. */
  takes: string;
  /** Its file in the repository. Its first comment or its `--help` names the flags. */
  program: string;
}

/** Every proof that runs by night or by hand, by its name. Tests and mutations have commands of their own. */
export const PROOFS: Readonly<Record<string, Proof>> = {
  newcomer: {
    proves: "every command of the pages works in a fresh clone, with Node 20 and npm",
    takes: "some minutes, network",
    program: "scripts/newcomer/main.ts",
  },
  site: {
    proves: "the packages make a site that warms, and deploys to a served account, with npm only",
    takes: "some minutes, network",
    program: "scripts/newcomer/site.ts",
  },
  try: {
    proves:
      "`prewarm try` has variants for sites of other makers, half of their bytes with other markup, and every box in its place",
    takes: "10 min, network",
    program: "scripts/newcomer/sites.ts",
  },
  soak: {
    proves: "handlers and ledger keep every promise under all faults at once",
    takes: "some minutes",
    program: "bench/soak.ts",
  },
  storm: {
    proves: "the real local stack loses, doubles and mixes up nothing while it is killed",
    takes: "1 min",
    program: "test/storm/main.ts",
  },
  conformance: {
    proves: "the platform does what the code assumes: workerd here, or Cloudflare",
    takes: "1 min",
    program: "test/platform/main.ts",
  },
  moments: {
    proves: "the dashboard, the ledger and the local Ittybit say the same during faults",
    takes: "an hour",
    program: "apps/dashboard/scripts/moments.ts",
  },
  examples: {
    proves: "frameworks with their real packages ask for URLs that an upload has made",
    takes: "some minutes, network",
    program: "scripts/examples/build.ts",
  },
  cms: {
    proves: "an upload in WordPress, Payload or EmDash is warm before its page is public",
    takes: "some minutes, network",
    program: "scripts/cms/main.ts",
  },
  runtimes: {
    proves: "the built client has its types, and does the same in Node, Deno and Bun",
    takes: "some minutes, network",
    program: "packages/client/scripts/try-runtimes.ts",
  },
  regexps: {
    proves: "every regular expression takes time in proportion to its input",
    takes: "1 min",
    program: "scripts/regexps.ts",
  },
};

/** The list: name, what it proves, how long it takes. */
function listProofs(): string {
  const wide = Math.max(...Object.keys(PROOFS).map((name) => name.length));
  const rows = Object.entries(PROOFS).map(
    ([name, { proves, takes }]) => `  ${name.padEnd(wide)}  ${proves} (${takes})`,
  );
  return ["npm run prove -- NAME [flags]", "", ...rows].join("\n");
}

/** Runs a proof's program with the flags that stand behind its name, and exits with its code. */
function prove({ program }: Proof, flags: readonly string[]): void {
  const child = spawn(process.execPath, [join(ROOT, program), ...flags], { cwd: ROOT, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  child.on("exit", (code) => process.exit(code ?? 1));
}

function main([name = "", ...flags]: readonly string[]): void {
  const proof = PROOFS[name];
  if (proof !== undefined) prove(proof, flags);
  else console.log(listProofs());
  if (proof !== undefined || name === "" || name === "--help") return;
  console.error(`There is no proof ${name}.`);
  process.exitCode = 2;
}

if (import.meta.main) main(process.argv.slice(2));
