// `npm run check`: lint, types, walls, printed tables and documents of the whole tree, and for a minute the tests that reach a changed file by
// imports, the nearest first, all at once. Prints a line with seconds for each, and the output of those that failed; exits 1 if any did.
// Changed files: what is not committed, else the last commit.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { NIGHTLY } from "../test/commit-files.ts";
import { changedFiles } from "./changed-files.ts";
import { LEFT_OUT } from "./check/for-a-minute.ts";
import { nearbyTests } from "./check/nearby-tests.ts";
import { readSources } from "./rooms/read-imports.ts";

const root = dirname(import.meta.dirname);

function edited(): string[] {
  const uncommitted = changedFiles("HEAD") ?? [];
  return uncommitted.length > 0 ? uncommitted : (changedFiles() ?? []);
}

/** The path behind a name of our packages; other names stay as they are. */
function resolvePackage(name: string, importer: string): string {
  if (!name.startsWith("@prewarm/")) return name;
  return relative(root, createRequire(join(root, importer)).resolve(name));
}

function testsOf(changed: readonly string[]): string[] {
  const sources = readSources(root).map(({ path, imports }) => ({
    path,
    imports: imports.map((name) => resolvePackage(name, path)),
  }));
  return nearbyTests(changed, sources);
}

/** Runs an npm script. Resolves with whether it passed; its output is printed only if it did not. */
async function passes(
  script: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<boolean> {
  const started = performance.now();
  const child = spawn("npm", ["run", "--silent", script, "--", ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    shell: process.platform === "win32",
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const [code] = await once(child, "close");
  const seconds = Math.round((performance.now() - started) / 1_000);
  console.log(`${code === 0 ? "passed" : "FAILED"}: ${script}, ${seconds} s`);
  const [, leftOut = ""] = output.split(LEFT_OUT);
  if (code !== 0) console.log(output);
  else if (leftOut !== "") console.log(`${LEFT_OUT}${leftOut.trimEnd()}`);
  return code === 0;
}

/** They hold docs/openapi.json and docs/cli.md against the code that prints them. */
const PRINTED = ["workers/consumer/src/api/openapi.test.ts", "apps/cli/src/format-cli-docs.test.ts"];

const all = testsOf(edited());
// Files that no commit runs come last: one of them takes a third of the minute.
const tests = [...all.filter((file) => !NIGHTLY.includes(file)), ...all.filter((file) => NIGHTLY.includes(file))];
console.log(
  tests.length === 0
    ? "No test reaches what changed; npm test runs all."
    : `${tests.length} test files reach what changed. They run for a minute, the nearest first; npm test runs all.`,
);
const steps = [passes("lint"), passes("typecheck"), passes("rooms", ["--check"]), passes("tables", ["--check"])];
const order = [...new Set([...PRINTED, ...tests])];
const reporters = ["--reporter=default", "--reporter=./scripts/check/for-a-minute.ts"];
steps.push(passes("test", ["--project", "!e2e", ...reporters, ...order], { NEAREST_FIRST: order.join() }));
const results = await Promise.all(steps);
if (results.includes(false)) process.exitCode = 1;
