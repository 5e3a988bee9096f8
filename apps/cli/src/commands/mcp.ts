import { createControlApi } from "../api/control-api.ts";
import type { Arguments, Command } from "../arguments/command.ts";
import { findConfigFile, loadConfig } from "../arguments/load-config.ts";
import {
  type ControlSettings,
  readControlSettings,
  readEdgeUrl,
  readKnownEdgeUrl,
  secretValues,
} from "../arguments/settings.ts";
import type { ToolDeps } from "../mcp/tool.ts";
import type { Context } from "../platform/context.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { findInstallation } from "../site/installation.ts";
import { checkFiles } from "../steps/check-deploy.ts";
import { siteNamer } from "../steps/site-namer.ts";
import { VERSION } from "../version.ts";

/** An agent waits for a tool about a minute, in ms. */
const CALL_MS = 45_000;

export const mcpCommand: Command = {
  name: "mcp",
  description: "Serve tools for AI agents on stdin and stdout",
  more: "By the Model Context Protocol; the tools only read without --write.",
  operands: null,
  flags: {
    write: { type: "boolean", description: "Add tools that write, as far as ADMIN_TOKEN's permissions allow" },
  },
  examples: ["prewarm mcp", "prewarm mcp --write --url https://control.example.com"],
  async run(args, context) {
    const settings = readControlSettings(args, context);
    const deps = toolDeps(settings, args, context);
    // Loaded here: no other command needs the protocol's library.
    const [{ createMcpServer, serveStdio }, { READ_TOOLS }, { WRITE_TOOLS }] = await Promise.all([
      import("../mcp/serve.ts"),
      import("../mcp/read-tools.ts"),
      import("../mcp/write-tools.ts"),
    ]);
    const tools = args.flag("write") ? [...READ_TOOLS, ...WRITE_TOOLS] : READ_TOOLS;
    const secrets = secretValues(settings, context);
    await serveStdio(createMcpServer({ tools, deps, version: VERSION, secrets }), context);
    return EXIT.ok;
  },
};

function toolDeps(settings: ControlSettings, args: Arguments, context: Context): ToolDeps {
  return {
    api: createControlApi(settings, context),
    config: () => loadConfig(args, context),
    namer: () => siteNamer(args, context, readKnownEdgeUrl(args, context)),
    check: async () => {
      const config = await loadConfig(args, context);
      return checkFiles(config, findInstallation(findConfigFile(args, context) ?? "prewarm.config.ts"), null);
    },
    edgeUrl: () => readEdgeUrl(args, context),
    sending: (what, repeatable = true) => ({
      what,
      repeatable,
      deadline: context.clock.now() + CALL_MS,
      authHint: AUTH_HINT,
    }),
  };
}

const AUTH_HINT = "The token of this server (ADMIN_TOKEN) may not do that: a viewer's token only reads.";
