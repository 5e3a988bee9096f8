import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judgePackage } from "../../../scripts/pack/judge.ts";

// The package as npm packs it, in the hands of the tools that judge packages, and of a library that is built on it.
const home = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "prewarm-package-"));
const installed = join(folder, "node_modules/@prewarm/client");
let tarball = "";

function run(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return `failed: ${stdout}${stderr}`;
  }
}

beforeAll(() => {
  const built = run(process.execPath, [join(home, "scripts/build.ts"), join(folder, "dist")]);
  if (built.startsWith("failed")) throw new Error(built);
  const name = run("npm", ["pack", "--silent", "./dist"]).trim();
  tarball = join(folder, name);
  mkdirSync(installed, { recursive: true });
  run("tar", ["-xzf", name, "-C", installed, "--strip-components=1"]);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Compiles the library in TypeScript of every check, with its declaration files. */
function compile(module: string, resolution: string): string {
  cpSync(join(home, "test/package/library.ts"), join(folder, "library.ts"));
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
  const strict = "--strict --exactOptionalPropertyTypes --skipLibCheck false --declaration --types --lib es2023,dom";
  const to = ["--target", "es2022", "--module", module, "--moduleResolution", resolution, "--outDir", module];
  const types = strict.split(" ").flatMap((word) => (word === "--types" ? [word, ""] : [word]));
  return run("tsc", [...types, ...to, "library.ts"]);
}

describe("a library that exports what the client returns", () => {
  it.each([
    ["esnext", "bundler"],
    ["node16", "node16"],
    ["nodenext", "nodenext"],
  ])("has declaration files that name the package and no path into it (%s, %s)", (module, resolution) => {
    expect(compile(module, resolution)).toBe("");
    const types = readFileSync(join(folder, module, "library.d.ts"), "utf8");
    expect(types).toContain("ImgAttributes");
    const places = [...types.matchAll(/(?:import\(|from )"([^"]+)"/g)].map(([, place = ""]) => place);
    expect(places.filter((place) => !/^@prewarm\/client(\/[a-z]+)?$/.test(place))).toEqual([]);
  });
});

it("publint and Are the types wrong? find nothing, beside that the package is ESM", async () => {
  expect(await judgePackage(tarball)).toEqual([]);
});

describe("in the package", () => {
  it("is a README, whose links would lead nowhere outside the repository: it has none", () => {
    const text = readFileSync(join(installed, "README.md"), "utf8");
    expect(text).toContain("npm install");
    expect([...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link)).toEqual([]);
  });

  it("is a source map beside every script, with the source in it", () => {
    const scripts = globSync("**/*.js", { cwd: installed });
    expect(scripts.length).toBeGreaterThan(9);
    for (const script of scripts) {
      const map = JSON.parse(readFileSync(join(installed, `${script}.map`), "utf8"));
      expect(readFileSync(join(installed, script), "utf8")).toMatch(/\/\/# sourceMappingURL=\S+\.map\n$/);
      expect(map.sourcesContent).toHaveLength(map.sources.length);
      expect(map.sources.filter((source: string) => !source.startsWith("../"))).toEqual([]);
    }
  });

  it("is no path of the machine that built it", () => {
    for (const file of globSync("**/*.{js,ts,json}", { cwd: installed }))
      expect(readFileSync(join(installed, file), "utf8").includes(home), file).toBe(false);
  });
});
