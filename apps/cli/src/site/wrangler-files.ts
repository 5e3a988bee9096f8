import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "@prewarm/shared/config";
import { checkConfig } from "@prewarm/shared/config-check";
import { settingOf } from "@prewarm/shared/environment-check";
import { printFiles } from "@prewarm/wrangler-files/wrangler-files";
import type { Found } from "./installation.ts";

/** The faults of the settings that the wrangler files are made of: with one of them there are no files. */
export function fileFaults(config: Config): string[] {
  return checkConfig(config).filter((fault) => ["deploy", "sources"].includes(settingOf(fault)));
}

/**
 * Makes the wrangler files of a sound configuration ready for wrangler. In a package they are written. In the repository they are committed,
 * so each that is not what the configuration says is a fault, with how to mend it.
 */
export function readyFiles({ kind, wranglerFolder, files }: Found, config: Config): string[] {
  const texts = [...printFiles(config, files)];
  if (kind === "repository") return texts.flatMap(([name, text]) => staleFile(wranglerFolder, name, text, files.print));
  // Written only where it differs: a running wrangler would load it again.
  mkdirSync(wranglerFolder, { recursive: true, mode: 0o700 });
  for (const [name, text] of texts) {
    const path = join(wranglerFolder, name);
    if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
  }
  return [];
}

function staleFile(folder: string, name: string, text: string, print: string): string[] {
  const path = join(folder, name);
  if (!existsSync(path)) return [`${name}: it is not beside prewarm.config.ts: ${print} prints it`];
  if (readFileSync(path, "utf8") === text) return [];
  return [`${name}: it is not what prewarm.config.ts says: write what differs into deploy there, then ${print}`];
}
