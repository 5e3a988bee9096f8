import { existsSync, lstatSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Config, defineConfig, type UserConfig } from "@prewarm/shared/config";
import { SITE_NODE } from "@prewarm/shared/packages";
import type { Context } from "../platform/context.ts";
import { usageError } from "../platform/exit-codes.ts";
import type { Arguments } from "./command.ts";

const NAME = "prewarm.config.ts";

type Place = Pick<Context, "cwd" | "env" | "uid">;

/**
 * Loads the user's configuration: `--config`; else prewarm.config.ts in the working directory or the nearest one above it, no further than the
 * repository's root; else PREWARM_CONFIG. The file is code and runs with the tokens of the environment: one that is found and belongs to
 * somebody else is refused.
 */
export async function loadConfig(args: Arguments, context: Place): Promise<Config> {
  const file = findConfigFile(args, context);
  if (file === null || !existsSync(file))
    throw usageError(`${file ?? NAME} is not found.`, "Run this in the project, or name the file with --config.");
  try {
    const module: { default?: unknown } = await import(pathToFileURL(file).href);
    return checkShape(module.default);
  } catch (error) {
    throw usageError(`${file} cannot be loaded: ${messageOf(error)}`, hintFor(error));
  }
}

/** Like `loadConfig`, but null when there is no configuration and none was named. For commands that can work without one. */
export async function findConfig(args: Arguments, context: Place): Promise<Config | null> {
  return findConfigFile(args, context) === null ? null : loadConfig(args, context);
}

/** A site that is only planned has no configuration yet; then the defaults answer. */
export const PLANNED_SITE: Config = defineConfig({ sources: [{ prefix: "", url: "https://originals.invalid/{id}" }] });

/** The folder of the configuration, where `.prewarm` is; the working directory where there is none, or where it is another user's. */
export function siteFolder(args: Arguments, context: Place): string {
  try {
    const file = findConfigFile(args, context);
    return file === null ? context.cwd : dirname(file);
  } catch {
    return context.cwd;
  }
}

/** Where the configuration is looked for; null: nowhere. It may still be missing when it was named. Throws when it is somebody else's. */
export function findConfigFile(args: Arguments, { cwd, env, uid }: Place): string | null {
  const given = args.text("config");
  if (given !== null) return resolve(cwd, given);
  const named = env.PREWARM_CONFIG ? resolve(cwd, env.PREWARM_CONFIG) : null;
  const found = searchedFolders(cwd)
    .map((folder) => join(folder, NAME))
    .find((file) => existsSync(file));
  if (found === undefined) return named;
  if (found !== named) refuseForeign(found, uid);
  return found;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The packed program also runs on Nodes that cannot read the configuration's TypeScript, and where no repository is. */
function hintFor(error: unknown): string | null {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "ERR_MODULE_NOT_FOUND" && messageOf(error).includes("'prewarm'"))
    return "Install the package beside it (npm install --save-dev prewarm), or export a plain object: export default { sources: [ … ] }";
  if (code !== "ERR_UNKNOWN_FILE_EXTENSION") return null;
  return `Install Node ${SITE_NODE} or later: Node ${process.versions.node} reads no TypeScript.`;
}

/** The working directory and what is above it in its repository, the nearest first. */
function searchedFolders(cwd: string): string[] {
  const folders = [cwd, ...foldersAbove(cwd)];
  const root = folders.findIndex((folder) => existsSync(join(folder, ".git")));
  return folders.slice(0, Math.max(root, 0) + 1);
}

function foldersAbove(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [] : [above, ...foldersAbove(above)];
}

/** The owners of the file, of a link to it, and of the folder, who may replace it. Root may do anything anyway. */
function refuseForeign(file: string, uid: number | null): void {
  if (uid === null) return;
  const owners = [lstatSync(file), statSync(file), statSync(dirname(file))].map((stats) => stats.uid);
  const stranger = owners.find((owner) => owner !== uid && owner !== 0);
  if (stranger === undefined) return;
  throw usageError(
    `${file} belongs to another user (${stranger}; this is ${uid}), and it would run as you.`,
    `If you trust it, name it: --config ${file}, or PREWARM_CONFIG.`,
  );
}

function checkShape(value: unknown): Config {
  if (typeof value !== "object" || value === null || !("sources" in value) || !Array.isArray(value.sources))
    throw new Error("its default export is not what defineConfig returns");
  return defineConfig(value as UserConfig);
}
