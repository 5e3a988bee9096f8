import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../test/temp-folder.ts";

const folder = tempFolder("prewarm-config-");

function run(config?: string, ...flags: string[]) {
  const file = join(folder, "config.ts");
  if (config !== undefined) writeFileSync(file, config);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "check-config.ts"), ...(config === undefined ? [] : [file]), ...flags],
    { encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

const defineConfig = `import { defineConfig } from ${JSON.stringify(join(import.meta.dirname, "../packages/shared/src/config.ts"))};\n`;

describe("check-config", () => {
  it("passes our own configuration and prints the number of variants", () => {
    expect(run()).toEqual({ status: 0, stdout: expect.stringMatching(/can have \d+ variants/), stderr: "" });
  });

  it("is one line with --quiet, as a deploy asks", () => {
    expect(run(undefined, "--quiet")).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^.* is sound\. .*\n$/),
      stderr: "",
    });
  });

  it("tells every fault and exits 1", () => {
    const { status, stdout, stderr } = run(
      `${defineConfig}export default defineConfig({ sources: [], pages: { widths: [3, 2] }, countViews: -1 });`,
    );
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^sources: .*\npages\.widths: .*\ncountViews: .*\n3 faults in the configuration\.\n$/);
  });

  it("says what is missing when nothing is exported", () => {
    expect(run("export {};")).toMatchObject({ status: 1, stderr: expect.stringContaining("as default") });
  });
});
