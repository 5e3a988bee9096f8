import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { siteFiles, versionRange } from "@prewarm/create-prewarm/site-files";
import { expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { emptyDirectory } from "../../test/testing/run-prewarm.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { runCli } from "../run-cli.ts";
import { VERSION } from "../version.ts";

async function init(cwd: string, ...args: string[]) {
  const world = createWorld({ cwd });
  const code = await runCli(["init", ...args], world.context, () => {});
  return { code, stdout: world.stdout(), stderr: world.stderr() };
}

const ORIGINALS = "https://shop.example.com/o/{id}";

it("writes the files that npm create prewarm writes", async () => {
  const cwd = join(emptyDirectory(), "shop");
  mkdirSync(cwd);
  expect(await init(cwd, "--yes", "--originals", ORIGINALS, "--host", "images.example.com")).toMatchObject({
    code: EXIT.ok,
    stdout: "package.json\nprewarm.config.ts\n.gitignore\nREADME.md\n",
  });
  const range = versionRange(VERSION);
  const versions = { prewarm: range, "@prewarm/local": range };
  const files = siteFiles({ name: "shop", originals: ORIGINALS, host: "images.example.com", ci: false, versions });
  for (const [path, text] of files) expect(readFileSync(join(cwd, path), "utf8")).toBe(text);
});

it("keeps a package.json, and says what to install", async () => {
  const cwd = emptyDirectory();
  writeFileSync(join(cwd, "package.json"), "{}");
  const { code, stderr } = await init(cwd, "--yes");
  expect([code, stderr]).toEqual([EXIT.ok, expect.stringContaining("npm install --save-dev prewarm @prewarm/local")]);
  expect(readFileSync(join(cwd, "package.json"), "utf8")).toBe("{}");
});

it("refuses a folder that is a site, and a guess without a terminal", async () => {
  const cwd = emptyDirectory();
  expect(await init(cwd)).toMatchObject({ code: EXIT.usage, stderr: expect.stringContaining("--yes") });
  expect(readdirSync(cwd)).toEqual([]);
  writeFileSync(join(cwd, "prewarm.config.ts"), "");
  expect(await init(cwd, "--yes")).toMatchObject({ code: EXIT.usage, stderr: expect.stringContaining("a site") });
  expect(existsSync(join(cwd, "README.md"))).toBe(false);
});
