import type { Config } from "@prewarm/shared/config";
import { checkConfig } from "@prewarm/shared/config-check";
import { type Arguments, type Command, YES_FLAG } from "../arguments/command.ts";
import { chooseEnvironment } from "../arguments/environment.ts";
import { findConfigFile, loadConfig } from "../arguments/load-config.ts";
import type { Person } from "../deploy/plan.ts";
import { type Target, targetOf } from "../deploy/target.ts";
import { createWrangler, type Wrangler } from "../deploy/wrangler.ts";
import { type Context, canAsk } from "../platform/context.ts";
import { CliError, EXIT, usageError } from "../platform/exit-codes.ts";
import { type Found, findInstallation } from "../site/installation.ts";
import { readyFiles } from "../site/wrangler-files.ts";
import { createReport } from "../terminal/report.ts";

/** Flags of a command that shows a plan and carries it out. */
export const PLAN_FLAGS = {
  "dry-run": { type: "boolean", description: "Only print the plan" },
  yes: YES_FLAG,
} as const satisfies Command["flags"];

/** What a command needs to work on an environment in the account. */
export interface Opened {
  target: Target;
  config: Config;
  /** The configuration file, absolute. */
  file: string;
  found: Found;
  wrangler: Wrangler;
  person: Person;
}

/** Opens the environment that `--to` names, or the only one. Throws where the configuration, a wrangler file or the account forbids to act on it. */
export async function openTarget(args: Arguments, context: Context): Promise<Opened> {
  const config = await loadConfig(args, context);
  const file = findConfigFile(args, context) ?? "";
  const faults = checkConfig(config);
  if (faults.length > 0) throw new CliError(EXIT.usage, "prewarm.config.ts is at fault:", ...faults);
  const environment = chooseEnvironment(config, args.text("to"));
  const found = findInstallation(file);
  const stale = readyFiles(found, config);
  if (stale.length > 0) throw new CliError(EXIT.usage, "A wrangler file is at fault:", ...stale);
  if (found.wrangler === null) throw usageError("wrangler is not installed.", "npm install --save-dev wrangler");
  const target = targetOf(config, environment, found);
  demandAccount(target, context);
  const wrangler = createWrangler(found.wrangler, found.folder, context);
  return { target, config, file, found, wrangler, person: personOf(args, context) };
}

function personOf(args: Arguments, context: Context): Person {
  const { data } = createReport(args, context);
  return { tell: data, ask: canAsk(context) ? (question) => context.ask(question) : null };
}

/** wrangler finds a Worker's account by its file, and that of buckets and queues by the variable: they must be one. */
function demandAccount({ env, account }: Target, context: Pick<Context, "env">): void {
  if (account === undefined || context.env.CLOUDFLARE_ACCOUNT_ID === account) return;
  throw usageError(`${env} is in the account ${account} (deploy.${env}.account): set CLOUDFLARE_ACCOUNT_ID to it.`);
}
