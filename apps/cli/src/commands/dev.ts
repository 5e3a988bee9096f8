// Under a name of its own: the bundle begins with an import of `createRequire`.
import { createRequire as requireFrom } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { checkConfig } from "@prewarm/shared/config-check";
import type { Command } from "../arguments/command.ts";
import { findConfigFile, loadConfig } from "../arguments/load-config.ts";
import { CliError, EXIT, usageError } from "../platform/exit-codes.ts";
import { type Found, findInstallation } from "../site/installation.ts";
import { addLocalStack, type LocalStack, removeLocalStack } from "../site/places.ts";
import { readyFiles } from "../site/wrangler-files.ts";

/** What the local stack needs to know; `dev/start-dev.ts` takes it, and @prewarm/local has that file as a bundle. */
export interface DevSettings {
  /** The site's folder: relative paths of the environment begin there. */
  folder: string;
  /** The configuration file, absolute. */
  config: string;
  /** The folder of both wrangler files, absolute. */
  wranglerFolder: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Originals on this machine, absolute; null: ORIGINALS_DIR, ORIGINALS_URL or the samples. */
  originals: string | null;
  /** Whether every line of the Workers' log is printed. False: warnings and errors only. */
  verbose: boolean;
  /** Ends the stack. */
  stop: AbortSignal;
  /** Told once, when the stack answers. */
  listening(stack: Omit<LocalStack, "pid">): void;
}

/** Runs until `stop` aborts, or the stack cannot start; resolves with 0, or 1. */
export type StartDev = (settings: DevSettings) => Promise<0 | 1>;

export const devCommand: Command = {
  name: "dev",
  description: "Run everything on this machine, with a local Ittybit",
  more: "Until Ctrl-C.",
  operands: null,
  flags: {
    originals: {
      type: "string",
      valueHint: "folder",
      description: "Your pictures. Default: ORIGINALS_DIR, else samples",
    },
    verbose: { type: "boolean", description: "Print every line of the Workers' log, not only warnings and errors" },
  },
  examples: ["prewarm dev", "prewarm dev --originals ./photos"],
  graceful: true,
  async run(args, context) {
    const file = findConfigFile(args, context);
    if (file === null)
      throw usageError("prewarm.config.ts is not found.", "Run this in the project, or name the file with --config.");
    const found = findInstallation(file);
    // The repository's files are committed. A package's are written, unless the configuration has none: the stack then says its faults.
    if (found.kind === "package") {
      const config = await loadConfig(args, context);
      if (checkConfig(config).length === 0) readyFiles(found, config);
    }
    const originals = args.text("originals");
    const startDev = await importStack(found);
    let isListening = false;
    try {
      return await startDev({
        folder: found.folder,
        config: file,
        wranglerFolder: found.wranglerFolder,
        env: context.env,
        originals: originals === null ? null : resolve(context.cwd, originals),
        verbose: args.flag("verbose"),
        stop: context.interrupts.stop,
        listening(stack) {
          addLocalStack(found.folder, { pid: context.pid, ...stack }, context.isRunning);
          isListening = true;
        },
      });
    } finally {
      if (isListening) removeLocalStack(found.folder, context.pid);
    }
  },
};

/** The stack of this repository, or the one that a site has installed. */
async function importStack({ kind, folder }: Found): Promise<StartDev> {
  const file = kind === "repository" ? join(folder, "dev/start-dev.ts") : installedStack(folder);
  const { startDev }: { startDev: StartDev } = await import(pathToFileURL(file).href);
  return startDev;
}

function installedStack(folder: string): string {
  try {
    return requireFrom(join(folder, "prewarm.config.ts")).resolve("@prewarm/local");
  } catch {
    throw new CliError(EXIT.usage, "The local stack is not installed.", "npm install --save-dev @prewarm/local");
  }
}
