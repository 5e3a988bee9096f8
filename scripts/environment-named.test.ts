import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

/*
 * The top level of the wrangler files has no name, so wrangler refuses a command that lacks its environment. Each command that touches a
 * deployment therefore names it: in the docs, in what programs print, and in comments.
 */

const ROOT = join(import.meta.dirname, "..");
const FILES = globSync(
  [
    "*.{md,toml,ts}",
    "{docs,decisions,examples,.github,ops}/**/*.{md,ts,mjs,yml,yaml}",
    "{apps,packages,workers,dev,scripts}/**/*.{ts,tsx,mjs,md}",
  ],
  { cwd: ROOT, exclude: ["**/node_modules/**", "**/dist/**", "**/*.test.ts"] },
);

/** Each ends at the end of its code span, string or line. */
const COMMANDS = [
  /\bwrangler (?:-- )?(?:secret|versions|deployments|rollback|delete|tail)\b[^`"'\n|]*/g,
  /\bwrangler (?:-- )?(?!dev\b)[^`"'\n|]* -c [^`"'\n|]*/g,
  /\bnpm run (?:provision|deploy|smoke|rollback|destroy|upgrade) -- [^`\n|]*/g,
  /\bprewarm (?:-- )?(?:(?:provision|deploy|destroy|upgrade) --|rollback (?:--|[0-9a-f]{12}))[^`"'\n|]*/g,
];

function nameless(text: string): string[] {
  return COMMANDS.flatMap((pattern) => text.match(pattern) ?? []).filter(
    (command) => !/ (?:-e|--to)[ =]/.test(command) && !command.includes("--dry-run"),
  );
}

it("looks at the docs, the README and the sources", () => {
  for (const file of ["README.md", "docs/operate.md", "packages/shared/src/environment-check.ts", "wrangler.edge.toml"])
    expect(FILES).toContain(file);
});

it("every command that touches a deployment names its environment", () => {
  const found = FILES.flatMap((file) =>
    nameless(readFileSync(join(ROOT, file), "utf8")).map((command) => `${file}: ${command}`),
  );
  expect(found).toEqual([]);
});

describe("a command", () => {
  it.each([
    "npm run wrangler -- secret put NAME -c wrangler.consumer.toml",
    "npx wrangler secret put NAME",
    "npm run wrangler -- tail -c wrangler.consumer.toml",
    "npm run rollback -- 1a2b3c4d5e6f",
    "prewarm rollback 1a2b3c4d5e6f",
    "npm run wrangler -- deploy -c wrangler.edge.toml",
  ])("without an environment is found: %s", (command) => expect(nameless(`run ${command}\n`)).not.toEqual([]));

  it.each([
    "npm run wrangler -- secret put NAME -c wrangler.consumer.toml -e staging",
    "npm run rollback -- 1a2b3c4d5e6f --to staging",
    "npm run wrangler -- login",
  ])("with one, or without a deployment, passes: %s", (command) => expect(nameless(`run ${command}\n`)).toEqual([]));
});
