import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Config, defineConfig, type UserConfig } from "@prewarm/shared/config";
import type { Context } from "../platform/context.ts";
import { usageError } from "../platform/exit-codes.ts";
import type { Arguments } from "./command.ts";

const NAME = "prewarm.config.ts";

/** Loads the user's configuration: `--config`; else prewarm.config.ts in the working directory or the nearest one above it; else PREWARM_CONFIG. */
export async function loadConfig(args: Arguments, context: Pick<Context, "cwd" | "env">): Promise<Config> {
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
export async function findConfig(args: Arguments, context: Pick<Context, "cwd" | "env">): Promise<Config | null> {
  return findConfigFile(args, context) === null ? null : loadConfig(args, context);
}

/** Where the configuration is looked for; null: nowhere. It may still be missing when it was named. */
export function findConfigFile(args: Arguments, { cwd, env }: Pick<Context, "cwd" | "env">): string | null {
  const given = args.text("config");
  if (given !== null) return resolve(cwd, given);
  return findUpwards(cwd) ?? (env.PREWARM_CONFIG ? resolve(cwd, env.PREWARM_CONFIG) : null);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The packed program also runs on Nodes that cannot read the configuration's TypeScript. */
function hintFor(error: unknown): string | null {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code !== "ERR_UNKNOWN_FILE_EXTENSION") return null;
  return `Node ${process.versions.node} reads no TypeScript; Node 22.18 and later do.`;
}

function findUpwards(directory: string): string | null {
  const file = join(directory, NAME);
  if (existsSync(file)) return file;
  const above = dirname(directory);
  return above === directory ? null : findUpwards(above);
}

function checkShape(value: unknown): Config {
  if (typeof value !== "object" || value === null || !("sources" in value) || !Array.isArray(value.sources))
    throw new Error("its default export is not what defineConfig returns");
  return defineConfig(value as UserConfig);
}
