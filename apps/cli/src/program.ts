import type { Command } from "./arguments/command.ts";
import { adoptCommand } from "./commands/adopt.ts";
import { cancelCommand } from "./commands/cancel.ts";
import { causesCommand } from "./commands/causes.ts";
import { checkCommand } from "./commands/check.ts";
import { configCommand } from "./commands/config.ts";
import { costsCommand } from "./commands/costs.ts";
import { coverageCommand } from "./commands/coverage.ts";
import { deployCommand } from "./commands/deploy.ts";
import { destroyCommand } from "./commands/destroy.ts";
import { devCommand } from "./commands/dev.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { focalCommand } from "./commands/focal.ts";
import { gateCommand } from "./commands/gate.ts";
import { hookTestCommand } from "./commands/hook.ts";
import { infoCommand } from "./commands/info.ts";
import { initCommand } from "./commands/init.ts";
import { ittybitCheckCommand } from "./commands/ittybit-check.ts";
import { jobsCommand } from "./commands/jobs.ts";
import { pauseCommand, resumeCommand } from "./commands/lanes.ts";
import { ledgerExportCommand, ledgerRestoreCommand } from "./commands/ledger-export.ts";
import { logCommand } from "./commands/log.ts";
import { mcpCommand } from "./commands/mcp.ts";
import { printCommand } from "./commands/print.ts";
import { promoteCommand } from "./commands/promote.ts";
import { provisionCommand } from "./commands/provision.ts";
import { purgeCommand } from "./commands/purge.ts";
import { receiptCommand } from "./commands/receipt.ts";
import { removeCommand } from "./commands/remove.ts";
import { retryCommand } from "./commands/retry.ts";
import { rewriteCommand } from "./commands/rewrite.ts";
import { rollbackCommand } from "./commands/rollback.ts";
import { servingCommand } from "./commands/serving.ts";
import { smokeCommand } from "./commands/smoke.ts";
import { statusCommand } from "./commands/status.ts";
import { tryCommand } from "./commands/try.ts";
import { urlCommand } from "./commands/url.ts";
import { warmCommand } from "./commands/warm.ts";

export const DESCRIPTION = "Warm image variants in bulk, and watch and steer the work";

/** Every command in its group, in the order of the help and of docs/cli.md. `completion` stands at the end of Look. */
export const GROUPS = {
  Images: [
    warmCommand,
    coverageCommand,
    adoptCommand,
    infoCommand,
    urlCommand,
    focalCommand,
    purgeCommand,
    removeCommand,
    receiptCommand,
  ],
  Site: [
    tryCommand,
    initCommand,
    devCommand,
    configCommand,
    checkCommand,
    printCommand,
    rewriteCommand,
    hookTestCommand,
  ],
  Deploy: [provisionCommand, deployCommand, smokeCommand, rollbackCommand, destroyCommand, ittybitCheckCommand],
  Operate: [
    pauseCommand,
    resumeCommand,
    gateCommand,
    retryCommand,
    cancelCommand,
    promoteCommand,
    doctorCommand,
    ledgerExportCommand,
    ledgerRestoreCommand,
  ],
  Look: [statusCommand, jobsCommand, causesCommand, servingCommand, costsCommand, logCommand, mcpCommand],
} as const satisfies Record<string, readonly Command[]>;

export const COMMANDS: readonly Command[] = Object.values(GROUPS).flat();
