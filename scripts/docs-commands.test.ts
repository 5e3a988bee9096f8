import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

// Every command of ours that a page names must exist, and run where the README promises it: with Node 20 and npm.
const root = join(import.meta.dirname, "..");
const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const pages = globSync(
  ["*.md", "docs/*.md", "decisions/*.md", "packages/*/README.md", "examples/*/README.md", ".github/*.md"],
  { cwd: root },
);

/** What stands in code spans and blocks, a command a line. */
function commandsOf(text: string): string[] {
  const blocks = [...text.matchAll(/```\w*\n(.*?)```/gs)].flatMap(([, block = ""]) => block.split("\n"));
  const spans = [...text.replaceAll(/```.*?```/gs, "").matchAll(/`([^`]+)`/g)].map(([, span = ""]) =>
    span.replaceAll("\n", " "),
  );
  return [...blocks, ...spans].map((line) => line.replace(/\s+#.*/, ""));
}

/** What is wrong with a command, or null. */
function faultOf(command: string): string | null {
  const [, npm] = /\bnpm run (?:-s |--silent )?([\w:-]+)/.exec(command) ?? [];
  if (npm !== undefined && scripts[npm] === undefined) return `package.json has no script ${npm}`;
  if (/\bnpm (?:run [\w:-]+|test) -(?!- )/.test(command)) return "npm swallows flags that do not come after --";
  const [, pnpm] = /\bpnpm (?!install|add\b)([\w:-]+)/.exec(command) ?? [];
  if (pnpm !== undefined) return `whoever has Node 20 and npm has no pnpm: write npm run ${pnpm}`;
  if (/(?:^|\s)(?:npx )?(?:vitest|biome|tsc) [\w.-]/.test(command))
    return "write npm test -- …, npm run lint, npm run typecheck";
  if (/(?:^|\s)(?:npx )?wrangler (?:secret|r2|queues|login|versions|rollback)\b/.test(command))
    return "the pinned wrangler is meant, on whatever Node: write npm run wrangler -- …";
  const [, script = ""] = /\bnode (?:scripts\/boot\.mjs node )?([\w./-]+\.(?:ts|mjs))/.exec(command) ?? [];
  if (script.endsWith(".ts") && !command.includes("boot.mjs node"))
    return `Node 20 does not run TypeScript: write node scripts/boot.mjs node ${script}`;
  const paths =
    command.startsWith("npm ") || command.includes("node ") ? command.match(/[\w./-]+\/[\w.-]+\.(?:ts|mjs)\b/g) : [];
  const absent = paths?.find((path) => !existsSync(join(root, path)));
  return absent === undefined ? null : `${absent} does not exist`;
}

describe("commands", () => {
  it.each(pages)("of %s exist, and run with Node 20 and npm", (page) => {
    const commands = commandsOf(readFileSync(join(root, page), "utf8"));
    const faults = commands
      .map((command) => ({ command, fault: faultOf(command) }))
      .filter(({ fault }) => fault !== null);
    expect(faults).toEqual([]);
  });

  it.each(Object.entries(scripts))("npm run %s goes through boot, to something that is there", (name, command) => {
    expect(command, name).toMatch(/^(node scripts\/boot\.mjs \w+|bash )/);
    for (const path of command.match(/[\w./-]+\.(ts|mjs|json)\b/g) ?? [])
      expect(existsSync(join(root, path)), path).toBe(true);
  });

  it("npm run test:unit runs the node tests and every suite in workerd", () => {
    const projects = [...readFileSync(join(root, "vitest.config.ts"), "utf8").matchAll(/\bname: "([\w-]+)"/g)].map(
      ([, name = ""]) => name,
    );
    const asked = [...(scripts["test:unit"] ?? "").matchAll(/--project ([\w-]+)/g)].map(([, name]) => name);
    expect(asked).toEqual(projects.filter((name) => name !== "e2e"));
  });

  it.each([
    ["npm run nothing", "package.json has no script nothing"],
    ["npm run soak --seed 7", "npm swallows flags that do not come after --"],
    ["pnpm soak", "whoever has Node 20 and npm has no pnpm: write npm run soak"],
    ["npx vitest run a.test.ts", "write npm test -- …, npm run lint, npm run typecheck"],
    ["npx wrangler secret put A", "the pinned wrangler is meant, on whatever Node: write npm run wrangler -- …"],
    ["node bench/soak.ts", "Node 20 does not run TypeScript: write node scripts/boot.mjs node bench/soak.ts"],
    ["node scripts/boot.mjs node bench/gone.ts", "bench/gone.ts does not exist"],
    ["npm test -- bench/gone.test.ts", "bench/gone.test.ts does not exist"],
  ])("%s is a fault", (command, fault) => {
    expect(faultOf(command)).toBe(fault);
  });
});
