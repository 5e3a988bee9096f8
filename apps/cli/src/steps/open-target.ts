import type { Config } from "@prewarm/shared/config";
import { checkConfig } from "@prewarm/shared/config-check";
import { type Arguments, type Command, YES_FLAG } from "../arguments/command.ts";
import { chooseEnvironment } from "../arguments/environment.ts";
import { findConfigFile, loadConfig } from "../arguments/load-config.ts";
import { emptyAccount } from "../deploy/account.ts";
import { type Consent, carryOut, type Person, type Step } from "../deploy/plan.ts";
import { type Target, targetOf } from "../deploy/target.ts";
import { createWrangler, NoLogin, type Wrangler } from "../deploy/wrangler.ts";
import { type Context, canAsk } from "../platform/context.ts";
import { CliError, EXIT, type ExitCode, usageError } from "../platform/exit-codes.ts";
import { type Found, findInstallation } from "../site/installation.ts";
import { readyFiles } from "../site/wrangler-files.ts";
import { createReport, type Report } from "../terminal/report.ts";

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
  report: Report;
  /** True: nobody has logged in, and `wrangler` answers for an account that holds nothing. */
  isAssumed: boolean;
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
  const report = createReport(args, context);
  return { target, config, file, found, wrangler, report, person: personOf(report, context), isAssumed: false };
}

/** Plans by what the account holds, and carries it out. Where nobody has logged in, a dry run plans for an account that holds nothing. */
export async function withAccount(
  args: Arguments,
  opened: Opened,
  work: (opened: Opened) => Promise<ExitCode>,
): Promise<ExitCode> {
  try {
    return await work(opened);
  } catch (error) {
    if (!(error instanceof NoLogin) || !args.flag("dry-run")) throw error;
    const { tell } = opened.person;
    tell(`${error.message} This is the plan for an account that holds nothing.`);
    const code = await work({ ...opened, wrangler: emptyAccount, isAssumed: true });
    for (const hint of error.hints) tell(hint);
    return code;
  }
}

/** With --json stdout is the document's. */
function personOf({ json, data, note }: Report, context: Context): Person {
  return { tell: json ? note : data, ask: canAsk(context) ? (question) => context.ask(question) : null };
}

/** Carries out a command's plan, and says with --json what it was and whether it is done. */
export async function carryOutPlan(
  command: string,
  steps: readonly Step[],
  consent: Consent,
  { target, person, report, isAssumed }: Opened,
): Promise<ExitCode> {
  const code = await carryOut(steps, consent, person);
  const plan = steps.map(({ what, todo }) => ({ what, todo }));
  const isDone = code === EXIT.ok && (!consent.dryRun || plan.every(({ todo }) => todo === null));
  const login = !isAssumed;
  if (report.json) report.document(`prewarm.${command}/1`, { environment: target.env, login, done: isDone, plan });
  return code;
}

/** wrangler finds a Worker's account by its file, and that of buckets and queues by the variable: they must be one. */
function demandAccount({ env, account }: Target, context: Pick<Context, "env">): void {
  if (account === undefined || context.env.CLOUDFLARE_ACCOUNT_ID === account) return;
  throw usageError(`${env} is in the account ${account} (deploy.${env}.account): set CLOUDFLARE_ACCOUNT_ID to it.`);
}
