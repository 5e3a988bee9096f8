import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { REPOSITORY } from "@prewarm/wrangler-files/wrangler-files";
import { expect, it } from "vitest";
import { tempFolder } from "../../../../test/temp-folder.ts";
import { VERSION } from "../version.ts";
import { findInstallation } from "./installation.ts";

/** A site that has installed the package; returns its configuration and the running program. */
function installed(more: readonly string[] = []) {
  const folder = tempFolder("prewarm-site-");
  const dist = join(folder, "node_modules/prewarm/dist");
  for (const file of [join(dist, "prewarm.mjs"), ...more.map((path) => join(folder, path))]) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, file.endsWith(".json") ? "{}" : "");
  }
  return { folder, config: join(folder, "prewarm.config.ts"), running: join(dist, "prewarm.mjs") };
}

it("is this repository where the sources run, with the pinned wrangler", () => {
  const found = findInstallation("/srv/site/prewarm.config.ts");
  expect(found).toMatchObject({ kind: "repository", version: VERSION, folder: "/srv/site", files: REPOSITORY });
  expect(existsSync(found.wrangler ?? "")).toBe(true);
});

it("is a package where the bundle runs: wrangler files lie in .prewarm and lead to the bundle's folder", () => {
  const { folder, config, running } = installed();
  const found = findInstallation(config, running);
  expect(found).toMatchObject({ kind: "package", folder, wranglerFolder: join(folder, ".prewarm"), wrangler: null });
  expect(found.files).toMatchObject({
    edge: "../node_modules/prewarm/dist/edge.js",
    consumer: "../node_modules/prewarm/dist/consumer.js",
    dashboard: "../node_modules/prewarm/dist/dashboard",
    site: config,
  });
});

it("takes the site's wrangler before that of the local stack", () => {
  const own = ["node_modules/wrangler/package.json", "node_modules/wrangler/bin/wrangler.js"];
  // As pnpm installs it: not beside the local stack.
  const local = "node_modules/@prewarm/local";
  const inner = [`${local}/package.json`, ...own.map((path) => `${local}/${path}`)];
  const both = installed([...own, ...inner]);
  expect(findInstallation(both.config, both.running).wrangler).toBe(join(both.folder, own[1] ?? ""));
  const one = installed(inner);
  expect(findInstallation(one.config, one.running).wrangler).toBe(join(one.folder, inner[2] ?? ""));
});

it("deploys a Worker of the site's own in the place of the package's", () => {
  const { config, running } = installed(["edge.ts"]);
  expect(findInstallation(config, running).files).toMatchObject({
    edge: "../edge.ts",
    consumer: "../node_modules/prewarm/dist/consumer.js",
  });
});
