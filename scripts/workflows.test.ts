import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PROOFS } from "./prove.ts";

/** What CI runs, here and in a fork: each step exists, nobody's text becomes a command, and docs/internals/ci.md names all that must be set. */

const ROOT = join(import.meta.dirname, "..");
const FILES = globSync(".github/workflows/*.yml", { cwd: ROOT });
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const { scripts }: { scripts: Record<string, string> } = JSON.parse(read("package.json"));
const guide = read("docs/internals/ci.md");

function commandsIn(text: string): string[] {
  return [...text.matchAll(/^\s*(?:- )?run: (.+)$/gm)].map(([, command = ""]) => command);
}

describe.each(FILES)("%s", (file) => {
  const text = read(file);

  it("runs scripts that are there", () => {
    for (const command of commandsIn(text)) {
      const [, name] = /npm run (?:-s )?([\w:-]+)/.exec(command) ?? [];
      if (name !== undefined) expect(scripts, command).toHaveProperty(name);
      const [, proof] = /npm run prove -- ([\w-]+)/.exec(command) ?? [];
      if (proof !== undefined) expect(PROOFS, command).toHaveProperty(proof);
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

  it("is told of in docs/internals/ci.md, with every secret and variable", () => {
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

describe("an action of somebody else", () => {
  const uses = FILES.flatMap((file) =>
    [...read(file).matchAll(/uses: (?!\.\/)(.+)/g)].map(([, text = ""]) => ({ file, text })),
  );

  it.each(uses)("is pinned by its commit, with the version beside it: $file, $text", ({ text }) => {
    expect(text).toMatch(/^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*$/);
  });

  it("has the same commit in all workflows", () => {
    const pins = new Set(uses.map(({ text }) => text));
    const names = new Set(uses.map(({ text }) => text.split("@")[0]));
    expect(pins.size).toBe(names.size);
  });

  it("finds no credentials of the repository: every checkout leaves none behind", () => {
    for (const file of FILES) {
      const text = read(file);
      const kept = text.match(/uses: actions\/checkout@.*\n\s+with:\n\s+persist-credentials: false/g) ?? [];
      expect(kept.length, file).toBe((text.match(/uses: actions\/checkout@/g) ?? []).length);
    }
  });
});

/** The lines of a file's steps, and what stands above the first of them in each job. */
function outsideOfSteps(text: string): string {
  return text.replaceAll(/^ {4}steps:.*\n(?: {6}.*\n|\n)*/gm, "");
}

describe("a secret", () => {
  it("is set on the step that needs it, and not for a job or a workflow", () => {
    for (const file of FILES) {
      expect(outsideOfSteps(read(file)), file).not.toMatch(/\$\{\{ *secrets\./);
      expect(read(file), file).not.toContain("secrets: inherit");
    }
  });

  it("is seen by no action of somebody else", () => {
    for (const file of FILES)
      for (const step of read(file).split(/^ {6}- /m))
        if (/uses: (?!\.\/)/.test(step)) expect(step, file).not.toContain("secrets.");
  });
});

describe("a job that may prove to others who it is", () => {
  const jobs = FILES.flatMap((file) =>
    read(file)
      .split(/^ {2}(?=[\w-]+:\n)/m)
      .slice(1)
      .map((text) => ({ name: `${file.split("/").at(-1)} ${text.split(":")[0]}`, text })),
  );
  const proving = jobs.filter(({ text }) => /id-token: write|attestations: write|pages: write/.test(text));

  it("signs or publishes a release, or publishes the documentation, and no other job has these rights", () => {
    const names = ["docs.yml publish", "release.yml attest", "release.yml publish"];
    expect(proving.map(({ name }) => name).toSorted()).toEqual(names);
    expect(read(".github/workflows/release.yml")).toMatch(/^ {2}push:\n {4}tags:/m);
    expect(proving.filter(({ text }) => text.includes("attestations: write"))).toHaveLength(1);
  });

  it.each(proving)("runs no code of ours: it takes the files that another job has made ($name)", ({ name, text }) => {
    expect(text).not.toContain("actions/checkout");
    expect(text).toMatch(/needs: \w+/);
    expect(text).toMatch(/actions\/(?:download-artifact|deploy-pages)@/);
    const commands = commandsIn(text);
    expect(commands).toHaveLength(name === "release.yml publish" ? 1 : 0);
    for (const command of commands)
      expect(command).toMatch(/^for tarball in [\w/*. -]+; do npm publish "\$tarball" [\w -]+; done$/);
  });

  it("publishes a site's packages before the program that makes sites, and only where the owner wants it", () => {
    const { text = "" } = jobs.find(({ name }) => name === "release.yml publish") ?? {};
    expect(text).toMatch(/in files\/packages\/prewarm-\*\.tgz files\/packages\/create-\*\.tgz;/);
    expect(text).toMatch(/if: vars\.PUBLISH == 'true'/);
    expect(text).toContain("environment: npm");
  });
});

it("takes no package and no action before it is some days old, and pnpm lets pass what Dependabot proposes", () => {
  const [, minutes = "0"] = /^minimumReleaseAge: (\d+)$/m.exec(read("pnpm-workspace.yaml")) ?? [];
  expect(Number(minutes)).toBeGreaterThanOrEqual(3 * 24 * 60);
  const cooldowns = [...read(".github/dependabot.yml").matchAll(/cooldown:\n\s+default-days: (\d+)/g)];
  const ecosystems = read(".github/dependabot.yml").match(/package-ecosystem/g) ?? [];
  expect(cooldowns).toHaveLength(ecosystems.length);
  for (const [, days] of cooldowns) expect(Number(days) * 24 * 60).toBeGreaterThan(Number(minutes));
});

it("runs the commands of every environment in their order", () => {
  const commands = commandsIn(read(".github/workflows/deploy.yml"));
  // The installer sees no secret.
  expect(commands[0]).toBe("node scripts/boot.mjs");
  const steps = commands.slice(1).map((command) => /^npm run prewarm -- (\w+)/.exec(command)?.[1]);
  expect(steps).toEqual(["provision", "deploy", "smoke"]);
  expect(read(".github/workflows/deploy.yml")).toMatch(/ production:\n[\s\S]*steps: \*deploy\n/);
});
