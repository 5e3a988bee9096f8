import { join } from "node:path";
import type { Arguments, Command } from "../arguments/command.ts";
import { planDeploy } from "../deploy/deploy.ts";
import { planProvision } from "../deploy/provision.ts";
import { readRelease } from "../deploy/release.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT, type ExitCode } from "../platform/exit-codes.ts";
import { writeAddress } from "../site/places.ts";
import { checkFiles } from "../steps/check-deploy.ts";
import { carryOutPlan, type Opened, openTarget, PLAN_FLAGS, withAccount } from "../steps/open-target.ts";
import { provisioning } from "../steps/provisioning.ts";

export const deployCommand: Command = {
  name: "deploy",
  description: "Deploy the consumer, then the edge",
  more: "Under the name of the commit.",
  operands: null,
  flags: PLAN_FLAGS,
  examples: ["prewarm deploy --to staging", "prewarm deploy --to production --yes"],
  async run(args, context) {
    const opened = await openTarget(args, context);
    refuseFaults(opened);
    return withAccount(args, opened, (seen) => deploy(args, context, seen));
  },
};

async function deploy(args: Arguments, context: Context, opened: Opened): Promise<ExitCode> {
  const { target, person } = opened;
  const missing = (await planProvision(target, provisioning(opened, context))).filter(({ todo }) => todo !== null);
  if (missing.length > 0) {
    for (const { what, todo } of missing) person.tell(`missing: ${what}: ${todo}`);
    person.tell(`Run first: prewarm provision --to ${target.env}`);
    if (!opened.isAssumed) return EXIT.usage;
  }
  const release = await readRelease(opened.found, opened.file, context);
  const steps = await planDeploy(target, release, {
    wrangler: opened.wrangler,
    buildDashboard: () => buildDashboard(opened, context),
    remember: (role, url) => writeAddress(opened.found.folder, target.env, role, url),
  });
  const question = `Deploy ${release.tag} to ${target.env}?`;
  const dryRun = args.flag("dry-run");
  const consent = { dryRun, given: args.flag("yes"), question, answer: "yes", flag: "--yes" };
  const code = await carryOutPlan("deploy", steps, consent, opened);
  if (code === EXIT.ok && !dryRun) person.tell(`Look at it: prewarm smoke <id> --to ${target.env}`);
  return code;
}

/** What `prewarm check` calls a fault: a binding or an address that is missing. */
function refuseFaults({ config, found, target }: Opened): void {
  const faults = checkFiles(config, found, target.env).filter(({ state }) => state === "fault");
  const lines = faults.map(({ what, text }) => `${what}: ${text}`);
  if (lines.length > 0) throw new CliError(EXIT.usage, `${target.env} is not deployed:`, ...lines);
}

/** A package has its dashboard built. */
async function buildDashboard({ found }: Opened, { run, env }: Context): Promise<void> {
  if (found.kind === "package") return;
  const args = [join(found.folder, "dev/build-dashboard.ts")];
  const { code, stdout, stderr } = await run({ program: "node", args, cwd: found.folder, env });
  if (code !== 0)
    throw new CliError(EXIT.failed, "The dashboard did not build:", ...`${stdout}\n${stderr}`.split("\n"));
}
