import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../test/temp-folder.ts";
import { fetchFaults, judgeSite } from "./site-faults.ts";

const root = dirname(import.meta.dirname);
const folder = tempFolder("prewarm-config-");

function run(config?: string) {
  const file = join(folder, "config.ts");
  if (config !== undefined) writeFileSync(file, config);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "check-config.ts"), ...(config === undefined ? [] : [file])],
    { encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

const defineConfig = `import { defineConfig } from ${JSON.stringify(join(import.meta.dirname, "../packages/shared/src/config.ts"))};\n`;

describe("check-config", () => {
  it("passes our own configuration and prints the number of variants", () => {
    expect(run()).toEqual({ status: 0, stdout: expect.stringMatching(/can have \d+ variants/), stderr: "" });
  });

  it("tells every fault and exits 1", () => {
    const { status, stdout, stderr } = run(
      `${defineConfig}export default defineConfig({ sources: [], ladder: [3, 2], cacheSeconds: 0 });`,
    );
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^sources: .*\nladder: .*\ncacheSeconds: .*\n3 faults in the configuration\.\n$/);
  });

  it("says what is missing when nothing is exported", () => {
    expect(run("export {};")).toMatchObject({ status: 1, stderr: expect.stringContaining("as default") });
  });
});

describe("a Worker that fetches", () => {
  const line = (...flags: string[]) => `compatibility_flags = ${JSON.stringify(flags)}\n`;
  it.each([
    ["strictly public", line("nodejs_als", "global_fetch_strictly_public"), 0],
    ["with no flag", line(), 1],
    ["without the line", 'name = "x"\n', 1],
    ["but not in an environment that names its own", `${line("global_fetch_strictly_public")}[env.a]\n${line()}`, 1],
  ])("%s: %s has %i faults", (_what, toml, faults) => expect(fetchFaults("a.toml", toml)).toHaveLength(faults));

  it.each(["wrangler.consumer.toml", "wrangler.edge.toml"])("is that of %s, and is strictly public", async (file) => {
    const toml = readFileSync(join(root, file), "utf8");
    expect(fetchFaults(file, toml)).toEqual([]);
    // Neither may lose it unnoticed.
    const without = toml.replace(/^compatibility_flags.*$/m, "");
    const read = (name: string) => (name === file ? without : toml);
    expect((await judgeSite("prewarm.config.ts", read)).faults).toEqual([expect.stringContaining(file)]);
  });
});
