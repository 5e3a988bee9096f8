import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { siteFiles, versionRange } from "@prewarm/create-prewarm/site-files";
import { describe, expect, it } from "vitest";
import { unstable_readConfig } from "wrangler";
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
  const given = { name: "shop", originals: ORIGINALS, host: "images.example.com", ci: false, versions };
  const files = siteFiles({ ...given, hosts: [], widths: null });
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

describe("--rewriter", () => {
  const EXAMPLE = join(import.meta.dirname, "../../../../examples/rewriter");
  const FLAGS = ["--rewriter", "--pages", "www.example.com"];

  it("writes the Worker in front of the pages into a site: what examples/rewriter shows", async () => {
    const cwd = emptyDirectory();
    const [config, worker, wrangler] = ["prewarm.config.ts", "rewriter.ts", "wrangler.rewriter.toml"];
    const shared = join(import.meta.dirname, "../../../../packages/shared/src/config.ts");
    const text = readFileSync(join(EXAMPLE, config), "utf8").replace("prewarm/config", shared);
    writeFileSync(join(cwd, config), text);
    expect(await init(cwd, ...FLAGS)).toMatchObject({ code: EXIT.ok, stdout: `${worker}\n${wrangler}\n` });
    for (const name of [worker, wrangler])
      expect(readFileSync(join(cwd, name), "utf8")).toBe(readFileSync(join(EXAMPLE, name), "utf8"));
    expect(await init(cwd, ...FLAGS, "--from", "/media/")).toMatchObject({
      stdout: "",
      stderr: expect.stringContaining("rewriter.ts was here"),
    });
  });

  it("is read by wrangler: bound to the consumer, on the pages' route, and free to ask the origin", async () => {
    const cwd = emptyDirectory();
    expect(await init(cwd, "--yes", "--host", "images.example.com", ...FLAGS)).toMatchObject({ code: EXIT.ok });
    const read = (env: string) =>
      unstable_readConfig({ config: join(cwd, "wrangler.rewriter.toml"), env }, { hideWarnings: true });
    expect(read("production")).toMatchObject({
      name: "prewarm-rewriter",
      workers_dev: false,
      routes: ["www.example.com/*"],
      vars: { EDGE_URL: "https://images.example.com" },
      services: [{ binding: "CONSUMER", service: "prewarm-consumer" }],
      compatibility_flags: [],
    });
    expect(read("staging")).toMatchObject({
      name: "prewarm-rewriter-staging",
      routes: [],
      services: [{ binding: "CONSUMER", service: "prewarm-consumer-staging" }],
    });
  });

  it.each([
    [["--rewriter"], /--pages is missing/],
    [["--rewriter", "--pages", "https://www.example.com"], /no host/],
    [["--rewriter", "--pages", "www.example.com/a"], /no host/],
  ])("refuses %j", async (flags, said) => {
    const cwd = emptyDirectory();
    expect(await init(cwd, "--yes", ...flags)).toMatchObject({
      code: EXIT.usage,
      stderr: expect.stringMatching(said),
    });
    expect(readdirSync(cwd)).toEqual([]);
  });
});
