import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "smol-toml";
import { expect, it } from "vitest";
import { unstable_readConfig } from "wrangler";
import { tempFolder } from "../../../test/temp-folder.ts";
import { printFiles, REPOSITORY } from "./wrangler-files.ts";

/** The files that people wrote, and those that two environments of which nothing is said generate, as wrangler reads them. */

const ROOT = join(import.meta.dirname, "../../..");
const SITE = {
  sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }],
  deploy: { staging: {}, production: {} },
};
const [generated, written] = [tempFolder("prewarm-files-"), tempFolder("prewarm-files-")];
for (const [name, text] of printFiles(SITE, REPOSITORY)) writeFileSync(join(generated, name), text);

function read(folder: string, file: string, env: string | undefined): object {
  const at = { config: join(folder, file), ...(env === undefined ? {} : { env }) };
  const { configPath: _, userConfigPath: __, ...config } = unstable_readConfig(at, { hideWarnings: true });
  // The top level's name is gone on purpose, and with it what stood beside it for a deploy.
  const { topLevelName: ___, name, workers_dev, ...rest } = config;
  const text = JSON.stringify(env === undefined ? rest : { ...rest, name, workers_dev });
  return JSON.parse(text.replaceAll(basename(folder), ""));
}

// Beside each other, since wrangler tells some paths from where it runs.
for (const name of ["wrangler.edge.toml", "wrangler.consumer.toml"])
  copyFileSync(join(ROOT, name), join(written, name));

const FILES = ["wrangler.edge.toml", "wrangler.consumer.toml"];
const STAGES = [undefined, "staging", "production"];
it.each(FILES.flatMap((file) => STAGES.map((env) => [file, env] as const)))("%s, %s", (file, env) => {
  expect(read(generated, file, env)).toEqual(read(written, file, env));
});

it.each(FILES)("%s has no line that wrangler's reading hides", (file) => {
  const tables = [written, generated].map((folder) => parse(readFileSync(join(folder, file), "utf8")));
  const [old, printed] = tables.map(({ name: _, workers_dev: __, ...rest }) => rest as { env: Record<string, object> });
  for (const env of ["staging", "production"]) {
    const { workers_dev, ...rest } = (printed?.env[env] ?? {}) as { workers_dev?: boolean };
    expect([workers_dev, rest]).toEqual([true, old?.env[env]]);
  }
  expect({ ...printed, env: null }).toEqual({ ...old, env: null });
});
