// `npm run prove -- regexps [--changed]`: every regular expression of the source must take time in proportion to its input. Exits 1 on one that does
// not. With `--changed` only those of the files that the commit touches, since a pattern is judged once and for all by what it says. Tests are left out: they read what we write. `new RegExp` is refused, because what cannot be read cannot be judged.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkSync } from "recheck";
import { parseSync, Visitor } from "vite";
import { changedFiles } from "./changed-files.ts";
import { isTest, readSources } from "./rooms/read-imports.ts";

interface Exception {
  /** Why the pattern does no harm. */
  why: string;
  /** The files that import the one with the pattern, tests aside: the reason is about what they read. `any`: it holds for every text. */
  callers: readonly string[] | "any";
}

/** Known and harmless, by file. One that is not needed any more is a fault, and so is a further caller (`scripts/regexps.test.ts`). */
export const HARMLESS: Record<string, Exception> = {
  "scripts/print-tables.ts": { why: "reads our own pages", callers: [] },
  "scripts/pack/types.ts": { why: "reads our own declarations", callers: ["scripts/pack/prewarm.ts"] },
  "scripts/newcomer/site.ts": { why: "reads what our own commands print", callers: [] },
  "apps/docs-site/src/anchors.ts": { why: "reads our own pages", callers: [] },
  "apps/docs-site/src/llms.ts": { why: "reads our own pages", callers: ["apps/docs-site/src/stage.ts"] },
  "apps/docs-site/src/map.ts": {
    why: "reads our own pages",
    callers: ["apps/docs-site/src/llms.ts", "apps/docs-site/src/stage.ts"],
  },
  "apps/dashboard/scripts/pictures/taken.ts": {
    why: "reads our own pages",
    callers: ["apps/dashboard/scripts/pictures.ts"],
  },
  "apps/dashboard/scripts/pictures/tutorial-page.ts": {
    why: "reads our own pages",
    callers: ["apps/dashboard/scripts/pictures/scenes.ts"],
  },
  "apps/docs-site/src/pages.ts": {
    why: "reads our own pages",
    callers: ["apps/docs-site/src/llms.ts", "apps/docs-site/src/stage.ts"],
  },
  "workers/consumer/src/console/fingerprint.ts": {
    why: "reads a message's first thousand characters",
    callers: "any",
  },
  "packages/shared/src/variant-key.ts": {
    why: "made of our own words and anchored; scripts/regexps.test.ts judges it",
    callers: "any",
  },
  "packages/ittybit-emulator/src/faults/faults.ts": {
    why: "the pattern comes from the owner of the emulator's key",
    callers: ["api-server", "control", "emulator-state"].map((name) => `packages/ittybit-emulator/src/api/${name}.ts`),
  },
};
/**
 * The checker calls a pattern slow if an attack on it takes too long: by default a second of the clock, so that a busy
 * machine made sound patterns polynomial. Without these times only the characters that an attack reads count, and a
 * verdict is the same on each machine. The checker cuts its attacks so that a slow pattern passes the limit; a sound one
 * stays far below it.
 */
const BY_CHARACTERS = {
  timeout: null,
  attackTimeout: null,
  incubationTimeout: null,
  seedingTimeout: null,
  attackLimit: 10_000_000,
  randomSeed: 1,
} as const;
/** The checker in this process, not one of its programs per platform. */
process.env.RECHECK_SYNC_BACKEND = "pure";

export interface Pattern {
  /** Counted from 1. */
  line: number;
  /** Null where it is made at run time. */
  regex: { pattern: string; flags: string } | null;
}

export function findPatterns(path: string, source: string): Pattern[] {
  const found: Pattern[] = [];
  const add = (start: number, regex: Pattern["regex"]): void => {
    found.push({ line: source.slice(0, start).split("\n").length, regex });
  };
  const made = (node: { start: number; callee: { type: string; name?: unknown } }): void => {
    if (node.callee.type === "Identifier" && node.callee.name === "RegExp") add(node.start, null);
  };
  new Visitor({
    Literal: (node) => ("regex" in node ? add(node.start, node.regex) : undefined),
    NewExpression: made,
    CallExpression: made,
  }).visit(parseSync(path, source).program);
  return found;
}

/** Why the pattern may be slow, with an input that shows it; null when its time grows with the input's length and no faster. */
export function slownessOf({ pattern, flags }: { pattern: string; flags: string }): string | null {
  const judged = checkSync(pattern, flags, BY_CHARACTERS);
  if (judged.status === "safe") return null;
  if (judged.status === "unknown") return `cannot be judged (${judged.error.kind})`;
  return `${judged.complexity.summary}, try ${judged.attack.pattern}`;
}

export function faultOf(regex: Pattern["regex"]): string | null {
  return regex === null ? "made at run time" : slownessOf(regex);
}

function main(): void {
  const root = dirname(import.meta.dirname);
  const verdicts = new Map<string, string | null>();
  const needed = new Set<string>();
  let faults = 0;
  const complain = (text: string): void => {
    faults += 1;
    console.error(text);
  };
  const touched = process.argv.includes("--changed") ? changedFiles() : null;
  // Its own list of what is harmless is about all of them.
  const changed = touched?.includes("scripts/regexps.ts") ? null : touched;
  const isJudged = (path: string) => !isTest(path) && (changed === null || changed.includes(path));
  for (const { path } of readSources(root).filter((file) => isJudged(file.path))) {
    for (const { line, regex } of findPatterns(path, readFileSync(join(root, path), "utf8"))) {
      const name = regex === null ? "new RegExp" : `/${regex.pattern}/${regex.flags}`;
      const fault = verdicts.has(name) ? verdicts.get(name) : faultOf(regex);
      verdicts.set(name, fault ?? null);
      if (fault === null || fault === undefined) continue;
      if (path in HARMLESS) needed.add(path);
      else complain(`${path}:${line} ${name}: ${fault}`);
    }
  }
  for (const path of Object.keys(HARMLESS).filter((known) => isJudged(known) && !needed.has(known)))
    complain(`${path} has no slow pattern any more: take it off the list in scripts/regexps.ts`);
  const where = changed === null ? "" : " in the files that the commit touches";
  console.log(`${verdicts.size} regular expressions${where}, ${faults} faults.`);
  if (faults > 0) process.exitCode = 1;
}

if (import.meta.main) main();
