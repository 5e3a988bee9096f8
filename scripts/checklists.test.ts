import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeSql } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../apps/cli/src/program.ts";
import { FORMATS_BY_KIND } from "../packages/ittybit-emulator/src/pixels/image-options.ts";
import { settingsSchema } from "../packages/ittybit-emulator/src/settings.ts";
import { DEFAULTS, FORMATS } from "../packages/shared/src/config.ts";
import { configSchema } from "../packages/shared/src/config-schema.ts";
import { JOB_STATES } from "../packages/shared/src/job.ts";
import { FORMAT_ROWS } from "../packages/shared/src/mime.ts";
import { isNoise } from "../packages/shared/src/noise.ts";
import { PARAMETERS } from "../packages/shared/src/parameters.ts";
import { settingsIn } from "../packages/shared/src/setting-leaves.ts";
import { LEDGER_TABLES } from "../workers/consumer/src/ledger/tables/own-tables.ts";

// The checklists of CONTRIBUTING.md, held against everything there is of each kind. What fails names the step that was forgotten.
const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const readAll = (...patterns: string[]): string => globSync(patterns, { cwd: root }).map(read).join("\n");
const RELEASES = "workers/consumer/test/fixtures/releases";
const contributing = read("CONTRIBUTING.md");

/** The texts of a checklist's steps. */
function stepsOf(checklist: string): string[] {
  const [, section = ""] = contributing.split(`### Add ${checklist}\n`);
  const [list = ""] = section.split(/\n##/);
  return [...list.matchAll(/^\d+\. (.*(?:\n {3}.*)*)/gm)].map(([, text = ""]) => text);
}

/** Checks one thing by the steps of its checklist, each by its number. */
function expectSteps(checklist: string, thing: string, steps: Record<number, boolean>): void {
  const texts = stepsOf(checklist);
  const forgotten = Object.entries(steps)
    .filter(([, done]) => !done)
    .map(([step]) => `Add ${checklist}: ${thing}: step ${step} is missing: ${texts[Number(step) - 1]}`);
  expect(forgotten).toEqual([]);
}

describe("an endpoint", () => {
  const { paths }: { paths: Record<string, Record<string, unknown>> } = JSON.parse(read("docs/openapi.json"));
  const page = read("docs/api.md");
  const tests = readAll("workers/consumer/src/**/*.test.ts", "test/e2e/*.ts", "apps/*/test/*.test.ts");
  const calls = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
  );

  it.each(calls)("%s %s", (method, path) => {
    const called = new RegExp(`${path.replace("/api/v1", "").replace(/\{\w+\}/g, "[^/\\s]+")}(?![\\w/])`);
    expectSteps("an endpoint", `${method} ${path}`, {
      4: new RegExp(
        `^\\|.*\`${method} ${path.replace(/[{}]/g, "\\$&")}\`.*\\| (viewer|operator(: [a-z]+)?|public|anybody|asking) \\|`,
        "m",
      ).test(page),
      5: called.test(tests),
    });
  });

  it("that docs/api.md names is there", () => {
    const named = [
      ...page.matchAll(
        /`(GET|POST|PATCH|PUT|DELETE) (\/\S+)`(?=.*\| (?:viewer|operator(?:: [a-z]+)?|public|anybody|asking) \|)/g,
      ),
    ];
    expect(named.map(([, method, path]) => `${method} ${path}`).toSorted()).toEqual(
      calls.map((call) => call.join(" ")).toSorted(),
    );
  });
});

describe("a hook mapper", () => {
  const kinds = configSchema.shape.hooks.valueType.shape.mapper.options.map(({ shape }) => shape.kind.value);
  const tests = readAll("workers/consumer/src/hooks/**/*.test.ts", "workers/consumer/src/hooks/testing/*.ts");

  it.each(kinds)("%s", (kind) => {
    expectSteps("a hook mapper", kind, {
      2: read("workers/consumer/src/hooks/mappers/map-body.ts").includes(`case "${kind}":`),
      3: tests.includes(`kind: "${kind}"`),
      4: new RegExp(`^(\\*\\*[\\w-]+\\*\\* and )*\\*\\*${kind}\\*\\*`, "m").test(read("docs/hooks.md")),
    });
  });
});

describe("a job outcome", () => {
  const outcomes = read("workers/consumer/src/images/calls.ts");
  const [, union = ""] = /export type VariantOutcome =\n(.*?)\n\n/s.exec(outcomes) ?? [];
  const kinds = [...union.matchAll(/\bkind: "(\w+)"/g)].map(([, kind = ""]) => kind);
  const making = readAll("workers/consumer/src/{making,ittybit,originals}/**/[!.]*.ts");
  const tests = readAll("workers/consumer/test/queue/*.test.ts", "workers/consumer/src/{images,ledger}/**/*.test.ts");

  it("has a kind", () => expect(kinds).toContain("stored"));

  it.each(kinds)("%s", (kind) => {
    expectSteps("a job outcome", kind, {
      2: making.includes(`kind: "${kind}"`),
      4: tests.includes(`"${kind}"`),
      5: read("docs/internals/queue.md").includes(`\`${kind}\``),
    });
  });

  it.each(JOB_STATES)("and the state %s", (state) => {
    expectSteps("a job outcome", `state ${state}`, {
      5: read("docs/internals/job-lifecycle.md").includes(`\n| ${state} |`),
    });
  });
});

describe("a table or a column", () => {
  const folders = globSync(`${RELEASES}/*/schema.json`, { cwd: root });
  const released = folders.map((file) => JSON.parse(read(file)) as { version: number; statements: string[] });
  const columnsOf = (statements: readonly string[]): string[] => {
    const sql = nodeSql();
    for (const statement of statements) sql.exec(statement);
    const query = `SELECT m.name || '.' || c.name AS name FROM sqlite_master m, pragma_table_info(m.name) c
      WHERE m.type = 'table' AND m.name <> 'schema_version'`;
    return sql.exec(query).map(({ name }) => String(name));
  };
  const columns = columnsOf(LEDGER_TABLES.flat());
  const known = new Set(released.flatMap(({ statements }) => columnsOf(statements)));
  const tables = [...new Set(columns.map((column) => column.split(".")[0] ?? ""))];
  const code = globSync(
    ["packages/durable-queue/src/{tables,memory,tx}/*.ts", "workers/consumer/src/{console,images,ledger}/tables/*.ts"],
    {
      cwd: root,
    },
  ).filter((path) => !/\/(schema|copy|own-tables)\.ts$/.test(path));
  const queries = code.map(read).join("\n");
  const page = read("docs/internals/storage-schema.md");
  const [, stored = ""] = /\n### Stored formats\n(.*?)(?=\n##|$)/s.exec(read("CHANGELOG.md")) ?? [];

  it.each(tables)("%s", (table) => {
    expectSteps("a table or a column", table, {
      2: new RegExp(`\\b(INTO|FROM|UPDATE) ${table}\\b`).test(queries),
      4: page.includes(`\n| \`${table}\` |`),
    });
  });

  it("that a release has stays in every later version, and a new column is told", () => {
    for (const column of known) expectSteps("a table or a column", column, { 1: columns.includes(column) });
    // Before the first release no column is new.
    for (const column of columns.filter((name) => released.length > 0 && !known.has(name)))
      expectSteps("a table or a column", column, { 5: stored.includes(column.split(".")[1] ?? column) });
  });
});

describe("a URL parameter", () => {
  const tests = readAll("packages/shared/src/*.test.ts");

  it.each(PARAMETERS)("%s", (name) => {
    expectSteps("a URL parameter", name, {
      3: !isNoise(name, DEFAULTS.noise),
      4: read("docs/url.md").includes(`\n| \`${name}\` |`),
      5: new RegExp(`[?&"'\`]${name}=`).test(tests),
    });
  });
});

describe("an output format", () => {
  const image = "packages/shared/src";
  const output = "workers/consumer/src/output";
  const { components } = JSON.parse(read("docs/openapi.json")) as { components: { schemas: { Format: object } } };

  it.each(FORMATS)("%s", (format) => {
    const quoted = `"${format}"`;
    expectSteps("an output format", format, {
      2:
        read(`${image}/image-header-type.ts`).includes(quoted) &&
        readAll(`${image}/image-header*.ts`).includes(`type: ${quoted}`) &&
        FORMAT_ROWS[format].type.startsWith("image/"),
      3:
        read(`${output}/verify.ts`).includes(`case ${quoted}:`) &&
        read(`${output}/verify.test.ts`).includes("it.each(FORMATS)") &&
        read(`${output}/strip/strip-metadata.test.ts`).includes("it.each(FORMATS)"),
      4: FORMATS_BY_KIND.image.some((each) => each === format),
      5:
        JSON.stringify(components.schemas.Format).includes(quoted) &&
        new RegExp(`^\\| \`f\` \\|.*\`${format}\``, "m").test(read("docs/url.md")),
    });
  });

  it("is listed in one place: no other file of the product repeats them all", () => {
    const listed = (line: string) => FORMATS.every((format) => line.includes(`"${format}"`)) && !line.includes('"gif"');
    const files = globSync("{apps,packages,workers,scripts}/**/*.{ts,tsx}", { cwd: root }).filter(
      (path) => !/node_modules|ittybit-emulator|\/(dist|testing|test)\/|\.test\.ts$/.test(path),
    );
    const repeats = files.filter((path) => read(path).split("\n").some(listed));
    expect(repeats).toEqual(["packages/shared/src/config.ts"]);
  });
});

describe("a setting", () => {
  const code = globSync(["workers/*/src/**/*.ts", "packages/shared/src/*.ts", "scripts/check-config.ts"], { cwd: root })
    .filter((path) => !/\.test\.ts$|\/testing\/|\/config(-schema|-relations|-check)?\.ts$/.test(path))
    .map(read)
    .join("\n");

  it.each([...settingsIn(configSchema).keys()])("%s", (name) => {
    expectSteps("a setting", name, {
      3: new RegExp(`\\b${name.split(".").at(-1)}\\b`).test(code),
      4: read("docs/configuration.md").includes(`\n| \`${name}\` |`),
    });
  });
});

describe("a dialect", () => {
  const words = readAll("workers/consumer/src/ittybit/**/dialects.test.ts");
  const fixtures = globSync("workers/consumer/test/fixtures/ittybit/[a-g]-*.json", { cwd: root }).map(
    (path) => path.split("/").at(-1)?.replace(".json", "") ?? "",
  );

  it.each(fixtures)("read: %s", (name) => expectSteps("a dialect", name, { 1: words.includes(`"${name}":`) }));

  it.each(settingsSchema.shape.profile.options)("spoken: %s", (profile) => {
    const help = readAll("packages/ittybit-emulator/src/main.ts");
    expectSteps("a dialect", profile, {
      4:
        read("packages/ittybit-emulator/README.md").includes(`\n| \`${profile}\``) &&
        new RegExp(`--profile.*\\b${profile}\\b`).test(help),
      5: read("test/e2e/dialects.e2e.test.ts").includes(`"${profile}"`),
    });
  });
});

describe("a CLI command", () => {
  const tests = readAll("apps/cli/**/*.test.ts");

  it.each(globSync("apps/cli/src/commands/*.ts", { cwd: root }))("of %s is in the help", (file) => {
    const declared = [...read(file).matchAll(/export const \w+Command: Command\b/g)].length;
    const listed = [
      ...readAll("apps/cli/src/program.ts").matchAll(
        new RegExp(`import .* from "\\./commands/${file.split("/").at(-1)}"`, "g"),
      ),
    ];
    expectSteps("a CLI command", file, { 2: declared === 0 || listed.length === 1 });
  });

  it.each(COMMANDS.map(({ name }) => name))("%s", (name) => {
    expectSteps("a CLI command", name, {
      3: read("docs/cli.md").includes(`\n### prewarm ${name}\n`),
      4: tests.includes(`"${name.split(" ").join('", "')}"`),
    });
  });
});

describe("CONTRIBUTING.md", () => {
  it.each([
    ["an endpoint", 5],
    ["a hook mapper", 4],
    ["a job outcome", 5],
    ["a table or a column", 5],
    ["a URL parameter", 5],
    ["an output format", 6],
    ["a setting", 4],
    ["a dialect", 5],
    ["a CLI command", 4],
  ])("has the steps for %s that are counted here", (checklist, count) => {
    expect(stepsOf(checklist)).toHaveLength(count);
  });
});
