import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

/*
 * Phrases at which native readers stumbled, and that came back: German order of words, and "who", "what" or "one" where the sentence has a noun.
 * They are looked for in pages, and in the texts that the command line, the dashboard, the API and the deploy's commands show.
 */

const ROOT = join(import.meta.dirname, "..");
const PAGES = [
  "{README,AGENTS,CONTRIBUTING,SECURITY}.md",
  "docs/*.md",
  "examples/*/README.md",
  ".github/workflows/*.yml",
];
const SHOWN = [
  "apps/{cli,dashboard}/src/**/*.{ts,tsx}",
  "workers/consumer/src/api/**/*.ts",
  "packages/control-schema/src/*.ts",
  "packages/shared/src/job-errors.ts",
];

const PHRASES = [
  /\banew\b/,
  /\bof late\b/,
  /\b(?:can|cannot|could not|to) be had\b/,
  /\bhow far one can\b|\bbe gone back to\b/,
  /\bwho may [\w ]+ is nobody\b/,
  /\bdoes what lacks\b|\blacks (?:a |the )?(?:bucket|queue|secret)\b/,
  /\bif it shall\b|\bshall (?:end|speak|count)\b/,
  /\bleave [\w ]*\baway\b/,
  /\bheld to by\b/,
  /\bfound by itself\b|\btried again by itself\b|\bgoes on by itself\b/,
  /\b(?:is|are) told (?:no|everything|anything)\b|\bnobody is told\b/i,
  /\bthat do not come\b/,
];

function found(text: string): string[] {
  return PHRASES.flatMap((phrase) => text.match(phrase)?.[0] ?? []);
}

/** The strings and the text of elements of a source, without its comments. */
function shownIn(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\/|(?<![:"'`])\/\/.*/g, "");
}

it.each(globSync(PAGES, { cwd: ROOT }))("%s", (page) => {
  expect(found(readFileSync(join(ROOT, page), "utf8").replaceAll(/\s+/g, " "))).toEqual([]);
});

it.each(SHOWN)("what is shown by %s", (pattern) => {
  const files = globSync(pattern, { cwd: ROOT }).filter((file) => !file.includes(".test."));
  expect(files.length).toBeGreaterThan(0);
  const faults = files.flatMap((file) =>
    found(shownIn(readFileSync(join(ROOT, file), "utf8"))).map((phrase) => `${file}: ${phrase}`),
  );
  expect(faults).toEqual([]);
});

describe("a phrase", () => {
  it.each([
    "01789d815ec0 can be gone back to",
    "who may read secrets is nobody",
    "tells its plan, and does what lacks",
    "and `exp` if it shall end",
    "leave the attribute away",
    "Each figure is held to by strangers",
    "0.6 could not be had",
    "The configuration names no endpoint: nobody is told anything.",
    "jobs of 50, found by itself",
    "viewers' jobs that do not come",
  ])("of the fifteen is found: %s", (sentence) => expect(found(sentence)).not.toEqual([]));
});
