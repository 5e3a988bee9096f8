import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { PACKAGES } from "@prewarm/shared/packages";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { nodes } from "../../apps/cli/test/testing/run-prewarm.ts";
import { tempFolder } from "../../test/temp-folder.ts";
import { judgePackage } from "./judge.ts";
import { ROOT, readJson, VERSION } from "./package-folder.ts";

/* Every package as npm packs it. */

const folder = tempFolder("prewarm-packages-");
const tarballs = join(folder, "tarballs");
const installed = (name: string): string => join(folder, "node_modules", name);
let said = "";

beforeAll(() => {
  const main = join(import.meta.dirname, "main.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, tarballs, "--check"], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${stdout}${stderr}`);
  said = stdout;
  for (const name of Object.values(PACKAGES)) {
    mkdirSync(installed(name), { recursive: true });
    const tarball = join(tarballs, `${name.replace("@", "").replace("/", "-")}-${VERSION}.tgz`);
    execFileSync("tar", ["-xzf", tarball, "-C", installed(name), "--strip-components=1"]);
  }
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
}, 180_000);

it("there are six tarballs and a zip, and publint, Are the types wrong? and npm find nothing", () => {
  expect(readdirSync(tarballs).filter((name) => name.endsWith(".tgz"))).toHaveLength(6);
  expect(readdirSync(tarballs)).toContain(`prewarm-wordpress-${VERSION}.zip`);
  expect(said.match(/\.tgz \(\d+ kB\)$/gm)).toHaveLength(6);
});

it("the judge sees a package at fault", async () => {
  const broken = join(tempFolder("prewarm-packages-"), "broken");
  cpSync(installed(PACKAGES.prewarm), broken, { recursive: true });
  rmSync(join(broken, "dist/types/deploy.d.ts"));
  rmSync(join(broken, "dist/create-edge.js"));
  const name = execFileSync("npm", ["pack", "--silent"], { cwd: broken, encoding: "utf8" }).trim();
  const faults = (await judgePackage(join(broken, name))).join("\n");
  expect(faults).toContain("create-edge.js");
  expect(faults).toContain("InternalResolutionError");
});

describe.each(Object.values(PACKAGES))("%s", (name) => {
  it("has the version of the repository, a licence and a README without a link that leads nowhere", () => {
    const manifest = readJson(join(installed(name), "package.json"));
    expect(manifest).toMatchObject({ name, version: VERSION, license: "MIT", publishConfig: { provenance: true } });
    expect(readFileSync(join(installed(name), "LICENSE"), "utf8")).toContain("MIT");
    const readme = readFileSync(join(installed(name), "README.md"), "utf8");
    expect(readme).toMatch(/^# /);
    expect([...readme.matchAll(/\]\(([^)]+)\)/g)]).toEqual([]);
  });

  it("holds no path of the machine that built it", () => {
    for (const file of globSync("**/*.{js,mjs,ts,json,txt}", { cwd: installed(name) }))
      expect(readFileSync(join(installed(name), file), "utf8").includes(ROOT), file).toBe(false);
  });
});

it("the programs in it say the version of the repository", () => {
  for (const path of ["apps/cli", "packages/create-prewarm"])
    expect(readJson(join(ROOT, path, "package.json")).version).toBe(VERSION);
});

it("exports what this repository exports under the same names, so that the pages hold in both", () => {
  const names = (file: string) =>
    Object.keys(readJson(file).exports as object).filter((name) => !name.endsWith(".json"));
  expect(names(join(ROOT, "package.json")).sort()).toEqual(
    names(join(installed(PACKAGES.prewarm), "package.json")).sort(),
  );
});

it("takes the local stack of its own version, and works without one", () => {
  expect(readJson(join(installed(PACKAGES.prewarm), "package.json"))).toMatchObject({
    peerDependencies: { [PACKAGES.local]: VERSION },
    peerDependenciesMeta: { [PACKAGES.local]: { optional: true } },
  });
});

it("the local stack installs exactly what this repository is tested with", () => {
  const { dependencies } = readJson(join(installed(PACKAGES.local), "package.json"));
  const { devDependencies } = readJson(join(ROOT, "package.json"));
  expect(Object.keys(dependencies as object)).toContain("wrangler");
  expect(devDependencies).toMatchObject(dependencies as object);
});

const RESOLUTIONS = [
  ["esnext", "bundler"],
  ["node16", "node16"],
  ["nodenext", "nodenext"],
] as const;

/** What the compiler finds in a file of somebody who has installed the packages. */
function compile(check: string, module: string, resolution: string): string {
  const file = check.replace(".check", "");
  cpSync(join(import.meta.dirname, check), join(folder, file));
  const strict =
    "--ignoreConfig --strict --exactOptionalPropertyTypes --skipLibCheck false --lib es2023,dom --declaration";
  const to = ["--target", "es2022", "--module", module, "--moduleResolution", resolution, "--outDir", module];
  const args = [...strict.split(" "), "--types", "", ...to, file];
  return spawnSync("tsc", args, { cwd: folder, encoding: "utf8" }).stdout;
}

describe("a site of the package", () => {
  it.each(RESOLUTIONS)("is typed, with Workers of its own (%s, %s)", (module, resolution) => {
    expect(compile("site.check.ts", module, resolution)).toBe("");
  });

  it("is deployed as an edge of at most 21 kB", async () => {
    writeFileSync(
      join(folder, "prewarm.config.ts"),
      `import { defineConfig } from "prewarm/config";
       export default defineConfig({ sources: [{ prefix: "", url: "https://a.example.com/{id}" }], deploy: { staging: {} } });`,
    );
    const { outputFiles } = await build({
      entryPoints: [join(installed(PACKAGES.prewarm), "dist/edge.js")],
      alias: { "prewarm-site": join(folder, "prewarm.config.ts") },
      bundle: true,
      minify: true,
      write: false,
      format: "esm",
      target: "es2024",
      platform: "neutral",
      external: ["node:*", "cloudflare:*"],
    });
    const code = outputFiles[0]?.contents ?? new Uint8Array();
    expect(code.length).toBeGreaterThan(40_000);
    expect(gzipSync(code).length).toBeLessThan(21_000);
  });

  it("is read by the packed program, whose configuration is in TypeScript and imports the package", () => {
    const args = [join(installed(PACKAGES.prewarm), "dist/prewarm.mjs"), "url", "a.jpg", "--transform", "w=800"];
    const env = { ...process.env, PREWARM_EDGE_URL: "https://images.example.com" };
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", env });
    expect([stdout, stderr]).toEqual(["https://images.example.com/images/a.jpg?w=800\n", ""]);
  });
});

describe("the queue", () => {
  it.each(RESOLUTIONS)("is typed, without the types of any platform (%s, %s)", (module, resolution) => {
    expect(compile("queue.check.ts", module, resolution)).toBe("");
  });

  it("has two entries, needs nothing, and is at most 110 kB packed", () => {
    const manifest = readJson(join(installed(PACKAGES.queue), "package.json"));
    expect(Object.keys(manifest.exports as object)).toEqual([".", "./testing", "./package.json"]);
    for (const field of ["dependencies", "peerDependencies", "optionalDependencies", "scripts"])
      expect(manifest[field]).toBeUndefined();
    const size = /durable-queue-\S+\.tgz \((\d+) kB\)/.exec(said)?.[1];
    expect(Number(size)).toBeLessThan(110);
  });
});

describe("docs", () => {
  const pages = globSync("docs/**/*.md", { cwd: ROOT }).map((page) => ({
    page,
    text: readFileSync(join(ROOT, page), "utf8"),
  }));
  const code = pages.flatMap(({ page, text }) =>
    [...text.matchAll(/^ *```(?:[tj]sx?|mjs)\n([\s\S]*?)^ *```/gm)].map(([, block = ""]) => ({ page, block })),
  );

  it("import only what the packages export", () => {
    const { resolve } = createRequire(join(folder, "site.js"));
    const imports = code.flatMap(({ page, block }) =>
      [...block.matchAll(/from "(@?prewarm\/.+?)"/g)].map(([, name = ""]) => ({ page, name })),
    );
    expect(imports.length).toBeGreaterThan(20);
    for (const { page, name } of imports) expect(() => resolve(name), page).not.toThrow();
  });

  it("have configurations that a site with the packages can use", () => {
    const blocks = code.filter(({ block }) => /from "prewarm\/config"/.test(block));
    expect(blocks.length).toBeGreaterThan(2);
    const file = join(folder, "page.config.ts");
    const check = [join(installed(PACKAGES.prewarm), "dist/prewarm.mjs"), "check", "--offline", "--config", file];
    const faults = blocks.flatMap(({ page, block }) => {
      writeFileSync(file, block);
      const { status, stdout, stderr } = spawnSync(process.execPath, check, { cwd: folder, encoding: "utf8" });
      return status === 0 ? [] : [`${page}: ${stdout}${stderr}`];
    });
    expect(faults).toEqual([]);
  });

  it("make a site from the tarballs by the command of docs/install.md, without npm's registry", () => {
    const [command] = /^npx .*/m.exec(readFileSync(join(ROOT, "docs/install.md"), "utf8")) ?? [];
    const cwd = tempFolder("prewarm-packages-");
    mkdirSync(join(cwd, "dist"));
    symlinkSync(tarballs, join(cwd, "dist/packages"));
    const env = { ...process.env, npm_config_cache: join(cwd, "cache"), npm_config_offline: "true" };
    const { status, stderr } = spawnSync("bash", ["-c", `${command} --yes`], { cwd, env, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    expect(readdirSync(join(cwd, "my-images"))).toContain("prewarm.config.ts");
  });
});

it.each(nodes())("create-prewarm writes a site, on %s", (node) => {
  const cwd = tempFolder("prewarm-packages-");
  const args = [join(installed(PACKAGES.create), "create-prewarm.mjs"), "shop", "--yes", "--packages", tarballs];
  const { status, stderr } = spawnSync(node, args, { cwd, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  const { devDependencies } = readJson(join(cwd, "shop/package.json"));
  expect(Object.values(devDependencies as object).map((spec) => spec.replace(tarballs, ""))).toEqual([
    `file:/prewarm-${VERSION}.tgz`,
    `file:/prewarm-local-${VERSION}.tgz`,
  ]);
});
