// `npm run check`: lint, types, walls and printed tables of the whole tree, and the tests near the changed files, all at once. Prints a line
// with seconds for each, and the output of those that failed; exits 1 if any did. Changed files: what is not committed, else the last commit.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { changedFiles } from "./changed-files.ts";
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
async function passes(script: string, args: readonly string[] = []): Promise<boolean> {
  const started = performance.now();
  const child = spawn("npm", ["run", "--silent", script, "--", ...args], {
    cwd: root,
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
  if (code !== 0) console.log(output);
  return code === 0;
}

const tests = testsOf(edited());
console.log(
  tests.length === 0
    ? "No test is near what changed; npm test runs all."
    : `Tests near what changed; npm test runs all:\n${tests.map((path) => `  ${path}`).join("\n")}`,
);
const steps = [passes("lint"), passes("typecheck"), passes("rooms", ["--check"]), passes("tables", ["--check"])];
if (tests.length > 0) steps.push(passes("test", ["--project", "!e2e", ...tests]));
const results = await Promise.all(steps);
if (results.includes(false)) process.exitCode = 1;
