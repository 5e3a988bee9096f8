import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { purgeCommand } from "../apps/cli/src/commands/purge.ts";
import { isAct } from "../packages/shared/src/acts.ts";
import { DEFAULTS, defineConfig, type UserConfig } from "../packages/shared/src/config.ts";
import { variantsPerImage } from "../packages/shared/src/cost/outlook.ts";
import {
  GATE_AUTO,
  HANDLER_WALL_MS,
  LEDGER_FULL_BYTES,
  LEDGER_LIMIT_BYTES,
  LEDGER_SHED_BYTES,
  RESTORE_HOLD_MS,
} from "../packages/shared/src/limits.ts";
import shipped from "../prewarm.config.ts";

/*
 * Kinds of claims that pages made and that were wrong: a figure that is not the code's, a figure in two pages, a number of files, a tag that does
 * not exist, a right of a token. Commands without an environment: environment-named.test.ts. What is missing: missing-abilities.test.ts.
 */

const ROOT = join(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
/** A page in one line, so that a sentence may be wrapped anywhere. */
const flat = (file: string): string => read(file).replaceAll(/\s+/g, " ");
const PAGES = globSync(["*.md", "docs/*.md", "examples/*/README.md", ".github/*.md"], { cwd: ROOT }).filter(
  (page) => page !== "CHANGELOG.md",
);
const constant = (file: string, name: string): string =>
  new RegExp(`\\b${name} = ([\\d_]+)`).exec(read(file))?.[1]?.replaceAll("_", "") ?? `${file} has no ${name}`;

const WORDS = [
  "no",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
  "eleven",
  "twelve",
  "thirteen",
];
const word = (n: number): string => WORDS[n] ?? String(n);
const count = (n: number): string => n.toLocaleString("en");
const { gate, limits, pages, cacheSeconds } = DEFAULTS;
const PURGE_MINUTES = HANDLER_WALL_MS / 60_000 + 1;
const SITE = { sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }] } satisfies UserConfig;
const UPLOAD = variantsPerImage(defineConfig(SITE), "upload");
const WARMING = (gate.monthlyJobs ?? 0) * gate.warmingShare;
const ALERTS = read("ops/prometheus/rules.yml").match(/alert: /g)?.length ?? 0;
const WIDTHS = `${pages.widths.slice(0, -1).join(", ")} and ${pages.widths.at(-1)}`;
const DELIVERIES = constant("workers/consumer/src/ledger/deliveries.ts", "KEEP");

describe("a figure of a page is the code's", () => {
  it.each([
    ["docs/hooks.md", `the last ${DELIVERIES} deliveries`],
    ["docs/api.md", `the last ${DELIVERIES} deliveries`],
    ["docs/dashboard.md", `last ${DELIVERIES} deliveries`],
    ["docs/configuration.md", `makes ${pages.widths.length} × 3 + 1 = ${UPLOAD} variants`],
    ["docs/configuration.md", `that is ${count(Math.floor(WARMING / UPLOAD))} uploads`],
    ["docs/shop-of-n-products.md", `\`gate.monthlyJobs\` = ${count(gate.monthlyJobs ?? 0)}`],
    ["docs/shop-of-n-products.md", `\`gate.warmingShare\` = ${gate.warmingShare}`],
    ["docs/shop-of-n-products.md", `${GATE_AUTO.ratePerSecond.start} submissions per second`],
    ["docs/shop-of-n-products.md", `takes ${count(limits.backlogMax)} open jobs`],
    ["docs/operations.md", `begin at ${GATE_AUTO.concurrency.start} and ${GATE_AUTO.ratePerSecond.start}/s`],
    ["docs/operations.md", `to \`max\`, ${count(GATE_AUTO.concurrency.max)} by default`],
    ["docs/operations.md", `has ${word(ALERTS)} alerts`],
    [
      "docs/operate.md",
      `the ${word(Number(constant("node_modules/wrangler/wrangler-dist/cli.js", "VERSION_LIST_LIMIT")))} newest versions`,
    ],
    ["docs/operate.md", `again ${PURGE_MINUTES} minutes later`],
    ["docs/delete-a-persons-pictures.md", `again after ${PURGE_MINUTES} minutes`],
    ["docs/freshness.md", `\`cacheSeconds\`, by default ${cacheSeconds}`],
    ["docs/backup.md", `hands nothing out for ${word(RESTORE_HOLD_MS / 60_000)} minutes`],
    ["docs/runbook.md", `| ${LEDGER_SHED_BYTES / 1e9} GB |`],
    ["docs/runbook.md", `| ${LEDGER_FULL_BYTES / 1e9} GB |`],
    ["docs/runbook.md", `| ${LEDGER_LIMIT_BYTES / 1e9} GB |`],
    ["README.md", WIDTHS],
    ["AGENTS.md", WIDTHS],
    ["AGENTS.md", `${UPLOAD} per upload by default`],
    ["docs/page-authors.md", WIDTHS],
    ["docs/from-zero.md", `made ${variantsPerImage(shipped, "upload")} variants`],
    ["docs/from-zero.md", `the ${variantsPerImage(shipped, "upload")} variants`],
  ])("%s: %s", (page, claim) => {
    expect(flat(page)).toContain(claim);
  });

  it("prewarm purge takes a thousand ids", () => {
    expect(purgeCommand.operands?.max).toBe(1000);
  });

  it("each row of the table of variants per upload", () => {
    const [, table = ""] = read("docs/configuration.md").split("| setting | variants per upload |\n|---|---|\n");
    const rows = [...(table.split("\n\n")[0] ?? "").matchAll(/^\| (.*) \| (\d+) \|$/gm)];
    expect(rows.length).toBeGreaterThan(5);
    for (const [, setting = "", variants] of rows) {
      const spans = [...setting.matchAll(/`([^`]+)`/g)].map(([, span]) => span).join(", ");
      const settings = JSON.parse(`{${spans}}`.replaceAll(/([{,] *)(\w+):/g, '$1"$2":')) as Partial<UserConfig>;
      expect(variantsPerImage(defineConfig({ ...SITE, ...settings }), "upload"), setting).toBe(Number(variants));
    }
  });
});

it("a row's size in the ledger is in one page, where a test compares it with the tables", () => {
  const others = PAGES.filter((page) => page !== "docs/storage-schema.md");
  expect(others.filter((page) => /\d bytes (a|per) row/.test(flat(page)))).toEqual([]);
});

/** What is wrong with a count of files: `three files: a, b`, or a file that does not exist. */
function fileFaults(text: string): string[] {
  const counted = text.matchAll(/\b(two|three|four|five|six) files: ((?:`[^`]+`(?:, | and )?)+)/g);
  return [...counted].flatMap(([claim, number = "", list = ""]) => {
    const files = [...list.matchAll(/`([^`]+)`/g)].map(([, file = ""]) => file);
    const absent = files.filter((file) => !existsSync(join(ROOT, file))).map((file) => `${file} does not exist`);
    return word(files.length) === number ? absent : [`${claim}: it names ${files.length}`, ...absent];
  });
}

describe("a number of files", () => {
  it.each(PAGES)("in %s is the number of those that it names", (page) => {
    expect(fileFaults(flat(page))).toEqual([]);
  });

  it("of a fork: docs/upgrading.md names each file that docs/ci.md tells to edit", () => {
    const [, setUp = ""] = flat("docs/ci.md").split("## Set it up");
    const edited = [
      "prewarm.config.ts",
      "wrangler.consumer.toml",
      "wrangler.edge.toml",
      ".github/workflows/deploy.yml",
    ];
    expect(setUp).toMatch(/Edit `prewarm\.config\.ts`.* prints both wrangler files/);
    expect(setUp).toContain("a line of its own in the first step list of `deploy.yml`");
    expect(edited.filter((file) => !read("docs/upgrading.md").includes(`\`${file}\``))).toEqual([]);
  });

  it("that is wrong is found", () => {
    expect(fileFaults("differs in three files: `README.md`, `package.json`.")).toHaveLength(1);
    expect(fileFaults("differs in two files: `README.md` and `gone.ts`.")).toEqual(["gone.ts does not exist"]);
  });
});

/** Versions that a command of a page names, such as `git merge v1.2.0`, and that were never released. */
function tagFaults(text: string, released: readonly string[]): string[] {
  const named = text.match(/(?:git (?:merge|checkout|switch|fetch)|gh) [^\n`]*\bv\d+\.\d+\.\d+/g) ?? [];
  return named.filter((command) => !released.some((version) => command.endsWith(`v${version}`)));
}

describe("a tag", () => {
  const released = [...read("CHANGELOG.md").matchAll(/^## (\d+\.\d+\.\d+)/gm)].map(([, version = ""]) => version);

  it.each(PAGES)("that a command of %s names is a release of the changelog", (page) => {
    expect(tagFaults(read(page), released)).toEqual([]);
  });

  it("that does not exist is found", () => {
    expect(tagFaults("git merge v1.2.0        # a release", ["1.1.0"])).toEqual(["git merge v1.2.0"]);
    expect(tagFaults("git merge v1.1.0", ["1.1.0"])).toEqual([]);
  });
});

/** Acts in tokens such as `ci[warm]:<token>` that no token may have. */
const strangeActs = (text: string): string[] =>
  [...text.matchAll(/\w+\[([a-z+]+)\]:</g)].flatMap(([, acts = ""]) => acts.split("+")).filter((act) => !isAct(act));

describe("a right of a token", () => {
  it.each(PAGES)("that %s names is an act", (page) => {
    expect(strangeActs(read(page))).toEqual([]);
  });

  it("for CI is named where CI is explained, and that is all it may do", () => {
    for (const page of ["docs/operations.md", "examples/ci/README.md"])
      expect(flat(page), page).toContain("ci[warm]:<");
  });

  it("that does not exist is found", () => {
    expect(strangeActs("`ci[warm+deploy]:<token>`")).toEqual(["deploy"]);
  });
});
