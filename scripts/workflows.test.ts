import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

/** What CI runs, here and in a fork: each step exists, nobody's text becomes a command, and docs/ci.md names all that must be set. */

const ROOT = join(import.meta.dirname, "..");
const FILES = globSync(".github/workflows/*.yml", { cwd: ROOT });
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const { scripts }: { scripts: Record<string, string> } = JSON.parse(read("package.json"));
const guide = read("docs/ci.md");

function commandsIn(text: string): string[] {
  return [...text.matchAll(/^\s*(?:- )?run: (.+)$/gm)].map(([, command = ""]) => command);
}

describe.each(FILES)("%s", (file) => {
  const text = read(file);

  it("runs scripts that are there", () => {
    for (const command of commandsIn(text)) {
      const [, name] = /npm run (?:-s )?([\w:-]+)/.exec(command) ?? [];
      if (name !== undefined) expect(scripts, command).toHaveProperty(name);
      const [, path] = /^bash (\S+)/.exec(command) ?? [];
      if (path !== undefined) expect(existsSync(join(ROOT, path)), command).toBe(true);
    }
  });

  it("puts no input into a command: it would be run", () => {
    for (const command of commandsIn(text))
      expect(command.replace(/^\$\{\{ matrix\.run \}\}$/, "")).not.toContain("${{");
  });

  it("may only read the repository, whatever a step does", () => {
    expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
    expect(text).not.toMatch(/pull_request_target|contents: write/);
  });

  it("is told of in docs/ci.md, with every secret and variable", () => {
    expect(guide).toContain(`\`${file.split("/").at(-1)}\``);
    for (const [, name = ""] of text.matchAll(/\b(?:secrets|vars)\.([A-Z_]+)/g)) expect(guide).toContain(`\`${name}\``);
  });

  it("calls workflows that are there", () => {
    for (const [, path = ""] of text.matchAll(/uses: \.\/(\S+)/g))
      expect(existsSync(join(ROOT, path)), path).toBe(true);
  });
});

it("deploys production only behind staging, and staging only behind the tests", () => {
  const text = read(".github/workflows/deploy.yml");
  expect(text).toMatch(/ staging:\n {4}needs: test\n/);
  expect(text).toMatch(/ production:\n {4}needs: staging\n/);
});

it("signs a release's files with rights that no other job has", () => {
  const signing = FILES.filter((file) => read(file).includes("id-token: write"));
  expect(signing).toEqual([".github/workflows/release.yml"]);
  expect(read(signing[0] ?? "")).toMatch(/^ {2}push:\n {4}tags:/m);
});

it("runs the commands of every environment in their order", () => {
  const commands = commandsIn(read(".github/workflows/environment.yml"));
  expect(commands.map((command) => /npm run (\w+)/.exec(command)?.[1])).toEqual(["provision", "deploy", "smoke"]);
});
