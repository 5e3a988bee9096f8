import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { configSchema } from "../packages/shared/src/config-schema.ts";
import { settingsIn } from "../packages/shared/src/setting-leaves.ts";

/* Each source file and each setting that a page names in backticks is there. */

const ROOT = join(import.meta.dirname, "..");
const exclude = ["**/node_modules/**", "**/dist/**", "**/.site/**"];
const glob = (...patterns: string[]): string[] => globSync(patterns, { cwd: ROOT, exclude });
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

const PAGES = glob("*.md", "docs/**/*.md", "decisions/*.md", "{packages,examples}/*/README.md", "scripts/README.md");
const FILES = glob("**/*.{ts,tsx,mjs,css,toml,yml,yaml}", ".github/**/*.yml");
const SETTINGS = [...settingsIn(configSchema).keys()];
/** `budget` of `budget.month`. */
const GROUPS = new Set(SETTINGS.map((name) => name.split(".")[0]));
/** Fields of our own types, and of other programs' configurations. */
const FIELDS = new Set([
  ...glob("packages/*/src/**/*.ts")
    .filter((file) => !file.endsWith(".test.ts"))
    .flatMap((file) => matches(read(file), /^\s+(?:readonly )?(\w+)\??: /gm)),
  ...["pmOnFail", "etagDoesNotMatch"],
]);

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, part = ""]) => part);
}

const spansOf = (text: string): string[] => matches(text.replaceAll(/^ *```.*?^ *```/gms, ""), /`([^`\n]+)`/g);

/** The source files of a text that are nowhere, or not where their path says. What a build writes is in no clone. */
function absentFiles(text: string): string[] {
  const named = spansOf(text).filter((span) => /^[\w./-]+\.(?:ts|tsx|mjs|css|toml|ya?ml)$/.test(span));
  return named.filter((name) => !name.startsWith("dist/") && !FILES.some((file) => `/${file}`.endsWith(`/${name}`)));
}

/** Of `budget.month`, of `access: "open"`, and of "unless `access` is `open`" the name, where no setting and no field has it. */
function absentSettings(text: string): string[] {
  const spans = spansOf(text);
  const members = spans.filter(
    (span) => /^[a-z]\w*\.[a-z]\w*(?:\.\w+)?$/i.test(span) && GROUPS.has(span.split(".")[0]),
  );
  const fields = matches(spans.join("\n"), /^([a-z]\w*): /gm);
  const judged = matches(text, /\b(?:if|unless|while|setting) `([a-z]\w*)` (?:is|says) /g);
  return [
    ...members.filter(
      (name) => !/\.(?:ts|md|html|yml)$/.test(name) && !SETTINGS.some((one) => `${one}.`.startsWith(`${name}.`)),
    ),
    ...fields.filter((name) => !FIELDS.has(name)),
    ...judged.filter((name) => !GROUPS.has(name)),
  ];
}

it.each([
  [
    "source file",
    absentFiles,
    "`docs.test.ts` `scripts/docs.test.ts` `dist/a.ts`",
    "`ask.ts` `dev/docs.test.ts`",
    ["ask.ts", "dev/docs.test.ts"],
  ],
  [
    "setting",
    absentSettings,
    '`budget.month` `budget.shares` `access: "open"`, if `access` is `open`',
    "`budget.moth` `signing: all`, unless `signing` is `all`",
    ["budget.moth", "signing", "signing"],
  ],
] as const)("every %s that a page names is there", (_, absent, right, wrong, faults) => {
  expect(absent(right)).toEqual([]);
  expect(absent(wrong)).toEqual(faults);
  expect(PAGES.flatMap((page) => absent(read(page)).map((name) => `${page}: ${name}`))).toEqual([]);
});
