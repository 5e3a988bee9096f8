import type { Command } from "./arguments/command.ts";
import { actionsCommand } from "./commands/actions.ts";
import { adoptCommand } from "./commands/adopt.ts";
import { auditCommand } from "./commands/audit.ts";
import { cancelCommand } from "./commands/cancel.ts";
import { causesCommand } from "./commands/causes.ts";
import { checkCommand } from "./commands/check.ts";
import { clientCommand } from "./commands/client.ts";
import { configCommand } from "./commands/config.ts";
import { costsCommand } from "./commands/costs.ts";
import { coverageCommand } from "./commands/coverage.ts";
import { cspCommand } from "./commands/csp.ts";
import { deployCommand } from "./commands/deploy.ts";
import { destroyCommand } from "./commands/destroy.ts";
import { devCommand } from "./commands/dev.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { eventsCommand } from "./commands/events.ts";
import { focalCommand } from "./commands/focal.ts";
import { gateCommand } from "./commands/gate.ts";
import { hookSignCommand, hookTestCommand } from "./commands/hook.ts";
import { hookListCommand } from "./commands/hook-list.ts";
import { infoCommand } from "./commands/info.ts";
import { initCommand } from "./commands/init.ts";
import { ittybitCheckCommand } from "./commands/ittybit-check.ts";
import { jobsCommand } from "./commands/jobs.ts";
import { pauseCommand, resumeCommand } from "./commands/lanes.ts";
import { ledgerCommand } from "./commands/ledger.ts";
import { ledgerExportCommand, ledgerRestoreCommand } from "./commands/ledger-export.ts";
import { mcpCommand } from "./commands/mcp.ts";
import { promoteCommand } from "./commands/promote.ts";
import { provisionCommand } from "./commands/provision.ts";
import { purgeCommand } from "./commands/purge.ts";
import { receiptCommand } from "./commands/receipt.ts";
import { recipeSuggestCommand } from "./commands/recipe-suggest.ts";
import { removalCommand, removeCommand, unblockCommand } from "./commands/remove.ts";
import { retryCommand } from "./commands/retry.ts";
import { rewriteCommand } from "./commands/rewrite.ts";
import { rollbackCommand } from "./commands/rollback.ts";
import { servingCommand } from "./commands/serving.ts";
import { signCommand } from "./commands/sign.ts";
import { smokeCommand } from "./commands/smoke.ts";
import { statusCommand } from "./commands/status.ts";
import { upgradeCommand } from "./commands/upgrade.ts";
import { urlCommand } from "./commands/url.ts";
import { warmCommand } from "./commands/warm.ts";
import { wranglerCommand } from "./commands/wrangler.ts";

export const DESCRIPTION = "Warm image variants in bulk, and watch and steer the work";

/** Every command, in the order of the help and of docs/cli.md. */
export const COMMANDS: readonly Command[] = [
  warmCommand,
  adoptCommand,
  coverageCommand,
  recipeSuggestCommand,
  statusCommand,
  receiptCommand,
  jobsCommand,
  causesCommand,
  retryCommand,
  cancelCommand,
  promoteCommand,
  actionsCommand,
  purgeCommand,
  removeCommand,
  removalCommand,
  unblockCommand,
  focalCommand,
  servingCommand,
  costsCommand,
  gateCommand,
  pauseCommand,
  resumeCommand,
  auditCommand,
  eventsCommand,
  ledgerExportCommand,
  ledgerRestoreCommand,
  ledgerCommand,
  doctorCommand,
  initCommand,
  configCommand,
  devCommand,
  checkCommand,
  wranglerCommand,
  provisionCommand,
  deployCommand,
  smokeCommand,
  rollbackCommand,
  upgradeCommand,
  destroyCommand,
  ittybitCheckCommand,
  urlCommand,
  infoCommand,
  rewriteCommand,
  clientCommand,
  cspCommand,
  signCommand,
  hookListCommand,
  hookSignCommand,
  hookTestCommand,
  mcpCommand,
];
