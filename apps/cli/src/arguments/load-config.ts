import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Config } from "@prewarm/shared/config";
import type { Context } from "../platform/context.ts";
import { usageError } from "../platform/exit-codes.ts";
import type { Arguments } from "./command.ts";

const NAME = "prewarm.config.ts";

/** Loads the user's configuration: `--config`, or prewarm.config.ts in the working directory or the nearest one above it. */
export async function loadConfig(args: Arguments, { cwd }: Pick<Context, "cwd">): Promise<Config> {
  const given = args.text("config");
  const file = given === null ? findUpwards(cwd) : resolve(cwd, given);
  if (file === null || !existsSync(file))
    throw usageError(`${given ?? NAME} is not found.`, "Run this in the project, or name the file with --config.");
  try {
    const module: { default?: unknown } = await import(pathToFileURL(file).href);
    return checkShape(module.default);
  } catch (error) {
    throw usageError(`${file} cannot be loaded: ${error instanceof Error ? error.message : error}`);
  }
}

/** Like `loadConfig`, but null when there is no configuration and none was named. For commands that can work without one. */
export async function findConfig(args: Arguments, context: Pick<Context, "cwd">): Promise<Config | null> {
  return args.text("config") === null && findUpwards(context.cwd) === null ? null : loadConfig(args, context);
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
  return value as Config;
}
