import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "@prewarm/shared/config";
import { expect, it } from "vitest";
import { tempFolder } from "../../../../test/temp-folder.ts";
import { findInstallation } from "../site/installation.ts";
import { checkFiles } from "./check-deploy.ts";

const SITE = defineConfig({
  sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }],
  edgeCache: "workers",
  deploy: { production: { edge: "images.example.com" } },
});

/** What is found of the Workers Cache beside a wrangler of this version. */
function faults(version: string): string[] {
  const folder = tempFolder("prewarm-check-");
  const wrangler = join(folder, "node_modules/wrangler");
  mkdirSync(join(wrangler, "bin"), { recursive: true });
  writeFileSync(join(wrangler, "package.json"), JSON.stringify({ version }));
  const running = join(folder, "node_modules/prewarm/dist/prewarm.mjs");
  const found = {
    ...findInstallation(join(folder, "prewarm.config.ts"), running),
    wrangler: join(wrangler, "bin/wrangler.js"),
  };
  return checkFiles(SITE, found, null)
    .filter(({ state }) => state === "fault")
    .map(({ text }) => text);
}

it.each(["4.106.9", "4.69.0", "3.200.0"])("finds that wrangler %s would leave the Workers Cache out", (version) => {
  expect(faults(version)).toEqual([`wrangler ${version} does not know it: install 4.107.0 or later`]);
});

it.each(["4.107.0", "4.164.0", "5.0.0", "5.0.0-beta.1"])("passes wrangler %s", (version) => {
  expect(faults(version)).toEqual([]);
});
