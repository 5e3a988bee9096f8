import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type UserConfig } from "@prewarm/shared/config";
import { printFiles, REPOSITORY } from "@prewarm/wrangler-files/wrangler-files";
import { expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { emptyDirectory } from "../../test/testing/run-prewarm.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { runCli } from "../run-cli.ts";

const SITE: UserConfig = {
  sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }],
  deploy: { staging: { edge: "images-staging.example.com" }, production: {} },
};

async function print(args: string[], site: object = SITE) {
  const cwd = emptyDirectory();
  const file = join(cwd, "site.mjs");
  writeFileSync(file, `export default ${JSON.stringify(site)};`);
  const world = createWorld({ cwd });
  const code = await runCli(["print", "wrangler", "--config", file, ...args], world.context, () => {});
  return { code, stdout: world.stdout(), stderr: world.stderr() };
}

const files = printFiles(defineConfig(SITE), REPOSITORY);

it.each([
  ["edge", files.get("wrangler.edge.toml")],
  ["consumer", files.get("wrangler.consumer.toml")],
])("prints the file of the %s as it is", async (worker, text) => {
  expect(await print(["--worker", worker])).toMatchObject({ code: EXIT.ok, stdout: text });
});

it("prints both, each with its name in its first line", async () => {
  const { stdout } = await print([]);
  expect(stdout.match(/^# wrangler\.\w+\.toml/gm)).toEqual(["# wrangler.edge.toml", "# wrangler.consumer.toml"]);
});

it("prints one environment", async () => {
  const { stdout } = await print(["--worker", "edge", "--to", "staging"]);
  expect(stdout).toContain("images-staging.example.com");
  expect(stdout).not.toContain("env.production");
});

it("prints one document of both as JSON", async () => {
  const { stdout } = await print(["--json", "--to", "staging"]);
  expect(JSON.parse(stdout)).toMatchObject({
    schema: "prewarm.wrangler/1",
    edge: { env: { staging: { name: "prewarm-edge-staging" } } },
    consumer: { env: { staging: { vars: { EDGE_URL: "https://images-staging.example.com" } } } },
  });
});

it.each<[string, string[], object, RegExp]>([
  ["an environment that is not there", ["--to", "nowhere"], SITE, /has no nowhere, only staging, production/],
  ["a Worker that is none", ["--worker", "edges"], SITE, /--worker takes edge, consumer, not edges/],
  ["a deploy at fault", [], { ...SITE, deploy: { Staging: {} } }, /deploy\.Staging: name the environment/],
])("refuses %s", async (_, args, site, expected) => {
  const { code, stdout, stderr } = await print(args, site);
  expect([code, stdout]).toEqual([EXIT.usage, ""]);
  expect(stderr).toMatch(expected);
});
