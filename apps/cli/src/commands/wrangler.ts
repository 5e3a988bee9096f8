import { FILES, printFiles, wranglerFiles } from "@prewarm/wrangler-files/wrangler-files";
import type { Command } from "../arguments/command.ts";
import { findConfigFile, loadConfig } from "../arguments/load-config.ts";
import { CliError, EXIT, usageError } from "../platform/exit-codes.ts";
import { findInstallation } from "../site/installation.ts";
import { fileFaults } from "../site/wrangler-files.ts";
import { createReport } from "../terminal/report.ts";

const WORKERS = ["edge", "consumer"] as const;

export const wranglerCommand: Command = {
  name: "wrangler",
  description:
    "Print the wrangler files that follow from the configuration, to read them; with --to only that environment and the top level",
  operands: { hint: "[edge|consumer]", description: "One Worker's file. Default: both", min: 0, max: 1 },
  flags: {},
  examples: ["prewarm wrangler", "prewarm wrangler edge --to staging", "prewarm wrangler --json"],
  async run(args, context) {
    const config = await loadConfig(args, context);
    const faults = fileFaults(config);
    if (faults.length > 0) throw new CliError(EXIT.usage, "The configuration is at fault:", ...faults);
    const to = args.text("to");
    const deploy = to === null ? config.deploy : { [to]: config.deploy[to] ?? {} };
    const [operand] = args.operands;
    const workers = WORKERS.filter((worker) => operand === undefined || worker === operand);
    if (workers.length === 0) throw usageError(`${operand} is no Worker.`, "Name edge or consumer, or neither.");
    const { files: installation } = findInstallation(findConfigFile(args, context) ?? "");
    const report = createReport(args, context);
    const site = { ...config, deploy };
    if (report.json) {
      const files = wranglerFiles(site, installation);
      report.document("prewarm.wrangler/1", Object.fromEntries(workers.map((worker) => [worker, files[worker]])));
    } else {
      const texts = printFiles(site, installation);
      for (const worker of workers)
        for (const line of (texts.get(FILES[worker]) ?? "").trimEnd().split("\n")) report.data(line);
    }
    return EXIT.ok;
  },
};
