import { readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "@prewarm/shared/config";
import { printFiles } from "@prewarm/wrangler-files/wrangler-files";
import { expect, it } from "vitest";
import { tempFolder } from "../../../../test/temp-folder.ts";
import { findInstallation } from "./installation.ts";
import { readyFiles } from "./wrangler-files.ts";

const SITE = defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }], deploy: { staging: {} } });
const configIn = (folder: string): string => join(folder, "prewarm.config.ts");

it("writes the files of a package, and again only where they differ", () => {
  const folder = tempFolder("prewarm-files-");
  const found = findInstallation(configIn(folder), join(folder, "node_modules/prewarm/dist/prewarm.mjs"));
  expect(readyFiles(found, SITE)).toEqual([]);
  const file = join(folder, ".prewarm/wrangler.edge.toml");
  expect(readFileSync(file, "utf8")).toBe(printFiles(SITE, found.files).get("wrangler.edge.toml"));
  utimesSync(file, 0, 0);
  readyFiles(found, SITE);
  expect(statSync(file).mtimeMs).toBe(0);
  readyFiles(found, { ...SITE, deploy: { staging: { edge: "images.example.com" } } });
  expect(readFileSync(file, "utf8")).toContain("images.example.com");
});

it("writes nothing in the repository: it says which file is missing or stale", () => {
  const folder = tempFolder("prewarm-files-");
  const found = findInstallation(configIn(folder));
  expect(readyFiles(found, SITE)).toEqual([
    expect.stringMatching(/^wrangler\.edge\.toml: it is not beside prewarm\.config\.ts: npm run tables/),
    expect.stringMatching(/^wrangler\.consumer\.toml: it is not beside/),
  ]);
  for (const [name, text] of printFiles(SITE, found.files)) writeFileSync(join(folder, name), text);
  expect(readyFiles(found, SITE)).toEqual([]);
  writeFileSync(join(folder, "wrangler.edge.toml"), "# by hand");
  expect(readyFiles(found, SITE)).toEqual([expect.stringMatching(/^wrangler\.edge\.toml: it is not what/)]);
});
