import { resolve } from "node:path";
import { checkConfig } from "@prewarm/shared/config-check";
import type { Command } from "../arguments/command.ts";
import { findConfigFile, loadConfig } from "../arguments/load-config.ts";
import { usageError } from "../platform/exit-codes.ts";
import { findInstallation } from "../site/installation.ts";
import { importStack } from "../site/local-stack.ts";
import { addLocalStack, removeLocalStack } from "../site/places.ts";
import { readyFiles } from "../site/wrangler-files.ts";

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
    const { startDev } = await importStack(found);
    let isListening = false;
    try {
      return await startDev({
        folder: found.folder,
        config: file,
        wranglerFolder: found.wranglerFolder,
        env: context.env,
        originals: originals === null ? null : resolve(context.cwd, originals),
        verbose: args.flag("verbose"),
        quiet: false,
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
