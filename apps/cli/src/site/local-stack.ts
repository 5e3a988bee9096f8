// Under a name of its own: the bundle begins with an import of `createRequire`.
import { createRequire as requireFrom } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { PACKAGES } from "@prewarm/shared/packages";
import { CliError, EXIT } from "../platform/exit-codes.ts";
import type { Found } from "./installation.ts";
import type { LocalStack } from "./places.ts";

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
  /** Whether nothing is printed but faults. */
  quiet: boolean;
  /** Ends the stack. */
  stop: AbortSignal;
  /** Told once, when the stack answers. */
  listening(stack: Omit<LocalStack, "pid">): void;
}

/** What the local stack is to this program. */
export interface StackModule {
  /** Runs until `stop` aborts, or the stack cannot start; resolves with 0, or 1. */
  startDev(settings: DevSettings): Promise<0 | 1>;
  /** Makes the sample pictures in a folder; a file that is there stays. */
  prepareSamples(folder: string): Promise<unknown>;
}

/** The stack of this repository, or the one that is installed in the site or beside this program. */
export async function importStack({ kind, folder }: Pick<Found, "kind" | "folder">): Promise<StackModule> {
  const file = kind === "repository" ? join(folder, "dev/start-dev.ts") : installedStack(folder);
  return import(pathToFileURL(file).href);
}

function installedStack(folder: string): string {
  for (const from of [join(folder, "prewarm.config.ts"), fileURLToPath(import.meta.url)]) {
    try {
      return requireFrom(from).resolve(PACKAGES.local);
    } catch {
      // It is not installed there.
    }
  }
  throw new CliError(
    EXIT.usage,
    "The local stack is not installed.",
    `npm install --save-dev ${PACKAGES.local}`,
    `Without a site: npx --package ${PACKAGES.prewarm} --package ${PACKAGES.local} prewarm try`,
  );
}
