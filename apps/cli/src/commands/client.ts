import { printableJson } from "@prewarm/shared/printable";
import { publicConfig } from "@prewarm/shared/public-config";
import type { Command } from "../arguments/command.ts";
import { loadConfig } from "../arguments/load-config.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { createReport } from "../terminal/report.ts";

export const clientCommand: Command = {
  name: "client",
  description: "Print prewarm.public.ts: what pages may know of the configuration, for @prewarm/client",
  operands: null,
  flags: {},
  examples: [
    "prewarm client > prewarm.public.ts",
    "prewarm client --json > prewarm.public.json",
    "prewarm client --config ../images/prewarm.config.ts",
  ],
  async run(args, context) {
    const config = publicConfig(await loadConfig(args, context));
    const report = createReport(args, context);
    if (report.json) report.document("prewarm.client/1", config);
    else for (const line of print(config)) report.data(line);
    return EXIT.ok;
  },
};

/** `as const`, so that names of presets, ratios and formats are types. */
function print(config: Record<string, unknown>): string[] {
  const settings = Object.entries(config).map(
    ([setting, value]) => `  ${setting}: ${printableJson(JSON.stringify(value))},`,
  );
  return [
    "// Printed by `prewarm client`; print it again when prewarm.config.ts changes. Nothing in it is secret.",
    "export const publicConfig = {",
    ...settings,
    "} as const;",
  ];
}
