import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, defineConfig } from "@prewarm/shared/config";
import { type Found, findInstallation, repositoryRoot } from "./installation.ts";
import { readyFiles } from "./wrangler-files.ts";

/** What the local stack runs where there is no site yet: this repository's own, or one with the defaults that is written into `folder`. */
export function trialSite(folder: string): { found: Found; config: string } {
  const root = repositoryRoot();
  if (root !== null) {
    const config = join(root, "prewarm.config.ts");
    return { found: findInstallation(config), config };
  }
  mkdirSync(folder, { recursive: true });
  const config = join(folder, "prewarm.config.ts");
  // Nothing is installed in the folder, so the file imports nothing.
  writeFileSync(config, `export default ${JSON.stringify(TRIAL)};\n`);
  writeFileSync(join(folder, "package.json"), '{"type":"module"}\n');
  const found = findInstallation(config);
  readyFiles(found, TRIAL);
  return { found, config };
}

/** ORIGINALS_URL says where the originals are. */
const TRIAL: Config = defineConfig({ sources: [{ prefix: "", url: "https://www.example.com/{id}" }] });
