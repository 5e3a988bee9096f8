import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "@prewarm/shared/config";
import { checkConfig } from "@prewarm/shared/config-check";
import { settingOf } from "@prewarm/shared/environment-check";
import { printFiles, REPOSITORY } from "@prewarm/wrangler-files/wrangler-files";

/** The faults of the settings that the wrangler files are made of: with one of them there are no files. */
export function fileFaults(config: Config): string[] {
  return checkConfig(config).filter((fault) => ["deploy", "sources"].includes(settingOf(fault)));
}

/** The wrangler files of a folder that are not what its sound configuration says, each with how to mend it. */
export function staleFiles(folder: string, config: Config): string[] {
  return [...printFiles(config, REPOSITORY)].flatMap(([name, text]) => {
    const path = join(folder, name);
    if (!existsSync(path)) return [`${name}: it is not beside prewarm.config.ts: ${REPOSITORY.print} prints it`];
    if (readFileSync(path, "utf8") === text) return [];
    return [
      `${name}: it is not what prewarm.config.ts says: write what differs into deploy there, then ${REPOSITORY.print}`,
    ];
  });
}
